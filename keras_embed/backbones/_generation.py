"""Common parts of backbones that generate text: their inputs, embedding tables, and recurrent decoders over tokens."""

from typing import Any

import keras
from keras import ops

from keras_embed import _errors
from keras_embed._types import Config, DecoderStep, Features, KerasObject, Shape, Tensor
from keras_embed.backbones._frozen import FreezableBackbone
from keras_embed.functional.pooling import cleared
from keras_embed.layers import RecurrentDecoder, ScheduledSampling

TIES = (None, "source_target", "target_softmax", "all")


class LanguageModelBackbone(FreezableBackbone):
    """A backbone with `begin` and `step`, whose constructor arguments are in `arguments`."""

    arguments: Config

    @property
    def vocabulary_size(self) -> int:
        """V, the number of tokens."""
        return int(self.arguments["vocabulary_size"])

    def get_config(self) -> Config:
        return {**super().get_config(), **self.arguments}


# === Inputs ===


def token_inputs() -> Features:
    """Creates the inputs of a language model: token ids and their padding mask."""
    return {
        "token_ids": keras.Input((None,), dtype="int32", name="token_ids"),
        "padding_mask": keras.Input((None,), dtype="bool", name="padding_mask"),
    }


def text_inputs() -> Features:
    """Creates the inputs of a sequence-to-sequence model: token ids and padding masks of source and target."""
    return {
        f"{side}_{name}": keras.Input((None,), dtype=dtype, name=f"{side}_{name}")
        for side in ("encoder", "decoder")
        for name, dtype in (("token_ids", "int32"), ("padding_mask", "bool"))
    }


# === Embeddings ===


def check_ties(source_size: int, target_size: int, tie: str | None) -> None:
    """Raises `ValueError` for invalid sizes, an unknown tie, or a shared table of vocabularies of different sizes."""
    _errors.check_positive("source_vocabulary_size", source_size)
    _errors.check_positive("target_vocabulary_size", target_size)
    _errors.check_one_of("tie_embeddings", tie, TIES)
    if tie in ("source_target", "all") and source_size != target_size:
        expected = f"vocabularies of one size for tie_embeddings={tie!r}"
        raise ValueError(_errors.message(expected, f"{source_size} and {target_size}", "a shared vocabulary"))


def embedding_tables(
    source_size: int, target_size: int, dims: tuple[int, int], tie: str | None, dtype: KerasObject
) -> tuple[keras.layers.Layer, keras.layers.Layer]:
    """Creates the embeddings of source and target; that of the target computes float32 logits with `reverse=True`.

    Vectors are initialized with standard deviation `1 / sqrt(D)`.

    Args:
        source_size: V of the source.
        target_size: V of the target.
        dims: D of the source and of the target.
        tie: which of the source, target and softmax tables are one, see `TIES` (Press and Wolf 2017).
        dtype: dtype or policy.
    """
    check_ties(source_size, target_size, tie)
    shared = tie in ("source_target", "all")

    def initializer(dim: int) -> keras.initializers.Initializer:
        return keras.initializers.RandomNormal(stddev=dim**-0.5)

    # "target_softmax" and "all" compute logits with the target's table, "source_target" and None with a second one.
    target = keras.layers.ReversibleEmbedding(
        target_size,
        dims[1],
        tie_weights=tie in ("target_softmax", "all"),
        embeddings_initializer=initializer(dims[1]),
        reverse_dtype="float32",
        dtype=dtype,
        name="embedding" if shared else "target_embedding",
    )
    if shared:
        return target, target
    source = keras.layers.Embedding(source_size, dims[0], initializer(dims[0]), dtype=dtype, name="source_embedding")
    return source, target


def token_embedding(size: int, dim: int, tied: bool, dtype: KerasObject) -> keras.layers.Layer:
    """Creates the embedding of a language model; `reverse=True` computes float32 logits, by one table if tied."""
    _errors.check_positive("vocabulary_size", size)
    return embedding_tables(size, size, (dim, dim), "all" if tied else "source_target", dtype)[1]


# === Decoder ===


