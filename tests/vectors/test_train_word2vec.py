"""Training by both engines."""

import importlib
import sys

import numpy as np
import pytest
from vectors.walks import agreement, walks

from keras_embed.functional.skipgram import noise_probability
from keras_embed.vectors import train_word2vec
from keras_embed.vectors.training import train_word2vec as training
from keras_embed.vectors.training.corpus_ids import token_ids
from keras_embed.vectors.training.train_word2vec import Draw, blocks, shape_of

FAST = dict(dim=16, window=6, min_count=1, epochs=5, subsample=0, learning_rate=0.05, verbose=0)


@pytest.mark.parametrize("algorithm", ["skipgram", "cbow"])
def test_near_nodes_of_walks_get_near_vectors(algorithm):
    corpus = walks()
    vectors = train_word2vec(corpus, algorithm, **FAST)
    peer = train_word2vec(corpus, algorithm, engine="gensim", workers=1, **FAST)
    assert set(vectors.words) == set(peer.words) == set(map(str, range(24)))
    assert sorted(zip(vectors.words, vectors.counts, strict=True)) == sorted(zip(peer.words, peer.counts, strict=True))
    assert agreement(vectors) > max(0.9, agreement(peer) - 0.03)


def test_the_same_seed_gives_the_same_vectors():
    corpus = walks(count=60)
    first, again, other = (train_word2vec(corpus, **FAST, seed=seed) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first.matrix, again.matrix)
    assert np.abs(first.matrix - other.matrix).max() > 0.01
    gensims = [train_word2vec(corpus, engine="gensim", workers=1, **FAST, seed=3) for _ in range(2)]
    np.testing.assert_array_equal(gensims[0].matrix, gensims[1].matrix)


@pytest.mark.parametrize("nodes", [3, 30])
def test_few_words_do_not_diverge(nodes):
    """A batch of 1,024 centers of few words would diverge: the batch size depends on the frequency of words."""
    vectors = train_word2vec(walks(nodes, count=300), **{**FAST, "learning_rate": 0.1})
    assert np.linalg.norm(vectors.matrix, axis=1).max() < 10


def test_divergence_is_an_error():
    with np.errstate(invalid="ignore"), pytest.raises(FloatingPointError, match="Try a lower learning_rate"):
        train_word2vec(walks(count=5), **{**FAST, "learning_rate": float("inf")})


def test_groups_hold_the_text_in_order():
    """Each group is a run of the text with its neighbours; together they cover the text."""
    ids = token_ids(walks(count=30), 1)
    draw = Draw(2, 3, np.ones(24), np.full(24, 1 / 24))
    shape = shape_of(ids, draw, 0.025)
    centers = []
    shares = 0.0
    padded = np.concatenate([[-1, -1], ids.ids, np.full(200, -1)])
    for (words, sentences, halves, noise), share in blocks(ids, draw, shape, np.random.default_rng(1)):
        assert words.shape == sentences.shape == (shape.block, shape.batch, shape.group + 4)
        assert halves.shape == noise.shape == (shape.block, shape.batch, shape.group)
        assert halves.min() == 1 and halves.max() == 2
        real = np.where(sentences < 0, -1, words).reshape(-1, shape.group + 4)
        for row in real[(real[:, 2:-2] >= 0).any(1)]:
            assert any(np.array_equal(row, padded[p : p + len(row)]) for p in range(0, len(ids.ids), shape.group))
            centers.extend(row[2:-2][row[2:-2] >= 0])
        shares += share
    assert shares == pytest.approx(1)
    assert sorted(centers) == sorted(ids.ids)


def test_noise_and_thinning_follow_their_probabilities():
    ids = token_ids([["a"] * 900 + ["b"] * 90 + ["c"] * 10] * 40, 1)
    draw = Draw(2, 3, np.array([0.1, 0.5, 1.0]), np.array([0.7, 0.2, 0.1]))
    rng = np.random.default_rng(1)
    seen, drawn = np.zeros(3), np.zeros(3)
    shape = shape_of(ids, draw, 0.025)
    for (words, sentences, _, noise), _ in blocks(ids, draw, shape, rng):
        centers = np.where(sentences < 0, 3, words)[..., 2:-2]
        seen += np.bincount(centers.ravel(), minlength=4)[:3]
        drawn += np.bincount(noise.ravel(), minlength=3)
    np.testing.assert_allclose(seen / ids.counts, draw.keep, rtol=0.1)
    np.testing.assert_allclose(drawn / drawn.sum(), draw.noise, rtol=0.1)


