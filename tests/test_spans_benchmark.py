"""The baseline of the benchmark of spans, by hand."""

import pytest

from benchmarks import spans
from keras_embed.corpora import Answer, Question

TEXT = "Once a king lived in a castle. The old queen baked a large cake for the wolf."


@pytest.mark.parametrize(
    ("question", "length", "side", "answer"),
    [
        ("What had the queen baked?", 2, "after", "large cake"),
        ("Who was the queen?", 3, "before", "in a castle. The old"),
        ("Who is a queen?", 3, "around", "old queen baked"),
        ("What had the old queen?", 3, "around", "castle"),  # the words of the question are no answer
    ],
)
def test_the_answer_stands_at_the_common_words(question, length, side, answer):
    assert spans.CommonWindow(length, side).answer(question, TEXT) == answer


def test_a_text_without_words():
    assert spans.CommonWindow().answer("Who?", "") == ""
    assert spans.CommonWindow().answer("", "some words") in "some words"


def test_the_best_span_reaches_what_can_be_reached():
    asked = [Question("Who?", TEXT, (Answer("a King"), Answer("the old queen baked"))), Question("Who?", TEXT, ())]
    best = spans.best_spans(asked)
    assert best == ["king", ""]
    assert spans.scores(asked[:1], best[:1]) == {"exact_match": 100.0, "f1": 100.0}


def test_the_table():
    row = {"kind": "window", "dev_f1": 26.44, "exact_match": 1.33, "f1": 24.66, "seconds": 5.9}
    trained = [{"kind": "bidaf", "dev_f1": 40.0, "exact_match": 20.0, "f1": f1, "seconds": 100} for f1 in (40.0, 44.0)]
    table = spans.table([row, *trained])
    assert "| longest common window | 1 | 26.4 | 1.3 | 24.7 | 6 |" in table
    assert "| 2 | 40.0 ± 0.0 | 20.0 ± 0.0 | 42.0 ± 2.8 | 100 |" in table  # the deviation is of the sample: sqrt(8)
