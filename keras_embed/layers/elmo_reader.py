"""Layers of ELMo between its features and its outputs: word encoding, sentence boundaries and both directions."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from keras_embed._types import Features, Shape, Tensor
from keras_embed.functional.elmo import bounded_positions, opposite_positions, reading_orders, take_steps
from keras_embed.layers.language_model_stack import LanguageModelStack, State
from keras_embed.layers.token_encoder import ElmoTokenEncoder

_UNKNOWN_ID = 1


class ElmoReader(keras.layers.Layer):
    """Encodes the distinct words of a batch once and reads every sentence in both directions.

    Args:
        encoder: Encoder of words.
        stack: Recurrent layers.
        boundary_rows: Character ids of the beginning and the end of a sentence, two rows.
        boundary_words: Word ids of both, if the encoder has a vocabulary.
        cache_size: Number of words whose vectors are cached, including padding and unknown. 0: no cache.
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        features: Features of `backbones.ElmoBackbone`.
        training: If True, applies dropout.

    Returns:
        Layers `(B, T + 2, N + 1, 2 D)` and their mask `(B, T + 2)`, sentence boundaries included.
    """

    def __init__(
        self,
        encoder: ElmoTokenEncoder,
        stack: LanguageModelStack,
        boundary_rows: Sequence[Sequence[int]],
        boundary_words: Sequence[int],
        cache_size: int,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.encoder = encoder
        self.stack = stack
        self.boundary_rows = [list(row) for row in boundary_rows]
        self.boundary_words = list(boundary_words)
        self.cache_size = cache_size

    def build(self, features_shape: dict[str, Shape] | None = None) -> None:
        self.encoder.build((None, None))
        self.stack.build((None, None, 2, self.stack.projection_dim))
        shape = (1, self.stack.num_layers, 2)
        constant = {"initializer": "zeros", "trainable": False}
        # The initial state of every sentence, see `ElmoBackbone.warm_start`.
        self.warm_hidden = self.add_weight((*shape, self.stack.projection_dim), name="warm_hidden", **constant)
        self.warm_cell = self.add_weight((*shape, self.stack.hidden_dim), name="warm_cell", **constant)
        self.cache = None
        if self.cache_size:
            # The last two rows are the sentence boundaries.
            self.cache = self.add_weight((self.cache_size + 2, self.stack.projection_dim), name="cache", **constant)
        self.built = True

    def call(self, features: Features, training: bool = False) -> tuple[Tensor, ...]:
        return self.read(features, (self.warm_hidden, self.warm_cell), training=training)

    def read(
        self, features: Features, state: State, return_state: bool = False, training: bool = False
    ) -> tuple[Tensor, ...]:
        """Returns the outputs of `call` for an initial state; with `return_state`, also the final state."""
        table = self._table(features)  # (W + 2, D), the boundaries last
        end = ops.shape(table)[0] - 1
        # Row indices of the table in both reading orders, boundaries included: (B, T + 2, 2).
        orders, mask = reading_orders(features["char_index"], features["padding_mask"], end - 1, end)
        # The backward stream is reversed within the real steps, so that padding stays on the right.
        streams = ops.take(table, orders, axis=0)  # (B, T + 2, 2, D)
        result = self.stack(streams, mask=mask, initial_state=state, return_state=return_state, training=training)
        # outputs: (B, T + 2, N, 2, D), each direction in its reading order.
        outputs, final = result if return_state else (result, ())
        return _concatenate_directions(streams, outputs, mask), mask, *final

    def _table(self, features: Features) -> Tensor:
        """Returns the vectors of the distinct words and of both boundaries, (W + 2, D)."""
        if self.cache is None:
            return self._encode(features)
        ids = ops.reshape(features["elmo_cache_ids"], (-1,))  # (W,)
        ends = ops.arange(self.cache_size, self.cache_size + 2, dtype="int32")
        rows = ops.concatenate([ops.cast(ids, "int32"), ends], axis=0)  # (W + 2,)
        # A single unknown word makes the encoder run on the whole batch. No gradient: training the encoder would make
        # the cached vectors stale.
        return ops.cond(
            ops.all(ops.not_equal(ids, _UNKNOWN_ID)),
            lambda: ops.cast(ops.take(self.cache, rows, axis=0), self.compute_dtype),
            lambda: ops.stop_gradient(self._encode(features)),
        )

    def _encode(self, features: Features) -> Tensor:
        char_ids = features["elmo_ids"]  # (B, W', L)
        width = ops.shape(char_ids)[2]
        ends = ops.convert_to_tensor(self.boundary_rows, dtype="int32")  # (2, L)
        rows = ops.concatenate([ops.reshape(ops.cast(char_ids, "int32"), (-1, width)), ends], axis=0)  # (W + 2, L)
        if not self.encoder.vocabulary_size:
            return self.encoder(rows)
        words = ops.reshape(ops.cast(features["elmo_word_ids"], "int32"), (-1,))  # (W,)
        return self.encoder(rows, ops.concatenate([words, ops.convert_to_tensor(self.boundary_words, "int32")], axis=0))

    def compute_output_spec(self, features: Features, training: bool = False) -> tuple[keras.KerasTensor, ...]:
        batch, steps = features["char_index"].shape
        steps = None if steps is None else steps + 2
        shape = (batch, steps, self.stack.num_layers + 1, 2 * self.stack.projection_dim)
        return keras.KerasTensor(shape, self.compute_dtype), keras.KerasTensor((batch, steps), "bool")


class CarryingReader(keras.layers.Layer):
    """An `ElmoReader` with the state as input and output.

    A layer of its own, because Keras requires a fixed number of outputs of a layer.

    Args:
        reader: The reader.
        **kwargs: `name`, `dtype`.

    Call arguments:
        features: Features of `backbones.ElmoBackbone`.
        hidden_state: Float tensor of shape `(B, num_layers, 2, D)`.
        cell_state: Float tensor of shape `(B, num_layers, 2, H)`.

    Returns:
        Layers, mask, hidden state and cell state, the states in float32.
    """

    def __init__(self, reader: ElmoReader, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.reader = reader

    def call(self, features: Features, hidden_state: Tensor, cell_state: Tensor) -> tuple[Tensor, ...]:
        layers, mask, *state = self.reader.read(features, (hidden_state, cell_state), return_state=True)
        return layers, mask, *(ops.cast(part, "float32") for part in state)

    def compute_output_spec(
        self, features: Features, hidden_state: keras.KerasTensor, cell_state: keras.KerasTensor
    ) -> tuple[keras.KerasTensor, ...]:
        state = [keras.KerasTensor(part.shape, "float32") for part in (hidden_state, cell_state)]
        return *self.reader.compute_output_spec(features), *state


class WithoutBoundaries(keras.layers.Layer):
    """Removes the sentence boundaries: `(B, T + 2, ...)` to `(B, T, ...)`, zero at padding.

    Call arguments:
        layers: Tensor of shape `(B, T + 2, ...)`.
        padding_mask: Bool tensor of shape `(B, T)`, True = real.

    Returns:
        Tensor of shape `(B, T, ...)`.
    """

    def call(self, layers: Tensor, padding_mask: Tensor) -> Tensor:
        tokens = take_steps(layers, bounded_positions(padding_mask))  # (B, T, ...)
        trailing = [1] * (len(layers.shape) - 2)
        real = ops.reshape(padding_mask, (*ops.shape(padding_mask), *trailing))  # (B, T, 1, ...)
        return ops.where(real, tokens, ops.zeros_like(tokens))

    def compute_output_spec(self, layers: keras.KerasTensor, padding_mask: keras.KerasTensor) -> keras.KerasTensor:
        return keras.KerasTensor((*padding_mask.shape, *layers.shape[2:]), layers.dtype)


def _concatenate_directions(streams: Tensor, outputs: Tensor, mask: Tensor) -> Tensor:
    """Returns all layers (B, S, N + 1, 2 D) in text order: the word vectors twice, then the outputs of each LSTM."""
    words = ops.concatenate([streams[:, :, 0], streams[:, :, 0]], axis=-1)  # (B, S, 2 D)
    backward = take_steps(outputs[:, :, :, 1], opposite_positions(mask))  # (B, S, N, D)
    contextual = ops.concatenate([outputs[:, :, :, 0], backward], axis=-1)  # (B, S, N, 2 D)
    layers = ops.concatenate([ops.expand_dims(words, 2), contextual], axis=2)  # (B, S, N + 1, 2 D)
    return ops.where(mask[:, :, None, None], layers, ops.zeros_like(layers))
