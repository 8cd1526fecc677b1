"""Word vectors served in the request format of TensorFlow Serving."""

import pytest
from small_served import MATRIX, WORDS, models

from keras_embed.serving import RequestError, ServedVectors
from keras_embed.vectors import WordVectors


def test_answers_are_those_of_the_vectors():
    vectors = WordVectors(WORDS, MATRIX)
    answer = models()["words"].predict({"inputs": {"word": WORDS}, "top": 2})["outputs"]
    for row, word in enumerate(WORDS):
        names, scores = zip(*vectors.most_similar(word, top=2), strict=True)
        assert answer["neighbors"][row] == list(names)
        assert answer["scores"][row] == pytest.approx(scores, abs=1e-6)


def test_rows_and_columns_say_the_same():
    words = models()["words"]
    [row] = words.predict({"instances": [{"word": "king"}]})["predictions"]
    assert words.predict({"inputs": ["king"]})["outputs"] == {name: [value] for name, value in row.items()}
    assert row["neighbors"] == ["man", "queen", "woman"]  # as many as there are, without the word itself
    assert words.predict({"inputs": []}) == {"outputs": {"neighbors": [], "scores": []}}


def test_a_word_without_a_direction_has_only_other_words():
    vectors = ServedVectors(WordVectors(["a", "b"], [[float("nan"), 1.0], [0.0, 1.0]]), "x")
    assert vectors.predict({"instances": ["a"]})["predictions"] == [{"neighbors": [], "scores": []}]


@pytest.mark.parametrize("top", [0, -1, 101, 1.5, True, "3", None])
def test_the_number_of_neighbours_is_bounded(top):
    with pytest.raises(RequestError, match="`top` from 1 to 100"):
        models()["words"].predict({"instances": ["king"], "top": top})


def test_unknown_words_and_too_many_are_named():
    with pytest.raises(RequestError, match="Received: 'nobody'"):
        models()["words"].predict({"instances": ["king", "nobody"]})
    with pytest.raises(RequestError, match="at most 1 rows. Received: 2"):
        models()["words"].predict({"instances": ["king", "man"]}, max_rows=1)
