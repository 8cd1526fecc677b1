"""Which pieces a masked language model has to guess, and what it sees in their place."""

from typing import Any

from keras_embed._backend import tf

_NEVER = 2.0  # a priority behind that of every piece that may be chosen


def draws(seeds: Any, length: int) -> Any:
    """Random numbers that each row owes to its own seed, whatever batch it stands in.

    Args:
        seeds: int64 (B, 2).
        length: T.

    Returns:
        float32 (B, 3, T) from 0 to below 1: priorities, kinds of replacement, random pieces.
    """
    spec = tf.TensorSpec([3, length], tf.float32)
    return tf.map_fn(lambda seed: tf.random.stateless_uniform([3, length], seed), seeds, fn_output_signature=spec)


def chosen_pieces(priorities: Any, allowed: Any, counts: Any) -> Any:
    """The pieces of smallest priority.

    Args:
        priorities: (B, T) from 0 to below 1.
        allowed: (B, T) bool.
        counts: (B,) int32, at most how many.

    Returns:
        (B, T) bool.
    """
    order = tf.argsort(tf.where(allowed, priorities, _NEVER), axis=1, stable=True)
    ranks = tf.argsort(order, axis=1, stable=True)
    return (ranks < counts[:, None]) & allowed


def chosen_words(priorities: Any, allowed: Any, begins: Any, counts: Any) -> Any:
    """Whole words, by the priority of their first piece; one that would be too much is passed over.

    Args:
        priorities: (B, T) from 0 to below 1.
        allowed: (B, T) bool.
        begins: (B, T) bool, where a word begins; every run of allowed pieces begins with one.
        counts: (B,) int32, at most how many pieces.

    Returns:
        (B, T) bool.
    """
    length = tf.shape(priorities)[1]
    words = tf.cumsum(tf.cast(begins & allowed, tf.int32), axis=1) - 1  # (B, T) number of each piece's word
    words = tf.where(allowed, words, length)  # all others belong to a word that is none
    rows = tf.range(tf.shape(words)[0])[:, None] * (length + 1)
    flat = tf.reshape(words + rows, [-1])
    total = tf.shape(words)[0] * (length + 1)
    shape = [-1, length + 1]
    sizes = tf.reshape(tf.math.unsorted_segment_sum(tf.ones_like(flat), flat, total), shape)[:, :length]
    firsts = tf.where(begins & allowed, priorities, _NEVER)
    of_words = tf.reshape(tf.math.unsorted_segment_min(tf.reshape(firsts, [-1]), flat, total), shape)[:, :length]
    order = tf.argsort(of_words, axis=1, stable=True)  # words, first to last to be chosen
    taken = _taken(tf.gather(sizes, order, batch_dims=1), counts)
    ranks = tf.argsort(order, axis=1, stable=True)
    taken = tf.gather(taken, ranks, batch_dims=1)  # (B, T) of words by number
    return tf.gather(taken, tf.minimum(words, length - 1), batch_dims=1) & allowed


def _taken(sizes: Any, counts: Any) -> Any:
    """Greedily, from left to right, what still fits. (B, W) sizes, (B,) -> (B, W) bool

    In each round all words up to the first that does not fit are sure; those behind it that are larger than what is
    left can never fit. So the number of rounds is far below that of words.
    """
    possible = sizes > 0

    def sure(possible: Any) -> tuple[Any, Any]:
        filled = tf.cumsum(tf.where(possible, sizes, 0), axis=1)
        taken = possible & (filled <= counts[:, None])
        left = counts - tf.reduce_sum(tf.where(taken, sizes, 0), axis=1)
        return taken, possible & (taken | (sizes <= left[:, None]))

    def undecided(possible: Any) -> Any:
        return tf.reduce_any(possible & ~sure(possible)[0])

    possible = tf.while_loop(undecided, lambda possible: (sure(possible)[1],), (possible,))[0]
    return sure(possible)[0]


def masked(
    token_ids: Any, chosen: Any, kinds: Any, pieces: Any, mask_id: int, ordinary: Any, mask_share: float, drawn: float
) -> Any:
    """What stands for the chosen pieces: the mask, a random piece, or what was there.

    Args:
        token_ids: (B, T) int32.
        chosen: (B, T) bool.
        kinds: (B, T) from 0 to below 1; below `mask_share` the mask, from there for `drawn` a random piece.
        pieces: (B, T) from 0 to below 1, which random piece.
        mask_id: of the mask.
        ordinary: (P,) int32, the pieces to draw from.
        mask_share: share of masks.
        drawn: share of random pieces.

    Returns:
        (B, T) int32.
    """
    count = tf.size(ordinary)
    places = tf.minimum(tf.cast(pieces * tf.cast(count, tf.float32), tf.int32), count - 1)
    by_chance = tf.where(kinds < mask_share + drawn, tf.gather(ordinary, places), token_ids)
    return tf.where(chosen, tf.where(kinds < mask_share, mask_id, by_chance), token_ids)


def labels_of(token_ids: Any, chosen: Any, width: int) -> tuple[Any, Any]:
    """Where the chosen pieces stand, in order, and what they were; the rest is filled up with 0 and with -1.

    Args:
        token_ids: (B, T) int32, as they were.
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
