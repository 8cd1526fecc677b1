"""Sentences cut into windows of pieces: against counting by hand."""

import numpy as np
import pytest

from keras_embed._backend import tf
from keras_embed.preprocessors.features import word_windows
from keras_embed.tokenizers import EncoderTokenizer

WORDS = ["dogma", "of", "dogs", "doggedly", "it", "is"]


def made(max_length):
    texts = ["dogma of dogs it is", "doggedly dog it is of"] * 3
    return EncoderTokenizer.train(texts, 26, max_length=max_length, bucket_lengths=(4, 8, 16, 32))


def sentences(lengths):
    rng = np.random.default_rng(4)
    return [[WORDS[k] for k in rng.integers(0, len(WORDS), length)] for length in lengths]


@pytest.mark.parametrize("max_length", [3, 4, 7, 12, 32])
def test_every_word_stands_where_it_is_said_to_with_a_quarter_of_a_window_around_it(max_length):
    tokenizer = made(max_length)
    words = sentences([0, 1, 2, 5, 9, 14])
    features = {name: value.numpy() for name, value in word_windows(tokenizer, tf.ragged.constant(words)).items()}
    ids, mask = features["window_token_ids"], features["window_padding_mask"]
    batch, number, time = ids.shape
    room = max_length - 2
    assert time <= max_length and number in (1, 2, 4, 8, 16, 32, 48, 64)
    for row, sentence in enumerate(tokenizer.subword_ids(tf.ragged.constant([*words, ["it"]])).to_list()[:-1]):
        flat = [piece for word in sentence for piece in word]
        assert features["word_mask"][row].tolist() == [k < len(sentence) for k in range(features["word_mask"].shape[1])]
        found = []
        for window in range(number):
            row_ids = ids[row, window][mask[row, window]].tolist()
            assert row_ids[0] == tokenizer.start_id and row_ids[-1] == tokenizer.end_id
            found.append(row_ids[1:-1])
            assert len(row_ids) <= max_length
        # Each window begins half a window behind the last, until one reaches the end; the others are empty.
        step = (room + 1) // 2
        count = 1
        while (count - 1) * step + room < len(flat):
            count += 1
        assert found == [flat[k * step : k * step + room] if k < count else [] for k in range(number)]
        offset = 0
        for place, pieces in enumerate(sentence):
            window, position = divmod(int(features["word_positions"][row, place]), time)
            assert ids[row, window, position] == pieces[0] == flat[offset]
            assert window * step + position - 1 == offset
            left, right = position - 1, len(found[window]) - position
            assert left >= min(offset, room // 4) and right >= min(len(flat) - offset - 1, room // 4 - 1)
            offset += len(pieces)


def test_only_what_is_asked_for_is_made():
    tokens = tf.ragged.constant(sentences([3]))
    assert set(word_windows(made(8), tokens, ["window_token_ids", "word_mask"])) == {"window_token_ids", "word_mask"}
    assert {value.dtype.name for value in word_windows(made(8), tokens).values()} == {"int32", "bool"}


def test_without_room_for_a_piece_it_says_so():
    with pytest.raises(ValueError, match="room for special tokens and subwords. Received: max_length=2"):
        word_windows(made(2), tf.ragged.constant(sentences([3])))
