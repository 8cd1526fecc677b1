"""The linear chain compared with enumeration of all paths and float64 finite differences, and its laws."""

import numpy as np
import pytest
from autodiff import gradients
from hypothesis import given
from hypothesis import strategies as st
from keras import ops
from oracles import Paths

from keras_embed.functional import linear_chain
from keras_embed.functional.linear_chain import FORBIDDEN, LinearChain

BATCH, TIME, TAGS = 8, 5, 3


def tensors(emissions, mask, transitions, start, end):
    floats = [ops.convert_to_tensor(np.asarray(x, "float32")) for x in (emissions, transitions, start, end)]
    return LinearChain(floats[0], ops.convert_to_tensor(np.asarray(mask)), *floats[1:])


@pytest.fixture(scope="module")
def scores():
    """Returns masks of every kind: full, right and left padding, holes, a single token, none at all."""
    rng = np.random.default_rng(3)
    mask = rng.random((BATCH, TIME)) < 0.7
    mask[:7] = [
        [1, 1, 1, 1, 1],
        [1, 1, 1, 0, 0],
        [0, 0, 1, 1, 1],
        [1, 0, 1, 0, 1],
        [1, 0, 0, 0, 0],
        [0] * 5,
        [0, 0, 1, 0, 0],
    ]
    emissions = 3 * rng.normal(size=(BATCH, TIME, TAGS))
    return emissions, mask, 2 * rng.normal(size=(TAGS, TAGS)), rng.normal(size=TAGS), rng.normal(size=TAGS)


@pytest.fixture(scope="module")
def chain(scores):
    """Packs and unpacks a chain, so that every test has the input of a decoder."""
    return linear_chain.unpack(linear_chain.pack(tensors(*scores)))


@pytest.fixture(scope="module")
def oracles(scores):
    emissions, mask, *table = scores
    return [Paths(emissions[b], mask[b], *table) for b in range(BATCH)]


def close(actual, expected, tolerance=1e-4):
    np.testing.assert_allclose(ops.convert_to_numpy(actual), expected, rtol=tolerance, atol=tolerance)


def test_pack_and_unpack_are_inverse(scores, chain):
    emissions, mask, transitions, start, end = scores
    close(chain.emissions, np.where(mask[..., None], emissions, 0), 1e-6)
    np.testing.assert_array_equal(ops.convert_to_numpy(chain.mask), mask)
    close(chain.transitions, transitions, 1e-6)
    close(chain.start, start, 1e-6)
    close(chain.end, end, 1e-6)


def test_posterior_is_that_of_all_paths(chain, oracles):
    posterior = linear_chain.posterior(chain)
    close(posterior.log_partition, [oracle.log_partition for oracle in oracles])
    close(posterior.unary, [oracle.marginals() for oracle in oracles], 1e-5)
    for b, oracle in enumerate(oracles):
        pairs, first, last = oracle.counts()
        close(posterior.transitions[b], pairs, 1e-5)
        close(posterior.start[b], first, 1e-5)
        close(posterior.end[b], last, 1e-5)


def test_entropy_is_that_of_all_paths(chain, oracles):
    close(linear_chain.entropy(chain), [oracle.entropy() for oracle in oracles], 1e-3)


@pytest.mark.parametrize("unknown", [0.0, 0.4, 1.0])
def test_likelihood_sums_over_paths_that_agree_with_the_labels(scores, chain, oracles, unknown):
    rng = np.random.default_rng(5)
    labels = np.where(rng.random((BATCH, TIME)) < unknown, -1, rng.integers(0, TAGS, (BATCH, TIME)))
    labels = np.where(scores[1], labels, -1)
    loss = linear_chain.negative_log_likelihood(chain, ops.convert_to_tensor(labels.astype("int32")))
    close(loss, [oracle.negative_log_likelihood(row) for oracle, row in zip(oracles, labels, strict=True)], 1e-3)


def test_viterbi_and_k_best_are_the_best_of_all_paths(chain, oracles):
    k = 4
    tags, score = map(ops.convert_to_numpy, linear_chain.viterbi(chain))
    many, many_scores = map(ops.convert_to_numpy, linear_chain.k_best(chain, k))
    mask = ops.convert_to_numpy(chain.mask)
    assert (tags[~mask] == 0).all()
    for b, oracle in enumerate(oracles):
        ranked = oracle.ranked()[:k]
        assert tuple(tags[b][oracle.positions]) == ranked[0][1]
        close(score[b], ranked[0][0])
        assert [tuple(row[oracle.positions]) for row in many[b, : len(ranked)]] == [path for _, path in ranked]
        close(many_scores[b, : len(ranked)], [s for s, _ in ranked])
        assert np.isneginf(many_scores[b, len(ranked) :]).all()


