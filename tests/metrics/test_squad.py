"""Scores of answers: the published examples of SQuAD's scripts, and brute force over thresholds."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keras_embed.corpora import Answer, Question, Questions
from keras_embed.metrics import best_no_answer_threshold, squad_scores

# https://huggingface.co/spaces/evaluate-metric/squad, .../squad_v2: what the official scripts print.
PUBLISHED = {
    "56e10a3be3433e1400422b22": (["1976"], "1976"),
    "56d2051ce7d4791d0090260b": (["Beyoncé and Bruno Mars"], "Beyonce"),
    "5733b5344776f419006610e1": (["climate change"], "climate change"),
}


def split(rows):
    return {id_: row[0] for id_, row in rows.items()}, {id_: row[1] for id_, row in rows.items()}


def test_published_examples_of_version_1():
    references, predictions = split(PUBLISHED)
    expected = {"exact_match": 66.66666666666667, "f1": 66.66666666666667}
    assert squad_scores(references, predictions, version="1.1") == pytest.approx(expected)
    first = {"56e10a3be3433e1400422b22": ["1976"]}
    assert squad_scores(first, predictions, version="1.1") == {"exact_match": 100.0, "f1": 100.0}
    assert squad_scores(first, {"56e10a3be3433e1400422b22": "1999"}, version="1.1") == {"exact_match": 0.0, "f1": 0.0}


def test_published_example_of_version_2():
    name = "56e10a3be3433e1400422b22"
    found = squad_scores({name: ["1976"]}, {name: "1976"}, {name: 0.0})
    assert found == {
        "exact": 100.0,
        "f1": 100.0,
        "total": 1,
        "HasAns_exact": 100.0,
        "HasAns_f1": 100.0,
        "HasAns_total": 1,
        "best_exact": 100.0,
        "best_exact_thresh": 0.0,
        "best_f1": 100.0,
        "best_f1_thresh": 0.0,
    }


def test_an_example_by_hand():
    references = [["the cat", "a big cat"], ["dog"], [], []]
    predictions = ["Big cat!", "a dog sat", "", "something"]
    found = squad_scores(references, predictions)
    f1 = 2 * (1 / 2) * 1 / (1 / 2 + 1)  # "dog" in "dog sat"
    assert found == pytest.approx(
        {
            "exact": 50.0,
            "f1": 100 * (1 + f1 + 1 + 0) / 4,
            "total": 4,
            "HasAns_exact": 50.0,
            "HasAns_f1": 100 * (1 + f1) / 2,
            "HasAns_total": 2,
            "NoAns_exact": 50.0,
            "NoAns_f1": 50.0,
            "NoAns_total": 2,
        }
    )


def test_an_answer_without_words():
    """The first script's F1 knows no empty answers; the second one leaves such references out."""
    assert squad_scores([["the"]], ["a"], version="1.1") == {"exact_match": 100.0, "f1": 0.0}
    assert squad_scores([["the", "cat"]], ["a"])["exact"] == 0.0
    found = squad_scores([["the"]], ["a"])
    assert (found["exact"], found["f1"], found["HasAns_total"]) == (100.0, 100.0, 1)


def test_questions_without_prediction():
    references = {"1": ["cat"], "2": ["dog"]}
    assert squad_scores(references, {"1": "cat"}, version="1.1") == {"exact_match": 50.0, "f1": 50.0}
    assert squad_scores(references, {"1": "cat"})["total"] == 1


ROWS = st.lists(
    st.tuples(
        st.lists(st.sampled_from(["cat", "the old dog", "dog"]), max_size=2),
        st.sampled_from(["", "cat", "old dog"]),
        st.integers(0, 20),
    ),
    min_size=1,
    max_size=8,
    unique_by=lambda row: row[2],  # equal ones are answered one by one in the script, and all at once by a threshold
)


@given(ROWS)
def test_the_best_threshold_is_the_best_of_all(rows):
    references, predictions, unsure = zip(*rows, strict=True)
    unsure = [value / 20 for value in unsure]
    found = squad_scores(references, predictions, unsure)
    for name in ("exact", "f1"):
        tried = {
            threshold: squad_scores(references, predictions, unsure, threshold=threshold)[name]
            for threshold in (-1.0, *unsure)
        }
        assert found[f"best_{name}"] == pytest.approx(max(tried.values()))
        threshold = found[f"best_{name}_thresh"]
        if threshold in tried and found[f"best_{name}"] > tried[-1.0]:
            assert tried[threshold] == pytest.approx(found[f"best_{name}"])
        else:
            assert threshold == 0.0


def test_nothing_has_no_best_threshold():
    with pytest.raises(ValueError, match="Expected at least one score. Received: none"):
        best_no_answer_threshold({}, {}, {}, {})


def test_questions_of_a_corpus():
    asked = Questions(
        [Question("a?", "cat", (Answer("cat", 0), Answer("a cat")), id="x"), Question("b?", "dog", id="y")], "mine"
    )
    assert squad_scores(asked, ["cat", ""])["exact"] == 100.0
    assert squad_scores(asked, {"y": "dog", "x": "a cat"})["exact"] == 50.0
    assert squad_scores(list(asked), np.array(["cat", ""]), np.array([0.1, 0.9]))["best_f1"] == 100.0


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (([], []), "at least one question"),
        (([["a"]], ["a", "b"]), "as many `predictions` as questions. Received: 2 for 1"),
        ((["a"], ["a"]), "a list of reference answers for each question"),
        (([["a"]], ["a"], None, "3"), "version"),
        (([["a"]], ["a"], [0.5], "1.1"), "no `no_answer` for version 1.1"),
        (({"1": ["a"]}, {"2": "a"}), "predictions for some of the questions"),
        (({"1": ["a"]}, {"1": "a"}, {"2": 0.5}), "none for question 1"),
        (([Question("a?", "b", id="1")] * 2, ["b", "b"]), "'1' more than once"),
    ],
)
def test_errors(arguments, error):
    with pytest.raises(ValueError, match=error):
        squad_scores(*arguments)
