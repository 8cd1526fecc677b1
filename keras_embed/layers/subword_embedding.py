"""Word vectors as means of the vectors of words and character n-grams."""

from typing import Any, Protocol

import keras
import numpy as np
from keras import ops
from numpy.typing import ArrayLike

from keras_embed import _errors
from keras_embed._types import Config, Features, FeatureShapes, KerasObject, Shape, Tensor


class _WordVectors(Protocol):
    """Word vectors with n-gram rows, as `vectors.WordVectors`, which this room must not import."""

    @property
    def dim(self) -> int: ...

    @property
    def subwords(self) -> Any: ...


@keras.saving.register_keras_serializable(package="keras_embed")
class SubwordEmbedding(keras.layers.Layer):
    """fastText's composition: the mean of a word's own vector and the vectors of its character n-grams.

    An out-of-vocabulary word has n-grams only, and therefore still a vector. Words and n-grams share one matrix, whose
    rows are assigned by `text.SubwordIndex`.

    Args:
        num_rows: Number of rows of the matrix: padding (0), words and buckets of n-grams. `len(index)` of a
            `text.SubwordIndex`.
        dim: Width of a vector.
        weights: Initial matrix `(num_rows, dim)`. It is saved with the weights and never in the config.
        embeddings_initializer: Initializer if there are no `weights`.
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        features: Dict with `subword_ids`, int32 `(B, T, N)`, 0 = padding; see `text.SubwordIndex`.

    Returns:
        Float tensor of shape `(B, T, dim)`; zero if a word has no row.

    Raises:
        ValueError: If `weights` has another shape.

    References:
        Bojanowski et al. 2017, https://arxiv.org/abs/1607.04606.

    Example:
    >>> import numpy as np
    >>> layer = SubwordEmbedding(3, 2, weights=np.array([[9.0, 9.0], [1.0, 0.0], [0.0, 1.0]]))
    >>> keras.ops.convert_to_numpy(layer({"subword_ids": np.array([[[1, 2], [2, 0], [0, 0]]])})).tolist()
    [[[0.5, 0.5], [0.0, 1.0], [0.0, 0.0]]]
    """

    def __init__(
        self,
        num_rows: int,
        dim: int,
        weights: ArrayLike | None = None,
        embeddings_initializer: KerasObject = "uniform",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        _errors.check_positive("num_rows", num_rows)
        _errors.check_positive("dim", dim)
        self.num_rows = num_rows
        self.dim = dim
        matrix = None if weights is None else ops.convert_to_numpy(weights)
        if matrix is not None and matrix.shape != (num_rows, dim):
            raise ValueError(_errors.message(f"`weights` of shape ({num_rows}, {dim})", f"shape {matrix.shape}"))
        self.embedding = keras.layers.Embedding(
            num_rows,
            dim,
            embeddings_initializer=embeddings_initializer,
            weights=matrix,
            dtype=self.dtype_policy,
            trainable=self.trainable,  # Keras does not propagate it to sublayers.
            name="embedding",
        )

    @classmethod
    def from_vectors(cls, vectors: _WordVectors, **kwargs: Any) -> "SubwordEmbedding":
        """Creates a layer that computes the same vector of any word as some word vectors.

        Args:
            vectors: `vectors.WordVectors` with `subwords`; `vectors.subword_index()` computes the ids.
            **kwargs: Arguments of the constructor, such as `trainable=False`.

        Raises:
            ValueError: If the vectors have no n-gram rows, or no rows of the words themselves.
        """
        subwords = vectors.subwords
        if subwords is None or subwords.word_rows is None:
            received = "none" if subwords is None else "n-gram rows without `word_rows`"
            raise ValueError(
                _errors.message("vectors with n-gram rows and the words' own rows", received, "a fastText .bin file")
            )
        # Row 0 is padding, then words, then buckets of n-grams.
        padding = np.zeros((1, vectors.dim), np.float32)
        matrix = np.concatenate([padding, subwords.word_rows, subwords.matrix])
        return cls(len(matrix), vectors.dim, weights=matrix, **kwargs)

    @property
    def features(self) -> FeatureShapes:
        """Names and per-row shapes of the features that `call` reads."""
        return {"subword_ids": (None, None)}

    def build(self, features_shape: dict[str, Shape]) -> None:
        self.embedding.build(features_shape["subword_ids"])
        self.built = True

    def call(self, features: Features) -> Tensor:
        ids = features["subword_ids"]  # (B, T, N)
        real = ops.cast(ops.not_equal(ids, 0), self.compute_dtype)  # (B, T, N)
        total = ops.einsum("btnd,btn->btd", self.embedding(ids), real)  # (B, T, D)
        # The mean over the rows of the word; the divisor 1 leaves a word without rows at zero.
        return total / ops.maximum(ops.sum(real, axis=-1, keepdims=True), 1)

    def compute_output_shape(self, features_shape: dict[str, Shape]) -> Shape:
        return (*features_shape["subword_ids"][:2], self.dim)

    def get_config(self) -> Config:
        return {
            **super().get_config(),
            "num_rows": self.num_rows,
            "dim": self.dim,
            "embeddings_initializer": keras.initializers.serialize(self.embedding.embeddings_initializer),
        }
