"""Transformer language models."""

import math
from typing import Any

import keras
from keras import ops

from keras_embed import _errors
from keras_embed._types import Config, Features, KerasObject, Tensor
from keras_embed.backbones._generation import LanguageModelBackbone, token_embedding, token_inputs
from keras_embed.layers import TransformerEncoder
from keras_embed.layers.positions import PositionEncoding


@keras.saving.register_keras_serializable(package="keras_embed")
class TransformerLanguageModelBackbone(LanguageModelBackbone):
    """Causal Transformer language model, as GPT-2.

    Token embeddings are scaled by `sqrt(D)`. Logits are products of the outputs with the same embeddings, or with a
    table of their own.

    Args:
        vocabulary_size: V, the number of tokens.
        num_layers: number of blocks.
        num_heads: H.
        hidden_dim: D, a multiple of H.
        feed_forward_dim: hidden width of the feed-forward networks.
        positions: "sinusoidal", "learned", "rotary", "relative", or a layer of `layers.positions`.
        dropout: dropout rate of the embeddings and of the output of each sublayer.
        attention_dropout: dropout rate of the attention weights.
        activation: of the feed-forward networks.
        norm_first: normalize the input of each sublayer, see `layers.TransformerEncoder`.
        tie_embeddings: use one table for inputs and logits.
        max_length: number of learned positions.
        dtype: dtype or policy.
        **kwargs: `name`, `trainable`.

    Call arguments:
        inputs: dict with `token_ids` int32 (B, T), beginning with the start token, and `padding_mask` bool
            (B, T), True = real.
            Padding must be on the right.

    Returns:
        Dict with `sequence_output` (B, T, D), zero at padding, and `logits` float32 (B, T, V) of the next token.

    Raises:
        ValueError: If sizes do not fit each other.

    Example:
    >>> import numpy as np
    >>> backbone = TransformerLanguageModelBackbone(9, 1, num_heads=2, hidden_dim=4, feed_forward_dim=8)
    >>> outputs = backbone({"token_ids": np.array([[2, 4, 5]]), "padding_mask": np.ones((1, 3), bool)})
    >>> tuple(outputs["sequence_output"].shape), tuple(outputs["logits"].shape)
    ((1, 3, 4), (1, 3, 9))

    References:
        Radford et al. 2019, Language Models are Unsupervised Multitask Learners; Vaswani et al. 2017,
        https://arxiv.org/abs/1706.03762; Press and Wolf 2017, https://arxiv.org/abs/1608.05859.
    """

    def __init__(
        self,
        vocabulary_size: int,
        num_layers: int = 4,
        num_heads: int = 4,
        hidden_dim: int = 256,
        feed_forward_dim: int = 1024,
        positions: str | PositionEncoding | Config = "rotary",
        dropout: float = 0.1,
        attention_dropout: float = 0.0,
        activation: KerasObject = "gelu",
        norm_first: bool = True,
        tie_embeddings: bool = True,
        max_length: int = 512,
        dtype: KerasObject = None,
        **kwargs: Any,
    ) -> None:
        arguments = {name: value for name, value in locals().items() if name not in ("self", "kwargs", "__class__")}
        _errors.check_positive("hidden_dim", hidden_dim)
        if hidden_dim % num_heads:
            raise ValueError(_errors.message(f"`hidden_dim` to be a multiple of num_heads={num_heads}", hidden_dim))

        # === Layers ===
        embedding = token_embedding(vocabulary_size, hidden_dim, tie_embeddings, dtype)
        blocks = TransformerEncoder(
            num_layers,
            num_heads,
            feed_forward_dim,
            positions,
            dropout,
            attention_dropout,
            activation,
            norm_first,
            max_length,
            causal=True,
            dtype=dtype,
            name="blocks",
        )
        scale = math.sqrt(hidden_dim)  # embeddings are initialized with a norm of about one

        # === Functional Model ===
        inputs = token_inputs()
        x = blocks(embedding(inputs["token_ids"]) * scale, mask=inputs["padding_mask"])
        outputs = {"sequence_output": x, "logits": embedding(x, reverse=True)}
        super().__init__(inputs=inputs, outputs=outputs, dtype=dtype, **kwargs)

        # === Config ===
        self.embedding, self.blocks = embedding, blocks
        self.hidden_dim = hidden_dim
        self.arguments = arguments
        self._scale = scale

    def begin(self, features: Features, beams: int, max_length: int | Tensor) -> tuple[Any, Any]:
        """Returns the state before the first step, `(beam_state, memory)`, see `decoding.decode`.

        Args:
            features: dict with `token_ids` (B, any), used for B only.
            beams: K.
            max_length: maximum number of steps.
        """
        return self.blocks.begin(ops.shape(features["token_ids"])[0], beams, max_length, self.hidden_dim)

    def step(self, tokens: Tensor, position: Tensor, state: tuple[Any, Any]) -> tuple[Tensor, None, tuple[Any, Any]]:
        """Computes the logits after one more token of each beam.

        Args:
            tokens: int32 (B, K).
            position: int32 scalar, 0 first.
            state: of `begin` or of the previous step.

        Returns:
            `(logits, None, state)`: float32 (B, K, V), None as there is no source, and the next state.
        """
        outputs, state = self.blocks.step(self.embedding(tokens) * self._scale, position, state)
        return ops.cast(self.embedding(outputs, reverse=True), "float32"), None, state

    def get_config(self) -> Config:
        positions = self.arguments["positions"]
        if isinstance(positions, keras.layers.Layer):
            positions = keras.layers.serialize(positions)
        return {**super().get_config(), "positions": positions}
