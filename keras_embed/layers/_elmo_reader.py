"""What of ELMo runs between its features and its layers, boundaries included."""

import keras
from keras import ops

from keras_embed.functional.elmo import bounded_places, opposite_places, reading_orders, take_steps


class ElmoReader(keras.layers.Layer):
    """Encodes the distinct words of a batch once, and reads every sentence in both directions.

    Args:
        encoder: `ElmoTokenEncoder`.
        stack: `LanguageModelStack`.
        boundary_rows: the rows of characters of a sentence's beginning and end.
        boundary_words: their own numbers, where words have such.
        cache_size: number of words whose vectors are kept, the padding word and the unknown word included; 0: none.
        **kwargs: `name`, `dtype`, `trainable`.
    """

    def __init__(self, encoder, stack, boundary_rows, boundary_words, cache_size, **kwargs):
        super().__init__(**kwargs)
        self.encoder = encoder
        self.stack = stack
        self.boundary_rows = [list(row) for row in boundary_rows]
        self.boundary_words = list(boundary_words)
        self.cache_size = cache_size

    def build(self, features_shape=None):
        """Makes what is kept beside the model's own weights: a state to start from, and vectors of known words."""
        self.encoder.build((None, None))
        self.stack.build((None, None, 2, self.stack.projection_dim))
        shape = (1, self.stack.num_layers, 2)
        kept = {"initializer": "zeros", "trainable": False}
        self.warm_hidden = self.add_weight((*shape, self.stack.projection_dim), name="warm_hidden", **kept)
        self.warm_cell = self.add_weight((*shape, self.stack.hidden_dim), name="warm_cell", **kept)
        self.cache = None
        if self.cache_size:
            # The two rows behind the words are those of the boundaries.
            self.cache = self.add_weight((self.cache_size + 2, self.stack.projection_dim), name="cache", **kept)
        self.built = True

    def call(self, features, training=False):
        """Layers `(B, T + 2, N + 1, 2 D)` and a mask `(B, T + 2)`."""
        return self.read(features, (self.warm_hidden, self.warm_cell), training=training)

    def read(self, features, state, return_state=False, training=False):
        """What `call` gives, begun from a state; with `return_state`, the state behind each sentence too."""
        table = self._table(features)  # (words + 2, D), the boundaries last
        end = ops.shape(table)[0] - 1
        orders, mask = reading_orders(features["char_index"], features["padding_mask"], end - 1, end)
        streams = ops.take(table, orders, axis=0)  # (B, T + 2, 2, D)
        read = self.stack(streams, mask=mask, initial_state=state, return_state=return_state, training=training)
        outputs, state = read if return_state else (read, None)
        layers = _side_by_side(streams, outputs, mask)
        return (layers, mask, *state) if return_state else (layers, mask)

    def _table(self, features):
        if self.cache is None:
            return self._encoded(features)
        ids = ops.reshape(features["elmo_cache_ids"], (-1,))
        ends = ops.arange(self.cache_size, self.cache_size + 2, dtype="int32")
        places = ops.concatenate([ops.cast(ids, "int32"), ends], axis=0)
        # One word that is not known sends the whole batch through the encoder.
        return ops.cond(
            ops.all(ops.not_equal(ids, 1)),
            lambda: ops.cast(ops.take(self.cache, places, axis=0), self.compute_dtype),
            lambda: ops.stop_gradient(self._encoded(features)),  # trained, it would leave the cache behind
        )

    def _encoded(self, features):
        char_ids = features["elmo_ids"]
        width = ops.shape(char_ids)[2]
        ends = ops.convert_to_tensor(self.boundary_rows, dtype="int32")
        rows = ops.concatenate([ops.reshape(ops.cast(char_ids, "int32"), (-1, width)), ends], axis=0)  # (words + 2, L)
        if not self.encoder.vocabulary_size:
            return self.encoder(rows)
        words = ops.reshape(ops.cast(features["elmo_word_ids"], "int32"), (-1,))
        return self.encoder(rows, ops.concatenate([words, ops.convert_to_tensor(self.boundary_words, "int32")], axis=0))

    def compute_output_spec(self, features, training=False):
        """Shapes of what `call` gives."""
        batch, steps = features["char_index"].shape
        steps = None if steps is None else steps + 2
        shape = (batch, steps, self.stack.num_layers + 1, 2 * self.stack.projection_dim)
        return keras.KerasTensor(shape, self.compute_dtype), keras.KerasTensor((batch, steps), "bool")


class CarryingReader(keras.layers.Layer):
    """An `ElmoReader` that takes and gives a state. Keras wants a layer to give equally many tensors at every call.

    Args:
        reader: `ElmoReader`.
        **kwargs: `name`, `dtype`.
    """

    def __init__(self, reader, **kwargs):
        super().__init__(**kwargs)
        self.reader = reader

    def call(self, features, hidden_state, cell_state):
        """Layers, mask, hidden state and cell state, the latter two in float32."""
        layers, mask, *state = self.reader.read(features, (hidden_state, cell_state), return_state=True)
        return layers, mask, *(ops.cast(part, "float32") for part in state)

    def compute_output_spec(self, features, hidden_state, cell_state):
        """Shapes of what `call` gives."""
        state = [keras.KerasTensor(part.shape, "float32") for part in (hidden_state, cell_state)]
        return *self.reader.compute_output_spec(features), *state


class WithoutBoundaries(keras.layers.Layer):
    """From layers with boundaries `(B, T + 2, ...)` to those of the tokens `(B, T, ...)`, zero at padding."""

    def call(self, layers, padding_mask):
        tokens = take_steps(layers, bounded_places(padding_mask))
        real = ops.reshape(padding_mask, (*ops.shape(padding_mask), *[1] * (len(layers.shape) - 2)))
        return ops.where(real, tokens, ops.zeros_like(tokens))

    def compute_output_spec(self, layers, padding_mask):
        """The shape of the tokens' layers."""
        return keras.KerasTensor((*padding_mask.shape, *layers.shape[2:]), layers.dtype)


def _side_by_side(streams, outputs, mask):
    """All layers, both directions in the order of the text: the words' vectors twice, then each LSTM's outputs."""
    words = ops.concatenate([streams[:, :, 0], streams[:, :, 0]], axis=-1)  # (B, S, 2 D)
    backward = take_steps(outputs[:, :, :, 1], opposite_places(mask))  # (B, S, N, D)
    contextual = ops.concatenate([outputs[:, :, :, 0], backward], axis=-1)  # (B, S, N, 2 D)
    layers = ops.concatenate([ops.expand_dims(words, 2), contextual], axis=2)
    return ops.where(mask[:, :, None, None], layers, ops.zeros_like(layers))
