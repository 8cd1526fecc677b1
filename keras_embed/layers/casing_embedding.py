"""The shape of a word (lower case, title case, digits ...) as a vector."""

from typing import Any

import keras

from keras_embed import _errors
from keras_embed.layers._features import Features, FeatureShapes, Shape


@keras.saving.register_keras_serializable(package="keras_embed")
class CasingEmbedding(keras.layers.Layer):
    """One vector for each casing class, beside word vectors that do not know case (Collobert et al. 2011, section 5.1).

    Args:
        num_classes: number of casing classes, padding (0) included.
        dim: width of a vector.
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        features: dict with `casing_ids`, int32 `(B, T)`.

    Returns:
        Floats `(B, T, dim)`.

    References:
        Collobert et al. 2011, https://arxiv.org/abs/1103.0398.

    Example:
    >>> import numpy as np
    >>> layer = CasingEmbedding(num_classes=8, dim=4)
    >>> tuple(layer({"casing_ids": np.array([[1, 3, 0]])}).shape)
    (1, 3, 4)
    """

    def __init__(self, num_classes: int, dim: int = 8, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        _errors.check_positive("num_classes", num_classes)
        _errors.check_positive("dim", dim)
        self.num_classes = num_classes
        self.dim = dim
        # Keras does not hand a constructor's trainable=False down to the layers inside.
        inner = {"dtype": self.dtype_policy, "trainable": self.trainable}
        self.embedding = keras.layers.Embedding(num_classes, dim, **inner, name="embedding")

    @property
    def features(self) -> FeatureShapes:
        """Names and per-row shapes of the features that `call` reads."""
        return {"casing_ids": (None,)}

    def build(self, features_shape: dict[str, Shape]) -> None:
        """Builds the table."""
        self.embedding.build(features_shape["casing_ids"])
        self.built = True

    def call(self, features: Features) -> Any:
        """Looks the classes up."""
        return self.embedding(features["casing_ids"])  # (B, T, D)

    def compute_output_shape(self, features_shape: dict[str, Shape]) -> Shape:
        """`(B, T, dim)`."""
        return (*features_shape["casing_ids"], self.dim)

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return {**super().get_config(), "num_classes": self.num_classes, "dim": self.dim}
