"""Several texts as one dict of features: each text's features under a name in front of theirs."""

from collections.abc import Sequence
from typing import Any

import keras

from keras_embed.backbones._embedded import feature_inputs


def prefixed_inputs(embeddings: Sequence[keras.layers.Layer], prefixes: Sequence[str]) -> dict[str, Any]:
    """One `keras.Input` for each feature that any embedding reads, and the padding mask, of each text.

    Args:
        embeddings: as for `feature_inputs`.
        prefixes: one for each text: "first" makes `first_token_ids`, `first_padding_mask` ...

    Raises:
        ValueError: as `feature_inputs` does.
    """
    return prefixed_like(feature_inputs(embeddings), prefixes)


def prefixed_like(inputs: dict[str, Any], prefixes: Sequence[str]) -> dict[str, Any]:
    """Inputs of the same shape and dtype for each of several texts.

    Args:
        inputs: of a model of one text, by name.
        prefixes: one for each text.
    """
    return {
        f"{prefix}_{name}": keras.Input(tensor.shape[1:], dtype=tensor.dtype, name=f"{prefix}_{name}")
        for prefix in prefixes
        for name, tensor in inputs.items()
    }


def of_prefix(features: dict[str, Any], prefix: str) -> dict[str, Any]:
    """The features of one text, by their own names.

    Args:
        features: of several texts.
        prefix: of the text that is wanted.
    """
    start = f"{prefix}_"
    return {name.removeprefix(start): tensor for name, tensor in features.items() if name.startswith(start)}
