"""Tokenizers learned from texts, and embedding layers that fit a tokenizer's features."""

from collections.abc import Sequence
from typing import Any

import keras
from numpy.typing import NDArray

from keras_embed import layers, text
from keras_embed._backend import tf
from keras_embed._errors import check_one_of, message
from keras_embed._types import Splitter
from keras_embed.tokenizers import any_splitter
from keras_embed.tokenizers.word_featurizer import WordFeaturizer


def word_embeddings(
    tokenizer: keras.layers.Layer,
    word_dim: int,
    char_filters: int,
    casing_dim: int,
    char_dim: int = 30,
    char_encoder: str = "cnn",
    char_kernel_sizes: Sequence[int] = (3,),
    unknown_dropout: float = 0.02,
    dropout: float = 0.0,
    weights: NDArray[Any] | None = None,
) -> list[keras.layers.Layer]:
    """Returns embeddings of words, characters and casing; a width of 0 omits one.

    The arguments are those of `TaggerPreprocessor.embeddings`.
    """
    check_one_of("char_encoder", char_encoder, ("cnn", "lstm"))
    if (char_filters or casing_dim) and not hasattr(tokenizer, "characters"):
        received = f"char_filters={char_filters}, casing_dim={casing_dim} with a tokenizer of subwords"
        raise ValueError(message("embeddings of the subwords alone", received, "char_filters=0, casing_dim=0"))
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


def learn_words(texts: Sequence[bytes], splitter: Splitter | None, **kwargs: Any) -> WordFeaturizer:
    """Returns a tokenizer whose vocabulary is learned from texts.

    Args:
        texts: UTF-8 texts.
        splitter: splits texts into words; `None` for the default of `WordFeaturizer`.
        **kwargs: arguments of `WordFeaturizer.from_tokens`.
    """
    tokens = any_splitter.as_tokenizer(splitter).tokenize(tf.constant(texts, tf.string))
    words = ([word.decode("utf-8", "replace") for word in row] for row in tokens.to_list())
    return WordFeaturizer.from_tokens(words, splitter=splitter, **kwargs)
