"""ELMo's encoder of words from their characters."""

import math
from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from keras_embed import _errors
from keras_embed._types import Config, Shape, Tensor
from keras_embed.functional.recurrence import highway

#: (width, number of filters) of all published models.
PUBLISHED_FILTERS = ((1, 32), (2, 32), (3, 64), (4, 128), (5, 256), (6, 512), (7, 1024))


@keras.saving.register_keras_serializable(package="keras_embed")
class ElmoTokenEncoder(keras.layers.Layer):
    """Word vectors from characters by convolutions, highway layers and a projection (Peters et al. 2018).

    A filter of width n is applied at every position p of the row of characters, padding characters included, and its
    maximum is taken; then `num_highway` highway layers and a projection follow:

        x_i = f(max_p sum_o W_{i,o} c_{p+o} + b_i)
        x = g relu(T x + t) + (1 - g) x,    g = sigmoid(C x + c)
        y = x P + p

    If the number of filters equals `projection_dim`, and words have no vectors of their own, there is no projection.
    Weights are initialised as in the published training code.

    Args:
        num_characters: Number of character ids: padding (0), bytes and special characters. 262 in all published models
            of bytes.
        char_dim: Width of a character vector.
        filters: Pairs (width, number of filters).
        num_highway: Number of highway layers.
        projection_dim: D, width of a word vector.
        activation: f, applied after the maximum. It must be non-decreasing: "relu" or "tanh".
        vocabulary_size: Number of word ids, if words have vectors of their own beside those of their characters. 0: no
            word vectors.
        word_dim: Width of the word vectors, which precede the outputs of the filters.
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        char_ids: Int32 tensor of shape `(N, L)`, rows of `text.ElmoCharacters`. L is at least the largest filter width.
        word_ids: Int32 tensor of shape `(N,)`, if there is a `vocabulary_size`.

    Returns:
        Float tensor of shape `(N, D)`. The padding word, a row of zeros, has a vector too.

    Raises:
        ValueError: If `num_highway` is negative, or only one of `vocabulary_size` and `word_dim` is set.

    References:
        Kim et al. 2015, https://arxiv.org/abs/1508.06615; Peters et al. 2018, https://arxiv.org/abs/1802.05365.

    Example:
    >>> import numpy as np
    >>> encoder = ElmoTokenEncoder(char_dim=4, filters=((1, 5), (2, 6)), num_highway=1, projection_dim=3)
    >>> tuple(encoder(np.array([[259, 98, 260, 261]])).shape)
    (1, 3)
    """

    def __init__(
        self,
        num_characters: int = 262,
        char_dim: int = 16,
        filters: Sequence[Sequence[int]] = PUBLISHED_FILTERS,
        num_highway: int = 2,
        projection_dim: int = 512,
        activation: str = "relu",
        vocabulary_size: int = 0,
        word_dim: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.filters = _checked_filters(filters)
        _errors.check_positive("num_characters", num_characters)
        _errors.check_positive("char_dim", char_dim)
        _errors.check_positive("projection_dim", projection_dim)
        _errors.check_one_of("activation", activation, ("relu", "tanh"))
        if num_highway < 0:
            raise ValueError(_errors.message("`num_highway` of at least 0", num_highway))
        if bool(vocabulary_size) != bool(word_dim):
            received = f"vocabulary_size={vocabulary_size}, word_dim={word_dim}"
            raise ValueError(_errors.message("both `vocabulary_size` and `word_dim`, or neither", received))
        self.num_characters = num_characters
        self.char_dim = char_dim
        self.num_highway = num_highway
        self.projection_dim = projection_dim
        self.activation = activation
        self.vocabulary_size = vocabulary_size
        self.word_dim = word_dim
        self._create_layers()

    def _create_layers(self) -> None:
        # Keras does not propagate `trainable=False` of the constructor to sublayers.
        inner = {"dtype": self.dtype_policy, "trainable": self.trainable}
        uniform, normal = keras.initializers.RandomUniform, keras.initializers.RandomNormal
        total = self.filter_dim
        self.embedding = keras.layers.Embedding(
            self.num_characters, self.char_dim, uniform(-1.0, 1.0), **inner, name="characters"
        )
        # "valid" padding: a filter is applied where it fits into the L characters.
        self.convolutions = [
            keras.layers.Conv1D(
                count,
                width,
                kernel_initializer=uniform(-0.05, 0.05)
                if self.activation == "relu"
                else normal(stddev=1.0 / math.sqrt(width * self.char_dim)),
                **inner,
                name=f"convolution_{index}",
            )
            for index, (width, count) in enumerate(self.filters)
        ]
        matrix = normal(stddev=1.0 / math.sqrt(total))
        # A gate bias of -2: highway layers start by carrying their input over.
        closed = keras.initializers.Constant(-2.0)
        self.gates = [
            keras.layers.Dense(
                total, kernel_initializer=matrix.clone(), bias_initializer=closed, **inner, name=f"gate_{index}"
            )
            for index in range(self.num_highway)
        ]
        self.transforms = [
            keras.layers.Dense(total, kernel_initializer=matrix.clone(), **inner, name=f"transform_{index}")
            for index in range(self.num_highway)
        ]
        self.words = (
            keras.layers.Embedding(self.vocabulary_size, self.word_dim, **inner, name="words")
            if self.vocabulary_size
            else None
        )
        self.projection = (
            keras.layers.Dense(self.projection_dim, kernel_initializer=matrix.clone(), **inner, name="projection")
            if self.word_dim or total != self.projection_dim
            else None
        )

    @property
    def filter_dim(self) -> int:
        """F, the number of filters of all widths."""
        return sum(count for _, count in self.filters)

    def build(self, char_ids_shape: Shape, word_ids_shape: Shape | None = None) -> None:
        self.embedding.build((None, None))
        for convolution in self.convolutions:
            convolution.build((None, None, self.char_dim))
        for layer in (*self.gates, *self.transforms):
            layer.build((None, self.filter_dim))
        if self.words is not None:
            self.words.build((None,))
        if self.projection is not None:
            self.projection.build((None, self.word_dim + self.filter_dim))
        self.built = True

    def call(self, char_ids: Tensor, word_ids: Tensor | None = None) -> Tensor:
        vectors = self.embedding(char_ids)  # (N, L, E)
        # f is non-decreasing, so f(max x) = max f(x), with L times fewer evaluations of f.
        best = [ops.max(convolution(vectors), axis=1) for convolution in self.convolutions]
        x = keras.activations.get(self.activation)(ops.concatenate(best, axis=-1))  # (N, F)
        for gate, transform in zip(self.gates, self.transforms, strict=True):
            x = highway(x, gate(x), transform(x))  # (N, F)
        if self.words is not None:
            x = ops.concatenate([self.words(word_ids), x], axis=-1)  # (N, word_dim + F)
        return x if self.projection is None else self.projection(x)  # (N, D)

    def compute_output_shape(self, char_ids_shape: Shape, word_ids_shape: Shape | None = None) -> Shape:
        return (char_ids_shape[0], self.projection_dim)

    def get_config(self) -> Config:
        return {
            **super().get_config(),
            "num_characters": self.num_characters,
            "char_dim": self.char_dim,
            "filters": [list(pair) for pair in self.filters],
            "num_highway": self.num_highway,
            "projection_dim": self.projection_dim,
            "activation": self.activation,
            "vocabulary_size": self.vocabulary_size,
            "word_dim": self.word_dim,
        }


def _checked_filters(filters: Sequence[Sequence[int]]) -> tuple[tuple[int, int], ...]:
    pairs = tuple(tuple(pair) for pair in filters) if isinstance(filters, (list, tuple)) else ()
    if not pairs or any(len(pair) != 2 for pair in pairs):
        raise ValueError(_errors.message("`filters` to be pairs (width, number)", filters, "((1, 32), (2, 32))"))
    for width, count in pairs:
        _errors.check_positive("filters", width)
        _errors.check_positive("filters", count)
    return tuple((width, count) for width, count in pairs)
