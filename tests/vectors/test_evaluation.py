"""Analogies and word pairs compared with gensim's scores and scipy's correlations, on the original files."""

import gzip

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from keras_embed.vectors import Subwords, WordVectors, evaluation


def vectors_of(path, count, seed=0, dim=16):
    """Made vectors in which analogies often hold, for the words of an analogy file, cased at random."""
    rng = np.random.default_rng(seed)
    words: dict[str, np.ndarray] = {}
    for questions in evaluation.read_analogies(path).values():
        offset = rng.normal(size=dim)
        for a, b, _, _ in questions[:: max(len(questions) // count, 1)]:
            words.setdefault(a, rng.normal(size=dim))
            words.setdefault(b, words[a] + offset + rng.normal(size=dim) * 0.5)
            if rng.random() < 0.2:
                words.setdefault(a.upper(), words[a] + rng.normal(size=dim) * 0.1)
    return WordVectors(words, np.stack(list(words.values())))


@pytest.mark.parametrize("limit", [300_000, 150])
@pytest.mark.parametrize("ignore_case", [True, False])
def test_analogies_are_scored_as_gensim_does(data_dir, tmp_path, limit, ignore_case):
    gensim_models = pytest.importorskip("gensim.models", reason="needs the optional gensim")
    source = data_dir / "google_analogies" / "questions-words.txt.gz"
    lines = gzip.decompress(source.read_bytes()).decode().splitlines()
    path = tmp_path / "questions.txt"
    path.write_text("\n".join(line for row, line in enumerate(lines) if line.startswith(":") or row % 12 == 0))
    vectors = vectors_of(path, 40)
    keyed = gensim_models.KeyedVectors(vectors.dim)
    keyed.add_vectors(list(vectors), vectors.matrix)
    score, sections = keyed.evaluate_word_analogies(str(path), restrict_vocab=limit, case_insensitive=ignore_case)
    ours = vectors.evaluate_analogies(path, limit=limit, ignore_case=ignore_case)
    expected = [(s["section"], len(s["correct"]), len(s["correct"]) + len(s["incorrect"])) for s in sections[:-1]]
    assert [(s.name, s.correct, s.asked) for s in ours.sections] == expected
    assert 0.05 < score < 0.95
    assert ours.total.accuracy == pytest.approx(score)
    assert ours.total.correct == ours.semantic.correct + ours.syntactic.correct
    assert ours.syntactic.total == sum(len(q) for n, q in evaluation.read_analogies(path).items() if n[:4] == "gram")


def test_googles_file_is_read(data_dir):
    sections = evaluation.read_analogies(data_dir / "google_analogies" / "questions-words.txt.gz")
    assert len(sections) == 14
    assert sum(map(len, sections.values())) == 19_544
    assert sections["capital-common-countries"][0] == ("Athens", "Greece", "Baghdad", "Iraq")


def test_multiplication_finds_its_answers():
    words = ["man", "king", "woman", "queen", "tree"]
    vectors = WordVectors(words, [[1, 0, 0.1], [1, 1, 0], [-1, 0, 0.1], [-1, 1, 0], [0.1, -1, 1]])
    for method in ("3cosadd", "3cosmul"):
        score = vectors.evaluate_analogies({"family": [("man", "king", "woman", "queen")]}, method=method)
        assert score.total == evaluation.SectionScore("total", 1, 1, 1)


def test_coverage_is_reported():
    vectors = WordVectors("abcd", np.eye(4))
    score = vectors.evaluate_analogies(
        {"gram1": [("a", "b", "c", "d"), ("a", "b", "c", "x")], "none": [("x", "y", "z", "w")]}
    )
    assert score.total.asked == 1 and score.total.total == 3 and score.total.coverage == pytest.approx(1 / 3)
    assert np.isnan(score.semantic.accuracy) and score.semantic.coverage == 0
    assert [line.split()[0] for line in str(score).split("\n")] == ["gram1", "none", "semantic", "syntactic", "total"]
    assert "33.3% covered" in str(score)


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(-3, 3)), min_size=2, max_size=30))
def test_rank_correlation_is_scipys(pairs):
    stats = pytest.importorskip("scipy.stats", reason="needs the optional scipy")
    left, right = np.array(pairs, "float64").T
    if len(set(left)) > 1 and len(set(right)) > 1:
        assert evaluation.spearman(left, right) == pytest.approx(stats.spearmanr(left, right)[0], abs=1e-12)
    else:
        assert np.isnan(evaluation.spearman(left, right))


