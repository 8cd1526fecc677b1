"""Pretrained word vectors as initial values of an embedding matrix."""

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
from keras import ops
from keras.src.saving.serialization_lib import in_safe_mode
from numpy.typing import NDArray

from keras_embed._errors import message
from keras_embed._types import Config, Tensor
from keras_embed.vectors import Coverage, WordVectors, align
from keras_embed.vectors.alignment import FALLBACKS, Fallback

if TYPE_CHECKING:
    from keras_embed.text import Vocabulary


@keras.saving.register_keras_serializable(package="keras_embed")
class Pretrained(keras.initializers.Initializer):
    """Initializes an embedding matrix with word vectors, in the order of a vocabulary; see `vectors.align`.

    The config contains the shape but not the matrix, so that saved files do not store the vectors twice. A model that
    is loaded from a file or a preset gets its matrix from its weights. A model that is created from a config alone, as
    by `keras.models.clone_model`, is initialised randomly, with a warning.

    Args:
        vectors: The word vectors.
        vocabulary: `text.Vocabulary`, a Keras `StringLookup` or `TextVectorization`, or a list of words.
        fallbacks: See `vectors.align`.
        unknown: "mean", "random" or "zeros": the row of the unknown word and of words without a vector.
        seed: Seed of "random".

    Call arguments:
        shape: Shape of the embedding matrix, `(len(vocabulary), dim)`.
        dtype: Dtype of the result.

    Returns:
        The matrix as a tensor.

    Raises:
        ValueError: If the matrix of the layer has another shape.

    Example:
    >>> import keras
    >>> from keras_embed.text import Vocabulary
    >>> from keras_embed.vectors import WordVectors
    >>> vectors = WordVectors(["cat", "dog"], [[1.0, 0.0], [0.0, 1.0]])
    >>> vocabulary = Vocabulary(["dog", "Cat"])
    >>> initializer = Pretrained(vectors, vocabulary)
    >>> layer = keras.layers.Embedding(len(vocabulary), 2, embeddings_initializer=initializer)
    >>> layer.build()
    >>> keras.ops.convert_to_numpy(layer.embeddings).tolist()
    [[0.0, 0.0], [0.5, 0.5], [0.0, 1.0], [1.0, 0.0]]
    >>> print(initializer.coverage)
    2 of 2 words have vectors (100.0%): 1 as they are, 1 lower
    """

    def __init__(
        self,
        vectors: WordVectors,
        vocabulary: "Vocabulary | keras.layers.Layer | Sequence[str]",
        fallbacks: Sequence[Fallback] = FALLBACKS,
        unknown: str = "mean",
        seed: int | None = None,
    ) -> None:
        self.matrix: NDArray[np.float32] | None
        self.coverage: Coverage | None
        self.matrix, self.coverage = align(vectors, vocabulary, fallbacks, unknown, seed)
        self.shape = tuple(self.matrix.shape)

    def __call__(self, shape: Sequence[int], dtype: str | None = None) -> Tensor:
        if tuple(shape) != self.shape:
            raise ValueError(
                message(
                    f"an embedding matrix of shape {self.shape}, one row for each entry of the vocabulary",
                    f"shape {tuple(shape)}",
                    f"Embedding({self.shape[0]}, {self.shape[1]}, embeddings_initializer=...)",
                )
            )
        if self.matrix is not None:
            return ops.convert_to_tensor(self.matrix, dtype or keras.config.floatx())
        if not _is_deserializing():
            warnings.warn(
                "A `Pretrained` initializer that was created from a config has no vectors, so this matrix starts at "
                "random. Load weights next, or create the layer with `Pretrained(vectors, vocabulary)`.",
                stacklevel=2,
            )
        return keras.initializers.RandomUniform()(shape, dtype)

    def get_config(self) -> Config:
        """Returns the shape, without the matrix."""
        return {"shape": list(self.shape)}

    @classmethod
    def from_config(cls, config: Config) -> "Pretrained":
        """Creates an initializer without a matrix, for a layer whose weights are loaded afterwards."""
        empty = cls.__new__(cls)
        empty.matrix, empty.coverage, empty.shape = None, None, tuple(config["shape"])
        return empty

    def clone(self) -> "Pretrained":
        """Returns itself, because it is immutable."""
        return self


def _is_deserializing() -> bool:
    """Returns True while Keras deserializes a saved model or preset, whose weights it loads afterwards.

    `keras.saving.deserialize_keras_object` sets its safe mode, True or False, while it creates an object and the layers
    inside. `clone_model` and `Model.from_config` create layers outside of it, where the mode is None.
    """
    mode: Any = in_safe_mode()
    return mode is not None
