"""Interaction of two texts, compared with loops over every pair of positions, and its laws."""

import attention_oracle as oracle
import numpy as np
from autodiff import gradients
from keras import ops

from keras_embed.functional import text_pairs

RNG = np.random.default_rng(8)
FIRST_MASK = np.array([[1, 1, 1, 1], [1, 1, 0, 0], [1, 1, 1, 0], [0, 0, 0, 0]], bool)  # (B, T)
SECOND_MASK = np.array([[1, 1, 0], [1, 1, 1], [0, 0, 0], [0, 1, 1]], bool)  # (B, S); padding may stand on the left
FIRST = RNG.normal(size=(4, 4, 5)).astype("float32")
SECOND = RNG.normal(size=(4, 3, 5)).astype("float32")
KERNEL = RNG.normal(size=15).astype("float32")


def numpy(x):
    return ops.convert_to_numpy(x)


def assert_close(actual, expected):
    np.testing.assert_allclose(numpy(actual), expected, rtol=1e-5, atol=1e-5)


def trilinear(h, u):
    return KERNEL.astype("float64") @ np.concatenate([h, u, h * u])


def test_soft_alignment():
    to_second, to_first = text_pairs.soft_alignment(FIRST, SECOND, FIRST_MASK, SECOND_MASK)
    scores = oracle.each_score(lambda a, b: a @ b, FIRST, SECOND)
    assert_close(to_second, oracle.contexts(oracle.softmax(scores, SECOND_MASK), SECOND))
    assert_close(to_first, oracle.contexts(oracle.softmax(scores.transpose(0, 2, 1), FIRST_MASK), FIRST))


def test_to_swap_the_texts_swaps_the_answers():
    one = text_pairs.soft_alignment(FIRST, SECOND, FIRST_MASK, SECOND_MASK)
    other = text_pairs.soft_alignment(SECOND, FIRST, SECOND_MASK, FIRST_MASK)
    for x, y in zip(one, reversed(other), strict=True):
        assert_close(x, numpy(y))


def test_trilinear_scores():
    assert_close(text_pairs.trilinear_scores(FIRST, SECOND, KERNEL), oracle.each_score(trilinear, FIRST, SECOND))


def test_attended_query():
    scores = oracle.each_score(trilinear, FIRST, SECOND).astype("float32")
    expected = oracle.contexts(oracle.softmax(scores, SECOND_MASK), SECOND)
    assert_close(text_pairs.attended_query(scores, SECOND, SECOND_MASK), expected)


def test_attended_context():
    scores = oracle.each_score(trilinear, FIRST, SECOND).astype("float32")
    expected = np.zeros((4, 1, 5))
    for b in range(4):
        real, words = np.flatnonzero(FIRST_MASK[b]), np.flatnonzero(SECOND_MASK[b])
        if real.size and words.size:
            best = np.array([max(scores[b, i, j] for j in words) for i in real])
            weights = np.exp(best - best.max()) / np.exp(best - best.max()).sum()
            expected[b, 0] = sum(w * FIRST[b, i] for w, i in zip(weights, real, strict=True))
    assert_close(text_pairs.attended_context(scores, FIRST, FIRST_MASK, SECOND_MASK), expected)


def test_what_stands_at_padding_is_never_read():
    other_first = np.where(FIRST_MASK[..., None], FIRST, 77.0).astype("float32")
    other_second = np.where(SECOND_MASK[..., None], SECOND, -77.0).astype("float32")

    def answers(first, second):
        scores = text_pairs.trilinear_scores(first, second, KERNEL)
        return [
            *text_pairs.soft_alignment(first, second, FIRST_MASK, SECOND_MASK),
            text_pairs.attended_query(scores, second, SECOND_MASK),
            text_pairs.attended_context(scores, first, FIRST_MASK, SECOND_MASK),
        ]

    masks = [FIRST_MASK, SECOND_MASK, FIRST_MASK, np.ones((4, 1), bool)]
    for mask, x, y in zip(masks, answers(FIRST, SECOND), answers(other_first, other_second), strict=True):
        assert_close(numpy(x)[mask], numpy(y)[mask])


def test_half_precision_is_scored_in_single_and_answered_in_half():
    half = [ops.cast(x, "float16") for x in (FIRST, SECOND)]
    scores = text_pairs.trilinear_scores(*half, KERNEL)
    assert numpy(scores).dtype == np.float32
    answers = [*text_pairs.soft_alignment(*half, FIRST_MASK, SECOND_MASK)]
    answers.append(text_pairs.attended_context(scores, half[0], FIRST_MASK, SECOND_MASK))
    assert all(numpy(x).dtype == np.float16 for x in answers)


def test_gradients_are_finite_where_a_text_is_empty():
    def total(first, second):
        scores = text_pairs.trilinear_scores(first, second, KERNEL)
        parts = [
            *text_pairs.soft_alignment(first, second, FIRST_MASK, SECOND_MASK),
            text_pairs.attended_query(scores, second, SECOND_MASK),
            text_pairs.attended_context(scores, first, FIRST_MASK, SECOND_MASK),
        ]
        return sum(ops.sum(ops.square(part)) for part in parts)

    for gradient in gradients(total, [FIRST, SECOND]):
        assert np.isfinite(gradient).all()


def test_compared():
    x, y = FIRST, RNG.normal(size=FIRST.shape).astype("float32")
    assert_close(text_pairs.compared(x, y), np.concatenate([x, y, x - y, x * y], -1))


def test_pair_comparison_is_that_of_conneau_et_al():
    u, v = np.random.default_rng(2).normal(size=(2, 3, 4)).astype("float32")
    expected = [
        [*u[b], *v[b], *(abs(u[b, d] - v[b, d]) for d in range(4)), *(u[b, d] * v[b, d] for d in range(4))]
        for b in range(3)
    ]
    assert_close(text_pairs.pair_comparison(ops.array(u), ops.array(v)), np.array(expected))