class TokenDecoder(keras.layers.Layer):
    """From tokens to logits: an embedding, a recurrent decoder, and a projection; all steps at once, or step by step.

    Args:
        embedding: a `ReversibleEmbedding`.
        decoder: the decoder over its vectors.
        head: from y to logits; None: the reversed embedding.
        sampling: scheduled sampling in training; None: teacher forcing.
        **kwargs: `name`, `dtype`.
    """

    def __init__(
        self,
        embedding: keras.layers.Layer,
        decoder: RecurrentDecoder,
        head: keras.layers.Layer | None = None,
        sampling: ScheduledSampling | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.embedding = embedding
        self.decoder = decoder
        self.head = head
        self.sampling = sampling

    def build(self, token_ids_shape: Shape, memory_shape: Shape | None = None) -> None:
        if not self.embedding.built:
            self.embedding.build(token_ids_shape)
        self.decoder.build((None, None, self.embedding.output_dim), memory_shape)
        if self.head is not None:
            self.head.build((None, None, self.decoder.output_dim(memory_shape[-1] if memory_shape else None)))
        self.built = True

    def call(
        self,
        token_ids: Tensor,
        padding_mask: Tensor,
        memory: Tensor = None,
        memory_mask: Tensor = None,
        initial_state: list[Any] | None = None,
        training: bool = False,
    ) -> Features:
        """Returns outputs (B, T, D), logits (B, T, V) and attention (B, T, S), zero at padding."""
        masks = {}
        if training:
            # Sampling and training share one set of dropout masks: the same network predicts and is trained.
            batch = ops.shape(token_ids)[0]
            masks = self.decoder.draw_masks(batch, self.embedding.output_dim, _width(memory))
            if self.sampling is not None:
                state = self.begin(memory, memory_mask, initial_state, 1, batch)
                token_ids = self.sampling(token_ids, step=self._step_with(masks), state=state, training=True)
        x = self.embedding(token_ids)  # (B, T, E)
        y = self.decoder(x, memory, memory_mask, initial_state, masks=masks)
        attention = {}
        if self.decoder.attention is not None:
            y, weights = y
            attention = {"attention": cleared(weights, padding_mask)}
        y = cleared(y, padding_mask)  # (B, T, D)
        return {"decoder_sequence_output": y, "logits": self.logits(y), **attention}

    def logits(self, y: Tensor) -> Tensor:
        """Computes logits, (..., D) -> (..., V), float32."""
        logits = self.embedding(y, reverse=True) if self.head is None else self.head(y)
        return ops.cast(logits, "float32")

    def begin(
        self,
        memory: Tensor = None,
        memory_mask: Tensor = None,
        initial_state: list[Any] | None = None,
        beams: int = 1,
        batch: int | Tensor | None = None,
    ) -> tuple[Any, Any]:
        """Returns the state before the first step; `batch` is needed without a memory and an initial state."""
        return self.decoder.begin(memory, memory_mask, initial_state, beams, batch)

    def step(self, tokens: Tensor, position: Tensor, state: tuple[Any, Any]) -> tuple[Tensor, Tensor | None, Any]:
        """Returns logits, attention and the next state after one token of each beam, see `decoding.decode`."""
        return self._step_with({})(tokens, position, state)

    def _step_with(self, masks: Features) -> DecoderStep:
        def step(tokens: Tensor, position: Tensor, state: tuple[Any, Any]) -> tuple[Tensor, Tensor | None, Any]:
            beam_state, memory = state
            y, weights, beam_state = self.decoder.step(self.embedding(tokens), beam_state, memory, masks)
            return self.logits(y), weights, (beam_state, memory)

        return step

    def compute_output_spec(
        self,
        token_ids: Tensor,
        padding_mask: Tensor,
        memory: Tensor = None,
        memory_mask: Tensor = None,
        initial_state: list[Any] | None = None,
        training: bool = False,
    ) -> Features:
        steps = token_ids.shape[:2]
        shape = (*steps, self.decoder.output_dim(_width(memory)))
        outputs = {
            "decoder_sequence_output": keras.KerasTensor(shape, self.compute_dtype),
            "logits": keras.KerasTensor((*steps, self.embedding.input_dim), "float32"),
        }
        if self.decoder.attention is not None:
            outputs["attention"] = keras.KerasTensor((*steps, memory.shape[1]), "float32")
        return outputs


def _width(memory: Tensor | None) -> int | None:
    return None if memory is None else memory.shape[-1]
