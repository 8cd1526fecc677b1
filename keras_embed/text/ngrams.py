"""Character n-grams of words and the buckets they hash to, exactly as in fastText.

A word is put between brackets, `<word>`, and split into Unicode characters. An n-gram's bucket is its 32-bit FNV-1a
hash modulo the number of buckets; fastText reads bytes as signed, so bytes from 0x80 set the upper 24 bits.

Bojanowski et al. 2017, https://arxiv.org/abs/1607.04606, section 3.2.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from keras_embed._backend import tf
from keras_embed._errors import check_positive, message
from keras_embed._types import TFTensor

END_OF_SENTENCE = "</s>"
_OFFSET, _PRIME, _MASK = 2166136261, 16777619, 0xFFFFFFFF
_CHUNK = 100_000  # words at a time, to bound the memory of `ngram_bucket_table`


def character_ngrams(word: str, min_n: int, max_n: int) -> list[str]:
    """Returns the n-grams of `<word>`, by first character, the short ones first.

    A single bracket is not an n-gram, and fastText's end of sentence, `</s>`, has no n-grams.

    Args:
        word: any text.
        min_n: length of the shortest, in Unicode characters, brackets included.
        max_n: length of the longest; 0 for none.

    Example:
    >>> character_ngrams("cat", 3, 4)
    ['<ca', '<cat', 'cat', 'cat>', 'at>']
    """
    _check_lengths(min_n, max_n)
    if word == END_OF_SENTENCE:
        return []
    text = f"<{word}>"
    return [
        text[start : start + n]
        for start in range(len(text))
        for n in range(max(min_n, 1), min(max_n, len(text) - start) + 1)
        if n > 1 or 0 < start < len(text) - 1
    ]


def fnv1a(data: bytes) -> int:
    """Computes the 32-bit FNV-1a hash over signed bytes, as fastText does.

    Example:
    >>> fnv1a(b"cat"), fnv1a("é".encode())
    (108289031, 1023043777)
    """
    value = _OFFSET
    for byte in data:
        signed = byte | 0xFFFFFF00 if byte & 0x80 else byte
        value = (value ^ signed) * _PRIME & _MASK
    return value


def ngram_buckets(word: str, min_n: int, max_n: int, num_buckets: int) -> list[int]:
    """Computes the bucket of each of `character_ngrams`, in the same order.

    Args:
        word: any text.
        min_n: see `character_ngrams`.
        max_n: see `character_ngrams`.
        num_buckets: hashes are taken modulo this number.

    Raises:
        ValueError: If `num_buckets` is not a positive integer.

    Example:
    >>> ngram_buckets("cat", 3, 4, num_buckets=1000)
    [747, 973, 31, 995, 106]
    """
    grams = character_ngrams(word, min_n, max_n)
    if grams:
        check_positive("num_buckets", num_buckets)
    return [fnv1a(gram.encode("utf-8", "surrogatepass")) % num_buckets for gram in grams]


def ngram_bucket_table(
    words: Sequence[str | bytes], min_n: int, max_n: int, num_buckets: int
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Computes `ngram_buckets` of many words at once, in NumPy: a second or two for 400,000 words.

    Args:
        words: N words, as text or as UTF-8 bytes.
        min_n: see `character_ngrams`.
        max_n: see `character_ngrams`.
        num_buckets: hashes are taken modulo this number.

    Returns:
        The buckets of all words, concatenated, int32 (sum of lengths,); and the number of each word's, int64 (N,).

    Raises:
        ValueError: If `num_buckets` is not a positive integer.

    Example:
    >>> buckets, lengths = ngram_bucket_table(["cat", "a"], 3, 4, num_buckets=1000)
    >>> buckets.tolist(), lengths.tolist()
    ([747, 973, 31, 995, 106, 600], [5, 1])
    """
    _check_lengths(min_n, max_n)
    if max_n == 0 or not len(words):
        return np.zeros(0, np.int32), np.zeros(len(words), np.int64)
    check_positive("num_buckets", num_buckets)
    parts = [
        _bucket_chunk(words[start : start + _CHUNK], min_n, max_n, num_buckets)
        for start in range(0, len(words), _CHUNK)
    ]
    return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])


