"""Word vectors computed from characters, by convolution or by a bidirectional LSTM.

Both layers encode each distinct word of a batch once and gather the result for every token.
"""

from collections.abc import Callable, Sequence
from typing import Any

import keras
from keras import ops

from keras_embed import _errors
from keras_embed._types import Config, Features, FeatureShapes, KerasObject, Shape, Tensor
from keras_embed.functional.pooling import masked_max
from keras_embed.layers.bidirectional import bidirectional

_FEATURES: FeatureShapes = {"char_ids": (None, None), "char_index": (None,)}


def _encode_distinct(features: Features, encoder: Callable[[Tensor], Tensor]) -> Tensor:
    """Applies `encoder` to the distinct words and gathers a row for each token.

    Args:
        features: `char_ids` int32 `(B, W, C)`, a table of `B W` words; `char_index` int32 `(B, T)`, the table row of
            each token, which may belong to another row of the batch.
        encoder: Function from `(B W, C)` to `(B W, D)`.

    Returns:
        Tensor of shape `(B, T, D)`.
    """
    char_ids = features["char_ids"]
    table = ops.reshape(char_ids, (-1, ops.shape(char_ids)[2]))  # (B W, C)
    return ops.take(encoder(table), features["char_index"], axis=0)  # (B, T, D)


