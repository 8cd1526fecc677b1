import keras
import numpy as np
import pytest
from keras import ops

from keras_embed.functional import sampled_softmax

RNG = np.random.default_rng(5)
V, P, N, S = 12, 3, 5, 4
HIDDEN, KERNEL = RNG.normal(size=(N, P)).astype("float32"), RNG.normal(size=(V, P)).astype("float32")
BIAS = RNG.normal(size=V).astype("float32")
TARGETS = np.array([0, 3, 11, 3, 7], "int32")


def to_numpy(x):
    return ops.convert_to_numpy(x)


def brute_force(candidates, target_logs, candidate_logs):
    losses = []
    for n, target in enumerate(TARGETS):
        own = HIDDEN[n] @ KERNEL[target] + BIAS[target] - target_logs[n]
        others = [
            HIDDEN[n] @ KERNEL[k] + BIAS[k] - log
            for k, log in zip(candidates, candidate_logs, strict=True)
            if k != target
        ]
        losses.append(np.log(np.sum(np.exp([own, *others]))) - own)
    return losses


def test_sampled_loss_is_the_brute_force():
    candidates = np.array([3, 1, 8, 0], "int32")
    target_logs, candidate_logs = RNG.normal(size=N).astype("float32"), RNG.normal(size=S).astype("float32")
    loss = sampled_softmax.sampled_cross_entropy(HIDDEN, TARGETS, candidates, KERNEL, BIAS, target_logs, candidate_logs)
    np.testing.assert_allclose(to_numpy(loss), brute_force(candidates, target_logs, candidate_logs), rtol=2e-5)


def test_with_every_word_sampled_and_no_correction_it_is_the_full_softmax():
    loss = sampled_softmax.sampled_cross_entropy(
        HIDDEN, TARGETS, np.arange(V, dtype="int32"), KERNEL, BIAS, np.zeros(N), np.zeros(V)
    )
    full = sampled_softmax.full_cross_entropy(HIDDEN, TARGETS, KERNEL, BIAS)
    np.testing.assert_allclose(to_numpy(loss), to_numpy(full), rtol=1e-5)


def test_full_loss_is_keras_own():
    expected = keras.losses.sparse_categorical_crossentropy(TARGETS, HIDDEN @ KERNEL.T + BIAS, from_logits=True)
    loss = sampled_softmax.full_cross_entropy(HIDDEN, TARGETS, KERNEL, BIAS)
    np.testing.assert_allclose(to_numpy(loss), to_numpy(expected), rtol=1e-5)


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_log_uniform_probabilities_sum_to_one_and_are_zipfian(size):
    p = sampled_softmax.log_uniform_probability(np.arange(size), size)
    np.testing.assert_allclose(p.sum(), 1.0, rtol=1e-12)
    k = np.arange(size)
    np.testing.assert_allclose(p, (np.log(k + 2) - np.log(k + 1)) / np.log(size + 1))


def test_expected_counts_are_tensorflows():
    """TensorFlow's sampler reports the expected counts of words and targets for one number of draws, by the same P."""
    tf = pytest.importorskip("tensorflow")
    targets = np.array([[0, 5, 77]])
    words, target_counts, counts = tf.random.log_uniform_candidate_sampler(targets, 3, 20, True, 300, seed=1)
    words, target_counts, counts = (x.numpy().ravel() for x in (words, target_counts, counts))
    p = sampled_softmax.log_uniform_probability(words, 300)
    draws = np.log1p(-counts.astype("float64")) / np.log1p(-p)
    np.testing.assert_allclose(draws, round(np.median(draws)), rtol=1e-3)
    draws = round(np.median(draws))
    np.testing.assert_allclose(sampled_softmax.expected_count(p, draws), counts, rtol=1e-4)
    logs = sampled_softmax.log_expected_count(targets[0], draws, 300)
    np.testing.assert_allclose(np.exp(logs), target_counts, rtol=1e-4)


def test_candidates_are_different_and_about_as_frequent_as_expected():
    """The number of draws is random, so 1 - (1 - p)^draws is only approximate (here and in TensorFlow)."""
    generator = np.random.default_rng(0)
    seen, expected = np.zeros(400), np.zeros(400)
    p = sampled_softmax.log_uniform_probability(np.arange(400), 400)
    for _ in range(3000):
        words, draws = sampled_softmax.log_uniform_candidates(generator, 20, 400)
        assert len(set(words.tolist())) == 20 and words.dtype == np.int32
        seen[words] += 1
        expected += sampled_softmax.expected_count(p, draws)
    np.testing.assert_allclose(seen[:30], expected[:30], rtol=0.2)
    np.testing.assert_allclose(seen[30:].sum(), expected[30:].sum(), rtol=0.1)


def test_candidates_come_one_after_the_other_without_replacement():
    """The first word is log-uniform; the draws stop at the last new word."""
    generator = np.random.default_rng(1)
    drawn = [sampled_softmax.log_uniform_candidates(generator, 2, 5) for _ in range(20000)]
    p = sampled_softmax.log_uniform_probability(np.arange(5), 5)
    first = np.bincount([words[0] for words, _ in drawn], minlength=5) / len(drawn)
    np.testing.assert_allclose(first, p, atol=0.015)
    # The second word differs from the first with probability 1 - sum p^2 at the second draw.
    np.testing.assert_allclose(np.mean([draws == 2 for _, draws in drawn]), 1 - np.sum(p**2), atol=0.015)


def test_all_words_can_be_drawn():
    words, draws = sampled_softmax.log_uniform_candidates(np.random.default_rng(0), 300, 300)
    assert sorted(words.tolist()) == list(range(300)) and draws > 300
    assert sampled_softmax.log_expected_count(0, 1, 1) == 0.0


@pytest.mark.parametrize("count", [0, 6])
def test_more_words_than_there_are(count):
    with pytest.raises(ValueError, match="Expected 1 to 5 sampled words"):
        sampled_softmax.log_uniform_candidates(np.random.default_rng(0), count, 5)


def test_the_correction_makes_the_normaliser_right():
    """The mean over many samples of sum exp(logit - log E) approximates the sum over the whole vocabulary."""
    generator = np.random.default_rng(2)
    exponentials = np.exp(np.random.default_rng(3).normal(size=400))
    total = 0.0
    for _ in range(2000):
        words, draws = sampled_softmax.log_uniform_candidates(generator, 20, 400)
        logs = sampled_softmax.log_expected_count(words, draws, 400)
        total += np.sum(exponentials[words] * np.exp(-logs))
    np.testing.assert_allclose(total / 2000, exponentials.sum(), rtol=0.06)
