"""From target tokens to logits: an embedding, a recurrent decoder, a projection to the vocabulary."""

from typing import Any

import keras
from keras import ops

from keras_embed.functional.pooling import cleared
from keras_embed.layers import RecurrentDecoder, ScheduledSampling


class TokenDecoder(keras.layers.Layer):
    """Reads target tokens and says what comes next, for all steps at once or step by step.

    Args:
        embedding: a `ReversibleEmbedding`.
        decoder: what runs over its vectors.
        head: from y to logits; None: the embedding, reversed.
        sampling: what mixes the decoder's own tokens in, in training; None: teacher forcing.
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

    def build(self, token_ids_shape: Any, memory_shape: Any = None) -> None:
        """Builds all layers."""
        if not self.embedding.built:
            self.embedding.build(token_ids_shape)
        self.decoder.build((None, None, self.embedding.output_dim), memory_shape)
        if self.head is not None:
            self.head.build((None, None, self.decoder.output_dim(memory_shape[-1] if memory_shape else None)))
        self.built = True

    def call(
        self,
        token_ids: Any,
        padding_mask: Any,
        memory: Any = None,
        memory_mask: Any = None,
        initial_state: Any = None,
        training: bool = False,
    ) -> dict[str, Any]:
        """Outputs (B, T, D), logits (B, T, V) and attention (B, T, S), zero at padding."""
        masks = {}
        if training:
            batch = ops.shape(token_ids)[0]
            masks = self.decoder.draw_masks(batch, self.embedding.output_dim, _width(memory))
            if self.sampling is not None:
                state = self.begin(memory, memory_mask, initial_state, 1, batch)
                token_ids = self.sampling(token_ids, step=self._step_with(masks), state=state, training=True)
        x = self.embedding(token_ids)
        y = self.decoder(x, memory, memory_mask, initial_state, masks=masks)
        attention = {}
        if self.decoder.attention is not None:
            y, weights = y
            attention = {"attention": cleared(weights, padding_mask)}
        y = cleared(y, padding_mask)
        return {"decoder_sequence_output": y, "logits": self.logits(y), **attention}

    def logits(self, y: Any) -> Any:
        """(..., D) -> (..., V), float32."""
        logits = self.embedding(y, reverse=True) if self.head is None else self.head(y)
        return ops.cast(logits, "float32")

    def begin(
        self, memory: Any = None, memory_mask: Any = None, initial_state: Any = None, beams: int = 1, batch: Any = None
    ) -> Any:
        """The decoder's state before the first step; `batch` rows where neither a memory nor a state says it."""
        return self.decoder.begin(memory, memory_mask, initial_state, beams, batch)

    def step(self, tokens: Any, position: Any, state: Any) -> tuple[Any, Any, Any]:
        """Logits after one token of each beam."""
        return self._step_with({})(tokens, position, state)

    def _step_with(self, masks: dict[str, Any]) -> Any:
        def step(tokens: Any, position: Any, state: Any) -> tuple[Any, Any, Any]:
            moving, fixed = state
            y, weights, moving = self.decoder.step(self.embedding(tokens), moving, fixed, masks)
            return self.logits(y), weights, (moving, fixed)

        return step

    def compute_output_spec(
        self,
        token_ids: Any,
        padding_mask: Any,
        memory: Any = None,
        memory_mask: Any = None,
        initial_state: Any = None,
        training: bool = False,
    ) -> dict[str, Any]:
        """Shapes."""
        steps = token_ids.shape[:2]
        shape = (*steps, self.decoder.output_dim(_width(memory)))
        answer = {"decoder_sequence_output": keras.KerasTensor(shape, self.compute_dtype)}
        answer["logits"] = keras.KerasTensor((*steps, self.embedding.input_dim), "float32")
        if self.decoder.attention is not None:
            answer["attention"] = keras.KerasTensor((*steps, memory.shape[1]), "float32")
        return answer


def _width(memory: Any) -> int | None:
    return None if memory is None else memory.shape[-1]
