"""Words as means of the vectors of their parts."""

from typing import Any

import keras
import numpy as np
from keras import ops

from keras_embed import _errors
from keras_embed.layers._features import Features, FeatureShapes, Shape


@keras.saving.register_keras_serializable(package="keras_embed")
class SubwordEmbedding(keras.layers.Layer):
    """fastText's composition: a word's vector is the mean of its own row and the rows of its character n-grams.

    A word that was never seen has n-grams alone, and so a vector all the same. Words and n-grams stand in one matrix;
    `text.SubwordIndex` says which row belongs to what.

    Args:
        num_rows: rows of the matrix: padding (0), words, buckets of n-grams. `len(index)` of a `text.SubwordIndex`.
        dim: width of a vector.
        weights: matrix `(num_rows, dim)` to start from. It is saved with the weights and never written into the config.
        embeddings_initializer: where there are no `weights`.
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        features: dict with `subword_ids`, int32 `(B, T, N)`, 0 = padding; see `text.SubwordIndex`.

    Returns:
        Floats `(B, T, dim)`; zero where a word has no row.

    Raises:
        ValueError: if `weights` has another shape.

    References:
        Bojanowski et al. 2017, https://arxiv.org/abs/1607.04606.

    Example:
    >>> import numpy as np
    >>> layer = SubwordEmbedding(3, 2, weights=np.array([[9.0, 9.0], [1.0, 0.0], [0.0, 1.0]]))
    >>> keras.ops.convert_to_numpy(layer({"subword_ids": np.array([[[1, 2], [2, 0], [0, 0]]])})).tolist()
    [[[0.5, 0.5], [0.0, 1.0], [0.0, 0.0]]]
    """

    def __init__(
        self, num_rows: int, dim: int, weights: Any = None, embeddings_initializer: Any = "uniform", **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        _errors.check_positive("num_rows", num_rows)
        _errors.check_positive("dim", dim)
        self.num_rows = num_rows
        self.dim = dim
        if weights is not None:
            weights = ops.convert_to_numpy(weights)
            if weights.shape != (num_rows, dim):
                raise ValueError(_errors.message(f"`weights` of shape ({num_rows}, {dim})", f"shape {weights.shape}"))
        self.embedding = keras.layers.Embedding(
            num_rows,
            dim,
            embeddings_initializer=embeddings_initializer,
            weights=weights,
            dtype=self.dtype_policy,
            trainable=self.trainable,  # Keras does not hand it down.
            name="embedding",
        )

    @classmethod
    def from_vectors(cls, vectors: Any, **kwargs: Any) -> "SubwordEmbedding":
        """A layer that gives any word the vector that some word vectors give it.

        Args:
            vectors: `vectors.WordVectors` with `subwords`; `vectors.subword_index()` makes the ids.
            **kwargs: for the constructor, such as `trainable=False`.

        Raises:
            ValueError: if the vectors have no n-gram rows, or do not know the words' own rows.
        """
        subwords = vectors.subwords
        if subwords is None or subwords.word_rows is None:
            received = "none" if subwords is None else "n-gram rows without `word_rows`"
            raise ValueError(
                _errors.message("vectors with n-gram rows and the words' own rows", received, "a fastText .bin file")
            )
        padding = np.zeros((1, vectors.dim), np.float32)
        matrix = np.concatenate([padding, subwords.word_rows, subwords.matrix])
        return cls(len(matrix), vectors.dim, weights=matrix, **kwargs)

    @property
    def features(self) -> FeatureShapes:
        """Names and per-row shapes of the features that `call` reads."""
        return {"subword_ids": (None, None)}

    def build(self, features_shape: dict[str, Shape]) -> None:
        """Builds the matrix."""
        self.embedding.build(features_shape["subword_ids"])
        self.built = True

    def call(self, features: Features) -> Any:
        """Averages the rows of each word."""
        ids = features["subword_ids"]  # (B, T, N)
        real = ops.cast(ops.not_equal(ids, 0), self.compute_dtype)
        total = ops.einsum("btnd,btn->btd", self.embedding(ids), real)  # (B, T, D)
        return total / ops.maximum(ops.sum(real, axis=-1, keepdims=True), 1)

    def compute_output_shape(self, features_shape: dict[str, Shape]) -> Shape:
        """`(B, T, dim)`."""
        return (*features_shape["subword_ids"][:2], self.dim)

    def get_config(self) -> dict[str, Any]:
        """The arguments, without `weights`."""
        return {
            **super().get_config(),
            "num_rows": self.num_rows,
            "dim": self.dim,
            "embeddings_initializer": keras.initializers.serialize(self.embedding.embeddings_initializer),
        }
