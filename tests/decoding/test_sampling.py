"""Samples against exact probabilities, and the best continuations against a sort."""

import numpy as np
import pytest
from keras import ops
from search_oracles import END, START, log_probabilities, log_softmax, trigram_state, trigram_step

from keras_embed._backend import compiled, largest
from keras_embed._backend.beams import exporting
from keras_embed.decoding import Sampling, decode, replace_unknown_ids, replace_unknown_words
from keras_embed.decoding._search import BASE, best_continuations

RNG = np.random.default_rng(13)
SAMPLES, VOCABULARY = 400, 5
LOGITS = (1.5 * RNG.normal(size=(1, *[VOCABULARY] * 3))).astype("float32")


def draw(how, rows=50, length=3):
    @compiled()
    def run(logits, start_ids):
        step, state = trigram_step(ops.tile(logits, (rows, 1, 1, 1))), trigram_state(rows, how.width)
        return decode(step, state, start_ids, length, END, search=how)

    found = run(LOGITS, np.full(rows, START))
    return {name: ops.convert_to_numpy(x).reshape(rows * how.width, *x.shape[2:]) for name, x in found.items()}


def distribution(how, tokens):
    """The exact probabilities of the next token, filtered as the docstring says."""
    p = np.exp(log_softmax(log_probabilities(LOGITS[0], tokens) / how.temperature))
    order = np.argsort(-p, kind="stable")[: how.top_k]
    kept = p[order] / p[order].sum()
    kept = np.where(np.cumsum(kept) - kept < how.top_p, kept, 0)
    p = np.zeros_like(p)
    p[order] = kept / kept.sum()
    return p


@pytest.mark.parametrize(
    "how",
    [
        Sampling(num_samples=SAMPLES, seed=1),
        Sampling(0.6, top_k=3, num_samples=SAMPLES, seed=2),
        Sampling(1.7, top_p=0.8, num_samples=SAMPLES, seed=3),
        Sampling(1.2, top_k=4, top_p=0.7, num_samples=SAMPLES, seed=4),
    ],
    ids=["all", "top-k", "top-p", "both"],
)
def test_samples_follow_the_exact_distribution(how):
    found = draw(how)
    counts = {}
    for tokens, length in zip(found["token_ids"], found["lengths"], strict=True):
        for t in range(length):
            before = tuple(tokens[:t])
            counts.setdefault(before, np.zeros(VOCABULARY))[tokens[t]] += 1
    for before, observed in counts.items():
        p = distribution(how, before)
        assert not observed[p == 0].any(), "a token outside of the head"
        if (expected := p * observed.sum())[p > 0].min() > 5:
            chi_square = (((observed - expected) ** 2)[p > 0] / expected[p > 0]).sum()
            assert chi_square < 25, (before, observed, expected)  # 4 degrees of freedom: once in 20 000


def test_log_probabilities_are_the_models_own():
    found = draw(Sampling(0.5, top_k=2, seed=5))
    for tokens, length, value in zip(found["token_ids"], found["lengths"], found["log_probabilities"], strict=True):
        exact = sum(log_probabilities(LOGITS[0], tokens[:t])[tokens[t]] for t in range(length))
        np.testing.assert_allclose(value, exact, rtol=1e-4)


@pytest.mark.parametrize(("beams", "vocabulary", "k"), [(3, 640, 6), (1, 1009, 1), (2, 1009, 5), (4, 7, 28)])
def test_best_continuations_are_what_a_sort_finds(beams, vocabulary, k):
    scores = np.round(RNG.normal(size=(4, beams, vocabulary)), 1).astype("float32")  # with equals
    live = RNG.integers(-2, 1, (4, beams)).astype("float32")
    flat = (scores + live[..., None]).reshape(4, -1)
    order = np.argsort(-flat, axis=-1, kind="stable")[:, :k]
    values, codes = map(
        ops.convert_to_numpy, best_continuations(ops.convert_to_tensor(scores), k, ops.convert_to_tensor(live))
    )
    places = codes // BASE * vocabulary + codes % BASE
    np.testing.assert_allclose(values, np.take_along_axis(flat, order, -1), rtol=1e-5)
    np.testing.assert_allclose(values, np.take_along_axis(flat, places, -1), rtol=1e-5)
    assert all(len(set(row)) == k for row in places.tolist())
    if k == 1:
        np.testing.assert_array_equal(places, order)


@pytest.mark.parametrize("k", [3, 20])
def test_the_largest_are_the_same_while_exporting(k):
    x = ops.convert_to_tensor(RNG.normal(size=(5, 30)).astype("float32"))
    with exporting():
        exported = largest(x, k)
    for one, other in zip(exported, largest(x, k), strict=True):
        np.testing.assert_array_equal(ops.convert_to_numpy(one), ops.convert_to_numpy(other))


def test_unknown_words_are_taken_from_where_attention_was():
    alignments = np.array([[[[0.1, 0.9, 0.0], [0.6, 0.3, 0.1]]], [[[0.2, 0.2, 0.6], [0.0, 0.0, 0.0]]]], "float32")
    found = replace_unknown_ids(np.array([[[1, 7]], [[1, 0]]]), alignments, np.array([[4, 5, 6], [7, 8, 9]]))
    assert ops.convert_to_numpy(found).tolist() == [[[5, 7]], [[9, 0]]]
    assert replace_unknown_words(["<unk>", "b", "<unk>"], alignments[0, 0], ["x", "y"]) == ["y", "b", "<unk>"]
    assert replace_unknown_words(["<unk>"], [[]], []) == ["<unk>"]
