"""GloVe from a corpus."""

import sys

import numpy as np
import pytest
from vectors.walks import agreement, walks

from keras_embed.vectors import cooccurrences, train_glove
from keras_embed.vectors.training.train_glove import adagrad

FAST = dict(dim=16, window=8, min_count=1, x_max=500.0, verbose=0)


def test_near_nodes_of_walks_get_near_vectors():
    assert agreement(train_glove(walks(), epochs=50, learning_rate=0.5, **FAST)) > 0.9


def test_counted_pairs_do_as_well_as_a_corpus():
    corpus = walks(count=50)
    pairs = cooccurrences(corpus, window=8, min_count=1)
    first, again = (train_glove(given, epochs=2, seed=3, **FAST) for given in (corpus, pairs))
    np.testing.assert_array_equal(first.matrix, again.matrix)
    assert first.words == tuple(pairs.words) and first.counts.tolist() == pairs.counts.tolist()
    assert np.abs(first.matrix - train_glove(pairs, epochs=2, seed=4, **FAST).matrix).max() > 0.01


def test_parameters_and_cost_are_those_of_a_loop_over_pairs(monkeypatch, capsys):
    """Trains in float64, batch by batch: squares are added before the division."""
    monkeypatch.setattr(sys.modules[train_glove.__module__], "_BATCH", 7)
    pairs = cooccurrences(walks(nodes=6, count=4), window=3, min_count=1)
    first = np.random.default_rng(1).normal(size=(12, 4)).astype("float32") / 4
    given = adagrad(pairs, first, 2, 0.05, 10.0, 0.75, np.random.default_rng(3), verbose=2)
    rows, squares, rng, costs = first.astype("float64"), np.ones(first.shape), np.random.default_rng(3), []
    for _ in range(2):
        order, cost = rng.permutation(len(pairs)), 0.0
        for start in range(0, len(order), 7):
            updates = []
            for pair in order[start : start + 7]:
                word, context, count = pairs.rows[pair], 6 + pairs.columns[pair], pairs.values[pair]
                off = rows[word, :3] @ rows[context, :3] + rows[word, 3] + rows[context, 3] - np.log(count)
                slope = min(1.0, (count / 10) ** 0.75) * off
                cost += 0.5 * slope * off
                for place, other in ((word, context), (context, word)):
                    updates.append((place, np.append(slope * rows[other, :3] * 0.05, slope)))
            for place, update in updates:
                squares[place] += update**2
            for place, update in updates:
                rows[place] -= update / np.sqrt(squares[place])
        costs.append(cost / len(pairs))
    np.testing.assert_allclose(given, rows, rtol=1e-3, atol=1e-5)
    shown = capsys.readouterr().out
    assert [float(line.split("cost: ")[1]) for line in shown.splitlines() if "cost" in line] == pytest.approx(
        costs, abs=1e-4
    )


def test_bad_arguments_are_refused():
    with pytest.raises(ValueError, match="Expected `dim` to be a positive integer"):
        train_glove([["a"]], dim=0)
    with pytest.raises(TypeError, match="more than once"):
        train_glove(iter([["a"]]))
    with pytest.raises(ValueError, match="pairs of neighbouring words"):
        train_glove([["a"], ["b"]], min_count=1)
