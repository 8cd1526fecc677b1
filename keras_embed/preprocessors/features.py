"""Features shared by several preprocessors: windows of subwords, and the choice of the features that a model reads."""

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from keras_embed._backend import tf
from keras_embed._backend.ragged import bucket_length, dense
from keras_embed._errors import message
from keras_embed._types import Features, Shape, Tensor, TFTensor
from keras_embed.tokenizers.encoder_tokenizer import EncoderTokenizer
from keras_embed.tokenizers.segments import counts_before

#: Prefix of the features that an encoder reads of each window.
PREFIX = "window_"
#: Numbers of windows that batches are padded to: few, for compilers that build one program for each shape.
_WINDOW_COUNTS = (1, 2, 4, 8, 16)


def pick(features: Features, names: Iterable[str] | Mapping[str, Tensor]) -> Features:
    """Returns the features that a model reads, and no others.

    A Functional model that is given one feature too many pairs features by position, without an error.

    Args:
        features: of a preprocessor.
        names: names of the model's inputs; or the inputs by name, whose widths are compared too.

    Raises:
        ValueError: If a feature is missing or has another width.
    """
    names = names if isinstance(names, Mapping) else tuple(names)
    missing = [name for name in names if name not in features]
    if missing:
        raise ValueError(
            message(
                f"a preprocessor that makes the features {sorted(names)}, which the backbone reads",
                f"one that makes {sorted(features)}",
                "a WordFeaturizer for `token_ids`, a TfidfVectorization for `term_ids`, `elmo_characters` and "
                "`elmo_vocabulary` in the WordFeaturizer for `elmo_word_ids` and `elmo_cache_ids`",
            )
        )
    found = {name: features[name] for name in names}
    if isinstance(names, Mapping):
        for name, tensor in names.items():
            _check_width(name, found[name].shape, tensor.shape)
    return found


def _check_width(name: str, made: Shape, read: Shape) -> None:
    """Raises `ValueError` if widths differ: ELMo would read characters in rows of another length as other words."""
    if len(made) == len(read) and None not in (made[-1], read[-1]) and made[-1] != read[-1]:
        raise ValueError(
            message(
                f"a preprocessor that makes the feature `{name}` {read[-1]} wide, as the backbone reads it",
                f"one that makes it {made[-1]} wide",
                f"from_corpus(..., elmo_characters=ElmoCharacters(max_characters={read[-1]}))",
            )
        )


def bracketed(ids: TFTensor, start: int | None = None, end: int | None = None) -> TFTensor:
    """Adds a start id before, or an end id after, each row of ragged ids."""
    rows = ids.nrows()
    parts = [ids]
    for special, index in ((start, 0), (end, 1)):
        if special is not None:
            column = tf.RaggedTensor.from_row_lengths(tf.fill([rows], special), tf.ones([rows], tf.int64))
            parts.insert(index, column)
    return tf.concat(parts, axis=1)


def id_rows(ids: TFTensor) -> list[NDArray[np.int32]]:
    """Returns the rows of a ragged tensor as arrays."""
    return np.split(ids.flat_values.numpy(), ids.row_splits.numpy()[1:-1])


def word_windows(tokenizer: EncoderTokenizer, tokens: TFTensor, names: Iterable[str] | None = None) -> Features:
    """Computes features of sentences of any length for an encoder with a maximum length; TensorFlow graph code.

    A sentence that is longer than the maximum is cut into windows, each of which starts half a window after the one
    before. A word is read from the window whose middle is nearest to its first subword. So every word has at least a
    quarter of a window of context on either side, where the sentence goes on, and no word is lost.

    Args:
        tokenizer: tokenizer of the encoder; a window has `tokenizer.max_length` positions, special tokens included.
        tokens: ragged strings (B, W).
        names: names of the features to compute; `None` for all.

    Returns:
        dict, with N the largest number of windows of a sentence, rounded up, T the bucket of the longest window and W
        that of the most words:
            `window_token_ids` (B, N, T) int32, `window_padding_mask` (B, N, T) bool and `window_segment_ids` (B, N, T)
            int32; windows beyond those of a sentence hold special tokens alone.
            `word_positions` (B, W) int32: index of each word's first subword among the N * T positions of its sentence;
            `word_mask` (B, W) bool, True = a word.

    Raises:
        ValueError: If the windows of the tokenizer have no room for a subword.
    """
    names = None if names is None else set(names)
    start = 0 if tokenizer.start_id is None else 1
    room = tokenizer.max_length - start - 1
    if room < 1:
        received = f"max_length={tokenizer.max_length}"
        raise ValueError(message("a tokenizer with room for special tokens and subwords", received))
    step = (room + 1) // 2
    subwords = tokenizer.subword_ids(tokens)  # (B, W, P)
    rows, counts = _windows(subwords.merge_dims(1, 2), room, step)  # (B * N, None), (B,)
    wanted = None if names is None else [name.removeprefix(PREFIX) for name in names if name.startswith(PREFIX)]
    packed = tokenizer.pack([rows], names=None if wanted is None else [*wanted, "padding_mask"])
    time = tf.shape(packed["padding_mask"])[1]
    shape = tf.stack([tf.cast(tokens.nrows(), tf.int32), _largest(counts), time])  # B, N, T
    found = {PREFIX + name: tf.reshape(value, shape) for name, value in packed.items()}

    # Window n covers the subwords n * step to n * step + room. The middle nearest to subword s is that of
    # n = round((s - room / 2) / step), clipped to the windows of the sentence.
    before = counts_before(subwords.row_lengths(axis=2)).flat_values  # subwords before each word
    last = tf.gather(counts, tokens.value_rowids()) - 1
    window = tf.clip_by_value((2 * before - room + step) // (2 * step), 0, last)
    positions = window * tf.cast(time, tf.int64) + start + before - window * step
    width = bucket_length(tokens.bounding_shape(axis=1), tokenizer.bucket_lengths)
    found["word_positions"] = dense(tokens.with_flat_values(tf.cast(positions, tf.int32)), width)
    found["word_mask"] = tf.sequence_mask(tokens.row_lengths(), width)
    return found if names is None else {name: value for name, value in found.items() if name in names}


def _windows(subwords: TFTensor, room: int, step: int) -> tuple[TFTensor, TFTensor]:
    """Cuts subwords, ragged (B, L), into windows, ragged (B * N, None); also returns their numbers, (B,)."""
    lengths = subwords.row_lengths()
    counts = 1 + tf.maximum(lengths - room + step - 1, 0) // step
    index = tf.range(tf.cast(_largest(counts), tf.int64))  # (N,)
    real = index[None] < counts[:, None]  # (B, N)
    first = tf.where(real, index[None] * step, lengths[:, None])  # windows that are not real are empty
    limit = tf.minimum(first + room, lengths[:, None])
    shift = subwords.row_starts()[:, None]
    flat = tf.ragged.range(tf.reshape(first + shift, [-1]), tf.reshape(limit + shift, [-1]))
    return flat.with_flat_values(tf.gather(subwords.flat_values, flat.flat_values)), counts


def _largest(counts: TFTensor) -> TFTensor:
    """Returns the largest number of windows, rounded up to one of few."""
    return tf.cast(bucket_length(tf.reduce_max(tf.concat([counts, [1]], axis=0)), _WINDOW_COUNTS), tf.int32)
