"""Sparse vectors times a matrix."""

from typing import Any

import keras
from keras import ops

from keras_embed import _errors
from keras_embed.functional import pooling
from keras_embed.layers._features import Features, FeatureShapes, Shape


@keras.saving.register_keras_serializable(package="keras_embed")
class EmbeddingBag(keras.layers.Layer):
    """A dense layer for texts as weighted bags of terms, `y = f(sum_n w_n E[i_n] + b)`.

    It is `keras.layers.Dense` on the sparse vector that has `w_n` in column `i_n`, without ever making the `V` columns:
    time and memory go with the number of terms in a text. With as many dimensions as classes it is the classic linear
    model of TF-IDF vectors. Its weights start at zero there (see `embeddings_initializer`): terms never seen in
    training then say nothing.

    Args:
        vocabulary_size: V, number of terms.
        dim: width of the output.
        use_bias: whether there is a `b`.
        activation: `f`; none where None.
        embeddings_initializer: of `E`; "uniform" for a hidden layer, "zeros" for a linear model.
        embeddings_regularizer: of `E`, such as `keras.regularizers.L2(1e-5)`.
        scales: matrix (V, dim) that multiplies `E` entry by entry and is not trained, such as the log-count ratios of
            Wang and Manning (2012); see `ClassifierPreprocessor.log_count_ratios`. It is saved with the weights and
            never written into the config, which says `True`: "there is one".
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        features: dict with `term_ids`, int32 `(B, N)`, and `term_weights`, floats `(B, N)`, 0 at padding.

    Returns:
        Floats `(B, dim)`.

    Raises:
        ValueError: if `scales` has another shape than `(vocabulary_size, dim)`.

    References:
        Joulin et al. 2017, https://aclanthology.org/E17-2068; Wang and Manning 2012, https://aclanthology.org/P12-2018.

    Example:
    >>> import numpy as np
    >>> layer = EmbeddingBag(vocabulary_size=5, dim=2, embeddings_initializer="ones")
    >>> features = {"term_ids": np.array([[4, 1, 0]]), "term_weights": np.array([[0.5, 2.0, 0.0]], "float32")}
    >>> keras.ops.convert_to_numpy(layer(features)).tolist()
    [[2.5, 2.5]]
    """

    def __init__(
        self,
        vocabulary_size: int,
        dim: int,
        use_bias: bool = True,
        activation: Any = None,
        embeddings_initializer: Any = "uniform",
        embeddings_regularizer: Any = None,
        scales: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        _errors.check_positive("vocabulary_size", vocabulary_size)
        _errors.check_positive("dim", dim)
        self.vocabulary_size = vocabulary_size
        self.dim = dim
        self.use_bias = use_bias
        self.activation = keras.activations.get(activation)
        self.embeddings_initializer = keras.initializers.get(embeddings_initializer)
        self.embeddings_regularizer = keras.regularizers.get(embeddings_regularizer)
        self.scaled = scales is not None
        self._given_scales = None if scales is None or scales is True else ops.convert_to_numpy(scales)
        if self._given_scales is not None and self._given_scales.shape != (vocabulary_size, dim):
            raise ValueError(
                _errors.message(
                    f"`scales` of shape (vocabulary_size, dim) = ({vocabulary_size}, {dim})",
                    f"shape {self._given_scales.shape}",
                    "one row for each term and one column for each class",
                )
            )

    @property
    def features(self) -> FeatureShapes:
        """Names and per-row shapes of the features that `call` reads."""
        return {"term_ids": (None,), "term_weights": (None,)}

    def build(self, features_shape: dict[str, Shape]) -> None:
        """Makes the weights."""
        shape = (self.vocabulary_size, self.dim)
        self.embeddings = self.add_weight(
            shape=shape,
            initializer=self.embeddings_initializer,
            regularizer=self.embeddings_regularizer,
            name="embeddings",
        )
        self.bias = self.add_weight(shape=(self.dim,), initializer="zeros", name="bias") if self.use_bias else None
        self.scales = None
        if self.scaled:
            self.scales = self.add_weight(shape=shape, initializer="ones", trainable=False, name="scales")
            if self._given_scales is not None:
                self.scales.assign(self._given_scales)
        self.built = True

    def call(self, features: Features) -> Any:
        """Adds up the rows."""
        ids, weights = features["term_ids"], ops.cast(features["term_weights"], self.compute_dtype)
        rows = ops.cast(ops.take(self.embeddings, ids, axis=0), self.compute_dtype)  # (B, N, D)
        if self.scales is not None:
            rows = rows * ops.cast(ops.take(self.scales, ids, axis=0), self.compute_dtype)
        summed = pooling.bag_sum(rows, weights)  # (B, D)
        if self.bias is not None:
            summed = summed + ops.cast(self.bias, self.compute_dtype)
        return self.activation(summed)

    def compute_output_shape(self, features_shape: dict[str, Shape]) -> Shape:
        """`(B, dim)`."""
        return (features_shape["term_ids"][0], self.dim)

    def get_config(self) -> dict[str, Any]:
        """The arguments, without the matrix of scales."""
        return {
            **super().get_config(),
            "vocabulary_size": self.vocabulary_size,
            "dim": self.dim,
            "use_bias": self.use_bias,
            "activation": keras.activations.serialize(self.activation),
            "embeddings_initializer": keras.initializers.serialize(self.embeddings_initializer),
            "embeddings_regularizer": keras.regularizers.serialize(self.embeddings_regularizer),
            "scales": True if self.scaled else None,
        }
