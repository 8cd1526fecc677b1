"""Words from their characters by an LSTM in both directions."""

from typing import Any

import keras
from keras import ops

from keras_embed import _errors
from keras_embed.layers import _distinct_words
from keras_embed.layers._both_directions import both_directions
from keras_embed.layers._features import Features, FeatureShapes, Shape


@keras.saving.register_keras_serializable(package="keras_embed")
class CharacterLSTM(keras.layers.Layer):
    """A word's vector: the last state of an LSTM read forwards, beside that of one read backwards.

    The forward state is taken at the word's last character and the backward state at its first (Lample et al. 2016,
    section 4.1); padding characters are skipped. A word without characters is the zero vector.

    Each distinct word of a batch is encoded once.

    Args:
        num_characters: number of ids: padding (0), unknown (1) and the characters.
        char_dim: width of a character's vector.
        hidden_dim: units of each direction.
        dropout: rate of dropout on the character vectors.
        seed: makes dropout repeatable.
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        features: dict with `char_ids`, int32 `(B, W, C)`, the distinct words of the batch, padded on the right, and
            `char_index`, int32 `(B, T)`, each token's row in the table `(B W, C)`.
        training: drop only if True.

    Returns:
        Floats `(B, T, 2 * hidden_dim)`.

    References:
        Lample et al. 2016, https://arxiv.org/abs/1603.01360.

    Example:
    >>> import numpy as np
    >>> layer = CharacterLSTM(num_characters=30, hidden_dim=5)
    >>> features = {"char_ids": np.array([[[2, 3, 4], [5, 0, 0]]]), "char_index": np.array([[0, 1, 0]])}
    >>> tuple(layer(features).shape)
    (1, 3, 10)
    """

    def __init__(
        self,
        num_characters: int,
        char_dim: int = 25,
        hidden_dim: int = 25,
        dropout: float = 0.0,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        _errors.check_positive("num_characters", num_characters)
        _errors.check_positive("char_dim", char_dim)
        _errors.check_positive("hidden_dim", hidden_dim)
        _errors.check_rate("dropout", dropout)
        self.num_characters = num_characters
        self.char_dim = char_dim
        self.hidden_dim = hidden_dim
        self.seed = seed
        # Keras does not hand a constructor's trainable=False down to the layers inside.
        inner = {"dtype": self.dtype_policy, "trainable": self.trainable}
        self.embedding = keras.layers.Embedding(num_characters, char_dim, **inner, name="embedding")
        self.dropout = keras.layers.Dropout(dropout, seed=seed, dtype=self.dtype_policy, name="dropout")
        lstm = keras.layers.LSTM(hidden_dim, **inner, name="lstm")
        self.lstm = both_directions(lstm, **inner, name="bidirectional")

    @property
    def features(self) -> FeatureShapes:
        """Names and per-row shapes of the features that `call` reads."""
        return dict(_distinct_words.FEATURES)

    def build(self, features_shape: dict[str, Shape]) -> None:
        """Builds the character table and the LSTM."""
        self.embedding.build((None, None))
        self.lstm.build((None, None, self.char_dim))
        self.built = True

    def call(self, features: Features, training: bool = False) -> Any:
        """Encodes the distinct words, then copies."""
        return _distinct_words.encode(features, lambda table: self._encode(table, training))

    def _encode(self, char_ids: Any, training: bool) -> Any:
        real = ops.not_equal(char_ids, 0)  # (N, C)
        some = ops.any(real, axis=1, keepdims=True)  # (N, 1)
        # cuDNN refuses a row without a single real step, so such a row reads its first padding character.
        read = ops.concatenate([ops.logical_or(real[:, :1], ops.logical_not(some)), real[:, 1:]], axis=1)
        vectors = self.dropout(self.embedding(char_ids), training=training)  # (N, C, D)
        last = self.lstm(vectors, mask=read, training=training)  # (N, 2 H)
        return ops.where(some, last, ops.zeros_like(last))

    def compute_output_shape(self, features_shape: dict[str, Shape]) -> Shape:
        """`(B, T, 2 * hidden_dim)`."""
        return _distinct_words.output_shape(features_shape, 2 * self.hidden_dim)

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return {
            **super().get_config(),
            "num_characters": self.num_characters,
            "char_dim": self.char_dim,
            "hidden_dim": self.hidden_dim,
            "dropout": self.dropout.rate,
            "seed": self.seed,
        }
