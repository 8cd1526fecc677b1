"""Files, vocabularies and queries as people have them: the right result, or an error; see DESIGN.md."""

import gzip
import io
import tarfile
import warnings

import numpy as np
import pytest
from gensim.models import KeyedVectors

from keras_embed import vectors
from keras_embed.vectors import WordVectors

ROWS = [[0.1, 0.2, 0.3], [0.4, 0.5, 0.6], [0.7, 0.8, 0.9]]
WORDS = ["the", "of", "to"]


def load(tmp_path, content, **arguments):
    path = tmp_path / "file"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return vectors.load(path, **arguments)


@pytest.mark.parametrize("header", ["", "3 3\n"])
@pytest.mark.parametrize("before", [" ", "\t", "  ", "\t\t", " \t"])
@pytest.mark.parametrize("between", [" ", "\t", "  "])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_separators(tmp_path, header, before, between, mark):
    lines = "".join(f"{word}{before}{between.join(map(str, row))}\n" for word, row in zip(WORDS, ROWS, strict=True))
    found = load(tmp_path, mark + header + lines)
    assert list(found.words) == WORDS
    np.testing.assert_array_equal(found.matrix, np.float32(ROWS))


@pytest.mark.parametrize(
    ("content", "match"),
    [
        ("2 3\nthe,0.1,0.2,0.3\nof,0.4,0.5,0.6\n", "line 2: .*commas between"),
        ("the;0.1;0.2;0.3\nof;0.4;0.5;0.6\n", "line 1: .*semicolons between"),
        ("2 3\nthe 0,1 0,2 0,3\nof 0,4 0,5 0,6\n", "line 2: .*decimal commas"),
        ("the 0.1 0.2\nof 0.3 0.4\n".encode("utf-16"), "line 1: .*UTF-16"),
        ("3 3\nplain words and no numbers at all\nand more of them\n", "line 2: "),
    ],
)
def test_other_text_is_refused(tmp_path, content, match):
    with pytest.raises(ValueError, match=match):
        load(tmp_path, content)


def test_text_is_never_binary(tmp_path):
    content = "3 3\nthe 0.1 0.2 0.3\nof 0.4 0.5 0.6\nto 0.7 0.8 0.9\n"
    with pytest.raises(ValueError, match="printable text.*word2vec_text"):
        load(tmp_path, content, format="word2vec_binary")
    assert list(load(tmp_path, content, format="word2vec_text").words) == WORDS


def test_phrases_of_gensim(tmp_path):
    keyed = KeyedVectors(3)
    phrases = ["my name", "is Ivan", "of course", "in the long run"]
    keyed.add_vectors(phrases, np.eye(4, 3, dtype="float32"))
    keyed.save_word2vec_format(str(tmp_path / "phrases.txt"))
    found = vectors.load(tmp_path / "phrases.txt")
    assert list(found.words) == phrases
    np.testing.assert_array_equal(found.matrix, np.eye(4, 3))


def test_wide_rows_and_tar(tmp_path):
    matrix = np.arange(120_000).reshape(3, 40_000) / 8 + 0.123456
    content = "".join(f"w{i} " + " ".join(f"{x:.6f}" for x in row) + "\n" for i, row in enumerate(matrix))
    np.testing.assert_allclose(load(tmp_path, content).matrix, matrix, rtol=1e-6)
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name in ("a.txt", "b.txt"):
            info = tarfile.TarInfo(name)
            info.size = 12
            archive.addfile(info, io.BytesIO(b"a 1.5\nb 2.5\n"))
            if name == "a.txt":
                single = buffer.getvalue()
    with pytest.raises(ValueError, match="a tar archive of one file. Received: a.txt, b.txt"):
        load(tmp_path, buffer.getvalue())
    assert single is not None


@pytest.mark.parametrize(
    "word", ["a\tb", "a\t0.5", " a", "a ", "", "a  b", "x 0.5", "\ufeffa", "a\r", "New York", "a\n"]
)
@pytest.mark.parametrize("binary", [False, True])
@pytest.mark.parametrize("header", [False, True])
def test_saved_files_are_read_back_or_refused(tmp_path, word, binary, header):
    if binary and not header:
        return
    written = WordVectors([word, "b", "c"], [[0.5, 1.0], [1.5, 2.0], [2.5, 3.0]])
    path = tmp_path / "file"
    try:
        vectors.save_word2vec(written, path, binary=binary, header=header)
    except ValueError:
        assert not path.exists()
        return
    assert list(vectors.load(path).words) == [word, "b", "c"]


