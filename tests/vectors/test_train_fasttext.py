"""fastText by gensim."""

import numpy as np
import pytest

from keras_embed.vectors import train_fasttext

TALES = [line.split() for line in ["the foxes met a wolf", "волки и лисы не спят", "a fox and the wolves"]] * 30
SMALL = dict(dim=8, min_count=1, epochs=2, num_buckets=97, min_n=2, max_n=4, workers=1, verbose=0)


def peer(**settings):
    from gensim.models import FastText

    model = FastText(
        vector_size=8, min_count=1, bucket=97, min_n=2, max_n=4, workers=1, seed=1, sample=1e-3, negative=5, **settings
    )
    model.build_vocab(TALES)
    model.train(TALES, total_examples=len(TALES), total_words=sum(map(len, TALES)), epochs=2)
    return model.wv


@pytest.mark.parametrize("algorithm", ["skipgram", "cbow"])
def test_vectors_are_gensims(algorithm):
    vectors = train_fasttext(TALES, algorithm, **SMALL)
    table = peer(sg=int(algorithm == "skipgram"))
    assert list(vectors.words) == table.index_to_key
    np.testing.assert_allclose(vectors.matrix, table.vectors, atol=1e-6)
    np.testing.assert_allclose(vectors.subwords.matrix, table.vectors_ngrams, atol=1e-6)
    assert vectors.counts.tolist() == [table.get_vecattr(word, "count") for word in vectors.words]


def test_words_never_seen_have_gensims_vectors():
    vectors, table = train_fasttext(TALES, **SMALL), peer(sg=1)
    for word in ("wolfish", "лисица", "x", "日本", "fox"):
        np.testing.assert_allclose(vectors.vector(word), table.get_vector(word), atol=1e-6)


def test_bad_arguments_are_refused():
    with pytest.raises(ValueError, match="`max_n` of at least `min_n`. Received: min_n=3, max_n=2"):
        train_fasttext(TALES, min_n=3, max_n=2)
    with pytest.raises(ValueError, match="Expected `num_buckets` to be a positive integer"):
        train_fasttext(TALES, num_buckets=0)
    with pytest.raises(ValueError, match="Expected `algorithm` to be one of"):
        train_fasttext(TALES, algorithm="glove")
    with pytest.raises(TypeError, match="more than once"):
        train_fasttext(iter(TALES))
