"""Semantic roles counted by hand, as the script of CoNLL-2005 counts them."""

import pytest

from keras_embed.metrics import entity_scores, role_scores

TRUE = ["B-A1", "I-A1", "B-V", "B-C-A1", "O", "B-AM-TMP"]


def scores(predicted, true=TRUE, **arguments):
    report = role_scores([true], [predicted], **arguments)
    return tuple(report["micro"][key] for key in ("correct", "predicted", "support")), report


def test_the_predicate_is_ignored_and_continued_spans_are_one_argument():
    counts, report = scores(TRUE)
    assert counts == (2, 2, 2) and report["perfect"] == report["micro"]["f1"] == 1.0
    assert sorted(report["types"]) == ["A1", "AM-TMP"]
    assert entity_scores([TRUE], [TRUE])["micro"]["support"] == 4


@pytest.mark.parametrize(
    ("predicted", "counts"),
    [
        (["B-A1", "I-A1", "B-V", "O", "O", "B-AM-TMP"], (1, 2, 2)),  # a continuation is missing
        (["B-A1", "I-A1", "B-V", "B-A1", "O", "B-AM-TMP"], (1, 3, 2)),  # two arguments instead of one
        (["O", "O", "B-V", "B-C-A1", "O", "B-AM-TMP"], (1, 2, 2)),  # without a head, the continuation is an A1
        (["B-A1", "I-A1", "O", "B-C-A1", "O", "B-AM-TMP"], (2, 2, 2)),  # the predicate is not looked at
        (["B-A0", "I-A0", "B-V", "B-C-A0", "O", "O"], (0, 1, 2)),
        (["O"] * 6, (0, 0, 2)),
    ],
)
def test_counts(predicted, counts):
    found, report = scores(predicted)
    assert found == counts
    assert report["perfect"] == float(counts == (2, 2, 2))


def test_a_continuation_without_a_head_is_an_argument_that_later_ones_continue():
    true = ["B-C-A0", "O", "B-C-A0"]
    assert scores(["B-A0", "O", "B-C-A0"], true)[0] == (1, 1, 1)
    # Of two arguments of one role, a continuation continues the last.
    true = ["B-A0", "B-A1", "B-A0", "O", "B-C-A0"]
    counts, _ = scores(["B-A0", "B-A1", "O", "O", "B-C-A0"], true)
    assert counts == (1, 2, 3)


def test_ignored_roles_can_be_chosen():
    assert scores(TRUE, left_out=())[0] == (3, 3, 3)
    assert scores(TRUE, left_out=("V", "AM-TMP"))[0] == (1, 1, 1)


def test_unequal_lists_are_refused():
    with pytest.raises(ValueError, match="as many predicted as true predicates"):
        role_scores([["O"]], [])
    with pytest.raises(ValueError, match="one predicted tag for each true tag. Received: 2 predicted and 1 true"):
        role_scores([["O"]], [["O", "O"]])
