"""Pipelines: text steps applied one after the other."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from keras_embed._backend import tf
from keras_embed._errors import message
from keras_embed._types import Config, TFTensor
from keras_embed.text.normalization import Lowercase
from keras_embed.text.serialization import deserialize, serialize
from keras_embed.text.stemming import SnowballStemmer
from keras_embed.text.steps import Rows, Step, WordCache, WordStep
from keras_embed.text.strings import decoded
from keras_embed.text.token_steps import TokenPattern
from keras_embed.text.word_lists import StopWords


class Pipeline(Step):
    """Converts texts to terms, step by step: in Python for lists, in TensorFlow's graph for string tensors.

    Both lanes give equal results. A pipeline is a step itself, so pipelines nest. After the first step that splits
    texts into words, the results of word steps are cached: each distinct word is stemmed once.

    Args:
        steps: `None` for scikit-learn's vectorisers' default, `[Lowercase(), TokenPattern()]`.

    Raises:
        TypeError: If an element is not a `Step`.

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
        for index, step in enumerate(self.steps):
            if not isinstance(step, Step):
                raise TypeError(message("every step to be a keras_embed.text.Step", f"{step!r} as step {index}"))
        self._stages = _stages(self.steps)

    @property
    def in_graph(self) -> bool:  # type: ignore[override]
        """True if every step has a graph lane."""
        return not self.host_steps()

    def host_steps(self) -> list[Step]:
        """Returns the steps that call back into Python, and so cannot be exported."""
        return [step for step in self.leaves() if not step.in_graph]

    def leaves(self) -> list[Step]:
        """Returns the steps, with nested pipelines flattened."""
        return [leaf for step in self.steps for leaf in (step.leaves() if isinstance(step, Pipeline) else [step])]

    def check_exportable(self) -> None:
        """Raises `ValueError`, naming the step, if a SavedModel cannot hold the pipeline."""
        host = self.host_steps()
        if host:
            raise ValueError(
                message(
                    "a pipeline whose every step is TensorFlow graph code, to export it",
                    f"{host[0]!r}, which runs in Python",
                    "applying it before the model (in tf.data or in Python) and exporting the model without it",
                )
            )

    def texts(self, texts: Iterable[str | bytes]) -> Rows:
        """Returns the terms of each text.

        Args:
            texts: strings, or bytes in UTF-8. Bytes that are not UTF-8 are read as U+FFFD.
        """
        return self.rows([[decoded(text)] for text in texts])

    def rows(self, rows: Rows) -> Rows:
        """Runs the steps in Python."""
        for stage in self._stages:
            rows = stage(rows)
        return rows

    def graph(self, strings: TFTensor) -> TFTensor:
        """Runs the steps in the graph.

        Args:
            strings: texts (B,), or ragged strings (B, None).

        Returns:
            ragged strings (B, None).
        """
        if not isinstance(strings, tf.RaggedTensor):
            strings = tf.reshape(tf.convert_to_tensor(strings, tf.string), [-1])
            # One string a row, as a ragged tensor with row splits, without copying the bounds.
            strings = tf.RaggedTensor.from_uniform_row_length(strings, 1)  # (B, 1)
            strings = tf.RaggedTensor.from_row_splits(strings.values, strings.row_splits, validate=False)
        if not (self.steps and isinstance(self.steps[0], (Lowercase, Pipeline))):  # these repair UTF-8 themselves
            strings = strings.with_flat_values(tf.strings.unicode_transcode(strings.flat_values, "UTF-8", "UTF-8"))
        for step in self.steps:
            strings = step.graph(strings)
        return strings

    def resources(self) -> list[TFTensor]:
        """Returns the steps' lookup tables."""
        return [resource for step in self.steps for resource in step.resources()]

    def get_config(self) -> Config:
        """Returns the serialised steps."""
        return {"steps": [serialize(step) for step in self.steps]}

    @classmethod
    def from_config(cls, config: Config) -> "Pipeline":
        """Creates the pipeline from its config."""
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
    """Returns the steps' functions of rows; after the first step that splits texts, runs of word steps are cached."""
    stages: list[Callable[[Rows], Rows]] = []
    chain: list[WordStep] = []
    split = False
    for step in steps:
        if split and isinstance(step, WordStep):
            if not chain:
                chain = [step]
                stages.append(_cached(chain))
            else:
                chain.append(step)
            continue
        split = split or not isinstance(step, WordStep)
        chain = []
        stages.append(step.rows)
    return stages


def _cached(chain: list[WordStep]) -> Callable[[Rows], Rows]:
    def apply(word: str) -> str:
        for step in chain:
            if word:
                word = step.word(word)
        return word

    lookup = WordCache(apply).__getitem__
    return lambda rows: [list(filter(None, map(lookup, row))) for row in rows]


def words_pipeline(
    lowercase: bool = True,
    stop_words: str | Iterable[str] | None = None,
    stemmer: str | None = None,
    pipeline: Step | None = None,
) -> Pipeline:
    """Creates a pipeline from texts to words: lower case, scikit-learn's words, stop words, stems.

    Args:
        lowercase: lower-cases.
        stop_words: for `StopWords`; `None` for no such step.
        stemmer: language for `SnowballStemmer`; `None` for no such step.
        pipeline: returned instead, as a `Pipeline`; then the arguments before it must not be given.

    Raises:
        ValueError: If `pipeline` is not the only argument.

    Example:
    >>> words_pipeline(stop_words="english").python(["The cat"])
    ['cat']
    """
    if pipeline is not None:
        if not lowercase or stop_words is not None or stemmer is not None:
            received = f"pipeline, lowercase={lowercase}, stop_words={stop_words!r}, stemmer={stemmer!r}"
            raise ValueError(message("`pipeline` alone", received, "steps in the pipeline for the others"))
        return pipeline if isinstance(pipeline, Pipeline) else Pipeline([pipeline])
    steps: list[Step] = [Lowercase()] if lowercase else []
    steps += [TokenPattern()]
    steps += [] if stop_words is None else [StopWords(stop_words)]
    steps += [] if stemmer is None else [SnowballStemmer(stemmer)]
    return Pipeline(steps)
