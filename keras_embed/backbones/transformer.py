"""Transformer encoders over any embeddings."""

import math
from collections.abc import Sequence
from typing import Any

import keras

from keras_embed import _errors
from keras_embed._types import Config, KerasObject
from keras_embed.backbones._frozen import EmbeddedBackbone
from keras_embed.backbones.embedded import feature_inputs, joined, placed_vectors
from keras_embed.functional.pooling import cleared
from keras_embed.layers import TransformerEncoder
from keras_embed.layers.positions import PositionEncoding


@keras.saving.register_keras_serializable(package="keras_embed")
class TransformerBackbone(EmbeddedBackbone):
    """Transformer encoder over the concatenated vectors of embedding layers (Vaswani et al. 2017).

    The vectors are projected to width D, unless they already have it, and scaled by `sqrt(D)`.

    Args:
        embeddings: layers from a feature dict to `(B, T, E)`, see `RecurrentBackbone`.
        num_layers: number of blocks.
        num_heads: H.
        hidden_dim: D, a multiple of H.
        feed_forward_dim: hidden width of the feed-forward networks.
        positions: "sinusoidal", "learned", "rotary" or "relative".
        dropout: dropout rate of the embeddings and of the output of each sublayer.
        attention_dropout: dropout rate of the attention weights.
        activation: of the feed-forward networks.
        norm_first: normalize the input of each sublayer, see `layers.TransformerEncoder`.
        max_length: number of learned positions.
        dtype: dtype or policy of all layers except the embeddings.
        **kwargs: `name`, `trainable`.

    Call arguments:
        inputs: dict with the features of all embeddings, such as `token_ids`, int32 `(B, T)`, and `padding_mask`, bool
            `(B, T)`, True = real.

    Returns:
        Dict with `sequence_output`, floats `(B, T, D)`, zero at padding; wider if an embedding is concatenated with the
        output.

    Raises:
        ValueError: If embeddings do not fit, or arguments are out of range.

    Example:
    >>> import numpy as np
    >>> from keras_embed.layers import WordEmbedding
    >>> backbone = TransformerBackbone([WordEmbedding(10, 4)], num_layers=1, num_heads=2, hidden_dim=6)
    >>> inputs = {"token_ids": np.array([[2, 3, 0]]), "padding_mask": np.array([[True, True, False]])}
    >>> tuple(backbone(inputs)["sequence_output"].shape)
    (1, 3, 6)

    References:
        https://arxiv.org/abs/1706.03762
    """

    def __init__(
        self,
        embeddings: Sequence[keras.layers.Layer],
        num_layers: int = 2,
        num_heads: int = 4,
        hidden_dim: int = 128,
        feed_forward_dim: int = 256,
        positions: str | PositionEncoding | Config = "sinusoidal",
        dropout: float = 0.1,
        attention_dropout: float = 0.0,
        activation: KerasObject = "relu",
        norm_first: bool = True,
        max_length: int = 512,
        dtype: KerasObject = None,
        **kwargs: Any,
    ) -> None:
        _errors.check_positive("hidden_dim", hidden_dim)

        # === Layers ===
        embeddings = list(embeddings)
        settings = (num_layers, num_heads, feed_forward_dim, positions, dropout, attention_dropout, activation)
        encoder = TransformerEncoder(*settings, norm_first, max_length, dtype=dtype, name="encoder")

        # === Functional Model ===
        inputs = feature_inputs(embeddings)
        mask = inputs["padding_mask"]
        vectors = placed_vectors(embeddings, inputs)
        x = joined(vectors["input"], dtype, "vectors")
        if x.shape[-1] != hidden_dim:
            x = keras.layers.Dense(hidden_dim, dtype=dtype, name="projection")(x)
        x = encoder(x * math.sqrt(hidden_dim), mask=mask)
        x = cleared(joined([x, *vectors["output"]], dtype, "beside"), mask)
        super().__init__(inputs=inputs, outputs={"sequence_output": x}, dtype=dtype, **kwargs)

        # === Config ===
        self.embeddings = embeddings
        self.num_layers, self.num_heads = num_layers, num_heads
        self.hidden_dim, self.feed_forward_dim = hidden_dim, feed_forward_dim
        self.positions, self.activation, self.norm_first = positions, activation, norm_first
        self.dropout, self.attention_dropout, self.max_length = dropout, attention_dropout, max_length

    def default_lora_layer_names(self) -> list[str]:
        """Returns the names of both layers of the feed-forward networks."""
        return ["widen", "narrow"]

    def get_config(self) -> Config:
        names = (
            "num_layers num_heads hidden_dim feed_forward_dim positions dropout attention_dropout activation "
            "norm_first max_length"
        )
        return {
            **super().get_config(),
            **{name: getattr(self, name) for name in names.split()},
        }