@keras.saving.register_keras_serializable(package="keras_embed")
class CharacterCNN(keras.layers.Layer):
    """Word vectors from characters by convolution and maximum over time (Ma and Hovy 2016, section 2.1).

    For a word with character vectors `x_1 ... x_n`, a filter of odd width k computes

        y = max_{i = 1..n} f(sum_j W_j x_{i+j} + b),    j = -(k-1)/2 .. (k-1)/2

    where `x` is zero outside the word. Padding characters are outside the word: they contribute nothing, and no window
    is centred on them, so the result does not depend on the amount of padding. A word without characters has the zero
    vector. Each distinct word of a batch is encoded once.

    Args:
        num_characters: Number of character ids, including padding (0) and unknown (1).
        char_dim: Width of a character vector.
        filters: Number of filters of each width.
        kernel_sizes: Widths of the filters. A word may be shorter than a filter.
        dropout: Dropout rate of the character vectors.
        activation: f, applied after the maximum. It must be non-decreasing: tanh, relu, sigmoid, linear.
        seed: Seed of the dropout.
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        features: Dict with `char_ids`, int32 `(B, W, C)`, the distinct words of the batch, and `char_index`, int32
            `(B, T)`, the row of each token in the table `(B W, C)`.
        training: If True, applies dropout.

    Returns:
        Float tensor of shape `(B, T, filters * len(kernel_sizes))`.

    Raises:
        ValueError: If a size is not a positive integer, or `dropout` is not in [0, 1).

    References:
        Ma and Hovy 2016, https://arxiv.org/abs/1603.01354. Their code pads a word by k - 1 on both sides; here the
        centre of every window is inside the word.

    Example:
    >>> import numpy as np
    >>> layer = CharacterCNN(num_characters=30, filters=5)
    >>> features = {"char_ids": np.array([[[2, 3, 4], [5, 0, 0]]]), "char_index": np.array([[0, 1, 0]])}
    >>> tuple(layer(features).shape)
    (1, 3, 5)
    """

    def __init__(
        self,
        num_characters: int,
        char_dim: int = 30,
        filters: int = 30,
        kernel_sizes: Sequence[int] = (3,),
        dropout: float = 0.0,
        activation: KerasObject = "tanh",
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        _errors.check_positive("num_characters", num_characters)
        _errors.check_positive("char_dim", char_dim)
        _errors.check_positive("filters", filters)
        _errors.check_rate("dropout", dropout)
        if isinstance(kernel_sizes, int) or not len(kernel_sizes):
            raise ValueError(_errors.message("`kernel_sizes` to be a sequence of widths", kernel_sizes, "(3,)"))
        for size in kernel_sizes:
            _errors.check_positive("kernel_sizes", size)
        self.num_characters = num_characters
        self.char_dim = char_dim
        self.filters = filters
        self.kernel_sizes = tuple(kernel_sizes)
        self.activation = keras.activations.get(activation)
        self.seed = seed
        # Keras does not propagate `trainable=False` of the constructor to sublayers.
        inner = {"dtype": self.dtype_policy, "trainable": self.trainable}
        self.embedding = keras.layers.Embedding(num_characters, char_dim, **inner, name="embedding")
        self.dropout = keras.layers.Dropout(dropout, seed=seed, dtype=self.dtype_policy, name="dropout")
        # One convolution for each width; "same" padding centres the windows, j = -(k-1)/2 .. (k-1)/2.
        self.convolutions = [
            keras.layers.Conv1D(filters, size, padding="same", **inner, name=f"convolution_{index}")
            for index, size in enumerate(self.kernel_sizes)
        ]

    @property
    def features(self) -> FeatureShapes:
        """Names and per-row shapes of the features that `call` reads."""
        return dict(_FEATURES)

    def build(self, features_shape: dict[str, Shape]) -> None:
        self.embedding.build((None, None))
        for convolution in self.convolutions:
            convolution.build((None, None, self.char_dim))
        self.built = True

    def call(self, features: Features, training: bool = False) -> Tensor:
        return _encode_distinct(features, lambda table: self._encode(table, training))

    def _encode(self, char_ids: Tensor, training: bool) -> Tensor:
        mask = ops.not_equal(char_ids, 0)  # (N, C)
        real = ops.expand_dims(mask, -1)  # (N, C, 1)
        vectors = self.dropout(self.embedding(char_ids), training=training)  # (N, C, D)
        # x = 0 outside the word: the vector of the padding id must not enter a window.
        vectors = ops.where(real, vectors, ops.zeros_like(vectors))
        scores = ops.concatenate([convolution(vectors) for convolution in self.convolutions], axis=-1)  # (N, C, F)
        # f is non-decreasing, so max f(x) = f(max x), with C times fewer evaluations of f.
        best = self.activation(masked_max(scores, mask))  # (N, F)
        # A word without characters is the zero vector.
        return ops.where(ops.any(real, axis=1), best, ops.zeros_like(best))

    def compute_output_shape(self, features_shape: dict[str, Shape]) -> Shape:
        return (*features_shape["char_index"], self.filters * len(self.kernel_sizes))

    def get_config(self) -> Config:
        return {
            **super().get_config(),
            "num_characters": self.num_characters,
            "char_dim": self.char_dim,
            "filters": self.filters,
            "kernel_sizes": list(self.kernel_sizes),
            "dropout": self.dropout.rate,
            "activation": keras.activations.serialize(self.activation),
            "seed": self.seed,
        }


@keras.saving.register_keras_serializable(package="keras_embed")
class CharacterLSTM(keras.layers.Layer):
    """Word vectors from the final states of a forward and a backward LSTM over characters.

    The forward state is taken at the last character and the backward state at the first (Lample et al. 2016, section
    4.1); padding characters are skipped. A word without characters has the zero vector. Each distinct word of a batch
    is encoded once.

    Args:
        num_characters: Number of character ids, including padding (0) and unknown (1).
        char_dim: Width of a character vector.
        hidden_dim: Units of each direction.
        dropout: Dropout rate of the character vectors.
        seed: Seed of the dropout.
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        features: Dict with `char_ids`, int32 `(B, W, C)`, the distinct words of the batch, padded on the right, and
            `char_index`, int32 `(B, T)`, the row of each token in the table `(B W, C)`.
        training: If True, applies dropout.

    Returns:
        Float tensor of shape `(B, T, 2 * hidden_dim)`.

    Raises:
        ValueError: If a size is not a positive integer, or `dropout` is not in [0, 1).

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
        # Keras does not propagate `trainable=False` of the constructor to sublayers.
        inner = {"dtype": self.dtype_policy, "trainable": self.trainable}
        self.embedding = keras.layers.Embedding(num_characters, char_dim, **inner, name="embedding")
        self.dropout = keras.layers.Dropout(dropout, seed=seed, dtype=self.dtype_policy, name="dropout")
        lstm = keras.layers.LSTM(hidden_dim, **inner, name="lstm")
        self.lstm = bidirectional(lstm, **inner, name="bidirectional")

    @property
    def features(self) -> FeatureShapes:
        """Names and per-row shapes of the features that `call` reads."""
        return dict(_FEATURES)

    def build(self, features_shape: dict[str, Shape]) -> None:
        self.embedding.build((None, None))
        self.lstm.build((None, None, self.char_dim))
        self.built = True

    def call(self, features: Features, training: bool = False) -> Tensor:
        return _encode_distinct(features, lambda table: self._encode(table, training))

    def _encode(self, char_ids: Tensor, training: bool) -> Tensor:
        real = ops.not_equal(char_ids, 0)  # (N, C)
        nonempty = ops.any(real, axis=1, keepdims=True)  # (N, 1)
        # cuDNN rejects rows without a real step: an empty word reads one padding character, and is zeroed below.
        mask = ops.concatenate([ops.logical_or(real[:, :1], ops.logical_not(nonempty)), real[:, 1:]], axis=1)
        vectors = self.dropout(self.embedding(char_ids), training=training)  # (N, C, D)
        last = self.lstm(vectors, mask=mask, training=training)  # (N, 2 H)
        return ops.where(nonempty, last, ops.zeros_like(last))  # (N, 2 H)

    def compute_output_shape(self, features_shape: dict[str, Shape]) -> Shape:
        return (*features_shape["char_index"], 2 * self.hidden_dim)

    def get_config(self) -> Config:
        return {
            **super().get_config(),
            "num_characters": self.num_characters,
            "char_dim": self.char_dim,
            "hidden_dim": self.hidden_dim,
            "dropout": self.dropout.rate,
            "seed": self.seed,
        }
