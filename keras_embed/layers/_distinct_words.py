"""Distinct words of a batch: encode each once, hand the result to every token."""

from collections.abc import Callable
from typing import Any

from keras import ops

from keras_embed.layers._features import Features, FeatureShapes, Shape

FEATURES: FeatureShapes = {"char_ids": (None, None), "char_index": (None,)}


def encode(features: Features, encoder: Callable[[Any], Any]) -> Any:
    """Applies `encoder` to the table of distinct words, then copies a row to each token.

    Args:
        features: `char_ids` int32 `(B, W, C)`, the rows of a table of `B W` words; `char_index` int32 `(B, T)`, the
            table's row for each token. A row of a batch may point to a word that stands under another row.
        encoder: from `(B W, C)` to `(B W, D)`.

    Returns:
        `(B, T, D)`.
    """
    char_ids = features["char_ids"]
    table = ops.reshape(char_ids, (-1, ops.shape(char_ids)[2]))  # (B W, C)
    return ops.take(encoder(table), features["char_index"], axis=0)  # (B, T, D)


def output_shape(features_shape: dict[str, Shape], dim: int) -> Shape:
    """`(B, T, dim)`."""
    return (*features_shape["char_index"], dim)
