"""Skip-gram and CBOW compared with loops over pairs and with finite differences of the loss."""

import numpy as np
import pytest
from keras import ops

from keras_embed.functional import skipgram

WINDOW, GROUP, NOISE, NEGATIVES, DIM = 2, 4, 3, 5, 3
WORDS = np.array([[7, 1, 2, 3, 2, 4, 1, 0], [5, 6, 5, 1, 0, 0, 0, 0]])  # (B, G + 2c)
SENTENCES = np.array([[0, 0, 0, 0, 0, 1, 1, -1], [4, 4, 4, 4, -1, -1, -1, -1]])
HALVES = np.array([[2, 1, 2, 2], [1, 2, 2, 1]])
NOISE_WORDS = np.array([[1, 8, 2], [5, 5, 9]])


def numpy(*tensors):
    return [ops.convert_to_numpy(tensor).astype("float64") for tensor in tensors]


def contexts(group, center):
    """Returns the positions of a center's context, by word2vec.c's loop."""
    here = WINDOW + center
    if SENTENCES[group, here] < 0:
        return []
    half = HALVES[group, center]
    around = [place for place in range(here - half, here + half + 1) if place != here]
    return [place for place in around if SENTENCES[group, place] == SENTENCES[group, here]]


def test_keep_probability_is_word2vecs():
    """word2vec.c: (sqrt(cn / (sample * train_words)) + 1) * (sample * train_words) / cn."""
    counts, threshold = np.array([600, 300, 99, 1]), 0.01
    scale = threshold * counts.sum()
    expected = [min(1.0, ((count / scale) ** 0.5 + 1) * scale / count) for count in counts]
    np.testing.assert_allclose(skipgram.keep_probability(counts, threshold), expected)
    np.testing.assert_array_equal(skipgram.keep_probability(counts, 0), 1.0)


def test_noise_is_drawn_by_the_power_of_counts():
    expected = np.array([16**0.75, 1.0, 1.0]) / (8 + 2)
    np.testing.assert_allclose(skipgram.noise_probability([16, 1, 1]), expected)


def test_the_learning_rate_falls_in_a_line():
    np.testing.assert_allclose(skipgram.learning_rate(np.array([0.0, 0.25, 1.0]), 0.025, 0.001), [0.025, 0.019, 0.001])


def test_windows_end_at_sentences():
    (pairs,) = numpy(skipgram.window_pairs(HALVES, SENTENCES, WINDOW))
    expected = np.zeros_like(pairs)
    for group in range(2):
        for center in range(GROUP):
            expected[group, center, contexts(group, center)] = 1
    np.testing.assert_array_equal(pairs, expected)
    assert expected.sum() > 10


def test_noise_that_is_the_word_looked_for_is_passed_over():
    pairs = skipgram.window_pairs(HALVES, SENTENCES, WINDOW)
    centers = WORDS[:, WINDOW : WINDOW + GROUP]
    skip, bag = np.zeros((2, 2, GROUP, NOISE))
    for group in range(2):
        for center in range(GROUP):
            places = contexts(group, center)
            for n, word in enumerate(NOISE_WORDS[group]):
                skip[group, center, n] = sum(WORDS[group, place] != word for place in places) * NEGATIVES / NOISE
                bag[group, center, n] = bool(places) * (centers[group, center] != word) * NEGATIVES / NOISE
    given = numpy(
        skipgram.skipgram_noise(pairs, WORDS, NOISE_WORDS, NEGATIVES),
        skipgram.cbow_noise(pairs, centers, NOISE_WORDS, NEGATIVES),
    )
    np.testing.assert_allclose(given, [skip, bag], rtol=1e-6)
    assert (skip == 0).any() and (bag == 0).any()


def test_loss_is_equation_4():
    scores, labels, weights = np.array([2.0, -1.0, 0.5]), np.array([1.0, 0.0, 0.0]), np.array([1.0, 3.0, 0.5])
    (given,) = numpy(skipgram.loss(scores, labels, weights))
    sigmoid = 1 / (1 + np.exp(-scores))
    expected = -np.log(sigmoid[0]) - 3 * np.log(1 - sigmoid[1]) - 0.5 * np.log(1 - sigmoid[2])
    np.testing.assert_allclose(given, expected, rtol=1e-6)


def test_scores_are_of_the_mean_of_real_words():
    rng = np.random.default_rng(1)
    vectors, targets = rng.normal(size=(2, 3, DIM)), rng.normal(size=(2, 4, DIM))
    mask = np.array([[True, False, True], [False, False, False]])
    (given,) = numpy(skipgram.scores(ops.cast(vectors, "float32"), mask, ops.cast(targets, "float32")))
    np.testing.assert_allclose(given[0], targets[0] @ vectors[0, [0, 2]].mean(0), rtol=1e-5)
    np.testing.assert_array_equal(given[1], 0)


