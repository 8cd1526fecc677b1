"""Byte-level byte pair encoding: pieces that any text can be written with, and nothing is lost."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from keras_embed._backend import tf
from keras_embed._errors import message
from keras_embed.text import _vocabulary_file
from keras_embed.text._graph_strings import GraphStrings
from keras_embed.tokenizers._byte_letters import LETTERS, as_bytes, as_letters
from keras_embed.tokenizers._byte_pair_merges import Merges
from keras_embed.tokenizers.subword_tokenizer import SPECIAL_PIECES, Codec

_FIRST_MERGED = len(SPECIAL_PIECES) + len(LETTERS)
_FORMAT = "keras_embed.BytePairCodec"
#: Between words while a text is cut; no byte of UTF-8.
_CUT = b"\xff"
#: A blank belongs to the word after it. Every character fits one of the four.
_WORD = r"( ?\pL[\pL\pM]*| ?\pN+| ?[^\s\pL\pN]+|\s+)"
#: Longer words are cut, so that a text without blanks takes no quadratic time.
_MAX_BYTES = 64


class BytePairCodec(Codec):
    """Byte-level byte pair encoding as in GPT-2: 256 bytes, and pieces merged of them.

    A blank is put before every text and taken off again when it is decoded, so that a word has the same pieces at the
    beginning as elsewhere. Every text comes back as it was, byte for byte.

    Args:
        merges: pairs of pieces, in the order in which they were learnt, written as GPT-2 does: one letter a byte.

    Raises:
        ValueError: for merges of pieces that come later.

    References:
        Sennrich, Haddow, Birch 2016. Neural Machine Translation of Rare Words with Subword Units. ACL 2016.
        Radford et al. 2019. Language Models are Unsupervised Multitask Learners.

    Example:
    >>> codec = BytePairCodec([("Ġ", "a"), ("m", "a"), ("ma", "n")])
    >>> codec.pieces[260:]
    ('Ġa', 'ma', 'man')
    >>> ids = codec.encode(["a man"])
    >>> ids.to_list(), codec.decode(ids).numpy().tolist()
    ([[260, 224, 262]], [b'a man'])
    """

    file = "byte_pairs.json"

    def __init__(self, merges: Iterable[Sequence[str]]) -> None:
        self.merges = tuple((left, right) for left, right in merges)
        joined = dict.fromkeys(left + right for left, right in self.merges)
        self._pieces = (*SPECIAL_PIECES, *LETTERS, *joined)
        # The pieces' own strings, apart from the special ones, which a text could hold as letters.
        self._ids = {piece: number for number, piece in enumerate(self._pieces) if number >= len(SPECIAL_PIECES)}
        for number, pair in enumerate(self.merges):
            if not all(piece in self._ids for piece in pair):
                raise ValueError(message("merges of pieces that are there already", f"{pair} as merge {number}"))
        ids = [(self._ids[left], self._ids[right], self._ids[left + right]) for left, right in self.merges]
        self._merger = Merges(ids, len(self._pieces))
        self._strings = GraphStrings([b""] * len(SPECIAL_PIECES) + [as_bytes(piece) for piece in self._ids])

    @classmethod
    def train(cls, texts: Sequence[str], vocabulary_size: int | None, min_count: int = 1) -> "BytePairCodec":
        """Learns merges with the package `tokenizers`.

        Args:
            texts: normalised strings.
            vocabulary_size: greatest number of pieces, at least 260.
            min_count: pairs seen less often are not merged.

        Raises:
            ValueError: for a `vocabulary_size` that does not hold the bytes.
        """
        from tokenizers import Tokenizer, models, pre_tokenizers, trainers

        if vocabulary_size is None or vocabulary_size < _FIRST_MERGED:
            raise ValueError(message(f"`vocabulary_size` of at least {_FIRST_MERGED}", vocabulary_size))
        tokenizer = Tokenizer(models.BPE())
        tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()  # no byte's letter is white space
        trainer = trainers.BpeTrainer(
            vocab_size=vocabulary_size - len(SPECIAL_PIECES),
            min_frequency=min_count,
            initial_alphabet=list(LETTERS),
            show_progress=False,
        )
        words = _words(tf.constant(texts, tf.string)).numpy()
        tokenizer.train_from_iterator((" ".join(map(as_letters, row)) for row in words), trainer)
        learnt = json.loads(tokenizer.to_str())["model"]["merges"]  # lists of two; older versions: "left right"
        return cls([pair.split(" ") if isinstance(pair, str) else pair for pair in learnt])

    @property
    def pieces(self) -> tuple[str, ...]:
        """The pieces by number, one letter a byte; Ġ is a blank."""
        return self._pieces

    def encode(self, strings: Any) -> Any:
        """Cuts texts (B,) into words and merges the bytes of each distinct one."""
        words = _words(strings)
        distinct, index = tf.unique(words.flat_values)
        cells = tf.reshape(tf.io.decode_raw(tf.strings.bytes_split(distinct).flat_values, tf.uint8), [-1])
        order = tf.constant([self._ids[as_letters(bytes([byte]))] for byte in range(256)], tf.int32)
        letters = tf.RaggedTensor.from_row_lengths(
            tf.gather(order, tf.cast(cells, tf.int32)), tf.cast(tf.strings.length(distinct), tf.int64)
        )
        pieces = tf.gather(self._merger(letters), index)
        return words.with_values(pieces).merge_dims(1, 2)

    def decode(self, ids: Any) -> Any:
        """Joins the bytes; those that are no UTF-8 become U+FFFD."""
        text = tf.strings.reduce_join(self._strings.gather(ids), axis=-1)
        return tf.strings.regex_replace(tf.strings.unicode_transcode(text, "UTF-8", "UTF-8"), r"\A ", "")

    def resources(self) -> list[Any]:
        """The table of merges."""
        return [self._merger.table]

    def save(self, folder: str | Path) -> None:
        """Writes the merges."""
        content = {"format": _FORMAT, "version": 1, "merges": [" ".join(merge) for merge in self.merges]}
        _vocabulary_file.write_json(Path(folder) / self.file, content)

    @classmethod
    def load(cls, folder: str | Path) -> "BytePairCodec":
        """Reads the merges.

        Raises:
            ValueError: naming the file, where it is another.
        """
        path = Path(folder) / cls.file
        content = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(content, dict) or content.get("format") != _FORMAT or content.get("version") != 1:
            raise ValueError(f"{path}: " + message(f'an object with "format": "{_FORMAT}", "version": 1', content))
        return cls([pair.split(" ") for pair in content["merges"]])


def _words(strings: Any) -> Any:
    """Texts (B,) as ragged strings (B, None) that join to the text with a blank before it."""
    marked = tf.strings.regex_replace(tf.strings.join([" ", strings]), _WORD, b"\\1" + _CUT)
    words = tf.strings.split(marked, _CUT)[:, :-1]
    lengths = tf.cast(tf.strings.length(words.flat_values), tf.int64)
    cuts = (lengths + _MAX_BYTES - 1) // _MAX_BYTES
    parts = tf.RaggedTensor.from_row_lengths(tf.repeat(words.flat_values, cuts), cuts)
    starts = tf.ragged.range(cuts).flat_values * _MAX_BYTES
    cut = tf.strings.substr(parts.flat_values, starts, tf.fill(tf.shape(starts), tf.constant(_MAX_BYTES, tf.int64)))
    return words.with_values(parts.with_flat_values(cut)).merge_dims(1, 2)
