"""The usual pipeline by a few arguments."""

from typing import Any

from keras_embed._errors import message
from keras_embed.text.pipeline import Pipeline
from keras_embed.text.stemming import SnowballStemmer
from keras_embed.text.steps import Step
from keras_embed.text.token_pattern import TokenPattern
from keras_embed.text.unicode_steps import Lowercase
from keras_embed.text.word_lists import StopWords


def words_pipeline(
    lowercase: bool = True, stop_words: Any = None, stemmer: str | None = None, pipeline: Step | None = None
) -> Pipeline:
    """Text to words: lower case, scikit-learn's words, stop words, stems; or a pipeline that is given.

    Args:
        lowercase: whether to lower-case.
        stop_words: for `StopWords`; None for no such step.
        stemmer: language for `SnowballStemmer`; None for no such step.
        pipeline: the pipeline instead of the three arguments before.

    Raises:
        ValueError: where `pipeline` is not the only argument.

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
