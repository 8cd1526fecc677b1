"""Corpora as word ids."""

import numpy as np
import pytest

from keras_embed.corpora import Corpus, Sentence
from keras_embed.vectors.training.corpus_ids import Sentences, token_ids

TALE = [["the", "wolf", "met", "the", "fox"], [], ["the", "fox", "ran"]]


def test_words_are_sorted_by_count_then_appearance():
    ids = token_ids(TALE, 1)
    assert ids.words == ["the", "fox", "wolf", "met", "ran"]
    assert ids.counts.tolist() == [3, 2, 1, 1, 1]
    assert [ids.words[i] for i in ids.ids] == [word for sentence in TALE for word in sentence]
    assert ids.sentences.tolist() == [0] * 5 + [2] * 3
    assert ids.tokens == 8


def test_rare_words_are_left_out():
    ids = token_ids(TALE, 2)
    assert ids.words == ["the", "fox"]
    assert ids.ids.tolist() == [0, 0, 1, 0, 1]
    assert ids.sentences.tolist() == [0, 0, 0, 2, 2]
    assert ids.tokens == 8


def test_every_kind_of_corpus_is_read_alike(tmp_path):
    path = tmp_path / "tale.txt"
    path.write_text("\n".join(map(" ".join, TALE)))
    expected = token_ids(TALE[::2], 1)
    for corpus in (path, str(path), Corpus(Sentence(tuple(s)) for s in TALE[::2]), [iter(s) for s in TALE[::2]]):
        given = token_ids(corpus, 1)
        assert given.words == expected.words
        np.testing.assert_array_equal(given.ids, expected.ids)
        np.testing.assert_array_equal(given.sentences, expected.sentences)


def test_items_are_named_by_their_text():
    assert token_ids([[3, 1, 3], [("a", 2)]], 1).words == ["3", "1", "('a', 2)"]
    assert list(Sentences([[3, 1]])) == [["3", "1"]]


@pytest.mark.parametrize(
    ("corpus", "error", "said"),
    [
        ((s for s in TALE), TypeError, "can be read more than once. Received: a generator, empty after the first"),
        (7, TypeError, "Expected `corpus`: sentences, or the path of a text. Received: 7."),
        (["a sentence"], TypeError, "lists of words. Received: 'a sentence'. Try sentence.split()."),
        ([[1, "1"]], ValueError, "distinct texts. Received: 1 and '1'. Try items of one type."),
        (TALE, ValueError, "seen at least 9 times. Received: 5 words, none more than 3 times. Try min_count=1."),
        ([], ValueError, "Received: 0 words, none more than 0 times."),
    ],
)
def test_a_bad_corpus_is_refused(corpus, error, said):
    with pytest.raises(error) as caught:
        token_ids(corpus, 9)
    assert said in str(caught.value)