def tables(seed=3):
    rng = np.random.default_rng(seed)
    words = rng.normal(size=(2, GROUP + 2 * WINDOW, DIM))
    return words, rng.normal(size=(2, GROUP, DIM)), rng.normal(size=(2, NOISE, DIM))


def differences(function, arrays):
    """Computes the gradient of a function of float64 arrays by central differences."""
    gradients = []
    for array in arrays:
        gradient = np.zeros_like(array)
        for place in np.ndindex(array.shape):
            value = array[place]
            array[place] = value + 1e-5
            above = function(*arrays)
            array[place] = value - 1e-5
            gradient[place] = (above - function(*arrays)) / 2e-5
            array[place] = value
        gradients.append(gradient)
    return gradients


def softplus(x):
    return np.logaddexp(0, x)


def test_skipgram_gradients_are_those_of_the_loss_pair_by_pair():
    words, centers, noise = tables()
    pairs = skipgram.window_pairs(HALVES, SENTENCES, WINDOW)
    weights = skipgram.skipgram_noise(pairs, WORDS, NOISE_WORDS, NEGATIVES)
    (noise_weights,) = numpy(weights)

    def loss(centers, words, noise):
        total = 0.0
        for group in range(2):
            for center, vector in enumerate(centers[group]):
                total += sum(softplus(-vector @ words[group, place]) for place in contexts(group, center))
                total += sum(
                    w * softplus(vector @ n) for w, n in zip(noise_weights[group, center], noise[group], strict=True)
                )
        return total

    targets = np.concatenate([words, noise], axis=1)
    given = numpy(*skipgram.skipgram_gradients(*(ops.cast(x, "float32") for x in (centers, targets)), pairs, weights))
    center_rows, word_rows, noise_rows = differences(loss, [centers, words, noise])
    for ours, expected in zip(given, (center_rows, np.concatenate([word_rows, noise_rows], 1)), strict=True):
        np.testing.assert_allclose(ours, expected, rtol=1e-4, atol=1e-5)


def test_cbow_gives_each_word_the_whole_gradient_of_the_mean():
    words, centers, noise = tables(4)
    pairs = skipgram.window_pairs(HALVES, SENTENCES, WINDOW)
    weights = skipgram.cbow_noise(pairs, WORDS[:, WINDOW : WINDOW + GROUP], NOISE_WORDS, NEGATIVES)
    (noise_weights,) = numpy(weights)
    means = np.zeros((2, GROUP, DIM))
    for group in range(2):
        for center in range(GROUP):
            places = contexts(group, center)
            means[group, center] = words[group, places].mean(0) if places else 0

    def loss(means, centers, noise):
        total = 0.0
        for group in range(2):
            for center in range(GROUP):
                if contexts(group, center):
                    total += softplus(-means[group, center] @ centers[group, center])
                    total += noise_weights[group, center] @ softplus(noise[group] @ means[group, center])
        return total

    mean_rows, center_rows, noise_rows = differences(loss, [means, centers, noise])
    word_rows = np.zeros_like(words)
    for group in range(2):
        for center in range(GROUP):
            word_rows[group, contexts(group, center)] += mean_rows[group, center]
    targets = np.concatenate([centers, noise], axis=1)
    given = numpy(*skipgram.cbow_gradients(*(ops.cast(x, "float32") for x in (words, targets)), pairs, weights))
    for ours, expected in zip(given, (word_rows, np.concatenate([center_rows, noise_rows], 1)), strict=True):
        np.testing.assert_allclose(ours, expected, rtol=1e-4, atol=1e-5)


def test_padding_moves_nothing():
    """A group of only padding."""
    words, centers, noise = tables(5)
    pairs = skipgram.window_pairs(HALVES, -np.ones_like(SENTENCES), WINDOW)
    weights = skipgram.skipgram_noise(pairs, WORDS, NOISE_WORDS, NEGATIVES)
    for function, inputs, others in (
        (skipgram.skipgram_gradients, centers, words),
        (skipgram.cbow_gradients, words, centers),
    ):
        targets = ops.cast(np.concatenate([others, noise], axis=1), "float32")
        for rows in numpy(*function(ops.cast(inputs, "float32"), targets, pairs, weights)):
            np.testing.assert_array_equal(rows, 0)


def test_no_row_moves_more_than_its_bound():
    rng = np.random.default_rng(6)
    weights, places = rng.random((3, 4)), rng.integers(0, 5, (3, 4))
    (rates,) = numpy(skipgram.bounded_rates(0.3, weights.astype("float32"), places.astype("int32"), 6, 0.4))
    for place in range(5):
        total = weights[places == place].sum()
        expected = min(0.3, 0.4 / total) if total else None
        assert all(rate == pytest.approx(expected) for rate in rates[places == place].ravel())
    assert rates.max() == pytest.approx(0.3) and rates.min() < 0.25
