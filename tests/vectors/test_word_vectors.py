"""Queries of word vectors compared with gensim and brute force, and their laws."""

import json

import hypothesis.extra.numpy as hnp
import hypothesis.strategies as st
import numpy as np
import pytest
from fasttext_files import golden
from hypothesis import given

from keras_embed.vectors import Neighbor, QuantizedMatrix, UnknownWordError, WordVectors


def random_vectors(count=200, dim=12, seed=0, dtype="float32"):
    matrix = np.random.default_rng(seed).normal(size=(count, dim))
    return WordVectors([f"w{row}" for row in range(count)], matrix).astype(dtype)


def gensim_of(vectors):
    gensim_models = pytest.importorskip("gensim.models", reason="needs the optional gensim")
    keyed = gensim_models.KeyedVectors(vectors.dim)
    keyed.add_vectors(list(vectors), np.asarray(vectors.matrix, np.float32))
    return keyed


def read_word2vec(path):
    """Builds a binary word2vec file without line feeds after its rows."""
    data = path.read_bytes()
    place = data.index(b"\n") + 1
    count, dim = map(int, data[:place].split())
    words, rows = [], []
    for _ in range(count):
        end = data.index(b" ", place)
        words.append(data[place:end].decode())
        rows.append(np.frombuffer(data, "<f4", dim, end + 1))
        place = end + 1 + 4 * dim
    return WordVectors(words, np.stack(rows))


def assert_neighbors(given_, expected, tolerance=1e-5):
    assert [word for word, _ in given_] == [word for word, _ in expected]
    np.testing.assert_allclose([s for _, s in given_], [s for _, s in expected], atol=tolerance)


def test_nearest_words_are_gensims_golden_ones(data_dir):
    made = data_dir.parent / "fixtures/static/made"
    vectors = read_word2vec(made / "gensim44.bin")
    for word, expected in json.loads((made / "gensim44.most_similar.json").read_text("utf-8")).items():
        assert_neighbors(vectors.most_similar(word, top=5), expected)


def test_live_gensim_agrees():
    vectors = random_vectors()
    keyed = gensim_of(vectors)
    for positive, negative in [("w3", []), (["w1", "w2"], ["w9"]), (["w5"], ["w6", "w7"]), ([], ["w8"])]:
        expected = keyed.most_similar(positive=positive, negative=negative, topn=12)
        assert_neighbors(vectors.most_similar(positive, negative, top=12), expected)
    for a, b, c in [("w1", "w2", "w3"), ("w4", "w4", "w5")]:
        expected = keyed.most_similar_cosmul(positive=[b, c], negative=[a], topn=7)
        assert_neighbors(vectors.analogy(a, b, c, top=7, method="3cosmul"), expected, 1e-4)
        expected = keyed.most_similar(positive=[b, c], negative=[a], topn=7)
        assert_neighbors(vectors.analogy(a, b, c, top=7), expected)
    assert vectors.similarity("w3", "w4") == pytest.approx(keyed.similarity("w3", "w4"), abs=1e-6)
    for start in range(0, 60, 5):
        words = [f"w{row}" for row in range(start, start + 5)]
        assert vectors.doesnt_match(words) == keyed.doesnt_match(words)


def test_a_question_may_hold_vectors_and_words_never_seen(data_dir):
    vectors = random_vectors()
    assert vectors.most_similar(vectors["w3"], top=1)[0].word == "w3"  # a vector is no word to be passed over
    mixed = vectors.most_similar(["w1", vectors["w2"]], top=3)
    assert_neighbors([n for n in mixed if n.word != "w2"], vectors.most_similar(["w1", "w2"], top=3)[: len(mixed) - 1])
    russian, _ = golden(data_dir.parent / "fixtures/static/made", "ft_sg_ru")
    unseen = "княжнами"
    expected = (
        russian.matrix @ russian[unseen] / np.linalg.norm(russian.matrix, axis=1) / np.linalg.norm(russian[unseen])
    )
    best = int(expected.argmax())
    assert_neighbors(russian.most_similar(unseen, top=1), [(russian.words[best], expected[best])])


