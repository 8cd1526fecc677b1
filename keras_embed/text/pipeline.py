"""Text steps in a row."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from keras_embed._backend import tf
from keras_embed._errors import message
from keras_embed.text.steps import Memory, Rows, Step, WordStep
from keras_embed.text.token_pattern import TokenPattern
from keras_embed.text.unicode_steps import Lowercase


class Pipeline(Step):
    """Text to terms, step by step: in Python for lists, and in TensorFlow's graph for string tensors.

    Both lanes give equal results. A pipeline is a step as well, so that pipelines nest. Behind the first step that
    makes words of texts, what the word steps make of a word is remembered: stemming costs once for each distinct word.

    Args:
        steps: `None` for what scikit-learn's vectorisers do, `[Lowercase(), TokenPattern()]`.

    Raises:
        TypeError: for something that is no step.

    Example:
    >>> from keras_embed.text import Lowercase, StopWords, TokenPattern, WordNgrams
    >>> pipeline = Pipeline([Lowercase(), TokenPattern(), StopWords("english"), WordNgrams(1, 2)])
    >>> pipeline.python(["The cat and the dog"])
    ['cat', 'dog', 'cat dog']
    >>> pipeline.graph(["The cat and the dog"]).to_list()
    [[b'cat', b'dog', b'cat dog']]
    """

    def __init__(self, steps: Sequence[Step] | None = None) -> None:
        self.steps = (Lowercase(), TokenPattern()) if steps is None else tuple(steps)
        for number, step in enumerate(self.steps):
            if not isinstance(step, Step):
                raise TypeError(message("every step to be a keras_embed.text.Step", f"{step!r} as step {number}"))
        self._stages = _stages(self.steps)

    @property
    def in_graph(self) -> bool:  # type: ignore[override]
        """Whether every step has a graph lane."""
        return not self.host_steps()

    def host_steps(self) -> list[Step]:
        """The steps that call back into Python, and so cannot be exported."""
        return [step for step in self.leaves() if not step.in_graph]

    def leaves(self) -> list[Step]:
        """The steps, with those of nested pipelines in their place."""
        return [leaf for step in self.steps for leaf in (step.leaves() if isinstance(step, Pipeline) else [step])]

    def check_exportable(self) -> None:
        """Raises `ValueError`, naming the step, where a SavedModel could not hold the pipeline."""
        host = self.host_steps()
        if host:
            raise ValueError(
                message(
                    "a pipeline whose every step is TensorFlow graph code, to export it",
                    f"{host[0]!r}, which runs in Python",
                    "applying it before the model (in tf.data or in Python) and exporting the model without it",
                )
            )

    def texts(self, texts: Iterable[Any]) -> Rows:
        """The terms of each text.

        Args:
            texts: strings, or bytes in UTF-8. Bytes that are not UTF-8 are read as U+FFFD.
        """
        return self.rows([[text.decode("utf-8", "replace") if isinstance(text, bytes) else text] for text in texts])

    def rows(self, rows: Rows) -> Rows:
        """Runs the steps in Python."""
        for stage in self._stages:
            rows = stage(rows)
        return rows

    def graph(self, strings: Any) -> Any:
        """Runs the steps in the graph.

        Args:
            strings: texts (B,), or ragged strings (B, None).

        Returns:
            ragged strings (B, None).
        """
        if not isinstance(strings, tf.RaggedTensor):
            strings = tf.reshape(tf.convert_to_tensor(strings, tf.string), [-1])
            # Without a copy of the bounds, one string is one row.
            strings = tf.RaggedTensor.from_uniform_row_length(strings, 1)
            strings = tf.RaggedTensor.from_row_splits(strings.values, strings.row_splits, validate=False)
        if not (self.steps and isinstance(self.steps[0], (Lowercase, Pipeline))):  # lower-casing mends UTF-8 itself
            strings = strings.with_flat_values(tf.strings.unicode_transcode(strings.flat_values, "UTF-8", "UTF-8"))
        for step in self.steps:
            strings = step.graph(strings)
        return strings

    def resources(self) -> list[Any]:
        """The tables of the steps."""
        return [resource for step in self.steps for resource in step.resources()]

    def get_config(self) -> dict[str, Any]:
        """The steps, each as `text.serialize` describes it."""
        from keras_embed.text.serialization import serialize  # which knows the pipeline too

        return {"steps": [serialize(step) for step in self.steps]}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Pipeline":
        """Rebuilds the pipeline from `get_config`'s answer."""
        from keras_embed.text.serialization import deserialize

        return cls([deserialize(step) for step in config["steps"]])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Pipeline) and other.steps == self.steps

    def __hash__(self) -> int:
        return hash((Pipeline, self.steps))

    def __repr__(self) -> str:
        return f"Pipeline({list(self.steps)!r})"

    def __getstate__(self) -> dict[str, Any]:
        return {"steps": self.steps}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.steps = state["steps"]
        self._stages = _stages(self.steps)


def _stages(steps: Sequence[Step]) -> list[Callable[[Rows], Rows]]:
    """The steps' functions of rows, with neighbouring word steps made one, which remembers, once there are words."""
    stages: list[Callable[[Rows], Rows]] = []
    chain: list[WordStep] = []
    words = False
    for step in steps:
        if words and isinstance(step, WordStep):
            if not chain:
                chain = [step]
                stages.append(_remembered(chain))
            else:
                chain.append(step)
            continue
        words = words or not isinstance(step, WordStep)
        chain = []
        stages.append(step.rows)
    return stages


def _remembered(chain: list[WordStep]) -> Callable[[Rows], Rows]:
    def through(word: str) -> str:
        for step in chain:
            if word:
                word = step.word(word)
        return word

    look_up = Memory(through).__getitem__
    return lambda rows: [list(filter(None, map(look_up, row))) for row in rows]
