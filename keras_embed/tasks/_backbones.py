"""Backbones of tasks: made by name, and checked against their preprocessor."""

from collections.abc import Callable

import keras
import keras_hub

from keras_embed._errors import check_one_of, message
from keras_embed._types import Config
from keras_embed.backbones import (
    AveragingBackbone,
    BagBackbone,
    BCNBackbone,
    ConvolutionalBackbone,
    ESIMBackbone,
    RecurrentBackbone,
    TransformerBackbone,
)
from keras_embed.preprocessors import SpanPreprocessor

#: Backbones that read one text, for `from_corpus`.
OF_TEXTS: dict[str, type[keras.Model]] = {
    "average": AveragingBackbone,
    "bcn": BCNBackbone,
    "convolutional": ConvolutionalBackbone,
    "recurrent": RecurrentBackbone,
    "transformer": TransformerBackbone,
}
#: Backbones that read two texts.
OF_PAIRS: dict[str, type[keras.Model]] = {"esim": ESIMBackbone}


def backbone_of(
    architecture: str,
    known: dict[str, type[keras.Model]],
    preprocessor: keras_hub.models.Preprocessor,
    embeddings: list[keras.layers.Layer] | None,
    config: Config,
) -> keras.Model:
    """Returns a new backbone.

    Args:
        architecture: Its name.
        known: Classes by name.
        preprocessor: Its `embeddings(**config)` are used if `embeddings` is `None`.
        embeddings: Layers, or `None`.
        config: Arguments of the class, and `word_dim`, `char_filters`, `casing_dim` and `weights` of the embeddings.

    Raises:
        ValueError: If the name is unknown, or `embeddings` and their sizes are both given.
    """
    check_one_of("architecture", architecture, known)
    sizes = {name: config[name] for name in ("word_dim", "char_filters", "casing_dim", "weights") if name in config}
    if embeddings is None:
        embeddings = preprocessor.embeddings(**sizes)
    elif sizes:
        raise ValueError(message("`embeddings` or their sizes", f"both: {sorted(sizes)}"))
    return known[architecture](embeddings, **{name: value for name, value in config.items() if name not in sizes})


def check_parts(task: type, backbone: keras.Model, preprocessor: keras_hub.models.Preprocessor | None) -> None:
    """Raises `ValueError` if `backbone` is not a Keras model, or is too small for the preprocessor's features.

    Args:
        task: Named in the error.
        backbone: Checked for the number of terms, subwords and positions.
        preprocessor: Makes the features, or `None`.
    """
    if not isinstance(backbone, keras.Model):
        received = "None" if backbone is None else f"a {type(backbone).__name__}"
        call = f"{task.__name__}(backbone, preprocessor)"
        raise ValueError(message("a backbone, a Keras model of features", received, call))
    terms = isinstance(backbone, BagBackbone)
    needed, what = (_num_terms(preprocessor), "terms") if terms else (num_subwords(preprocessor), "subwords")
    size = getattr(backbone, "vocabulary_size", None)
    if isinstance(needed, int) and isinstance(size, int) and size < needed:
        expected = f"a backbone for the preprocessor's {needed} {what}"
        argument = "preprocessor.num_terms" if terms else "tokenizer.vocabulary_size()"
        raise ValueError(message(expected, f"one for {size}", f"{type(backbone).__name__}({argument}, ...)"))
    needed, size = _max_positions(preprocessor), getattr(backbone, "max_sequence_length", None)
    if isinstance(needed, int) and isinstance(size, int) and size < needed:
        expected = f"a backbone for the {needed} positions that its preprocessor may produce"
        raise ValueError(message(expected, f"one for {size}", f"a tokenizer with max_length={size}"))


def num_subwords(preprocessor: keras_hub.models.Preprocessor | None) -> int | None:
    """Returns the size of the subword vocabulary; `None` without one, or before a saved one is loaded."""
    tokenizer = getattr(preprocessor, "tokenizer", None)
    return (
        _count(tokenizer.vocabulary_size)
        if tokenizer is not None and getattr(tokenizer, "splits_words", False)
        else None
    )


def _num_terms(preprocessor: keras_hub.models.Preprocessor | None) -> int | None:
    tfidf = getattr(preprocessor, "tfidf", None)
    return None if tfidf is None else _count(lambda: len(tfidf))


def _max_positions(preprocessor: keras_hub.models.Preprocessor | None) -> int | None:
    """Returns the greatest number of positions in a row of subwords, `None` if unknown."""
    if isinstance(preprocessor, SpanPreprocessor):
        return preprocessor.max_length
    for part in (preprocessor, getattr(preprocessor, "encoder", None)):
        length = getattr(part, "sequence_length", None)
        if isinstance(length, int):
            return length
    # Not the preprocessor's own `max_length`, which counts words.
    return getattr(getattr(preprocessor, "tokenizer", None), "max_length", None)


def _count(count: Callable[[], int]) -> int | None:
    try:
        return int(count())
    except ValueError:  # the vocabulary of a saved preprocessor is loaded later
        return None
