"""Which word of a sentence is the predicate that is asked about, as a vector."""

from typing import Any

import keras

from keras_embed import _errors
from keras_embed.layers._features import Features, FeatureShapes, Shape


@keras.saving.register_keras_serializable(package="keras_embed")
class PredicateEmbedding(keras.layers.Layer):
    """One vector for the predicate, another for all other words, beside the words' own (He et al. 2017, section 2.1).

    Args:
        dim: width of a vector.
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        features: dict with `predicate_ids`, int32 `(B, T)`, 1 at the predicate, 0 elsewhere; see
            `tokenizers.PredicateTokenizer`.

    Returns:
        Floats `(B, T, dim)`.

    References:
        He et al. 2017, https://aclanthology.org/P17-1044.

    Example:
    >>> import numpy as np
    >>> tuple(PredicateEmbedding(4)({"predicate_ids": np.array([[0, 1, 0]])}).shape)
    (1, 3, 4)
    """

    def __init__(self, dim: int = 100, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        _errors.check_positive("dim", dim)
        self.dim = dim
        # Keras does not hand a constructor's trainable=False down to the layers inside.
        inner = {"dtype": self.dtype_policy, "trainable": self.trainable}
        self.embedding = keras.layers.Embedding(2, dim, **inner, name="embedding")

    @property
    def features(self) -> FeatureShapes:
        """Names and per-row shapes of the features that `call` reads."""
        return {"predicate_ids": (None,)}

    def build(self, features_shape: dict[str, Shape]) -> None:
        """Builds the table."""
        self.embedding.build(features_shape["predicate_ids"])
        self.built = True

    def call(self, features: Features) -> Any:
        """Looks the two vectors up."""
        return self.embedding(features["predicate_ids"])  # (B, T, D)

    def compute_output_shape(self, features_shape: dict[str, Shape]) -> Shape:
        """`(B, T, dim)`."""
        return (*features_shape["predicate_ids"], self.dim)

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return {**super().get_config(), "dim": self.dim}
