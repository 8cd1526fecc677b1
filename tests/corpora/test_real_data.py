"""The registered corpora, where they lie on this machine."""

import warnings

import pytest

from keras_embed import corpora

SIZES = [
    # name, split, sentences, tokens, documents, tags
    ("wnut17", "train", 3394, 62730, 1, 13),
    ("wnut17", "dev", 1009, 15733, 1, 13),
    ("wnut17", "test", 1287, 23394, 1, 13),
    ("ud_english_ewt", "train", 12544, 204577, 540, 17),
    ("ud_english_ewt", "dev", 2001, 25147, 318, 17),
    ("ud_russian_gsd", "dev", 579, 11709, 1, 16),
    ("ud_russian_poetry", "dev", 789, 10102, 113, 17),
    ("ud_russian_taiga", "test", 1217, 15440, 4, 17),
    ("uner_english_ewt", "dev", 2001, 25149, 318, 7),
    ("snips", "train", 13084, 117700, 1, 72),
    ("snips", "dev", 700, 6384, 1, 70),
    ("factrueval2016", "dev", 1769, 30940, 1, 7),
]


@pytest.mark.parametrize(("name", "split", "sentences", "tokens", "documents", "tags"), SIZES)
def test_sizes(data_dir, monkeypatch, name, split, sentences, tokens, documents, tags):
    monkeypatch.setenv("KERAS_EMBED_DATA", str(data_dir))
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # the files are the ones that were registered
        corpus = corpora.load(name, split)
    assert len(corpus) == sentences
    assert sum(map(len, corpus)) == tokens
    assert len(list(corpus.documents())) == documents
    assert len({tag for sentence in corpus.tags for tag in sentence}) == tags


def test_snips_intents(data_dir, monkeypatch):
    monkeypatch.setenv("KERAS_EMBED_DATA", str(data_dir))
    assert len({sentence.comments["intent"] for sentence in corpora.load("snips", "dev")}) == 7