def _bucket_chunk(
    words: Sequence[str | bytes], min_n: int, max_n: int, num_buckets: int
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    encoded = [word.encode("utf-8", "surrogatepass") if isinstance(word, str) else word for word in words]
    data = np.frombuffer(b"<" + b"><".join(encoded) + b">", np.uint8)
    ends = np.cumsum([len(word) + 2 for word in encoded])  # (N,) in bytes
    starts = np.flatnonzero((data & 0xC0) != 0x80)  # (C,) first byte of each character
    sizes = np.diff(starts, append=len(data))  # (C,) bytes of each character
    signed = data.view(np.int8).astype(np.uint32)
    first = np.searchsorted(starts, ends - [len(word) + 2 for word in encoded])  # (N,) first character of a word
    last = np.append(first[1:], len(starts))  # (N,) one past its last
    left = np.repeat(last, last - first) - np.arange(len(starts))  # (C,) characters left in the word
    is_edge = np.zeros(len(starts), bool)
    is_edge[first] = is_edge[last - 1] = True

    # All n-grams of length n at once: the hash of length n - 1, continued by the bytes of one more character.
    alive, values = np.arange(len(starts)), np.full(len(starts), _OFFSET, np.uint32)
    buckets = np.empty((len(starts), max_n - max(min_n, 1) + 1), np.int32)  # (C, lengths)
    kept = np.zeros(buckets.shape, bool)
    for n in range(1, max_n + 1):
        longer = left[alive] >= n
        alive, values = alive[longer], values[longer]  # first characters of the n-grams of length n
        values = _extend(values, signed, starts[alive + n - 1], sizes[alive + n - 1])
        if n >= min_n:
            buckets[alive, n - max(min_n, 1)] = values % np.uint32(num_buckets)
            kept[alive, n - max(min_n, 1)] = ~is_edge[alive] if n == 1 else True
    is_end = np.array([word == END_OF_SENTENCE.encode() for word in encoded])
    kept[np.repeat(is_end, last - first)] = False
    per_character = kept.sum(axis=1)
    return buckets[kept], np.add.reduceat(per_character, first).astype(np.int64)


def _extend(
    values: NDArray[np.uint32], signed: NDArray[np.uint32], starts: NDArray[np.int64], sizes: NDArray[np.int64]
) -> NDArray[np.uint32]:
    """Continues hashes by one character of 1 to 4 bytes."""
    values = (values ^ signed[starts]) * np.uint32(_PRIME)
    for byte in range(1, int(sizes.max(initial=1))):
        longer = np.flatnonzero(sizes > byte)
        values[longer] = (values[longer] ^ signed[starts[longer] + byte]) * np.uint32(_PRIME)
    return values


def subword_buckets(words: TFTensor, min_n: int, max_n: int, num_buckets: int) -> TFTensor:
    """Computes `ngram_buckets` of each word in TensorFlow graph code. Bytes that are not UTF-8 count as U+FFFD.

    Args:
        words: string tensor (N,).
        min_n: see `character_ngrams`.
        max_n: see `character_ngrams`.
        num_buckets: hashes are taken modulo this number.

    Returns:
        Ragged int32 (N, None).

    Raises:
        ValueError: If `num_buckets` is not a positive integer.
    """
    _check_lengths(min_n, max_n)
    lowest, words = max(min_n, 1), tf.convert_to_tensor(words, tf.string)
    if max_n < lowest:
        return tf.RaggedTensor.from_row_lengths(tf.zeros([0], tf.int32), tf.zeros([tf.size(words)], tf.int64))
    check_positive("num_buckets", num_buckets)
    words = tf.strings.unicode_transcode(words, "UTF-8", "UTF-8")
    text = tf.strings.join(["<", words, ">"])
    sizes = tf.cast(tf.strings.length(text, unit="UTF8_CHAR"), tf.int64)  # (N,) in characters
    values = _graph_hashes(text, sizes, max_n)[:, lowest - 1 :]  # (C, lengths)
    word = tf.repeat(tf.range(tf.size(words, tf.int64)), sizes)  # (C,) word of each character
    position = tf.range(tf.reduce_sum(sizes)) - tf.gather(
        tf.cumsum(sizes, exclusive=True), word
    )  # (C,) within the word
    left = tf.gather(sizes, word) - position  # (C,)
    lengths = tf.range(lowest, max_n + 1, dtype=tf.int64)
    edge = (position == 0) | (left == 1)
    kept = (left[:, None] >= lengths) & ~(edge[:, None] & (lengths == 1))
    kept &= (tf.gather(words, word) != END_OF_SENTENCE)[:, None]
    rows = tf.boolean_mask(tf.broadcast_to(word[:, None], tf.shape(values)), kept)
    buckets = tf.cast(tf.boolean_mask(values % num_buckets, kept), tf.int32)
    return tf.RaggedTensor.from_value_rowids(buckets, rows, nrows=tf.size(words, tf.int64))


def _graph_hashes(text: TFTensor, sizes: TFTensor, max_n: int) -> TFTensor:
    """Hashes the 1, 2 ... max_n characters from each character on, past a word's end too: int64 (C, max_n)."""
    data = tf.cast(tf.io.decode_raw(tf.strings.reduce_join(text), tf.int8), tf.int64) & _MASK
    starts = tf.where((data & 0xC0) != 0x80)[:, 0]  # (C,)
    ends = tf.concat([starts[1:], [tf.size(data, tf.int64)]], 0)
    total = tf.reduce_sum(sizes)
    data = tf.concat([data, tf.zeros([4], tf.int64)], 0)  # so that four bytes can be read from each character on
    values, columns = tf.fill([total], tf.constant(_OFFSET, tf.int64)), []
    for n in range(max_n):
        character = tf.minimum(tf.range(total) + n, total - 1)
        start, end = tf.gather(starts, character), tf.gather(ends, character)
        for byte in range(4):
            longer = tf.bitwise.bitwise_xor(values, tf.gather(data, start + byte)) * _PRIME & _MASK
            values = tf.where(start + byte < end, longer, values)
        columns.append(values)
    return tf.stack(columns, axis=1)


def _check_lengths(min_n: int, max_n: int) -> None:
    if min_n < 0 or max_n < 0 or (max_n and min_n > max_n):
        raise ValueError(message("0 <= min_n <= max_n, or max_n = 0", f"min_n={min_n}, max_n={max_n}", "3 and 6"))
