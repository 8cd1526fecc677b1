"""Masking of tokens for masked language models, in TensorFlow's graph."""

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from keras_embed._backend import tf
from keras_embed._types import TFTensor

#: Columns of a row of segments: start and end of the first, start and end of the second, 1 if the second is random.
COLUMNS = 5
#: In the last of these columns: the row fills a batch and does not count.
FILLER = -1
#: A priority after that of every token that may be chosen.
_NEVER = 2.0


class MaskingSettings(Protocol):
    """The attributes of `MaskedLanguageModelPreprocessor` that define its examples."""

    tokenizer: Any
    sequence_length: int
    next_sentence: bool
    mask_rate: float
    mask_share: float
    random_share: float
    short_rate: float
    whole_words: bool
    max_masks: int
    duplicates: int | None


def batch_maker(
    settings: MaskingSettings, pieces: NDArray[np.int32], begins: NDArray[np.bool_], weighted: bool = False
) -> Callable[[TFTensor], Any]:
    """Returns the function from rows of `MaskedExamples`, (B, 5 + 2), to `(features, labels)`; TensorFlow graph code.

    `pieces` and `begins` are those of `EncodedDocuments`.
    Features are `token_ids`, `segment_ids` int32 and `padding_mask` bool (B, T), `mask_positions` int32 (B, M);
    labels `masked` int32 (B, M), -1 if there is none, and, with `next_sentence`, `next_sentence` int32 (B,),
    1 for a random second segment. `weighted` adds a weight (B,) for each of the labels, 0 for rows that fill a batch.
    """
    all_pieces, all_begins = tf.constant(pieces), tf.constant(begins)
    special = set(settings.tokenizer.special_ids)
    ordinary = tf.constant([id for id in range(settings.tokenizer.vocabulary_size()) if id not in special], tf.int32)
    length, tokenizer = settings.sequence_length, settings.tokenizer

    def make(rows: TFTensor) -> Any:
        a, a_end, b, b_end, drawn = (rows[:, column, None] for column in range(5))  # (B, 1)
        position = tf.range(length, dtype=tf.int64)[None]  # (1, T)
        # START, first segment, END[, second segment, END], padding
        second = a_end - a + 2  # position of the second segment
        end = second + tf.where(b_end > b, b_end - b + 1, 0)
        in_first = (position > 0) & (position < second - 1)
        in_second = (position >= second) & (position < end - 1)
        allowed = in_first | in_second  # (B, T)
        source = tf.where(in_first, a + position - 1, tf.where(in_second, b + position - second, 0))
        outside = tf.where(position < end, tokenizer.end_id, tokenizer.padding_id)
        ids = tf.where(allowed, tf.gather(all_pieces, source), tf.where(position == 0, tokenizer.start_id, outside))
        first = allowed & (tf.gather(all_begins, source) | (position == 1) | (position == second))
        chosen, read = _masked(settings, ids, allowed, first, rows[:, 5:], ordinary)
        positions, labels = labels_of(ids, chosen, settings.max_masks)
        features = {
            "token_ids": read,
            "padding_mask": position < end,
            "segment_ids": tf.cast((position >= second) & (position < end), tf.int32),
            "mask_positions": positions,
        }
        wanted = {"masked": tf.where(drawn == FILLER, -1, labels)}
        if settings.next_sentence:
            wanted["next_sentence"] = tf.cast(tf.maximum(drawn[:, 0], 0), tf.int32)
        if not weighted:
            return features, wanted
        weights = tf.cast(drawn[:, 0] != FILLER, tf.float32)
        return features, wanted, {name: weights for name in wanted}

    return tf.autograph.experimental.do_not_convert(make)  # type: ignore[no-any-return]


def _masked(
    settings: MaskingSettings,
    ids: TFTensor,
    allowed: TFTensor,
    begins: TFTensor,
    seeds: TFTensor,
    ordinary: TFTensor,
) -> tuple[TFTensor, TFTensor]:
    """Returns the mask of chosen tokens (B, T), and the ids that the model reads (B, T)."""
    randoms = draws(seeds, settings.sequence_length)  # (B, 3, T)
    real = tf.reduce_sum(tf.cast(allowed, tf.float32), axis=1)
    counts = tf.clip_by_value(tf.cast(tf.round(real * settings.mask_rate), tf.int32), 1, settings.max_masks)
    if settings.whole_words:
        chosen = chosen_words(randoms[:, 0], allowed, begins, counts)
    else:
        chosen = chosen_pieces(randoms[:, 0], allowed, counts)
    shares = (settings.mask_share, settings.random_share)
    return chosen, masked(ids, chosen, randoms[:, 1], randoms[:, 2], settings.tokenizer.mask_id, ordinary, *shares)


def draws(seeds: TFTensor, length: int) -> TFTensor:
    """Draws random numbers that depend on each row's seed alone, whatever its batch.

    Args:
        seeds: int64 (B, 2).
        length: T.

    Returns:
        float32 (B, 3, T) in [0, 1): priorities, kinds of replacement, random tokens.
    """
    spec = tf.TensorSpec([3, length], tf.float32)
    return tf.map_fn(lambda seed: tf.random.stateless_uniform([3, length], seed), seeds, fn_output_signature=spec)