@pytest.mark.parametrize("engine", ["keras", "gensim"])
def test_bars_are_shown(engine, capsys):
    train_word2vec(walks(count=20), **{**FAST, "verbose": 2, "epochs": 2}, engine=engine)
    shown = capsys.readouterr().out
    assert "Epoch 1/2" in shown and "Epoch 2/2" in shown and "400/400" in shown
    train_word2vec(walks(count=20), **{**FAST, "epochs": 1}, engine=engine)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("engine", ["keras", "gensim"])
def test_one_word_alone_is_no_failure(engine):
    vectors = train_word2vec([["a"]], **FAST, engine=engine, workers=1)
    assert vectors.words == ("a",) and np.isfinite(vectors.matrix).all()


@pytest.mark.parametrize("engine", ["keras", "gensim"])
def test_bad_arguments_are_refused(engine):
    for name, value in {"dim": 0, "window": -1, "epochs": 1.5, "negatives": 0, "min_count": 0}.items():
        with pytest.raises(ValueError, match=f"Expected `{name}` to be a positive integer"):
            train_word2vec([["a"]], engine=engine, **{name: value})
    with pytest.raises(ValueError, match="Expected `algorithm` to be one of"):
        train_word2vec([["a"]], algorithm="glove", engine=engine)
    with pytest.raises(ValueError, match="Expected `learning_rate` above 0. Received: -1"):
        train_word2vec([["a"]], engine=engine, learning_rate=-1)
    with pytest.raises(ValueError, match="Expected `subsample` of at least 0. Received: nan"):
        train_word2vec([["a"]], engine=engine, subsample=float("nan"))
    with pytest.raises(TypeError, match="more than once"):
        train_word2vec(iter([["a"]]), engine=engine)
    with pytest.raises(ValueError, match="seen at least 5 times"):
        train_word2vec([["a"]], engine=engine)


def test_gensim_is_asked_for_when_it_is_absent(monkeypatch):
    real = importlib.import_module
    monkeypatch.delitem(sys.modules, "gensim.models", raising=False)

    def absent(name, *rest):
        if name.startswith("gensim"):
            raise ImportError("No module named 'gensim'")
        return real(name, *rest)

    monkeypatch.setattr(importlib, "import_module", absent)
    with pytest.raises(ImportError, match=r"Try pip install 'keras-embed\[vectors\]'"):
        train_word2vec(walks(count=5), engine="gensim", **FAST)


@pytest.mark.parametrize("algorithm", ["skipgram", "cbow"])
def test_the_keras_engine_is_a_loop_over_pairs(algorithm, monkeypatch):
    """The same training in NumPy, pair by pair: word2vec.c's updates, summed over each batch."""
    monkeypatch.setattr(training, "_GROUP", 4)
    monkeypatch.setattr(training, "_BATCH", 2)
    monkeypatch.setattr(training, "MOST_UPDATES", 1e9)
    ids = token_ids([["a", "b", "c", "a", "d"], ["e", "b"], ["f"], ["a", "c", "c", "d", "b", "g"]] * 3, 1)
    settings = training.Settings(algorithm, 3, 2, 5, 2, 0.0, 0.2, 9, 0)
    given = training.train(ids, settings)

    rng = np.random.default_rng(9)
    tables = [(2 * rng.random((7, 3), np.float32) - 1) / 3, np.zeros((7, 3))]
    draw = Draw(2, 5, np.ones(7), noise_probability(ids.counts))
    shape = shape_of(ids, draw, 0.2)
    for epoch in range(2):
        for block, share in blocks(ids, draw, shape, rng):
            assert share == 1
            for number, batch in enumerate(zip(*block, strict=True)):
                progress = (epoch + number / shape.block) / 2
                add_batch(tables, batch, algorithm, 0.2 + (1e-4 - 0.2) * progress, shape.noise)
    np.testing.assert_allclose(given, tables[0], rtol=1e-3, atol=1e-5)


def add_batch(tables, batch, algorithm, rate, noise_words):
    """Trains on a batch of `blocks`, pair by pair."""
    inputs, outputs = (table.astype("float64") for table in tables)
    for words, sentences, halves, noise in zip(*batch, strict=True):
        for center, half in enumerate(halves):
            here = 2 + center
            around = [p for p in range(here - half, here + half + 1) if p != here and sentences[p] == sentences[here]]
            if sentences[here] < 0 or not around:
                continue
            if algorithm == "skipgram":
                examples = [([words[here]], words[place]) for place in around]
            else:
                examples = [([words[place] for place in around], words[here])]
            for looking, sought in examples:
                mean = inputs[looking].mean(0)
                row = np.zeros(3)
                for target, label, weight in [(sought, 1, 1), *((n, 0, 5 / noise_words) for n in noise if n != sought)]:
                    slope = weight * (label - 1 / (1 + np.exp(-mean @ outputs[target])))
                    row += slope * outputs[target]
                    tables[1][target] += rate * slope * mean
                for word in looking:
                    tables[0][word] += rate * row
