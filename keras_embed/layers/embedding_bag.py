"""Weighted sums of embedding rows: a dense layer for sparse inputs."""

from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from keras_embed import _errors
from keras_embed._types import Config, Features, FeatureShapes, KerasObject, Shape, Tensor
from keras_embed.functional import pooling


@keras.saving.register_keras_serializable(package="keras_embed")
class EmbeddingBag(keras.layers.Layer):
    """Dense layer for texts given as weighted bags of terms, `y = f(sum_n w_n E[i_n] + b)`.

    Equivalent to `keras.layers.Dense` on a sparse vector with `w_n` in column `i_n`, without ever creating the V
    columns: time and memory depend on the number of terms in a text. With one dimension for each class it is the linear
    model of TF-IDF vectors. For that use, `embeddings_initializer="zeros"` makes terms that training does not contain
    contribute nothing.

    Args:
        vocabulary_size: V, the number of terms.
        dim: Width of the output.
        use_bias: If True, adds `b`.
        activation: `f`. `None`: no activation.
        embeddings_initializer: Initializer of `E`; "uniform" for a hidden layer, "zeros" for a linear model.
        embeddings_regularizer: Regularizer of `E`, such as `keras.regularizers.L2(1e-5)`.
        scales: Matrix (V, dim) multiplied with `E` element by element and not trained, such as the log-count ratios of
            Wang and Manning (2012); see `ClassifierPreprocessor.log_count_ratios`. It is saved with the weights. The
            config holds `True` instead.
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        features: Dict with `term_ids`, int32 `(B, N)`, and `term_weights`, floats `(B, N)`, 0 at padding.

    Returns:
        Float tensor of shape `(B, dim)`.

    Raises:
        ValueError: If `scales` does not have the shape `(vocabulary_size, dim)`.

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
        activation: KerasObject = None,
        embeddings_initializer: KerasObject = "uniform",
        embeddings_regularizer: KerasObject = None,
        scales: NDArray[np.floating[Any]] | bool | None = None,
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
        self._initial_scales = None if scales is None or scales is True else ops.convert_to_numpy(scales)
        if self._initial_scales is not None and self._initial_scales.shape != (vocabulary_size, dim):
            raise ValueError(
                _errors.message(
                    f"`scales` of shape (vocabulary_size, dim) = ({vocabulary_size}, {dim})",
                    f"shape {self._initial_scales.shape}",
                    "one row for each term and one column for each class",
                )
            )

    @property
    def features(self) -> FeatureShapes:
        """Names and per-row shapes of the features that `call` reads."""
        return {"term_ids": (None,), "term_weights": (None,)}

    def build(self, features_shape: dict[str, Shape]) -> None:
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
            # A weight, so that it is saved with the model and not in the config.
            self.scales = self.add_weight(shape=shape, initializer="ones", trainable=False, name="scales")
            # A loaded layer starts with ones, and its weights file replaces them.
            if self._initial_scales is not None:
                self.scales.assign(self._initial_scales)
        self.built = True

    def call(self, features: Features) -> Tensor:
        ids, weights = features["term_ids"], ops.cast(features["term_weights"], self.compute_dtype)  # (B, N)
        rows = ops.cast(ops.take(self.embeddings, ids, axis=0), self.compute_dtype)  # (B, N, D)
        if self.scales is not None:
            # (E * scales)[i], without the product of the whole matrices.
            rows = rows * ops.cast(ops.take(self.scales, ids, axis=0), self.compute_dtype)
        summed = pooling.bag_sum(rows, weights)  # (B, D)
        if self.bias is not None:
            summed = summed + ops.cast(self.bias, self.compute_dtype)
        return self.activation(summed)

    def compute_output_shape(self, features_shape: dict[str, Shape]) -> Shape:
        return (features_shape["term_ids"][0], self.dim)

    def get_config(self) -> Config:
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