def chosen_pieces(priorities: TFTensor, allowed: TFTensor, counts: TFTensor) -> TFTensor:
    """Chooses the tokens of lowest priority value.

    Args:
        priorities: (B, T) in [0, 1).
        allowed: (B, T) bool.
        counts: (B,) int32, maximum number of tokens.

    Returns:
        (B, T) bool.
    """
    order = tf.argsort(tf.where(allowed, priorities, _NEVER), axis=1, stable=True)
    ranks = tf.argsort(order, axis=1, stable=True)  # the inverse permutation
    return (ranks < counts[:, None]) & allowed


def chosen_words(priorities: TFTensor, allowed: TFTensor, begins: TFTensor, counts: TFTensor) -> TFTensor:
    """Chooses whole words, by the priority of their first subword; a word that would exceed the count is skipped.

    Args:
        priorities: (B, T) in [0, 1).
        allowed: (B, T) bool.
        begins: (B, T) bool, True at the first subword of a word; every run of allowed tokens begins with one.
        counts: (B,) int32, maximum number of tokens.

    Returns:
        (B, T) bool.
    """
    length = tf.shape(priorities)[1]
    words = tf.cumsum(tf.cast(begins & allowed, tf.int32), axis=1) - 1  # (B, T) index of each token's word
    words = tf.where(allowed, words, length)  # all other tokens share a word that is never chosen
    rows = tf.range(tf.shape(words)[0])[:, None] * (length + 1)
    flat = tf.reshape(words + rows, [-1])
    total = tf.shape(words)[0] * (length + 1)
    shape = [-1, length + 1]
    sizes = tf.reshape(tf.math.unsorted_segment_sum(tf.ones_like(flat), flat, total), shape)[:, :length]
    firsts = tf.where(begins & allowed, priorities, _NEVER)
    of_words = tf.reshape(tf.math.unsorted_segment_min(tf.reshape(firsts, [-1]), flat, total), shape)[:, :length]
    order = tf.argsort(of_words, axis=1, stable=True)  # words in the order of choice
    taken = _taken(tf.gather(sizes, order, batch_dims=1), counts)
    ranks = tf.argsort(order, axis=1, stable=True)
    taken = tf.gather(taken, ranks, batch_dims=1)  # (B, W) by index of the word
    return tf.gather(taken, tf.minimum(words, length - 1), batch_dims=1) & allowed


def _taken(sizes: TFTensor, counts: TFTensor) -> TFTensor:
    """Takes greedily, from left to right, the sizes that still fit: (B, W) sizes, (B,) counts to (B, W) bool.

    Invariant of the loop: words that are not `possible` are never taken. In each round all possible words before the
    first that does not fit are certain, and words larger than what is then left can never fit. So there are far fewer
    rounds than words.
    """
    possible = sizes > 0

    def certain(possible: TFTensor) -> tuple[TFTensor, TFTensor]:
        filled = tf.cumsum(tf.where(possible, sizes, 0), axis=1)
        taken = possible & (filled <= counts[:, None])
        left = counts - tf.reduce_sum(tf.where(taken, sizes, 0), axis=1)
        return taken, possible & (taken | (sizes <= left[:, None]))

    def undecided(possible: TFTensor) -> TFTensor:
        return tf.reduce_any(possible & ~certain(possible)[0])

    possible = tf.while_loop(undecided, lambda possible: (certain(possible)[1],), (possible,))[0]
    return certain(possible)[0]


def masked(
    token_ids: TFTensor,
    chosen: TFTensor,
    kinds: TFTensor,
    pieces: TFTensor,
    mask_id: int,
    ordinary: TFTensor,
    mask_share: float,
    drawn: float,
) -> TFTensor:
    """Replaces chosen tokens by the mask or by random tokens, or leaves them unchanged.

    Args:
        token_ids: (B, T) int32.
        chosen: (B, T) bool.
        kinds: (B, T) in [0, 1); below `mask_share` the mask, from there for `drawn` a random token.
        pieces: (B, T) in [0, 1), which random token.
        mask_id: id of the mask.
        ordinary: (P,) int32, the ids to draw from.
        mask_share: share of masks.
        drawn: share of random tokens.

    Returns:
        (B, T) int32.
    """
    count = tf.size(ordinary)
    indices = tf.minimum(tf.cast(pieces * tf.cast(count, tf.float32), tf.int32), count - 1)
    replaced = tf.where(kinds < mask_share + drawn, tf.gather(ordinary, indices), token_ids)
    return tf.where(chosen, tf.where(kinds < mask_share, mask_id, replaced), token_ids)


def labels_of(token_ids: TFTensor, chosen: TFTensor, width: int) -> tuple[TFTensor, TFTensor]:
    """Returns the positions of the chosen tokens, in order, and their ids; padded with 0 and -1.

    Args:
        token_ids: (B, T) int32, before masking.
        chosen: (B, T) bool, at most `width` a row.
        width: M.

    Returns:
        `(positions, labels)`, (B, M) int32.
    """
    order = tf.argsort(tf.cast(~chosen, tf.int32), axis=1, stable=True)[:, :width]
    real = tf.sequence_mask(tf.reduce_sum(tf.cast(chosen, tf.int32), axis=1), tf.shape(order)[1])
    found = tf.gather(token_ids, order, batch_dims=1)
    missing = [[0, 0], [0, width - tf.shape(order)[1]]]
    positions = tf.pad(tf.where(real, order, 0), missing)
    return positions, tf.pad(tf.where(real, found, -1), missing, constant_values=-1)
