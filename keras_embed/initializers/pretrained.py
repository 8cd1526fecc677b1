"""Pretrained word vectors as the start of an embedding matrix."""

import sys
import warnings
from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from keras_embed._errors import message
from keras_embed.vectors import Coverage, WordVectors, align
from keras_embed.vectors.alignment import FALLBACKS, Fallback

_LOADERS = ("keras.src.saving.", "keras_hub.src.utils.preset_utils")


@keras.saving.register_keras_serializable(package="keras_embed")
class Pretrained(keras.initializers.Initializer):
    """The rows of word vectors, in the order of a vocabulary; see `vectors.align`.

    A config holds the shape and no matrix, so that a saved file is about as large as its weights. A model that is
    loaded gets its matrix from its weights. One that is built from a config alone, as `keras.models.clone_model` does,
    starts at random, with a warning.

    Args:
        vectors: `vectors.WordVectors`.
        vocabulary: `text.Vocabulary`, a Keras `StringLookup` or `TextVectorization`, or a list of words.
        fallbacks: see `vectors.align`.
        unknown: "mean", "random" or "zeros": the unknown word's row, and those of words without a vector.
        seed: makes "random" repeatable.

    Raises:
        ValueError: when the layer's matrix has another shape.

    Example:
    >>> import keras
    >>> from keras_embed.text import Vocabulary
    >>> from keras_embed.vectors import WordVectors
    >>> vectors = WordVectors(["cat", "dog"], [[1.0, 0.0], [0.0, 1.0]])
    >>> vocabulary = Vocabulary(["dog", "Cat"])
    >>> start = Pretrained(vectors, vocabulary)
    >>> layer = keras.layers.Embedding(len(vocabulary), 2, embeddings_initializer=start)
    >>> layer.build()
    >>> keras.ops.convert_to_numpy(layer.embeddings).tolist()
    [[0.0, 0.0], [0.5, 0.5], [0.0, 1.0], [1.0, 0.0]]
    >>> print(start.coverage)
    2 of 2 words have vectors (100.0%): 1 as they are, 1 lower
    """

    def __init__(
        self,
        vectors: WordVectors,
        vocabulary: Any,
        fallbacks: Sequence[Fallback] = FALLBACKS,
        unknown: str = "mean",
        seed: int | None = None,
    ) -> None:
        self.matrix: Any
        self.coverage: Coverage | None
        self.matrix, self.coverage = align(vectors, vocabulary, fallbacks, unknown, seed)
        self.shape = tuple(self.matrix.shape)

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> Any:
        """The matrix as a tensor."""
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
        if not _being_loaded():
            warnings.warn(
                "A `Pretrained` initializer that was made from a config has no vectors, so this matrix starts at "
                "random. Load weights next, or make the layer with `Pretrained(vectors, vocabulary)`.",
                stacklevel=2,
            )
        return keras.initializers.RandomUniform()(shape, dtype)

    def get_config(self) -> dict[str, Any]:
        """The shape."""
        return {"shape": list(self.shape)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Pretrained":
        """An initializer without its matrix: weights are loaded into what it starts."""
        empty = cls.__new__(cls)
        empty.matrix, empty.coverage, empty.shape = None, None, tuple(config["shape"])
        return empty

    def clone(self) -> "Pretrained":
        """Itself: nothing changes it."""
        return self


def _being_loaded() -> bool:
    """Whether Keras is reading a saved file or preset right now, so that weights are about to come."""
    frame = sys._getframe(1)
    while frame is not None:
        if str(frame.f_globals.get("__name__")).startswith(_LOADERS) and "load" in frame.f_code.co_name:
            return True
        frame = frame.f_back  # type: ignore[assignment]
    return False
