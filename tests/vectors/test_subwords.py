"""Vectors composed of n-grams, compared with fastText, and pruned models."""

import numpy as np
import pytest
from fasttext_files import golden

from keras_embed import text
from keras_embed.vectors import Subwords


@pytest.mark.parametrize("name", ["ft_sg_ru", "ft_cbow_minn1_ru", "ft_sup_ru"])
def test_vectors_are_fasttexts(data_dir, name):
    vectors, expected = golden(data_dir.parent / "fixtures/static/made", name)
    assert list(vectors) == expected["words"]
    for word, vector in expected["vectors"].items():
        np.testing.assert_allclose(vectors[word], vector, atol=1e-6)
        if word not in vectors:
            np.testing.assert_allclose(vectors.subwords.vector(word), vector, atol=1e-6)


def small(kept=None):
    matrix = np.random.default_rng(3).normal(size=(50 if kept is None else len(kept), 4)).astype("float32")
    return Subwords(matrix, 50, 2, 4, kept)


@pytest.mark.parametrize("kept", [None, {bucket: row for row, bucket in enumerate(range(1, 50, 3))}, {}])
def test_many_words_at_once(kept, monkeypatch):
    subwords = small(kept)
    words = ["cat", "", "</s>", "лес", "a", "cataract", "x" * 40]
    rows, lengths = subwords.row_table(words)
    assert lengths.tolist() == [len(subwords.rows(word)) for word in words]
    assert rows.tolist() == [row for word in words for row in subwords.rows(word)]
    monkeypatch.setattr("keras_embed.vectors.subwords._GATHERED", 30)  # a few words a step
    expected = np.stack([subwords.vector(word) for word in words])
    np.testing.assert_allclose(subwords.vectors(words), expected, atol=1e-6)
    own = np.arange(28, dtype="float32").reshape(7, 4)
    with_own = [
        np.concatenate([own[[place]], subwords.matrix[subwords.rows(word)]]).mean(axis=0)
        for place, word in enumerate(words)
    ]
    np.testing.assert_allclose(subwords.vectors(words, own), with_own, atol=1e-5)


def test_pruned_buckets_are_skipped():
    buckets = text.ngrams.ngram_buckets("cat", 2, 4, 50)
    subwords = Subwords(np.array([[2.0], [4.0]], "float32"), 50, 2, 4, {buckets[0]: 1, buckets[3]: 0})
    assert subwords.rows("cat").tolist() == [{buckets[0]: 1, buckets[3]: 0}[b] for b in buckets if b in subwords.kept]
    assert not Subwords(np.zeros((0, 3), "float32"), 50, 2, 4, {}).vector("cat").any()
