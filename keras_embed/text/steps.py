"""Base classes of the steps of a text pipeline.

Every step has two lanes with equal results: `python` for lists of strings, and `graph` for ragged string tensors. A
step whose `in_graph` is False has no TensorFlow code: its `graph` calls back into Python, which works inside `tf.data`
and in `fit`, but cannot be exported.
"""

import abc
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keras_embed._backend import tf
from keras_embed._types import Config, TFTensor

Rows = list[list[str]]
_CACHE_SIZE = 1 << 20


class Step(abc.ABC):
    """Base class of functions from the strings of a row to strings: first one text, later its words.

    Subclasses implement `rows`, `graph` and `get_config`. Two steps are equal if their class and config are equal.

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
        """Runs the Python lane on many rows at once."""

    @abc.abstractmethod
    def graph(self, strings: TFTensor) -> TFTensor:
        """Runs the graph lane: ragged strings (B, None) to ragged strings (B, None)."""

    @abc.abstractmethod
    def get_config(self) -> Config:
        """Returns the constructor's arguments, JSON-ready."""

    def python(self, strings: list[str]) -> list[str]:
        """Runs the Python lane on one row."""
        return self.rows([strings])[0]

    def resources(self) -> list[TFTensor]:
        """Returns the TensorFlow resources of `graph`, which an exporter must track."""
        return []

    @classmethod
    def from_config(cls, config: Config) -> Any:
        """Creates the step from its config."""
        return cls(**config)

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other.get_config() == self.get_config()

    def __hash__(self) -> int:
        return hash((type(self), repr(self.get_config())))

    def __repr__(self) -> str:
        arguments = ", ".join(f"{name}={value!r}" for name, value in self.get_config().items())
        return f"{type(self).__name__}({arguments if len(arguments) < 100 else arguments[:97] + '...'})"


class WordStep(Step):
    """Base class of steps that handle one string at a time. Strings that become empty are dropped.

    Subclasses implement `word`, `tensor` and `get_config`.

    Example:
    >>> from keras_embed.text import StopWords
    >>> isinstance(StopWords(["the"]), WordStep), StopWords(["the"]).word("the")
    (True, '')
    """

    @abc.abstractmethod
    def word(self, word: str) -> str:
        """Returns the new form of one string; "" to drop it."""

    @abc.abstractmethod
    def tensor(self, strings: TFTensor) -> TFTensor:
        """Applies `word` to a dense string tensor (N,)."""

    def rows(self, rows: Rows) -> Rows:
        """Applies `word` to each string of each row."""
        return [list(filter(None, map(self.word, row))) for row in rows]

    def graph(self, strings: TFTensor) -> TFTensor:
        """Applies `tensor` to all strings at once."""
        return drop_empty(strings.with_flat_values(self.tensor(strings.flat_values)))


class HostWordStep(WordStep):
    """Base class of word steps that only Python can compute. Results are cached, so each word is computed once.

    Subclasses implement `compute` and `get_config`.

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
        self._cache = WordCache(self.compute)

    @abc.abstractmethod
    def compute(self, word: str) -> str:
        """Returns the new form of a word that is not cached. Only one thread at a time calls it."""

    def word(self, word: str) -> str:
        """Returns the new form of a word."""
        return self._cache[word]

    def tensor(self, strings: TFTensor) -> TFTensor:
        """Calls back into Python, once for each distinct word of the batch."""
        distinct, index = tf.unique(strings)
        words = tf.numpy_function(self._bytes, [distinct], tf.string, stateful=False, name=type(self).__name__)
        return tf.gather(tf.ensure_shape(words, [None]), index)

    def _bytes(self, words: NDArray[np.object_]) -> NDArray[np.object_]:
        return np.array([self.word(word.decode("utf-8", "replace")).encode("utf-8") for word in words], object)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_cache"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._cache = WordCache(self.compute)


class WordCache(dict[str, str]):
    """Cache of a function of words, computed at first access and cleared when it is full.

    Args:
        function: word to word.
    """

    def __init__(self, function: Callable[[str], str]) -> None:
        super().__init__()
        self._function = function
        self._lock = threading.RLock()  # stemmers are stateful while they work

    def __missing__(self, word: str) -> str:
        with self._lock:
            if len(self) >= _CACHE_SIZE:
                self.clear()
            self[word] = result = self._function(word)
        return result


def drop_empty(strings: TFTensor) -> TFTensor:
    """Drops the empty strings of a ragged tensor (B, None)."""
    return tf.ragged.boolean_mask(strings, tf.not_equal(strings, ""))


def call_back(rows: Callable[[Rows], Rows], strings: TFTensor, name: str) -> TFTensor:
    """Runs a Python function of rows on ragged strings (B, None) inside a graph."""

    def run(flat: NDArray[np.object_], splits: NDArray[np.int64]) -> tuple[NDArray[np.object_], NDArray[np.int64]]:
        words = [word.decode("utf-8", "replace") for word in flat]
        results = rows([words[start:end] for start, end in zip(splits[:-1], splits[1:], strict=True)])
        encoded = np.array([word.encode("utf-8") for row in results for word in row], object)
        return encoded, np.array([len(row) for row in results], np.int64)

    inputs = [strings.flat_values, tf.cast(strings.row_splits, tf.int64)]
    flat, lengths = tf.numpy_function(run, inputs, [tf.string, tf.int64], stateful=False, name=name)
    return tf.RaggedTensor.from_row_lengths(tf.ensure_shape(flat, [None]), tf.ensure_shape(lengths, [None]))
