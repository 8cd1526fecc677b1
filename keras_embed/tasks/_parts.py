"""Whether the parts that a task is made of belong together."""

from collections.abc import Callable
from typing import Any

import keras

from keras_embed._errors import message
from keras_embed.backbones import BagBackbone
from keras_embed.preprocessors import SpanPreprocessor


def check_parts(task: Any, backbone: Any, preprocessor: Any) -> None:
    """Raises `ValueError` for what is no backbone, and one with fewer terms, pieces or positions than its preprocessor.

    Args:
        task: for the text of the error.
        backbone: a Keras model.
        preprocessor: `None`, or what makes its features.
    """
    if not isinstance(backbone, keras.Model):
        name = type(task).__name__
        received = "None" if backbone is None else f"a {type(backbone).__name__}"
        raise ValueError(message("a backbone, a Keras model of features", received, f"{name}(backbone, preprocessor)"))
    terms = isinstance(backbone, BagBackbone)
    made, what = (_num_terms(preprocessor), "terms") if terms else (pieces_of(preprocessor), "pieces")
    known = getattr(backbone, "vocabulary_size", None)
    if isinstance(made, int) and isinstance(known, int) and known < made:
        expected = f"a backbone for the preprocessor's {made} {what}"
        size = "preprocessor.num_terms" if terms else "tokenizer.vocabulary_size()"
        raise ValueError(message(expected, f"one for {known}", f"{type(backbone).__name__}({size}, ...)"))
    made, known = _longest(preprocessor), getattr(backbone, "max_sequence_length", None)
    if isinstance(made, int) and isinstance(known, int) and known < made:
        expected = f"a backbone for as many as {made} positions, which its preprocessor may make"
        raise ValueError(message(expected, f"one for {known}", f"a tokenizer with max_length={known}"))


def _longest(preprocessor: Any) -> int | None:
    """Most positions of a row of pieces; `None` where nothing tells. Other `max_length`s are numbers of words."""
    if isinstance(preprocessor, SpanPreprocessor):
        return preprocessor.max_length
    for part in (preprocessor, getattr(preprocessor, "encoder", None)):
        length = getattr(part, "sequence_length", None)
        if isinstance(length, int):
            return length
    return getattr(getattr(preprocessor, "tokenizer", None), "max_length", None)


def _num_terms(preprocessor: Any) -> int | None:
    """`None` for a preprocessor without terms, and while a saved one is loaded, whose terms come later."""
    tfidf = getattr(preprocessor, "tfidf", None)
    return None if tfidf is None else _known(lambda: len(tfidf))


def pieces_of(preprocessor: Any) -> int | None:
    """`None` for a preprocessor without pieces, and while a saved one is loaded, whose pieces come later."""
    tokenizer: Any = getattr(preprocessor, "tokenizer", None)
    return _known(tokenizer.vocabulary_size) if hasattr(tokenizer, "pieces") else None


def _known(count: Callable[[], int]) -> int | None:
    try:
        return int(count())
    except ValueError:
        return None
