"""Words as vectors, with words hidden at random."""

from typing import Any

import keras
from keras import ops

from keras_embed import _errors
from keras_embed.layers._features import Features, FeatureShapes, Shape
from keras_embed.layers.partly_frozen_embedding import PartlyFrozenEmbedding

_UNKNOWN = 1  # 0 is padding, 1 is the unknown word, 2 and above are words.


@keras.saving.register_keras_serializable(package="keras_embed")
class WordEmbedding(keras.layers.Layer):
    """One vector for each word of a vocabulary.

    While training, each known word is read as the unknown word with probability `unknown_dropout`. So the vector of
    the unknown word is trained, and the model learns to lean on context and spelling. Lample et al. (2016, section
    4.3) do this for words seen once; Kiperwasser and Goldberg (2016, section 5) for every word, rare ones more often.
    Here the probability is the same for all words.

    Args:
        vocabulary_size: number of ids: padding (0), unknown (1) and the words.
        dim: width of a vector.
        unknown_dropout: probability, in training, that a word is read as unknown.
        dropout: rate of plain dropout on the vectors.
        weights: matrix `(vocabulary_size, dim)` to start from, for example pretrained vectors. It is saved with the
            weights and never written into the config. `trainable=False` keeps it as it is.
        embeddings_initializer: where there are no `weights`; `initializers.Pretrained`, for example.
        seed: makes both dropouts repeatable.
        frozen_rows: ids whose vectors never change in training, as a mask `(vocabulary_size,)` or as numbers; see
            `PartlyFrozenEmbedding`. `Pretrained(...).coverage.found` freezes the pretrained ones.
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        features: dict with `token_ids`, int32 `(B, T)`. Other features are left alone.
        training: hide words and drop entries only if True.

    Returns:
        Floats `(B, T, dim)`. Padding has a vector too: masks are for the layers above.

    Raises:
        ValueError: if `weights` has another shape than `(vocabulary_size, dim)`, or a rate is outside [0, 1).

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
        weights: Any = None,
        embeddings_initializer: Any = "uniform",
        seed: int | None = None,
        frozen_rows: Any = None,
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
        if weights is not None:
            weights = ops.convert_to_numpy(weights)
            if weights.shape != (vocabulary_size, dim):
                raise ValueError(
                    _errors.message(
                        f"`weights` of shape (vocabulary_size, dim) = ({vocabulary_size}, {dim})",
                        f"shape {weights.shape}",
                        "a matrix with one row for each id, padding and unknown included",
                    )
                )
        # `weights=` and not a constant initializer: the latter would write the matrix into the config.
        table: dict[str, Any] = {
            "embeddings_initializer": embeddings_initializer,
            "weights": weights,
            "dtype": self.dtype_policy,
            "trainable": self.trainable,  # Keras does not hand it down.
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
        """Builds the table."""
        self.embedding.build(features_shape["token_ids"])
        self.built = True

    def call(self, features: Features, training: bool = False) -> Any:
        """Looks the words up."""
        token_ids = features["token_ids"]  # (B, T)
        if training and self.unknown_dropout > 0:
            token_ids = self._hide(token_ids)
        return self.dropout(self.embedding(token_ids), training=training)  # (B, T, D)

    def _hide(self, token_ids: Any) -> Any:
        draw = keras.random.uniform(ops.shape(token_ids), seed=self.seed_generator)
        hidden = ops.logical_and(draw < self.unknown_dropout, token_ids > _UNKNOWN)
        return ops.where(hidden, ops.full_like(token_ids, _UNKNOWN), token_ids)

    def compute_output_shape(self, features_shape: dict[str, Shape]) -> Shape:
        """`(B, T, dim)`."""
        return (*features_shape["token_ids"], self.dim)

    def get_config(self) -> dict[str, Any]:
        """The arguments, without `weights`."""
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