def test_path_posteriors_are_conditionals_of_all_paths(chain, oracles):
    tags, _ = linear_chain.viterbi(chain)
    probabilities, successors = linear_chain.path_posteriors(chain, tags)
    tags = ops.convert_to_numpy(tags)
    for b, oracle in enumerate(oracles):
        marginals = oracle.marginals()
        close(probabilities[b], [marginals[t, tags[b, t]] for t in range(TIME)], 1e-4)
        close(successors[b], oracle.successors(tags[b]), 1e-4)


def test_samples_have_the_marginals(chain, oracles):
    samples = ops.convert_to_numpy(linear_chain.sample(chain, 2000, seed=11))
    assert samples.shape == (BATCH, 2000, TIME)
    for b, oracle in enumerate(oracles):
        frequency = np.stack([(samples[b] == k).mean(axis=0) for k in range(TAGS)], axis=-1)
        np.testing.assert_allclose(frequency[oracle.positions], oracle.marginals()[oracle.positions], atol=0.05)


def test_forbidden_transitions_get_no_mass_and_are_never_decoded(scores):
    emissions, mask, transitions, start, end = scores
    transitions = np.where(np.eye(TAGS, dtype=bool), FORBIDDEN, transitions)
    start = np.array([FORBIDDEN, 0.0, 0.0])
    chain = tensors(emissions, np.ones_like(mask), transitions, start, end)
    posterior = linear_chain.posterior(chain)
    assert float(ops.max(ops.diagonal(ops.sum(posterior.transitions, axis=0)))) == 0.0
    assert float(ops.max(posterior.unary[:, 0, 0])) == 0.0
    for b in range(BATCH):
        close(posterior.log_partition[b], Paths(emissions[b], [True] * TIME, transitions, start, end).log_partition)
    tags = ops.convert_to_numpy(linear_chain.viterbi(chain)[0])
    assert (tags[:, 1:] != tags[:, :-1]).all()
    assert (tags[:, 0] != 0).all()


def test_what_scaled_space_would_lose_is_computed_in_log_space():
    # Tag 0 leads by 200 nats, can only stay, and then loses by 300: float32 alone would flush the one good path.
    emissions = np.zeros((1, 4, 2))
    emissions[0, :, 0] = [200, 0, -300, 0]
    transitions = np.array([[0.0, FORBIDDEN], [0.0, 0.0]])
    chain = tensors(emissions, np.ones((1, 4), bool), transitions, [0, 0], [0, 0])
    oracle = Paths(emissions[0], [True] * 4, transitions, np.zeros(2), np.zeros(2))
    posterior = linear_chain.posterior(chain)
    close(posterior.log_partition, [oracle.log_partition])
    close(posterior.unary, [oracle.marginals()])


def test_a_gold_path_that_breaks_a_constraint_costs_much_but_not_infinity(scores):
    emissions, mask, transitions, start, end = scores
    chain = tensors(emissions, np.ones_like(mask), np.full_like(transitions, FORBIDDEN), start, end)
    loss = ops.convert_to_numpy(linear_chain.negative_log_likelihood(chain, ops.zeros((BATCH, TIME), "int32")))
    assert np.isfinite(loss).all()


def float64_gradient(emissions, mask, tags, transitions, start, end):
    """Computes expected minus observed counts by forward-backward in float64 log space; right padding only."""
    batch, time, num_tags = emissions.shape
    d_emissions, d_pairs = np.zeros_like(emissions), np.zeros_like(transitions)
    for b in range(batch):
        n = int(mask[b].sum())
        x = emissions[b, :n]
        forward, backward = np.zeros((n, num_tags)), np.zeros((n, num_tags))
        forward[0], backward[-1] = start + x[0], end
        for t in range(1, n):
            forward[t] = np.logaddexp.reduce(forward[t - 1][:, None] + transitions, axis=0) + x[t]
        for t in range(n - 2, -1, -1):
            backward[t] = np.logaddexp.reduce(transitions + x[t + 1] + backward[t + 1], axis=1)
        total = np.logaddexp.reduce(forward[-1] + end)
        d_emissions[b, :n] = np.exp(forward + backward - total) - np.eye(num_tags)[tags[b, :n]]
        for t in range(1, n):
            pairs = forward[t - 1][:, None] + transitions + x[t] + backward[t] - total
            d_pairs += np.exp(pairs)
            d_pairs[tags[b, t - 1], tags[b, t]] -= 1
    return d_emissions, d_pairs


