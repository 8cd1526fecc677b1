"""Alignment of vectors with a vocabulary."""

import keras
import numpy as np
import pytest
from fasttext_files import golden

from keras_embed import text
from keras_embed.vectors import Subwords, WordVectors, align

VECTORS = WordVectors(["the", "Rome", "cats", "USA"], np.arange(1, 13).reshape(4, 3))
MEAN = VECTORS.matrix.mean(axis=0)
ZERO = np.zeros(3)


def assert_rows(matrix, rows):
    assert matrix.dtype == np.float32
    np.testing.assert_allclose(matrix, rows, atol=1e-6)


@pytest.mark.parametrize(
    ("vocabulary", "rows"),
    [
        (text.Vocabulary(["Rome", "x"]), [ZERO, MEAN, VECTORS["Rome"], MEAN]),
        (["", "[UNK]", "Rome", "x"], [ZERO, MEAN, VECTORS["Rome"], MEAN]),
        (["Rome", "the"], [VECTORS["Rome"], VECTORS["the"]]),
        (lambda: keras.layers.TextVectorization(vocabulary=["Rome", "x"]), [ZERO, MEAN, VECTORS["Rome"], MEAN]),
        (lambda: keras.layers.StringLookup(vocabulary=["Rome"]), [MEAN, VECTORS["Rome"]]),
        (lambda: keras.layers.StringLookup(vocabulary=["Rome"], num_oov_indices=0), [VECTORS["Rome"]]),
        (
            lambda: keras.layers.StringLookup(
                vocabulary=["Rome", "the"], mask_token="<pad>", oov_token="<unk>", num_oov_indices=2
            ),
            [ZERO, MEAN, MEAN, VECTORS["Rome"], VECTORS["the"]],
        ),
    ],
)
def test_any_vocabulary(vocabulary, rows):
    vocabulary = vocabulary() if callable(vocabulary) else vocabulary
    matrix, coverage = align(VECTORS, vocabulary)
    assert_rows(matrix, rows)
    words = set(map(str, getattr(vocabulary, "get_vocabulary", lambda: vocabulary)()))
    assert coverage.total == len(words - {"", "[UNK]", "<pad>", "<unk>"})
    assert coverage.missing_words == (("x",) if "x" in words else ())


def test_fall_backs_in_turn():
    vocabulary = ["The", "rome", "usa", "CATS", "Cat", "x"]
    matrix, coverage = align(VECTORS, vocabulary, ["lower", "title", "upper", "english"])
    assert_rows(matrix, [*VECTORS.rows(["the", "Rome", "USA", "cats", "cats"]), MEAN])
    assert coverage.exact == 0
    assert dict(coverage.fallbacks) == {"lower": 2, "title": 1, "upper": 1, "stem (english)": 1}
    assert coverage.found.tolist() == [True] * 5 + [False]
    assert align(VECTORS, vocabulary, [])[1].missing == 6


def test_a_key_of_ones_own_takes_the_first_word_with_it():
    vectors = WordVectors(["Ёлка", "елка", "ЕЛКА"], np.eye(3))
    fold = lambda word: word.lower().replace("ё", "е")  # noqa: E731
    matrix, coverage = align(vectors, ["ёлка", "елка"], [fold])
    assert_rows(matrix, np.eye(3)[[0, 1]])
    assert coverage.exact == 1 and sum(coverage.fallbacks.values()) == 1


def test_russian_stems():
    vectors = WordVectors(["кошка", "дерево"], np.eye(2))
    matrix, coverage = align(vectors, ["Кошками", "деревья", "лес"], ["russian"], unknown="zeros")
    assert_rows(matrix, [[1, 0], [0, 1], [0, 0]])
    assert coverage.fallbacks["stem (russian)"] == 2


def test_words_are_composed_where_there_are_ngrams(data_dir):
    vectors, expected = golden(data_dir.parent / "fixtures/static/made", "ft_sg_ru")
    matrix, coverage = align(vectors, text.Vocabulary(["князь", "hello", "Василий"]))
    np.testing.assert_allclose(matrix[2], expected["vectors"]["князь"], atol=1e-6)
    np.testing.assert_allclose(matrix[3], expected["vectors"]["hello"], atol=1e-6)
    np.testing.assert_allclose(matrix[4], expected["vectors"]["василий"], atol=1e-6)
    assert (coverage.exact, coverage.fallbacks["lower"], coverage.composed, coverage.missing) == (1, 1, 1, 0)


def test_a_word_without_any_ngram_is_missing():
    vectors = WordVectors(["cat"], np.ones((1, 4)), Subwords(np.eye(4, dtype="float32"), 4, 5, 6))
    coverage = align(vectors, ["a", "longer"])[1]
    assert (coverage.composed, coverage.missing_words) == (1, ("a",))


def test_random_rows():
    rng = np.random.default_rng(0)
    vectors = WordVectors(map(str, range(2000)), rng.normal(size=(2000, 2)) * [0.1, 3.0] + [5.0, 0.0])
    vocabulary = ["", "[UNK]", *(f"x{row}" for row in range(3000))]
    matrix, _ = align(vectors, vocabulary, unknown="random", seed=4)
    assert not matrix[0].any()
    np.testing.assert_allclose(matrix[1:].mean(axis=0), vectors.matrix.mean(axis=0), atol=0.2)
    np.testing.assert_allclose(matrix[1:].std(axis=0), vectors.matrix.std(axis=0), rtol=0.1)
    assert len(np.unique(matrix[1:, 1])) == 3001
    np.testing.assert_array_equal(align(vectors, vocabulary, unknown="random", seed=4)[0], matrix)
    assert (align(vectors, vocabulary, unknown="random", seed=5)[0][1:] != matrix[1:]).any()


def test_half_floats_and_int8_align_too():
    for dtype in ("float16", "int8"):
        np.testing.assert_allclose(align(VECTORS.astype(dtype), ["Rome", "?"])[0][0], VECTORS["Rome"], rtol=0.01)


def test_coverage_counts_tokens():
    vocabulary = text.Vocabulary(["the", "rome", "x", "y"], [70, 20, 6, 4])
    coverage = align(VECTORS, vocabulary)[1]
    assert (coverage.share, coverage.token_share) == (0.5, 0.9)
    assert str(coverage) == (
        "2 of 4 words have vectors (50.0%; 90.0% of the tokens): 1 as they are, 1 title. Without: 'x', 'y'"
    )
    many = align(VECTORS, [f"x{row}" for row in range(200)])[1]
    assert len(many.missing_words) == 100 and str(many).endswith("'x9' ...")
    assert align(VECTORS, ["the"])[1].token_share is None


def test_arguments_are_checked():
    with pytest.raises(ValueError, match="Expected `unknown` to be one of"):
        align(VECTORS, ["a"], unknown="median")
    with pytest.raises(ValueError, match="Expected every fall-back to be a function, one of .* Received: 'klingon'"):
        align(VECTORS, ["a"], ["klingon"])
    with pytest.raises(TypeError, match="Expected a vocabulary"):
        align(VECTORS, "the")