def test_nan_is_told_and_used_nowhere(tmp_path):
    with pytest.warns(UserWarning, match="1 row with NaN or inf"):
        found = load(tmp_path, "good 0.25 0.5\nrare nan nan\nfilm 0.75 1.0\n")
    assert found.report.nonfinite == 1
    assert not found.report.clean
    assert [word for word, _ in found.most_similar("good")] == ["film"]
    with pytest.raises(ValueError, match="NaN or inf in the vector of 'rare'"):
        found.most_similar("rare")
    with pytest.warns(UserWarning, match="'rare'"):
        matrix, coverage = vectors.align(found, ["good", "rare", "other"])
    np.testing.assert_array_equal(matrix, [[0.25, 0.5], [0.5, 0.75], [0.5, 0.75]])
    assert (coverage.nonfinite, coverage.missing_words) == (1, ("rare", "other"))
    assert np.isfinite(vectors.align(found, ["x"], unknown="random", seed=1)[0]).all()
    assert np.isfinite(found.reduced(1).rows(["good", "film"])).all()


def test_coverage_after_reading_some_words(tmp_path):
    content = "king 1 0\nthe 0 1\nParis 1 1\nNew_York 2 2\nTHE 3 3\n"
    vocabulary = ["King", "the", "paris", "new york", "cat"]
    some = load(tmp_path, content, words=vocabulary)
    assert list(some.words) == ["king", "the", "Paris", "New_York"]
    whole = vectors.align(load(tmp_path, content), vocabulary)
    part = vectors.align(some, vocabulary)
    assert str(part[1]) == str(whole[1])
    np.testing.assert_array_equal(part[0][:4], [[1, 0], [0, 1], [1, 1], [2, 2]])


def test_vocabularies(tmp_path):
    known = WordVectors(["king", "queen", "7"], [[1.0, 0.0], [0.0, 1.0], [2.0, 2.0]])
    matrix, coverage = vectors.align(known, {"king": np.int64(2), "queen": 1, "<OOV>": 3})
    np.testing.assert_array_equal(matrix, [[0, 0], [0, 1], [1, 0], [1, 1]])
    assert (coverage.total, coverage.missing) == (2, 0)
    for wrong in ({"a": 1, "b": 1}, {"a": -1}, {"a": "x"}):
        with pytest.raises(ValueError, match="row number"):
            vectors.align(known, wrong)
    with pytest.raises(TypeError, match="None at index 1"):
        vectors.align(known, ["king", None])
    (tmp_path / "words.gz").write_bytes(gzip.compress("\ufeffqueen\r\nking\n".encode()))
    np.testing.assert_array_equal(vectors.align(known, tmp_path / "words.gz")[0], [[0, 1], [1, 0]])
    import keras

    lookup = keras.layers.IntegerLookup(vocabulary=[7, 8], mask_token=0)
    matrix, coverage = vectors.align(known, lookup)
    assert (coverage.total, coverage.missing_words) == (2, ("8",))
    np.testing.assert_array_equal(matrix[[0, 2]], [[0, 0], [2, 2]])


def test_keys():
    known = WordVectors([2, 0, ("a", "b"), "b"], [[1, 0.9, 0, 0], [1, 1, 0, 0], [0.5, 0, 1, 0], [0, 0, 0, 1]])
    assert known.similarity(2, 2) == pytest.approx(1)
    assert known.most_similar([2], top=1)[0].word == 0
    np.testing.assert_array_equal(known[("a", "b")], [0.5, 0, 1, 0])
    assert known.most_similar(("a", "b"), top=4)[0].word == 2
    with pytest.raises(KeyError):
        known.most_similar([1])
    texts = WordVectors(["2", "0"], np.eye(2))
    with pytest.raises(KeyError, match="Try '2'"):
        texts.similarity(2, 0)
    for query in ([1.0, 0.0], (1.0, 0.0), np.array([1.0, 0.0]), np.array([1.0, 0.0], "float16")):
        assert texts.most_similar(query, top=1)[0].word == "2"