def test_gradient_at_512_steps_is_exact_to_a_millionth():
    rng = np.random.default_rng(0)
    batch, time, num_tags = 2, 512, 9
    emissions = (2 * rng.normal(size=(batch, time, num_tags))).astype("float32")
    table = [rng.normal(size=shape).astype("float32") for shape in ((num_tags, num_tags), (num_tags,), (num_tags,))]
    mask = np.arange(time) < np.array([[time], [300]])
    tags = rng.integers(0, num_tags, (batch, time))
    mask_tensor, tag_tensor = ops.convert_to_tensor(mask), ops.convert_to_tensor(tags.astype("int32"))

    def loss(emissions, *table):
        chain = LinearChain(emissions, mask_tensor, *table)
        return ops.sum(linear_chain.negative_log_likelihood(chain, tag_tensor))

    actual = gradients(loss, [emissions, *table])
    expected = float64_gradient(emissions.astype("float64"), mask, tags, *(part.astype("float64") for part in table))
    for a, e in zip(actual, expected, strict=False):
        assert np.linalg.norm(a - e) / np.linalg.norm(e) < 1e-6


def test_gradients_are_differences_of_the_value(scores):
    emissions, mask, *table = (np.asarray(x, "float32") for x in scores)
    mask_tensor = ops.convert_to_tensor(mask.astype(bool))
    labels = ops.convert_to_tensor(np.random.default_rng(1).integers(-1, TAGS, (BATCH, TIME)).astype("int32"))

    def value(emissions, *table):
        chain = LinearChain(emissions, mask_tensor, *table)
        return ops.sum(
            linear_chain.negative_log_likelihood(chain, labels)
            + 0.5 * linear_chain.log_partition(chain)
            + 0.25 * linear_chain.path_score(chain, ops.maximum(labels, 0))
        )

    actual = gradients(value, [emissions, *table])
    rng, step = np.random.default_rng(2), 1e-2
    for place, array in enumerate([emissions, *table]):
        direction = rng.normal(size=array.shape).astype("float32")
        moved = [
            [x + sign * step * direction if i == place else x for i, x in enumerate([emissions, *table])]
            for sign in (1, -1)
        ]
        high, low = (float(value(*map(ops.convert_to_tensor, arrays))) for arrays in moved)
        np.testing.assert_allclose(np.sum(actual[place] * direction), (high - low) / (2 * step), rtol=2e-2, atol=2e-2)


@given(st.integers(0, 10_000))
def test_laws(seed):
    rng = np.random.default_rng(seed)
    emissions = 4 * rng.normal(size=(2, 4, 3))
    mask = rng.random((2, 4)) < 0.7
    table = [rng.normal(size=shape) for shape in ((3, 3), (3,), (3,))]
    chain = tensors(emissions, mask, *table)
    tags, best = linear_chain.viterbi(chain)
    posterior = linear_chain.posterior(chain)
    total = ops.convert_to_numpy(posterior.log_partition)
    assert (total >= ops.convert_to_numpy(best) - 1e-4).all()
    close(linear_chain.path_score(chain, tags), ops.convert_to_numpy(best))
    close(ops.sum(posterior.unary, axis=-1), mask.astype("float32"), 1e-5)
    # Padding, on either side, changes nothing.
    wider = np.zeros((2, 8, 3)) + 7.0
    wider[:, 2:6] = emissions
    open_mask = np.zeros((2, 8), bool)
    open_mask[:, 2:6] = mask
    padded = tensors(wider, open_mask, *table)
    close(linear_chain.posterior(padded).log_partition, total, 1e-5)
    np.testing.assert_array_equal(
        ops.convert_to_numpy(linear_chain.viterbi(padded)[0])[:, 2:6], ops.convert_to_numpy(tags)
    )
