"""A Transformer that says what comes next."""

import math
from typing import Any

import keras
from keras import ops

from keras_embed import _errors
from keras_embed.backbones._language_models import LanguageModelBackbone, token_embedding, token_inputs
from keras_embed.layers import TransformerEncoder


@keras.saving.register_keras_serializable(package="keras_embed")
class TransformerLanguageModelBackbone(LanguageModelBackbone):
    """A stack of Transformer blocks in which each token sees itself and what came before, as in GPT-2.

    Tokens' vectors are scaled by `sqrt(D)`. Logits are products of the last block's outputs with these vectors, or
    with others.

    Args:
        vocabulary_size: V.
        num_layers: number of blocks.
        num_heads: H.
        hidden_dim: D, a multiple of H.
        feed_forward_dim: inner width of the feed-forward networks.
        positions: "sinusoidal", "learned", "rotary", "relative", or one of the layers behind these names.
        dropout: rate on embeddings and on what each part of a block adds.
        attention_dropout: rate on the attentions' weights.
        activation: of the feed-forward networks.
        norm_first: blocks normalise what they read, see `layers.TransformerEncoderBlock`.
        tie_embeddings: whether logits are made of the vectors that are read.
        max_length: number of learned positions.
        dtype: dtype or policy.
        **kwargs: `name`, `trainable`.

    Call arguments:
        inputs: dict with `token_ids` int32 (B, T), from the start on, and `padding_mask` bool (B, T), True = real.
            Padding stands on the right.

    Returns:
        Dict with `sequence_output` (B, T, D), zero at padding, and `logits` float32 (B, T, V) of the token that
        follows.

    Raises:
        ValueError: for sizes that do not fit each other.

    References:
        Radford et al. 2019, Language Models are Unsupervised Multitask Learners; Vaswani et al. 2017,
        https://arxiv.org/abs/1706.03762; Press and Wolf 2017, https://arxiv.org/abs/1608.05859.

    Example:
    >>> import numpy as np
    >>> backbone = TransformerLanguageModelBackbone(9, 1, num_heads=2, hidden_dim=4, feed_forward_dim=8)
    >>> outputs = backbone({"token_ids": np.array([[2, 4, 5]]), "padding_mask": np.ones((1, 3), bool)})
    >>> tuple(outputs["sequence_output"].shape), tuple(outputs["logits"].shape)
    ((1, 3, 4), (1, 3, 9))
    """

    def __init__(
        self,
        vocabulary_size: int,
        num_layers: int = 4,
        num_heads: int = 4,
        hidden_dim: int = 256,
        feed_forward_dim: int = 1024,
        positions: Any = "rotary",
        dropout: float = 0.1,
        attention_dropout: float = 0.0,
        activation: Any = "gelu",
        norm_first: bool = True,
        tie_embeddings: bool = True,
        max_length: int = 512,
        dtype: Any = None,
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
        scale = math.sqrt(hidden_dim)  # the vectors have a length of about one

        # === Functional Model ===
        inputs = token_inputs()
        outputs = blocks(embedding(inputs["token_ids"]) * scale, mask=inputs["padding_mask"])
        answers = {"sequence_output": outputs, "logits": embedding(outputs, reverse=True)}
        super().__init__(inputs=inputs, outputs=answers, dtype=dtype, **kwargs)

        # === Config ===
        self.embedding, self.blocks = embedding, blocks
        self.hidden_dim = hidden_dim
        self.arguments = arguments
        self._scale = scale

    def begin(self, features: dict[str, Any], beams: int, max_length: Any) -> tuple[Any, Any]:
        """The state before the first token: `(moving, fixed)`, see `decoding.decode`.

        Args:
            features: dict with `token_ids` (B, any), of which only the number of rows counts.
            beams: K.
            max_length: the greatest number of steps.
        """
        return self.blocks.begin(ops.shape(features["token_ids"])[0], beams, max_length, self.hidden_dim)

    def step(self, tokens: Any, position: Any, state: tuple[Any, Any]) -> tuple[Any, None, tuple[Any, Any]]:
        """One more token of each beam.

        Args:
            tokens: int32 (B, K).
            position: int32 scalar, 0 first.
            state: of `begin` or of the step before.

        Returns:
            `(logits, None, state)`: float32 (B, K, V), no attention to a source, and the state for the next step.
        """
        outputs, state = self.blocks.step(self.embedding(tokens) * self._scale, position, state)
        return ops.cast(self.embedding(outputs, reverse=True), "float32"), None, state

    def get_config(self) -> dict[str, Any]:
        """The arguments, layers among them serialised."""
        positions = self.arguments["positions"]
        if isinstance(positions, keras.layers.Layer):
            positions = keras.layers.serialize(positions)
        return {**super().get_config(), "positions": positions}
