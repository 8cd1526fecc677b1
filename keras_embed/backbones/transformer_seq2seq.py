"""Transformer sequence-to-sequence models."""

import math
from typing import Any

import keras
from keras import ops

from keras_embed import _errors
from keras_embed._types import Config, Features, KerasObject, Shape, Tensor
from keras_embed.backbones._frozen import FreezableBackbone
from keras_embed.backbones._generation import embedding_tables, text_inputs
from keras_embed.layers import ParallelScheduledSampling, TransformerDecoder, TransformerEncoder
from keras_embed.layers.positions import PositionEncoding


@keras.saving.register_keras_serializable(package="keras_embed")
class TransformerSeq2SeqBackbone(FreezableBackbone):
    """Encoder and decoder of "Attention is all you need" (Vaswani et al. 2017), with later variants as options.

    Token embeddings are scaled by `sqrt(D)`. The logits are products of the decoder's outputs with a table of target
    vectors, which can be shared with the embeddings of the decoder and of the encoder.

    Args:
        source_vocabulary_size: number of source tokens.
        target_vocabulary_size: number of target tokens, V.
        num_encoder_layers: number of blocks of the encoder.
        num_decoder_layers: number of blocks of the decoder.
        num_heads: H.
        hidden_dim: D, a multiple of H.
        feed_forward_dim: hidden width of the feed-forward networks.
        positions: "sinusoidal", "learned", "rotary" or "relative".
        dropout: dropout rate of the embeddings and of the output of each sublayer.
        attention_dropout: dropout rate of the attention weights.
        activation: of the feed-forward networks.
        norm_first: normalize the input of each sublayer, see `layers.TransformerEncoder`.
        tie_embeddings: which tables are shared: "source_target", "target_softmax", "all" three, or None.
        max_length: number of learned positions.
        scheduled_sampling: a `layers.ParallelScheduledSampling`; None: teacher forcing only.
        dtype: dtype or policy.
        **kwargs: `name`, `trainable`.

    Call arguments:
        inputs: dict with `encoder_token_ids` int32 (B, S), `encoder_padding_mask` bool (B, S), True = real,
            `decoder_token_ids` int32 (B, T), the start token and all but the last token of the target, and
            `decoder_padding_mask` bool (B, T). Padding must be on the right.

    Returns:
        Dict with `encoder_sequence_output` (B, S, D), `decoder_sequence_output` (B, T, D), `logits` float32 (B, T, V)
        of the next token, and `attention` float32 (B, T, S): the mean over heads of the last block.

    Raises:
        ValueError: If sizes do not fit each other.

    Example:
    >>> import numpy as np
    >>> backbone = TransformerSeq2SeqBackbone(9, 7, 1, 1, num_heads=2, hidden_dim=4, feed_forward_dim=8)
    >>> inputs = {
    ...     "encoder_token_ids": np.array([[4, 5, 3]]), "encoder_padding_mask": np.ones((1, 3), bool),
    ...     "decoder_token_ids": np.array([[2, 6]]), "decoder_padding_mask": np.ones((1, 2), bool),
    ... }
    >>> outputs = backbone(inputs)
    >>> tuple(outputs["logits"].shape), tuple(outputs["attention"].shape)
    ((1, 2, 7), (1, 2, 3))

    References:
        Vaswani et al. 2017, https://arxiv.org/abs/1706.03762; Press and Wolf 2017, https://arxiv.org/abs/1608.05859
    """

    def __init__(
        self,
        source_vocabulary_size: int,
        target_vocabulary_size: int,
        num_encoder_layers: int = 3,
        num_decoder_layers: int = 3,
        num_heads: int = 4,
        hidden_dim: int = 256,
        feed_forward_dim: int = 1024,
        positions: str | PositionEncoding | Config = "sinusoidal",
        dropout: float = 0.1,
        attention_dropout: float = 0.0,
        activation: KerasObject = "relu",
        norm_first: bool = True,
        tie_embeddings: str | None = "target_softmax",
        max_length: int = 512,
        scheduled_sampling: ParallelScheduledSampling | None = None,
        dtype: KerasObject = None,
        **kwargs: Any,
    ) -> None:
        _errors.check_positive("hidden_dim", hidden_dim)
        if hidden_dim % num_heads:
            raise ValueError(_errors.message(f"`hidden_dim` to be a multiple of num_heads={num_heads}", hidden_dim))

        # === Layers ===
        sizes = (source_vocabulary_size, target_vocabulary_size)
        source, target = embedding_tables(*sizes, (hidden_dim, hidden_dim), tie_embeddings, dtype)
        settings = {
            "num_heads": num_heads,
            "feed_forward_dim": feed_forward_dim,
            "positions": positions,
            "dropout": dropout,
            "attention_dropout": attention_dropout,
            "activation": activation,
            "norm_first": norm_first,
            "max_length": max_length,
            "dtype": dtype,
        }
        encoder = TransformerEncoder(num_encoder_layers, **settings, name="encoder")
        decoder = TransformerDecoder(num_decoder_layers, **settings, name="decoder")
        scale = math.sqrt(hidden_dim)  # embeddings are initialized with a norm of about one
        tokens = _TwoPasses(target, decoder, scale, scheduled_sampling, dtype=dtype, name="tokens")

        # === Functional Model ===
        inputs = text_inputs()
        mask = inputs["encoder_padding_mask"]
        # (B, S) -> (B, S, D); in `tokens`, (B, T) -> (B, T, D) and attention (B, T, S)
        memory = encoder(source(inputs["encoder_token_ids"]) * scale, mask=mask)
        x, attention = tokens(inputs["decoder_token_ids"], memory, memory_mask=mask)
        outputs = {
            "encoder_sequence_output": memory,
            "decoder_sequence_output": x,
            "logits": target(x, reverse=True),
            "attention": attention,
        }
        super().__init__(inputs=inputs, outputs=outputs, dtype=dtype, **kwargs)

        # === Config ===
        self.source_embedding, self.target_embedding = source, target
        self.encoder, self.decoder = encoder, decoder
        self.source_vocabulary_size, self.target_vocabulary_size = sizes
        self.num_encoder_layers, self.num_decoder_layers = num_encoder_layers, num_decoder_layers
        self.num_heads, self.hidden_dim, self.feed_forward_dim = num_heads, hidden_dim, feed_forward_dim
        self.positions, self.activation, self.norm_first = positions, activation, norm_first
        self.dropout, self.attention_dropout = dropout, attention_dropout
        self.tie_embeddings, self.max_length = tie_embeddings, max_length
        self.scheduled_sampling, self._scale = scheduled_sampling, scale

    @property
    def vocabulary_size(self) -> int:
        """V, the number of target tokens."""
        return self.target_vocabulary_size

    def begin(self, features: Features, beams: int, max_length: int | Tensor) -> tuple[Any, Any]:
        """Encodes the source, and returns the state before the first step, see `decoding.decode`.

        Args:
            features: dict with `encoder_token_ids` and `encoder_padding_mask`, (B, S).
            beams: K.
            max_length: maximum number of steps.
        """
        mask = features["encoder_padding_mask"]
        memory = self.encoder(self.source_embedding(features["encoder_token_ids"]) * self._scale, mask=mask)
        return self.decoder.begin(memory, mask, beams, max_length, self.hidden_dim)

    def step(self, tokens: Tensor, position: Tensor, state: tuple[Any, Any]) -> tuple[Tensor, Tensor, tuple[Any, Any]]:
        """Computes the logits after one more token of each beam.

        Args:
            tokens: int32 (B, K).
            position: int32 scalar, 0 first.
            state: of `begin` or of the previous step.

        Returns:
            `(logits, attention, state)`: float32 (B, K, V), float32 (B, K, S), and the next state.
        """
        x = self.target_embedding(tokens) * self._scale
        outputs, attention, state = self.decoder.step(x, position, state)
        return ops.cast(self.target_embedding(outputs, reverse=True), "float32"), attention, state

    def get_config(self) -> Config:
        names = (
            "source_vocabulary_size target_vocabulary_size num_encoder_layers num_decoder_layers num_heads hidden_dim "
            "feed_forward_dim positions dropout attention_dropout activation norm_first tie_embeddings max_length"
        )
        sampling = None if self.scheduled_sampling is None else keras.layers.serialize(self.scheduled_sampling)
        return {
            **super().get_config(),
            **{name: getattr(self, name) for name in names.split()},
            "scheduled_sampling": sampling,
        }

    @classmethod
    def from_config(cls, config: Config) -> "TransformerSeq2SeqBackbone":
        sampling = config.get("scheduled_sampling")
        sampling = keras.layers.deserialize(sampling) if isinstance(sampling, dict) else sampling
        return super().from_config({**config, "scheduled_sampling": sampling})


