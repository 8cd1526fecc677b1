"""Masks in the graph, against loops."""

import hypothesis
import hypothesis.strategies as st
import numpy as np

from keras_embed._backend import tf
from keras_embed.preprocessors import masking


def rows_of(seed, batch=4, length=12):
    rng = np.random.default_rng(seed)
    priorities = rng.random((batch, length), np.float32)
    allowed = rng.random((batch, length)) < 0.7
    begins = rng.random((batch, length)) < 0.5
    # Every run of allowed pieces begins with a word.
    begins |= ~np.pad(allowed, [(0, 0), (1, 0)])[:, :-1]
    return priorities, allowed, begins, rng.integers(0, 8, batch).astype("int32")


@hypothesis.given(st.integers(0, 10**6))
def test_the_pieces_of_smallest_priority_are_chosen(seed):
    priorities, allowed, _, counts = rows_of(seed)
    chosen = masking.chosen_pieces(priorities, allowed, counts).numpy()
    for row in range(len(chosen)):
        places = [place for place in np.argsort(priorities[row]) if allowed[row, place]]
        assert sorted(places[: counts[row]]) == np.flatnonzero(chosen[row]).tolist()


@hypothesis.given(st.integers(0, 10**6))
def test_whole_words_are_chosen_as_in_the_published_loop(seed):
    priorities, allowed, begins, counts = rows_of(seed)
    chosen = masking.chosen_words(priorities, allowed, begins, counts).numpy()
    for row in range(len(chosen)):
        words = []
        for place in np.flatnonzero(allowed[row]):
            if begins[row, place]:
                words.append([place])
            else:
                words[-1].append(place)
        words.sort(key=lambda word: priorities[row, word[0]])
        covered = []
        for word in words:
            if len(covered) + len(word) <= counts[row]:
                covered += word
        assert sorted(covered) == np.flatnonzero(chosen[row]).tolist()


def test_rows_without_words_have_no_masks():
    nothing = np.zeros((2, 5), bool)
    priorities = np.zeros((2, 5), "float32")
    assert not masking.chosen_words(priorities, nothing, nothing, np.array([3, 0])).numpy().any()
    positions, labels = masking.labels_of(np.ones((2, 5), "int32"), nothing, 7)
    assert positions.shape == (2, 7) and not positions.numpy().any() and (labels.numpy() == -1).all()


def test_labels_are_what_was_there_in_order():
    ids = np.arange(10, 22, dtype="int32").reshape(2, 6)
    chosen = np.array([[0, 1, 0, 0, 1, 1], [1, 0, 0, 0, 0, 0]], bool)
    positions, labels = masking.labels_of(ids, chosen, 4)
    assert positions.numpy().tolist() == [[1, 4, 5, 0], [0, 0, 0, 0]]
    assert labels.numpy().tolist() == [[11, 14, 15, -1], [16, -1, -1, -1]]


def test_chosen_pieces_are_masked_drawn_or_left():
    ids = np.array([[7, 8, 9, 7, 8]], "int32")
    chosen = np.array([[1, 1, 1, 1, 0]], bool)
    kinds = np.array([[0.0, 0.79, 0.85, 0.95, 0.0]], "float32")
    pieces = np.array([[0.5, 0.5, 0.99, 0.5, 0.5]], "float32")
    seen = masking.masked(ids, chosen, kinds, pieces, 4, tf.constant([5, 6, 7]), 0.8, 0.1)
    assert seen.numpy().tolist() == [[4, 4, 7, 7, 8]]


def test_numbers_belong_to_their_seed_and_not_to_the_batch():
    seeds = np.array([[3, 0], [3, 1], [2**32 - 1, 0]], "int64")
    together = masking.draws(seeds, 6).numpy()
    assert together.shape == (3, 3, 6) and together.min() >= 0 and together.max() < 1
    np.testing.assert_array_equal(masking.draws(seeds[1:2], 6).numpy()[0], together[1])
    assert len(np.unique(together)) == together.size


def test_shares_are_those_asked_for():
    """Of 200,000 pieces: masks, random pieces and pieces that stay, within five standard deviations."""
    ids = np.full((1000, 200), 9, "int32")
    numbers = masking.draws(np.stack([np.full(1000, 5), np.arange(1000)], 1), 200)
    allowed = np.ones(ids.shape, bool)
    chosen = masking.chosen_pieces(numbers[:, 0], allowed, np.full(1000, 30, "int32"))
    seen = masking.masked(ids, chosen, numbers[:, 1], numbers[:, 2], 4, tf.range(10, 110), 0.8, 0.1).numpy()
    picked = seen[chosen.numpy()]
    assert len(picked) == 30_000 and (seen[~chosen.numpy()] == 9).all()
    for share, count in ((0.8, (picked == 4).sum()), (0.1, (picked == 9).sum()), (0.1, (picked >= 10).sum())):
        assert abs(count - 30_000 * share) < 5 * np.sqrt(30_000 * share * (1 - share))
    drawn = np.bincount(picked[picked >= 10] - 10, minlength=100)
    assert ((drawn - drawn.mean()) ** 2 / drawn.mean()).sum() < 99 + 5 * np.sqrt(2 * 99)  # chi square
    by_place = chosen.numpy().sum(0)
    assert ((by_place - 150) ** 2 / (150 * 0.85)).sum() < 199 + 5 * np.sqrt(2 * 199)
