"""Embedding layers that fit a tokenizer's features."""

from collections.abc import Sequence
from typing import Any

import keras

from keras_embed import layers, text
from keras_embed._errors import check_one_of, message


def word_embeddings(
    tokenizer: Any,
    word_dim: int,
    char_filters: int,
    casing_dim: int,
    char_dim: int = 30,
    char_encoder: str = "cnn",
    char_kernel_sizes: Sequence[int] = (3,),
    unknown_dropout: float = 0.02,
    dropout: float = 0.0,
    weights: Any = None,
) -> list[keras.layers.Layer]:
    """Words, characters and casing; a dimension of 0 leaves its layer out. See `TaggerPreprocessor.embeddings`."""
    check_one_of("char_encoder", char_encoder, ("cnn", "lstm"))
    if (char_filters or casing_dim) and not hasattr(tokenizer, "characters"):
        received = f"char_filters={char_filters}, casing_dim={casing_dim} over pieces of words"
        raise ValueError(message("embeddings of the pieces alone", received, "char_filters=0, casing_dim=0"))
    found: list[keras.layers.Layer] = []
    if word_dim:
        size = tokenizer.vocabulary_size()
        found.append(layers.WordEmbedding(size, word_dim, unknown_dropout, dropout, weights))
    if char_filters:
        size = len(tokenizer.characters)
        if char_encoder == "lstm":
            found.append(layers.CharacterLSTM(size, char_dim, char_filters // 2))
        else:
            found.append(layers.CharacterCNN(size, char_dim, char_filters, char_kernel_sizes))
    if casing_dim:
        found.append(layers.CasingEmbedding(len(text.characters.CASING_CLASSES), casing_dim))
    return found