@given(
    hnp.arrays("float32", st.tuples(st.integers(1, 40), st.just(3)), elements=st.floats(-8, 8, width=16)),
    hnp.arrays("float32", st.tuples(st.integers(1, 5), st.just(3)), elements=st.floats(-8, 8, width=16)),
    st.integers(1, 12),
    st.integers(1, 50),
)
def test_nearest_equals_brute_force(matrix, queries, top, block):
    vectors = WordVectors(map(str, range(len(matrix))), matrix)
    rows, scores = vectors.nearest(queries, top, block=block)

    def unit(x):
        norms = np.linalg.norm(x, axis=1, keepdims=True)
        return np.divide(x, norms, out=np.zeros_like(x), where=norms > 0)

    cosines = unit(queries.astype("float64")) @ unit(matrix.astype("float64")).T
    expected = -np.sort(-cosines, axis=1)[:, :top]
    np.testing.assert_allclose(scores, expected, atol=1e-5)
    np.testing.assert_allclose(np.take_along_axis(cosines, rows, 1), expected, atol=1e-5)
    assert (np.abs(scores) <= 1 + 1e-6).all()
    assert all(len(set(row)) == len(row) for row in rows.tolist())


@given(hnp.arrays("float32", (2, 4), elements=st.floats(-1e3, 1e3, width=32)))
def test_a_cosine_lies_between_minus_one_and_one(matrix):
    vectors = WordVectors(["a", "b"], matrix)
    assert -1 <= vectors.similarity("a", "b") <= 1
    assert vectors.similarity("a", "b") == pytest.approx(vectors.similarity("b", "a"))
    assert vectors.similarity("a", "a") == pytest.approx(float(matrix[0].any()), abs=1e-5)


def test_ties_are_in_the_order_of_the_words():
    vectors = WordVectors("abcd", np.ones((4, 2)))
    assert [word for word, _ in vectors.most_similar("b")] == ["a", "c", "d"]


@pytest.mark.parametrize(("dtype", "tolerance"), [("float16", 0.002), ("int8", 0.01)])
def test_small_types_answer_alike(dtype, tolerance):
    vectors = random_vectors(500, 100)
    small = vectors.astype(dtype)
    assert small.matrix.dtype == dtype
    assert small.matrix.nbytes <= {"float16": 0.5, "int8": 0.26 + 0.01}[dtype] * vectors.matrix.nbytes
    queries = vectors.rows([f"w{row}" for row in range(50)])
    np.testing.assert_allclose(small.nearest(queries, 1)[0][:, 0], np.arange(50))
    np.testing.assert_allclose(small.nearest(queries, 5)[1], vectors.nearest(queries, 5)[1], atol=tolerance)
    assert small["w7"].dtype == np.float32
    np.testing.assert_allclose(small["w7"], vectors["w7"], atol=np.abs(vectors["w7"]).max() / 127 / 2 + 1e-6)
    assert small.subset(["w9", "w3"]).matrix.dtype == dtype
    np.testing.assert_array_equal(small.subset(["w9", "w3"])["w3"], small["w3"])


def test_cosines_in_int8_are_as_near_as_documented():
    vectors = random_vectors(1000, 100)
    small = vectors.astype("int8")
    pairs = [vectors.normalized().matrix, small.normalized().matrix]
    moved = np.abs(pairs[0] @ pairs[0].T - pairs[1] @ pairs[1].T)
    assert moved.mean() < 0.00075 and moved.max() < 0.0055


@given(hnp.arrays("float32", (3, 4), elements=st.floats(-1e3, 1e3, width=32)))
def test_int8_is_half_a_step_off_at_most(matrix):
    step = np.abs(matrix).max(axis=1) / 127
    assert (np.abs(QuantizedMatrix.of(matrix)[:] - matrix) <= step[:, None] * 0.5001 + 1e-30).all()


def test_a_subset_keeps_what_is_known_in_order(data_dir):
    vectors = WordVectors("abc", np.eye(3), counts=[9, 5, 2])
    some = vectors.subset(["c", "?", "a", "c"])
    assert list(some) == ["c", "a"]
    assert some.counts.tolist() == [2, 9]
    np.testing.assert_array_equal(some.matrix, np.eye(3)[[2, 0]])
    russian, expected = golden(data_dir.parent / "fixtures/static/made", "ft_sg_ru")
    some = russian.subset(["князь"])
    assert len(some.subwords.word_rows) == 1
    np.testing.assert_allclose(some["hello"], expected["vectors"]["hello"], atol=1e-6)


def test_normalized():
    vectors = WordVectors("abz", [[3.0, 4.0], [0.1, 0.0], [0.0, 0.0]]).normalized()
    np.testing.assert_allclose(vectors.matrix, [[0.6, 0.8], [1, 0], [0, 0]], atol=1e-6)


