"""Counts of terms: against `collections.Counter`, and that shards add up."""

import pickle
from collections import Counter

import hypothesis.strategies as st
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings

from keras_embed.corpora import Corpus, Sentence
from keras_embed.text import KeepWords, Pipeline, TermCounts, TokenPattern, WordNgrams
from keras_embed.text.strings import pack, unpack
from keras_embed.text.term_counts import idf
from keras_embed.text.term_matrix import TermMatrix

WORDS = st.lists(st.sampled_from("чай кофе сок чай-чай x".split()), max_size=8).map(" ".join)
TEXTS = st.lists(WORDS, max_size=12)


def brute_force(texts):
    rows = Pipeline().texts(texts)
    totals = Counter(term for row in rows for term in row)
    documents = Counter(term for row in rows for term in set(row))
    return {term: (totals[term], documents[term]) for term in totals}


@given(TEXTS)
def test_counts(texts):
    counts = TermCounts.from_texts(texts)
    assert counts.as_dict() == brute_force(texts)
    assert counts.num_documents == len(texts) and len(counts) == len(set(counts))


@settings(max_examples=40)
@given(TEXTS, TEXTS, TEXTS)
def test_shards_add_up(one, two, three):
    a, b, c = map(TermCounts.from_texts, (one, two, three))
    assert a + b + c == c + (b + a) == TermCounts.from_texts(one + two + three)
    assert a == TermCounts.from_texts(one), "adding leaves both as they were"


def test_more_texts_than_a_batch():
    texts = [f"term{number % 1500} чай чай" for number in range(2500)]
    counts = TermCounts.from_texts(iter(texts))
    assert counts.total("чай") == 5000 and counts.document_count("чай") == 2500
    assert counts.document_count("term7") == 2 and counts.document_count("term1499") == 1
    assert counts.total("сок") == counts.document_count("сок") == 0


def test_all_that_a_stream_may_hold():
    expected = TermCounts.from_texts(["чай сок", "сок"])
    dataset = tf.data.Dataset.from_tensor_slices((["чай сок", "сок"], [0, 1]))
    for texts in (
        ("чай сок", "сок"),
        ["чай сок".encode(), "сок"],
        np.array(["чай сок", "сок"]),
        np.array([["чай сок"], ["сок"]], object),
        [["чай сок"], ["сок"]],
        (text for text in ["чай сок", "сок"]),
        [("чай сок", 1), ("сок", 0)],
        dataset,
        dataset.batch(2),
        dataset.map(lambda x, y: x),
        Corpus([Sentence(("чай", "сок")), Sentence(("сок",))]),
    ):
        assert TermCounts.from_texts(texts) == expected
    with pytest.raises(ValueError, match="Expected an iterable of texts. Received: чай"):
        TermCounts.from_texts("чай")
    with pytest.raises(ValueError, match="Expected every text to be a string, bytes, or a batch of them. Received: 3"):
        TermCounts.from_texts(["чай", 3])


def test_files_and_pickles(tmp_path):
    words = TokenPattern(r"[^ ]+")
    counts = TermCounts.from_texts(["a\u0085b \"q'\u2028 \n\r", "a\u0085b"], Pipeline([words, WordNgrams(1, 2)]))
    assert "a\u0085b" in counts and "\"q'\u2028 \n\r" in counts
    counts.save(tmp_path / "counts.json")
    assert TermCounts.load(tmp_path / "counts.json") == counts == pickle.loads(pickle.dumps(counts))
    (tmp_path / "other.json").write_text('{"format": "x", "version": 1}')
    for name, content in (("other.json", '{"format": "x", "version": 1}'), ("bad.json", "{"), ("list.json", "[]")):
        (tmp_path / name).write_text(content)
        with pytest.raises(ValueError, match=f"{name}: Expected a file that TermCounts.save wrote"):
            TermCounts.load(tmp_path / name)
    with pytest.raises(ValueError, match="Expected distinct terms, and two numbers for each"):
        TermCounts(["a", "a"], [1, 1], [1, 1], 1)


def test_selection_by_hand():
    counts = TermCounts.from_texts(["чай чай сок", "чай кофе кофе кофе", "чай сок", ""])
    assert counts.select()[0] == ["кофе", "сок", "чай"]
    assert counts.select(min_df=2)[0] == counts.select(min_df=0.5)[0] == ["сок", "чай"]
    assert counts.select(max_df=2)[0] == counts.select(max_df=0.5)[0] == ["кофе", "сок"]
    assert counts.select(max_features=2)[0] == ["кофе", "чай"]
    assert counts.select(max_features=2, binary=True)[0] == ["сок", "чай"]
    assert counts.select(min_df=2)[1].tolist() == [2, 3]
    with pytest.raises(ValueError, match="Expected a term to be left.*min_df=5.*Try a lower min_df"):
        counts.select(min_df=5, max_df=9)
    with pytest.raises(ValueError, match="Expected `max_df` to be no fewer documents than `min_df`"):
        counts.select(min_df=3, max_df=2)
    with pytest.raises(ValueError, match="Expected a term to be left.*0 terms in 0 documents"):
        TermCounts.from_texts([]).select()


def test_idf_formulas():
    df = np.array([1.0, 2.0, 4.0])
    np.testing.assert_allclose(idf("smooth", 4, df), np.log(5 / (1 + df)) + 1)
    np.testing.assert_allclose(idf("plain", 4, df), np.log(4 / df) + 1)
    np.testing.assert_allclose(idf("textbook", 4, df), np.log(4 / df))
    np.testing.assert_allclose(idf("keras", 4, df), np.log(1 + 4 / (1 + df)))
    np.testing.assert_allclose(idf("none", 4, df), 1)
    with pytest.raises(ValueError, match="Expected `idf` to be one of"):
        idf("sklearn", 4, df)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]))))
def test_packing(strings):
    assert unpack(*pack(strings)) == strings


def test_a_matrix_without_texts_and_with_wrong_terms():
    matrix = TermMatrix(["чай"], [1.0])
    assert matrix.sparse([]).dense().shape == (0, 1) and matrix.ordered([]) == []
    assert matrix.terms(tf.constant([], tf.string))[0].shape[0] == 0
    with pytest.raises(ValueError, match="Expected distinct terms and one idf for each"):
        TermMatrix(["чай", "чай"], [1.0, 1.0])
    pipeline = Pipeline([TokenPattern(), KeepWords(["чай"])])
    assert len(TermMatrix(["чай"], [1.0], pipeline).resources()) == 2


def test_scipy():
    scipy_sparse = pytest.importorskip("scipy.sparse")
    matrix = TermMatrix(["сок", "чай"], [1.0, 2.0], norm=None).sparse(["чай чай", "", "сок"])
    assert isinstance(matrix.to_scipy(), scipy_sparse.csr_array)
    assert matrix.to_scipy().toarray().tolist() == matrix.dense().tolist() == [[0, 4], [0, 0], [1, 0]]
