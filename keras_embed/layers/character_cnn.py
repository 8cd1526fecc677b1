"""Words from their characters by convolution."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from keras_embed import _errors
from keras_embed.functional.pooling import masked_max
from keras_embed.layers import _distinct_words
from keras_embed.layers._features import Features, FeatureShapes, Shape


@keras.saving.register_keras_serializable(package="keras_embed")
class CharacterCNN(keras.layers.Layer):
    """A word's vector: the strongest answer of each filter anywhere in the word (Ma and Hovy 2016, section 2.1).

    For a word with character vectors `x_1 ... x_n`, a filter of odd width k gives
    `max over i in 1..n of f(sum_j W_j x_{i+j} + b)`, j from -(k-1)/2 to (k-1)/2, with `x` zero outside the word.
    Padding characters are outside the word too: they add nothing to a window and no window stands on them, so the
    vector does not depend on the width of the table. A word without characters is the zero vector.

    Each distinct word of a batch is encoded once.

    Args:
        num_characters: number of ids: padding (0), unknown (1) and the characters.
        char_dim: width of a character's vector.
        filters: number of filters of each width.
        kernel_sizes: widths of the filters. A word may be shorter than a filter.
        dropout: rate of dropout on the character vectors.
        activation: f. It is applied to the maximum, so it must never fall: tanh, relu, sigmoid, linear.
        seed: makes dropout repeatable.
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        features: dict with `char_ids`, int32 `(B, W, C)`, the distinct words of the batch, and `char_index`, int32
            `(B, T)`, each token's row in the table `(B W, C)`.
        training: drop only if True.

    Returns:
        Floats `(B, T, filters * len(kernel_sizes))`.

    References:
        Ma and Hovy 2016, https://arxiv.org/abs/1603.01354. Their code widens a word by k - 1 on both sides; here a
        window has its centre inside the word.

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
        activation: Any = "tanh",
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        _check_arguments(num_characters, char_dim, filters, kernel_sizes, dropout)
        self.num_characters = num_characters
        self.char_dim = char_dim
        self.filters = filters
        self.kernel_sizes = tuple(kernel_sizes)
        self.activation = keras.activations.get(activation)
        self.seed = seed
        # Keras does not hand a constructor's trainable=False down to the layers inside.
        inner = {"dtype": self.dtype_policy, "trainable": self.trainable}
        self.embedding = keras.layers.Embedding(num_characters, char_dim, **inner, name="embedding")
        self.dropout = keras.layers.Dropout(dropout, seed=seed, dtype=self.dtype_policy, name="dropout")
        self.convolutions = [
            keras.layers.Conv1D(filters, size, padding="same", **inner, name=f"convolution_{number}")
            for number, size in enumerate(self.kernel_sizes)
        ]

    @property
    def features(self) -> FeatureShapes:
        """Names and per-row shapes of the features that `call` reads."""
        return dict(_distinct_words.FEATURES)

    def build(self, features_shape: dict[str, Shape]) -> None:
        """Builds the character table and the filters."""
        self.embedding.build((None, None))
        for convolution in self.convolutions:
            convolution.build((None, None, self.char_dim))
        self.built = True

    def call(self, features: Features, training: bool = False) -> Any:
        """Encodes the distinct words, then copies."""
        return _distinct_words.encode(features, lambda table: self._encode(table, training))

    def _encode(self, char_ids: Any, training: bool) -> Any:
        mask = ops.not_equal(char_ids, 0)  # (N, C)
        real = ops.expand_dims(mask, -1)
        vectors = self.dropout(self.embedding(char_ids), training=training)  # (N, C, D)
        # The padding's own vector must not enter the windows of the last characters.
        vectors = ops.where(real, vectors, ops.zeros_like(vectors))
        answers = ops.concatenate([convolution(vectors) for convolution in self.convolutions], axis=-1)  # (N, C, F)
        # f never falls, so max f(x) = f(max x), and C times fewer values go through it.
        best = self.activation(masked_max(answers, mask))  # (N, F)
        return ops.where(ops.any(real, axis=1), best, ops.zeros_like(best))

    def compute_output_shape(self, features_shape: dict[str, Shape]) -> Shape:
        """`(B, T, filters * len(kernel_sizes))`."""
        return _distinct_words.output_shape(features_shape, self.filters * len(self.kernel_sizes))

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
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


def _check_arguments(
    num_characters: int, char_dim: int, filters: int, kernel_sizes: Sequence[int], dropout: float
) -> None:
    _errors.check_positive("num_characters", num_characters)
    _errors.check_positive("char_dim", char_dim)
    _errors.check_positive("filters", filters)
    _errors.check_rate("dropout", dropout)
    if isinstance(kernel_sizes, int) or not len(kernel_sizes):
        raise ValueError(_errors.message("`kernel_sizes` to be a sequence of widths", kernel_sizes, "(3,)"))
    for size in kernel_sizes:
        _errors.check_positive("kernel_sizes", size)