class _TwoPasses(keras.layers.Layer):
    """Runs the decoder over target tokens; with scheduled sampling, again over tokens mixed with its predictions."""

    def __init__(
        self,
        embedding: keras.layers.Layer,
        decoder: TransformerDecoder,
        scale: float,
        sampling: ParallelScheduledSampling | None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.embedding, self.decoder, self.scale, self.sampling = embedding, decoder, scale, sampling

    def build(self, token_ids_shape: Shape, memory_shape: Shape) -> None:
        if not self.embedding.built:
            self.embedding.build(token_ids_shape)
        self.decoder.build((None, None, self.embedding.output_dim), memory_shape)
        self.built = True

    def call(
        self, token_ids: Tensor, memory: Tensor, memory_mask: Tensor = None, training: bool = False
    ) -> tuple[Tensor, Tensor]:
        """Returns outputs (B, T, D) and attention (B, T, S)."""
        if training and self.sampling is not None:
            # The first pass predicts without dropout, and gets no gradient.
            outputs, _ = self._pass(token_ids, memory, memory_mask, False)
            logits = ops.stop_gradient(self.embedding(outputs, reverse=True))
            token_ids = self.sampling(token_ids, logits, training=True)
        return self._pass(token_ids, memory, memory_mask, training)

    def _pass(self, token_ids: Tensor, memory: Tensor, memory_mask: Tensor, training: bool) -> tuple[Tensor, Tensor]:
        return self.decoder(self.embedding(token_ids) * self.scale, memory, memory_mask=memory_mask, training=training)

    def compute_output_spec(
        self, token_ids: Tensor, memory: Tensor, memory_mask: Tensor = None, training: bool = False
    ) -> tuple[Tensor, Tensor]:
        outputs = keras.KerasTensor((*token_ids.shape, self.embedding.output_dim), self.compute_dtype)
        return outputs, keras.KerasTensor((*token_ids.shape, memory.shape[1]), "float32")
