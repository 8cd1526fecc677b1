"""What a step of a text pipeline is.

Every step has two lanes with equal results: `python` for lists of strings, and `graph` for ragged string tensors. A
step whose `in_graph` is False has no TensorFlow code: its `graph` calls back into Python, which works inside `tf.data`
and in `fit`, and cannot be exported.
"""

import abc
import threading
from collections.abc import Callable
from typing import Any

import numpy as np

from keras_embed._backend import tf

Rows = list[list[str]]
_REMEMBERED = 1 << 20


class Step(abc.ABC):
    """A function from the strings of a row to strings: first one text, later its words.

    Two steps are equal if they are of one class and have one configuration.

    Example:
    >>> from keras_embed.text import Lowercase
    >>> step = Lowercase()
    >>> step.python(["Чай", "ТЭА"]), step.in_graph
    (['чай', 'тэа'], True)
    """

    #: False for a step that calls back into Python.
    in_graph: bool = True

    @abc.abstractmethod
    def rows(self, rows: Rows) -> Rows:
        """The Python lane, for many rows at once."""

    @abc.abstractmethod
    def graph(self, strings: Any) -> Any:
        """The graph lane: ragged strings (B, None) to ragged strings (B, None)."""

    @abc.abstractmethod
    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, ready for JSON."""

    def python(self, strings: list[str]) -> list[str]:
        """The Python lane, for one row."""
        return self.rows([strings])[0]

    def resources(self) -> list[Any]:
        """TensorFlow resources behind `graph`, which an exporter must track."""
        return []

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """Rebuilds the step from `get_config`'s answer."""
        return cls(**config)

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other.get_config() == self.get_config()

    def __hash__(self) -> int:
        return hash((type(self), repr(self.get_config())))

    def __repr__(self) -> str:
        arguments = ", ".join(f"{name}={value!r}" for name, value in self.get_config().items())
        return f"{type(self).__name__}({arguments if len(arguments) < 100 else arguments[:97] + '...'})"


class WordStep(Step):
    """A step that looks at one string at a time. What becomes empty is dropped.

    Example:
    >>> from keras_embed.text import StopWords
    >>> isinstance(StopWords(["the"]), WordStep), StopWords(["the"]).word("the")
    (True, '')
    """

    @abc.abstractmethod
    def word(self, word: str) -> str:
        """What becomes of one string; "" to drop it."""

    @abc.abstractmethod
    def tensor(self, strings: Any) -> Any:
        """`word` for a dense string tensor (N,)."""

    def rows(self, rows: Rows) -> Rows:
        """Applies `word` to each string of each row."""
        return [list(filter(None, map(self.word, row))) for row in rows]

    def graph(self, strings: Any) -> Any:
        """Applies `tensor` to all strings at once."""
        return drop_empty(strings.with_flat_values(self.tensor(strings.flat_values)))


class HostWordStep(WordStep):
    """A word step that only Python can do. What became of a word is remembered, so that it is done once.

    Example:
    >>> class Backwards(HostWordStep):
    ...     def compute(self, word):
    ...         return word[::-1]
    ...
    ...     def get_config(self):
    ...         return {}
    >>> Backwards().python(["чай"])
    ['йач']
    """

    in_graph = False

    def __init__(self) -> None:
        self._memory = Memory(self.compute)

    @abc.abstractmethod
    def compute(self, word: str) -> str:
        """What becomes of a word that is not remembered. No two threads are in here at once."""

    def word(self, word: str) -> str:
        """What becomes of a word."""
        return self._memory[word]

    def tensor(self, strings: Any) -> Any:
        """Calls back into Python, once for each distinct word of the batch."""
        distinct, index = tf.unique(strings)
        done = tf.numpy_function(self._bytes, [distinct], tf.string, stateful=False, name=type(self).__name__)
        return tf.gather(tf.ensure_shape(done, [None]), index)

    def _bytes(self, words: Any) -> Any:
        return np.array([self.word(word.decode("utf-8", "replace")).encode("utf-8") for word in words], object)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_memory"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._memory = Memory(self.compute)


class Memory(dict[str, str]):
    """A function's answers, computed when first asked for, and forgotten when there are too many.

    Args:
        function: word to word.
    """

    def __init__(self, function: Callable[[str], str]) -> None:
        super().__init__()
        self._function = function
        self._lock = threading.RLock()  # stemmers keep state while they work

    def __missing__(self, word: str) -> str:
        with self._lock:
            if len(self) >= _REMEMBERED:
                self.clear()
            self[word] = answer = self._function(word)
        return answer


def drop_empty(strings: Any) -> Any:
    """A ragged tensor (B, None) without its empty strings."""
    return tf.ragged.boolean_mask(strings, tf.not_equal(strings, ""))


def call_back(rows: Callable[[Rows], Rows], strings: Any, name: str) -> Any:
    """Runs a Python function of rows on ragged strings (B, None), from inside a graph."""

    def run(flat: Any, splits: Any) -> tuple[Any, Any]:
        words = [word.decode("utf-8", "replace") for word in flat]
        done = rows([words[start:end] for start, end in zip(splits[:-1], splits[1:], strict=True)])
        encoded = np.array([word.encode("utf-8") for row in done for word in row], object)
        return encoded, np.array([len(row) for row in done], np.int64)

    inputs = [strings.flat_values, tf.cast(strings.row_splits, tf.int64)]
    flat, lengths = tf.numpy_function(run, inputs, [tf.string, tf.int64], stateful=False, name=name)
    return tf.RaggedTensor.from_row_lengths(tf.ensure_shape(flat, [None]), tf.ensure_shape(lengths, [None]))
