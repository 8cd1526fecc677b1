"""Whole words by number."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from keras_embed._backend import tf
from keras_embed.text._graph_strings import GraphStrings
from keras_embed.text.serialization import as_tokenizer, deserialize_tokenizer, serialize_tokenizer
from keras_embed.text.vocabulary import Vocabulary
from keras_embed.tokenizers.subword_tokenizer import SPECIAL_PIECES, Codec

_MARKS = SPECIAL_PIECES[2:]


class WordCodec(Codec):
    """Words of a vocabulary; decoded texts have one space between words.

    Args:
        words: by number, from 4 on: without the four special pieces.
        splitter: what splits a text: any object that `as_tokenizer` takes, or what `serialize_tokenizer` made of one.
            `None`: `WordTokenizer()`.

    Example:
    >>> codec = WordCodec.train(["a man and a dog", "a dog ."], None, min_count=2)
    >>> codec.pieces
    ('', '[UNK]', '<s>', '</s>', 'a', 'dog')
    >>> ids = codec.encode(["a cat", "dog !"])
    >>> ids.to_list(), codec.decode(ids).numpy().tolist()
    ([[4, 1], [5, 1]], [b'a [UNK]', b'dog [UNK]'])
    """

    file = "words.json"

    def __init__(self, words: Sequence[str], splitter: Any = None) -> None:
        self.vocabulary = Vocabulary((*_MARKS, *words))
        self.splitter = deserialize_tokenizer(splitter) if isinstance(splitter, dict) else as_tokenizer(splitter)
        self._strings = GraphStrings(self.pieces)

    @classmethod
    def train(
        cls, texts: Sequence[str], vocabulary_size: int | None, min_count: int = 1, splitter: Any = None
    ) -> "WordCodec":
        """Counts words; the most frequent come first, ties by code point.

        Args:
            texts: normalised strings.
            vocabulary_size: greatest number of words, the four special pieces included; `None`: no limit.
            min_count: rarer words become unknown.
            splitter: see the class.
        """
        codec = cls((), splitter)
        words, _, counts = tf.unique_with_counts(codec.splitter.tokenize(tf.constant(texts, tf.string)).flat_values)
        seen = {word.decode("utf-8"): int(count) for word, count in zip(words.numpy(), counts.numpy(), strict=True)}
        for mark in _MARKS:
            seen.pop(mark, None)
        size = None if vocabulary_size is None else vocabulary_size - len(_MARKS)
        return cls(tuple(Vocabulary.from_counts(seen, min_count, size))[2:], codec.splitter)

    @property
    def pieces(self) -> tuple[str, ...]:
        """The words by number."""
        return tuple(self.vocabulary)

    def encode(self, strings: Any) -> Any:
        """Looks up the words of texts (B,)."""
        ids = self.vocabulary.lookup(self.splitter.tokenize(strings))
        # "<s>" in a text is no start.
        return ids.with_flat_values(tf.where(ids.flat_values < len(SPECIAL_PIECES), 1, ids.flat_values))

    def decode(self, ids: Any) -> Any:
        """Words with a space between them."""
        return tf.strings.reduce_join(self._strings.gather(ids), axis=-1, separator=" ")

    def resources(self) -> list[Any]:
        """The table."""
        return [self.vocabulary.table, self.splitter]

    def save(self, folder: str | Path) -> None:
        """Writes the words."""
        self.vocabulary.save(Path(folder) / self.file)

    @classmethod
    def load(cls, folder: str | Path, splitter: Any = None) -> "WordCodec":
        """Reads the words."""
        return cls(tuple(Vocabulary.load(Path(folder) / cls.file))[len(SPECIAL_PIECES) :], splitter)

    def get_config(self) -> dict[str, Any]:
        """The splitter."""
        return {"splitter": serialize_tokenizer(self.splitter)}
