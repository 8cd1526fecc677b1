"""Byte-level byte pair encoding, which encodes every text without loss."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, cast

import keras

from keras_embed._atomic import write_atomically
from keras_embed._backend import tf
from keras_embed._errors import message
from keras_embed._types import PathLike, TFTensor
from keras_embed.text.strings import StringLookup
from keras_embed.tokenizers.subword_tokenizer import SPECIAL_TOKENS, SubwordTokenizer

_FORMAT = "keras_embed.BytePairCodec"  # of the asset file
_NEVER = 2**31 - 1  # rank of a pair without a merge
#: Separates words while a text is split; not a byte of UTF-8.
_CUT = b"\xff"
#: A space belongs to the word after it. Every character matches one of the four alternatives.
_WORD = r"( ?\pL[\pL\pM]*| ?\pN+| ?[^\s\pL\pN]+|\s+)"
#: Longer words are cut, so that a text without spaces does not take quadratic time.
_MAX_BYTES = 64

# GPT-2's alphabet: one printable character for each byte, none of them whitespace.
_PRINTABLE = (*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100))
_OTHERS = tuple(byte for byte in range(256) if byte not in _PRINTABLE)
_LETTER = {byte: chr(byte) for byte in _PRINTABLE} | {byte: chr(256 + index) for index, byte in enumerate(_OTHERS)}
_BYTE = {letter: byte for byte, letter in _LETTER.items()}
_FIRST_MERGED = len(SPECIAL_TOKENS) + len(_LETTER)


@keras.saving.register_keras_serializable(package="keras_embed")
class BytePairSubwordTokenizer(SubwordTokenizer):
    """Byte-level byte pair encoding as in GPT-2: 256 bytes, and subwords merged from them.

    A space is put before every text, and removed when it is decoded, so that a word has the same subwords at the
    beginning as elsewhere. Every text is decoded to itself, byte for byte.

    Args:
        merges: pairs of subwords, in the order in which they were learnt, in GPT-2's alphabet: one character a byte.
            `None` before `load_assets`.
        lowercase: see `SubwordTokenizer`.
        form: see `SubwordTokenizer`.
        **kwargs: `name`, `config_file`.

    Raises:
        ValueError: If a merge uses a subword that no earlier merge creates.

    References:
        Sennrich, Haddow, Birch 2016. Neural Machine Translation of Rare Words with Subword Units. ACL 2016.
        Radford et al. 2019. Language Models are Unsupervised Multitask Learners.

    Example:
    >>> tokenizer = BytePairSubwordTokenizer([("Ġ", "a"), ("m", "a"), ("ma", "n")])
    >>> tokenizer.tokens[260:]
    ('Ġa', 'ma', 'man')
    >>> ids = tokenizer.tokenize(["a man"])
    >>> ids.to_list(), tokenizer.detokenize(ids).numpy().tolist()
    ([[260, 224, 262]], [b'a man'])
    """

    asset = "byte_pairs.json"

    def __init__(
        self,
        merges: Iterable[Sequence[str]] | None = None,
        lowercase: bool = False,
        form: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(lowercase, form, **kwargs)
        self._model = None if merges is None else _Merges(merges)

    @classmethod
    def learn(
        cls, texts: TFTensor, vocabulary_size: int | None, min_count: int = 1, **settings: Any
    ) -> "BytePairSubwordTokenizer":
        """Learns merges with the package `tokenizers`.

        Args:
            texts: normalised strings (N,).
            vocabulary_size: greatest number of tokens, at least 260.
            min_count: rarer pairs are not merged.
            **settings: constructor arguments.

        Raises:
            ValueError: If `vocabulary_size` is too small for the 256 bytes.
        """
        from tokenizers import Tokenizer, models, pre_tokenizers, trainers

        if vocabulary_size is None or vocabulary_size < _FIRST_MERGED:
            raise ValueError(message(f"`vocabulary_size` of at least {_FIRST_MERGED}", vocabulary_size))
        tokenizer = Tokenizer(models.BPE())
        tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()  # no byte's character is whitespace
        trainer = trainers.BpeTrainer(
            vocab_size=vocabulary_size - len(SPECIAL_TOKENS),
            min_frequency=min_count,
            initial_alphabet=list(_LETTER.values()),
            show_progress=False,
        )
        tokenizer.train_from_iterator((" ".join(map(_as_letters, row)) for row in _words(texts).numpy()), trainer)
        merges = json.loads(tokenizer.to_str())["model"]["merges"]  # lists of two; in older versions "left right"
        return cls([pair.split(" ") if isinstance(pair, str) else pair for pair in merges], **settings)

    @property
    def merges(self) -> tuple[tuple[str, str], ...] | None:
        """Pairs of subwords, in the order in which they were learnt."""
        return None if self._model is None else self._model.merges

    @property
    def tokens(self) -> tuple[str, ...] | None:
        """Tokens by id, one character a byte; Ġ is a space."""
        return None if self._model is None else self._model.tokens

    def encode_normalized(self, strings: TFTensor) -> TFTensor:
        """Splits texts (B,) into words and merges the bytes of each distinct one."""
        words = _words(strings)
        distinct, index = tf.unique(words.flat_values)
        subwords = tf.gather(self._loaded().encode(distinct), index)
        return words.with_values(subwords).merge_dims(1, 2)

    def decode_ids(self, ids: TFTensor) -> TFTensor:
        """Joins the bytes; those that are not UTF-8 become U+FFFD."""
        text = tf.strings.reduce_join(self._loaded().strings.gather(ids), axis=-1)
        return tf.strings.regex_replace(tf.strings.unicode_transcode(text, "UTF-8", "UTF-8"), r"\A ", "")

    def resources(self) -> list[Any]:
        """Returns the table of merges."""
        return [self._loaded().table]

    def save_assets(self, dir_path: PathLike) -> None:
        """Writes the merges."""
        content = {"format": _FORMAT, "version": 1, "merges": [" ".join(pair) for pair in self._loaded().merges]}
        write_atomically(Path(dir_path) / self.asset, json.dumps(content, ensure_ascii=False, indent=0) + "\n")

    def load_assets(self, dir_path: PathLike) -> None:
        """Reads the merges.

        Raises:
            ValueError: If the file has another format.
        """
        path = Path(dir_path) / self.asset
        content = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(content, dict) or content.get("format") != _FORMAT or content.get("version") != 1:
            raise ValueError(f"{path}: " + message(f'an object with "format": "{_FORMAT}", "version": 1', content))
        self._model = _Merges(pair.split(" ") for pair in content["merges"])

    def _loaded(self) -> "_Merges":
        self._check_loaded()
        return cast(_Merges, self._model)


class _Merges:
    """A list of merges, applied to words in TensorFlow's graph.

    Args:
        merges: pairs of subwords, in the order in which they were learnt.
    """

    def __init__(self, merges: Iterable[Sequence[str]]) -> None:
        self.merges = tuple((left, right) for left, right in merges)
        joined = dict.fromkeys(left + right for left, right in self.merges)
        self.tokens = (*SPECIAL_TOKENS, *_LETTER.values(), *joined)
        # Without the special tokens, whose strings a text may contain as characters.
        first = len(SPECIAL_TOKENS)
        ids = {token: id_ for id_, token in enumerate(self.tokens[first:], first)}
        for index, pair in enumerate(self.merges):
            if not all(subword in ids for subword in pair):
                raise ValueError(message("merges of subwords created before", f"{pair} as merge {index}"))
        self._pairs = [(ids[left], ids[right]) for left, right in self.merges]
        self._merged = [ids[left + right] for left, right in self.merges]
        self._letters = [ids[_LETTER[byte]] for byte in range(256)]
        self.strings = StringLookup([b""] * first + [_as_bytes(token) for token in ids])
        self._table: TFTensor = None

    @property
    def table(self) -> TFTensor:
        """The `tf.lookup.StaticHashTable` from a pair to its rank, created at first use. An exporter must track it."""
        if self._table is None:
            with tf.init_scope():  # outside any graph being traced, so that later graphs can use the table too
                keys = tf.constant([left * len(self.tokens) + right for left, right in self._pairs], tf.int64)
                ranks = tf.range(len(self._pairs), dtype=tf.int64)
                self._table = tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(keys, ranks), _NEVER)
        return self._table

    def encode(self, words: TFTensor) -> TFTensor:
        """Converts words, strings (N,), to ids, ragged int32 (N, None)."""
        data = tf.reshape(tf.io.decode_raw(tf.strings.bytes_split(words).flat_values, tf.uint8), [-1])
        letters = tf.gather(tf.constant(self._letters, tf.int32), tf.cast(data, tf.int32))
        ids = tf.RaggedTensor.from_row_lengths(letters, tf.cast(tf.strings.length(words), tf.int64))
        ids = tf.pad(ids.to_tensor(-1), [[0, 0], [0, 2]], constant_values=-1)  # (N, W + 2)
        shape = tf.TensorShape([None, None])
        # Invariant: each row is its word after some merges, learnt order first, padded by -1 on the right.
        ids, _ = tf.while_loop(
            lambda _, going: going,
            self._step,
            [ids, tf.constant(True)],
            shape_invariants=[shape, tf.TensorShape([])],
        )
        return tf.RaggedTensor.from_tensor(ids, padding=-1)

    def _step(self, ids: TFTensor, _: TFTensor) -> tuple[TFTensor, TFTensor]:
        """Applies the merge of lowest rank in every word that has one; returns False when no word has one."""
        left, right = tf.cast(ids[:, :-1], tf.int64), tf.cast(ids[:, 1:], tf.int64)
        rank = self.table.lookup(left * len(self.tokens) + tf.maximum(right, -1))
        rank = tf.where(right >= 0, rank, _NEVER)  # (N, W + 1)
        position = tf.argmin(rank, axis=1, output_type=tf.int32)[:, None]  # the leftmost of equal pairs
        best = tf.reduce_min(rank, axis=1)[:, None]
        found = best < _NEVER
        merged = tf.gather(tf.constant(self._merged or [0], tf.int32), tf.where(found, best, 0))
        # Replace the pair at `position` and shift everything after it to the left by one.
        column = tf.range(tf.shape(ids)[1])[None]
        shifted = tf.concat([ids[:, 1:], tf.fill([tf.shape(ids)[0], 1], -1)], axis=1)
        new = tf.where(column < position, ids, tf.where(column == position, merged, shifted))
        return tf.where(found, new, ids), tf.reduce_any(found)

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_table": None}  # a TensorFlow resource can be neither copied nor pickled


def _as_letters(data: bytes) -> str:
    return "".join(_LETTER[byte] for byte in data)


def _as_bytes(letters: str) -> bytes:
    return bytes(_BYTE[letter] for letter in letters)


def _words(strings: TFTensor) -> TFTensor:
    """Splits texts (B,) into ragged strings (B, None) that join to the text with a space before it."""
    marked = tf.strings.regex_replace(tf.strings.join([" ", strings]), _WORD, b"\\1" + _CUT)
    words = tf.strings.split(marked, _CUT)[:, :-1]
    lengths = tf.cast(tf.strings.length(words.flat_values), tf.int64)  # (N,) in bytes
    # Each word as parts of at most `_MAX_BYTES` bytes.
    counts = (lengths + _MAX_BYTES - 1) // _MAX_BYTES
    parts = tf.RaggedTensor.from_row_lengths(tf.repeat(words.flat_values, counts), counts)
    starts = tf.ragged.range(counts).flat_values * _MAX_BYTES
    cut = tf.strings.substr(parts.flat_values, starts, tf.fill(tf.shape(starts), tf.constant(_MAX_BYTES, tf.int64)))
    return words.with_values(parts.with_flat_values(cut)).merge_dims(1, 2)