def test_principal_components_are_scikit_learns():
    decomposition = pytest.importorskip("sklearn.decomposition", reason="needs the optional scikit-learn")
    vectors = random_vectors()
    expected = decomposition.PCA(5, svd_solver="full").fit_transform(np.asarray(vectors.matrix, "float64"))
    reduced = vectors.reduced(5)
    assert reduced.dim == 5
    np.testing.assert_allclose(np.abs(reduced.matrix), np.abs(expected), atol=1e-4)  # a direction has no sign


def test_all_but_the_top():
    vectors = random_vectors()
    matrix = np.asarray(vectors.matrix, "float64")
    centred = matrix - matrix.mean(axis=0)
    top = np.linalg.svd(centred)[2][:3]
    np.testing.assert_allclose(vectors.all_but_the_top(3).matrix, centred - centred @ top.T @ top, atol=1e-5)
    np.testing.assert_allclose(vectors.all_but_the_top(0).matrix, centred, atol=1e-5)


@pytest.mark.parametrize("transform", [lambda v: v.reduced(3), lambda v: v.all_but_the_top(2)])
def test_words_never_seen_are_transformed_too(data_dir, transform):
    vectors, _ = golden(data_dir.parent / "fixtures/static/made", "ft_sg_ru")
    unseen = ["княжнами", "hello"]
    # As if the unknown words had been rows all along, of no weight in the principal components.
    both = WordVectors([*vectors, *unseen], np.concatenate([vectors.matrix, vectors.rows(unseen)]))
    mean = vectors.matrix.mean(axis=0)
    mapped = transform(vectors)
    weights = np.linalg.lstsq(vectors.matrix - mean, mapped.matrix, rcond=None)[0]
    np.testing.assert_allclose(mapped.rows(unseen), (both.rows(unseen) - mean) @ weights, atol=1e-4)
    own = mapped.subwords.vectors(["князь"], mapped.subwords.word_rows[[mapped.index("князь")]])
    np.testing.assert_allclose(own[0], mapped["князь"], atol=1e-5)


def test_looks_like_a_collection_of_words():
    vectors = WordVectors(["a", "b"], [[1, 2], [3, 4]])
    assert len(vectors) == 2 and list(vectors) == ["a", "b"] and "a" in vectors and "c" not in vectors
    assert vectors.index("b") == 1 and vectors.index("c") is None
    assert vectors["b"].dtype == np.float32 and vectors.rows(["b", "a"]).tolist() == [[3, 4], [1, 2]]
    vectors["a"][:] = 9  # a copy
    assert vectors["a"].tolist() == [1, 2]
    assert vectors.most_similar("a") == [Neighbor("b", pytest.approx(11 / np.sqrt(5 * 25)))]
    assert repr(random_vectors()) == "<WordVectors of 200 x 12 float32: 'w0', 'w1', 'w2', 'w3' ...>"


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: WordVectors(["a", "b", "a"], np.eye(3)), "Expected each word once. Received: 'a' more than once"),
        (lambda: WordVectors(["a"], np.eye(3)), "Expected one row of `matrix` for each of 1 words. Received: 3 rows"),
        (lambda: WordVectors(["a"], [[1.0]], counts=[1, 2]), "Expected one row of `counts`"),
        (lambda: WordVectors(["a"], [1.0]), r"Expected `matrix` of floats \(V, D\)"),
        (lambda: random_vectors().reduced(13), "Expected `dim` of at most 12. Received: 13"),
        (lambda: random_vectors().all_but_the_top(13), "Expected `k` from 0 to 12"),
        (lambda: random_vectors().most_similar([]), "Expected at least one word"),
        (lambda: random_vectors().most_similar("w1", top=0), "Expected `top` to be a positive integer"),
        (lambda: random_vectors().doesnt_match(["w1"]), "Expected at least two words"),
        (lambda: random_vectors().analogy("w1", "w2", "w3", method="add"), "Expected `method` to be one of"),
        (lambda: random_vectors().nearest(np.zeros(12)), r"Expected `queries` of shape \(N, 12\)"),
        (lambda: random_vectors().astype("float64"), "Expected `dtype` to be one of"),
    ],
)
def test_arguments_are_checked(call, error):
    with pytest.raises(ValueError, match=error):
        call()


def test_an_unknown_word_is_named_with_words_like_it():
    vectors = WordVectors(["Moscow", "mosque", "tree"], np.eye(3))
    with pytest.raises(KeyError, match="Received: 'moscow'. Try 'Moscow'"):
        vectors["moscow"]
    with pytest.raises(UnknownWordError, match="Expected one of 3 words. Received: 'xyz'. Try vectors with `subwords`"):
        vectors.most_similar(["tree"], ["xyz"])
