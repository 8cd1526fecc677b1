"""What texts are cut into, with numbers, and how the numbers become text again."""

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, ClassVar

from keras_embed._backend import tf

#: Numbers 0 to 3 of every codec: padding, unknown, start, end.
SPECIAL_PIECES = ("", "[UNK]", "<s>", "</s>")
UNKNOWN_ID, START_ID, END_ID = 1, 2, 3


class Codec(ABC):
    """Texts to ragged numbers and back, in TensorFlow graph code. Immutable.

    The first four numbers are those of `SPECIAL_PIECES`. No text gives padding, start or end. Every class of codecs
    also has `train(texts, vocabulary_size, min_count, **settings)`, which learns the pieces of normalised texts, and
    `load(folder, **settings)`, which reads what `save` wrote; the settings are those of `get_config`.

    Example:
    >>> from keras_embed.tokenizers import WordCodec
    >>> codec = WordCodec(["a", "dog"])
    >>> isinstance(codec, Codec), len(codec), codec
    (True, 6, <WordCodec of 6 pieces>)
    """

    #: What `save` writes, in the folder it is told.
    file: ClassVar[str]

    @property
    @abstractmethod
    def pieces(self) -> tuple[str, ...]:
        """The pieces by number, readable; the first four are `SPECIAL_PIECES`."""

    @abstractmethod
    def encode(self, strings: Any) -> Any:
        """Valid UTF-8 strings (B,) to ragged int32 (B, None)."""

    @abstractmethod
    def decode(self, ids: Any) -> Any:
        """Ragged int32 (B, None), without padding, start and end, to strings (B,)."""

    @abstractmethod
    def resources(self) -> list[Any]:
        """What an exporter must hold for `encode` and `decode` to be saved in a graph."""

    @abstractmethod
    def save(self, folder: str | Path) -> None:
        """Writes the pieces to `file` in a folder."""

    def get_config(self) -> dict[str, Any]:
        """The settings, JSON-ready; not the pieces."""
        return {}

    def __len__(self) -> int:
        """Number of pieces, the four special ones included."""
        return len(self.pieces)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {len(self)} pieces>"


def real_ids(ids: Any) -> Any:
    """Numbers, ragged or padded (B, T), as ragged (B, None): up to the first end, without padding and start."""
    ragged = ids if isinstance(ids, tf.RaggedTensor) else tf.RaggedTensor.from_tensor(ids)
    dense = tf.cast(ragged.to_tensor(0), tf.int32)
    ended = tf.cumsum(tf.cast(dense == END_ID, tf.int32), axis=1) > 0
    return tf.ragged.boolean_mask(dense, ~ended & (dense > 0) & (dense != START_ID))