@pytest.mark.parametrize(
    ("file", "count", "first"),
    [
        ("word_similarity_en/EN-WS-353-ALL.txt", 353, ("love", "sex", 6.77)),
        ("word_similarity_en/EN-SIMLEX-999.txt", 999, ("old", "new", 1.58)),
        ("word_similarity_en/EN-MEN-TR-3k.txt", 3000, ("sun", "sunlight", 50.0)),
        ("word_similarity_en/EN-RG-65.txt", 65, None),
        ("gensim_fixtures/wordsim353.tsv", 353, ("love", "sex", 6.77)),
        ("gensim_fixtures/simlex999.txt", 999, ("old", "new", 1.58)),
        ("russe/hj.csv", 398, ("автомобиль", "машина", 0.958333)),
        ("russe/hj-rg.csv", None, None),
    ],
)
def test_files_of_pairs_are_read(data_dir, file, count, first):
    pairs = evaluation.read_pairs(data_dir / file)
    assert count is None or len(pairs) == count
    assert first is None or pairs[0] == first
    assert all(a and b and np.isfinite(score) for a, b, score in pairs)


def test_every_file_of_pairs_at_hand_is_read(data_dir):
    for path in sorted([*data_dir.glob("word_similarity_en/EN-*.txt"), *data_dir.glob("russe/*.csv*")]):
        assert len(evaluation.read_pairs(path)) >= 25


def test_pairs_are_scored_as_gensim_does(data_dir):
    gensim_models = pytest.importorskip("gensim.models", reason="needs the optional gensim")
    path = data_dir / "gensim_fixtures" / "wordsim353.tsv"
    words = sorted({word for pair in evaluation.read_pairs(path) for word in pair[:2]})[::-1]
    words = [word for place, word in enumerate(words) if place % 5]
    vectors = WordVectors(words, np.random.default_rng(0).normal(size=(len(words), 20)))
    keyed = gensim_models.KeyedVectors(20)
    keyed.add_vectors(words, vectors.matrix)
    pearson, spearman, unknown = keyed.evaluate_word_pairs(str(path))
    score = vectors.evaluate_similarity(path)
    assert score.spearman == pytest.approx(spearman[0], abs=1e-6)
    assert score.pearson == pytest.approx(pearson[0], abs=1e-6)
    assert 100 * (1 - score.coverage) == pytest.approx(unknown)
    assert str(score).endswith(f"on {score.found} of 353 pairs ({score.coverage:.1%})")


def test_case_limit_and_composing():
    subwords = Subwords(np.eye(4, dtype="float32"), 4, 2, 3)
    vectors = WordVectors(["Rome", "city", "rome"], np.eye(4)[:3], subwords)
    pairs = [("ROME", "city", 1.0), ("rome", "tree", 0.5)]
    assert vectors.evaluate_similarity(pairs).found == 1
    assert vectors.evaluate_similarity(pairs, ignore_case=False).found == 0
    assert vectors.evaluate_similarity(pairs, limit=1).found == 0
    assert vectors.evaluate_similarity(pairs, compose=True).found == 2
    assert np.isnan(vectors.evaluate_similarity([]).spearman)


@pytest.mark.parametrize(
    ("reader", "content", "error"),
    [
        (
            evaluation.read_analogies,
            "a b c d\n",
            "line 1: Expected a section, ': name', on the line.",
        ),
        (evaluation.read_analogies, ": s\n\na b c\n", "line 3: Expected four words on the line. Received: a b c"),
        (evaluation.read_pairs, "w1,w2,sim\na,b,1\nc,d\n", "line 3: Expected two words, and a number in column 2"),
    ],
)
def test_bad_lines_are_named(tmp_path, reader, content, error):
    (tmp_path / "file").write_text(content)
    with pytest.raises(ValueError, match=error):
        reader(tmp_path / "file")