def test_queries_of_gensim():
    rng = np.random.default_rng(0)
    words = [f"w{index}" for index in range(30)]
    matrix = rng.normal(size=(30, 5)).astype("float32")
    ours, theirs = WordVectors(words, matrix), KeyedVectors(5)
    theirs.add_vectors(words, matrix)
    pairs = [("w1", 0.7), ("w2", 0.2)]
    for given in ({"positive": pairs, "negative": ["w3"]}, {"positive": ["w4"]}):
        expected = theirs.most_similar(**given, topn=5)
        found = ours.most_similar(**given, top=5)
        assert [word for word, _ in found] == [word for word, _ in expected]
        np.testing.assert_allclose([s for _, s in found], [s for _, s in expected], atol=1e-6)
    np.testing.assert_allclose(ours.most_similar("w1", top=None), theirs.most_similar("w1", topn=None), atol=1e-6)
    expected = theirs.most_similar("w1", topn=3, restrict_vocab=9)
    assert [word for word, _ in ours.most_similar("w1", top=3, restrict_vocab=9)] == [word for word, _ in expected]
    expected = theirs.most_similar_cosmul(["w1", "w2", "w5"], ["w3"], topn=4)
    assert [w for w, _ in ours.most_similar_cosmul(["w1", "w2", "w5"], ["w3"], top=4)] == [w for w, _ in expected]
    assert ours.rank("w1", "w2") == theirs.rank("w1", "w2")
    assert ours.closer_than("w1", "w2") == theirs.closer_than("w1", "w2")
    assert ours.most_similar_to_given("w1", words[5:9]) == theirs.most_similar_to_given("w1", words[5:9])
    a, b = ["w1", "w2"], ["w3", "w4", "w5"]
    np.testing.assert_allclose(
        ours.mean_vector(b, [1, -2, 0.5]), theirs.get_mean_vector(b, weights=np.array([1, -2, 0.5])), atol=1e-6
    )
    mean = [theirs.get_mean_vector(side) for side in (a, b)]
    cosine = mean[0] @ mean[1] / np.linalg.norm(mean[0]) / np.linalg.norm(mean[1])
    np.testing.assert_allclose(ours.n_similarity(a, b), cosine, atol=1e-6)
    np.testing.assert_allclose(
        ours.relative_cosine_similarity("w1", "w2"), theirs.relative_cosine_similarity("w1", "w2"), atol=1e-6
    )


def test_added_and_aligned():
    matrix = np.random.default_rng(0).normal(size=(9, 3))
    rotation = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))[0]
    words = list("abcdefghi")
    left, right = WordVectors(words, matrix), WordVectors(words[::-1], (matrix @ rotation)[::-1])
    np.testing.assert_allclose(left.aligned_to(right).rows(words), right.rows(words), atol=1e-5)
    with pytest.raises(ValueError, match="at least 3 words of both"):
        left.aligned_to(right, ["a"])
    more = left.with_vectors(["a", "z"], [[1, 2, 3], [4, 5, 6]])
    np.testing.assert_allclose(more.rows(["a", "z"]), [matrix[0], [4, 5, 6]], rtol=1e-6)
    np.testing.assert_array_equal(left.with_vectors(["a"], [[1, 2, 3]], replace=True)["a"], [1, 2, 3])


def test_training_goes_on():
    first = WordVectors(["old", "a"], [[1.0, 2.0, 3.0, 4.0], [0.5, 0.5, 0.5, 0.5]])
    settings = {"dim": np.int64(4), "min_count": 1, "epochs": 1, "verbose": 0, "subsample": 0}
    found = vectors.train_word2vec([[b"a", "new"], np.array(["a", "new"])] * 9, **settings, initial=first)
    assert list(found.words) == ["old", "a", "new"]
    np.testing.assert_array_equal(found["old"], first["old"])
    assert 0 < np.abs(found["a"] - first["a"]).max() < 0.3
    for corpus in ([["a", None]], [["a", float("nan")]], {"a": ["b"]}, [3]):
        with pytest.raises(TypeError, match="Expected"):
            vectors.train_word2vec(corpus, **settings)


def test_reading_is_silent_without_problems(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert load(tmp_path, "a 1 2\nb 3 4\n").report.clean


def test_numbers_that_are_part_of_the_word(tmp_path):
    lines = "item 1 0.5 0.25\nitem 2 1.5 2.5\nitem 3 3.5 4.5\n"
    with pytest.raises(ValueError, match="line 1: Expected each word once.*a first line with the number of rows"):
        load(tmp_path, lines)
    found = load(tmp_path, "3 2\n" + lines)
    assert list(found.words) == ["item 1", "item 2", "item 3"]
    np.testing.assert_array_equal(found.matrix, [[0.5, 0.25], [1.5, 2.5], [3.5, 4.5]])


def test_a_header_of_another_width_warns(tmp_path):
    with pytest.warns(UserWarning, match="the header announces 2 rows of 3, the file holds 2 rows of 2"):
        assert load(tmp_path, "2 3\na 1.5 2.5\nb 3.5 4.5\n").dim == 2
