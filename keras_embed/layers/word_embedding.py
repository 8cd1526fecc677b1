"""Embedding layers that read one id for each token: words, casing classes and predicates."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import ArrayLike, NDArray

from keras_embed import _errors
from keras_embed._types import Config, Features, FeatureShapes, KerasObject, Shape, Tensor
from keras_embed.layers.partly_frozen_embedding import PartlyFrozenEmbedding

_UNKNOWN_ID = 1  # 0 is padding, 1 the unknown word, 2 and above are words


@keras.saving.register_keras_serializable(package="keras_embed")
class WordEmbedding(keras.layers.Layer):
    """Embedding of words that can replace words by the unknown word during training.

    With probability `unknown_dropout`, a known word is read as the unknown word. This trains the vector of the unknown
    word, and makes the model rely on context and spelling. Lample et al. (2016, section 4.3) do this for words that
    occur once; Kiperwasser and Goldberg (2016, section 5) for every word, rare ones more often. Here the probability
    is the same for all words.

    Args:
        vocabulary_size: Number of ids, including padding (0) and the unknown word (1).
        dim: Width of a vector.
        unknown_dropout: Probability, in training, that a word is read as unknown.
        dropout: Rate of ordinary dropout on the vectors.
        weights: Initial matrix `(vocabulary_size, dim)`, such as pretrained vectors. It is saved with the weights and
            never in the config. `trainable=False` keeps it unchanged.
        embeddings_initializer: Initializer if there are no `weights`; for example `initializers.Pretrained`.
        seed: Seed of both dropouts.
        frozen_rows: Ids whose vectors are not trained, as a mask `(vocabulary_size,)` or as indices; see
            `PartlyFrozenEmbedding`. `Pretrained(...).coverage.found` freezes the pretrained vectors.
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        features: Dict with `token_ids`, int32 `(B, T)`. Other features are ignored.
        training: If True, applies both dropouts.

    Returns:
        Float tensor of shape `(B, T, dim)`. Padding has a vector too; the layers above apply the mask.

    Raises:
        ValueError: If `weights` has another shape than `(vocabulary_size, dim)`, or a rate is not in [0, 1).

    References:
        Lample et al. 2016, https://arxiv.org/abs/1603.01360;
        Kiperwasser and Goldberg 2016, https://arxiv.org/abs/1603.04351.

    Example:
    >>> import numpy as np
    >>> layer = WordEmbedding(vocabulary_size=5, dim=3)
    >>> tuple(layer({"token_ids": np.array([[4, 2, 0]])}).shape)
    (1, 3, 3)
    """

    def __init__(
        self,
        vocabulary_size: int,
        dim: int,
        unknown_dropout: float = 0.0,
        dropout: float = 0.0,
        weights: ArrayLike | None = None,
        embeddings_initializer: KerasObject = "uniform",
        seed: int | None = None,
        frozen_rows: int | Sequence[int] | NDArray[np.generic] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        _errors.check_positive("vocabulary_size", vocabulary_size)
        _errors.check_positive("dim", dim)
        _errors.check_rate("unknown_dropout", unknown_dropout)
        _errors.check_rate("dropout", dropout)
        self.vocabulary_size = vocabulary_size
        self.dim = dim
        self.unknown_dropout = unknown_dropout
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        matrix = None if weights is None else ops.convert_to_numpy(weights)
        if matrix is not None and matrix.shape != (vocabulary_size, dim):
            raise ValueError(
                _errors.message(
                    f"`weights` of shape (vocabulary_size, dim) = ({vocabulary_size}, {dim})",
                    f"shape {matrix.shape}",
                    "a matrix with one row for each id, padding and unknown included",
                )
            )
        # `weights=` instead of a constant initializer, which would write the matrix into the config.
        table: dict[str, Any] = {
            "embeddings_initializer": embeddings_initializer,
            "weights": matrix,
            "dtype": self.dtype_policy,
            "trainable": self.trainable,  # Keras does not propagate it to sublayers.
            "name": "embedding",
        }
        if frozen_rows is None:
            self.embedding = keras.layers.Embedding(vocabulary_size, dim, **table)
        else:
            self.embedding = PartlyFrozenEmbedding(vocabulary_size, dim, frozen_rows, **table)
        self.dropout = keras.layers.Dropout(dropout, seed=seed, dtype=self.dtype_policy, name="dropout")

    @property
    def features(self) -> FeatureShapes:
        """Names and per-row shapes of the features that `call` reads."""
        return {"token_ids": (None,)}

    def build(self, features_shape: dict[str, Shape]) -> None:
        self.embedding.build(features_shape["token_ids"])
        self.built = True

    def call(self, features: Features, training: bool = False) -> Tensor:
        token_ids = features["token_ids"]  # (B, T)
        if training and self.unknown_dropout > 0:
            token_ids = self._replace_by_unknown(token_ids)
        return self.dropout(self.embedding(token_ids), training=training)  # (B, T, D)

    def _replace_by_unknown(self, token_ids: Tensor) -> Tensor:
        draws = keras.random.uniform(ops.shape(token_ids), seed=self.seed_generator)
        replaced = ops.logical_and(draws < self.unknown_dropout, token_ids > _UNKNOWN_ID)  # never padding
        return ops.where(replaced, ops.full_like(token_ids, _UNKNOWN_ID), token_ids)

    def compute_output_shape(self, features_shape: dict[str, Shape]) -> Shape:
        return (*features_shape["token_ids"], self.dim)

    def get_config(self) -> Config:
        return {
            **super().get_config(),
            "vocabulary_size": self.vocabulary_size,
            "dim": self.dim,
            "unknown_dropout": self.unknown_dropout,
            "dropout": self.dropout.rate,
            "embeddings_initializer": keras.initializers.serialize(self.embedding.embeddings_initializer),
            "seed": self.seed,
            "frozen_rows": getattr(self.embedding, "num_frozen", None),
        }


class _FeatureEmbedding(keras.layers.Layer):
    """Base class of an embedding of one integer feature.

    Args:
        feature: Name of the feature, `(B, T)`.
        num_ids: Number of ids.
        dim: Width of a vector.
        **kwargs: `name`, `dtype`, `trainable`.
    """

    def __init__(self, feature: str, num_ids: int, dim: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        _errors.check_positive("dim", dim)
        self._feature = feature
        self.dim = dim
        # Keras does not propagate `trainable=False` of the constructor to sublayers.
        inner = {"dtype": self.dtype_policy, "trainable": self.trainable}
        self.embedding = keras.layers.Embedding(num_ids, dim, **inner, name="embedding")

    @property
    def features(self) -> FeatureShapes:
        """Names and per-row shapes of the features that `call` reads."""
        return {self._feature: (None,)}

    def build(self, features_shape: dict[str, Shape]) -> None:
        self.embedding.build(features_shape[self._feature])
        self.built = True

    def call(self, features: Features) -> Tensor:
        return self.embedding(features[self._feature])  # (B, T, D)

    def compute_output_shape(self, features_shape: dict[str, Shape]) -> Shape:
        return (*features_shape[self._feature], self.dim)

    def get_config(self) -> Config:
        return {**super().get_config(), "dim": self.dim}


@keras.saving.register_keras_serializable(package="keras_embed")
class CasingEmbedding(_FeatureEmbedding):
    """Embedding of casing classes, to use beside lower-cased word vectors (Collobert et al. 2011, section 5.1).

    Args:
        num_classes: Number of casing classes, including padding (0).
        dim: Width of a vector.
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        features: Dict with `casing_ids`, int32 `(B, T)`.

    Returns:
        Float tensor of shape `(B, T, dim)`.

    Raises:
        ValueError: If `num_classes` or `dim` is not a positive integer.

    References:
        Collobert et al. 2011, https://arxiv.org/abs/1103.0398.

    Example:
    >>> import numpy as np
    >>> layer = CasingEmbedding(num_classes=8, dim=4)
    >>> tuple(layer({"casing_ids": np.array([[1, 3, 0]])}).shape)
    (1, 3, 4)
    """

    def __init__(self, num_classes: int, dim: int = 8, **kwargs: Any) -> None:
        _errors.check_positive("num_classes", num_classes)
        super().__init__("casing_ids", num_classes, dim, **kwargs)
        self.num_classes = num_classes

    def get_config(self) -> Config:
        return {**super().get_config(), "num_classes": self.num_classes}


@keras.saving.register_keras_serializable(package="keras_embed")
class PredicateEmbedding(_FeatureEmbedding):
    """Embedding of the predicate indicator, to use beside word vectors (He et al. 2017, section 2.1).

    The predicate has one vector, all other words share another.

    Args:
        dim: Width of a vector.
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        features: Dict with `predicate_ids`, int32 `(B, T)`, 1 at the predicate and 0 elsewhere; see
            `tokenizers.PredicateTokenizer`.

    Returns:
        Float tensor of shape `(B, T, dim)`.

    Raises:
        ValueError: If `dim` is not a positive integer.

    References:
        He et al. 2017, https://aclanthology.org/P17-1044.

    Example:
    >>> import numpy as np
    >>> tuple(PredicateEmbedding(4)({"predicate_ids": np.array([[0, 1, 0]])}).shape)
    (1, 3, 4)
    """

    def __init__(self, dim: int = 100, **kwargs: Any) -> None:
        super().__init__("predicate_ids", 2, dim, **kwargs)
