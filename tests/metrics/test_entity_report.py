"""`entity_scores`: seqeval as a second opinion, and the published figures of WNUT 2017."""

import gzip
import warnings

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from seqeval import scheme as seqeval_schemes
from seqeval.metrics import classification_report

from keras_embed.metrics import EntityF1, entity_scores

# Derczynski, Nichols, van Erp, Limsopatham 2017, "Results of the WNUT2017 Shared Task on Novel and Emerging Entity
# Recognition", results table, column F1 (entity).
PUBLISHED = {
    "arcada.gz": 39.98,
    "drexel_cci.gz": 26.30,
    "flytxt.gz": 38.35,
    "mic-cis.txt.gz": 37.06,
    "sjtu_adapt.txt.gz": 40.42,
    "spinningbytes.txt.gz": 40.78,
    "uh_ritual.gz": 41.86,
}


def read(path):
    """Sentences as lists of (word, tag).

    The gold file has LF and tabs; the systems' have CRLF and no line break at the end, and arcada's has spaces for
    tabs. Splitting on whitespace and dropping empty blocks reads all eight alike.
    """
    with gzip.open(path, "rt", encoding="utf-8", newline="\n") as file:
        blocks = file.read().replace("\r\n", "\n").split("\n\n")
    return [[tuple(line.split()) for line in block.splitlines()] for block in blocks if block.strip()]


def tags_of(sentences):
    return [[tag for _, tag in sentence] for sentence in sentences]


def seqeval_report(true, predicted, **arguments):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return classification_report(true, predicted, output_dict=True, zero_division=0, **arguments)


def assert_same(ours, theirs):
    for theirs_name, scores in [("micro avg", ours["micro"]), ("macro avg", ours["macro"]), *ours["types"].items()]:
        other = theirs[theirs_name]
        assert scores["precision"] == pytest.approx(other["precision"])
        assert scores["recall"] == pytest.approx(other["recall"])
        assert scores["f1"] == pytest.approx(other["f1-score"])
        assert scores["support"] == other["support"]


@pytest.fixture(scope="module")
def gold(data_dir):
    return read(data_dir / "wnut17" / "emerging.test.annotated.gz")


@pytest.mark.parametrize("system", sorted(PUBLISHED))
def test_published_figures(data_dir, gold, system):
    sentences = read(data_dir / "wnut17" / "system_outputs" / system)
    # mic-cis has other words at 1283 positions ("get" for "gt"), but token for token in step; the others have none.
    changed = sum(a != b for s, t in zip(gold, sentences, strict=True) for (a, _), (b, _) in zip(s, t, strict=True))
    assert changed == (1283 if system.startswith("mic-cis") else 0)
    true, predicted = tags_of(gold), tags_of(sentences)
    report = entity_scores(true, predicted)
    assert 100 * report["micro"]["f1"] == pytest.approx(PUBLISHED[system], abs=0.005)
    assert report["micro"]["support"] == 1079
    assert_same(report, seqeval_report(true, predicted))

    names = sorted({tag for sentence in true for tag in sentence})
    ids, width = {tag: index for index, tag in enumerate(names)}, max(map(len, true))
    metric = EntityF1(names)
    for start in range(0, len(true), 650):
        batch = np.full((2, 650, width), -1)
        for side, sentences in zip(batch, (true, predicted), strict=True):
            for row, sentence in zip(side, sentences[start : start + 650], strict=False):
                row[: len(sentence)] = [ids[tag] for tag in sentence]
        metric.update_state(*batch)
    assert metric.report() == report
    assert 100 * float(metric.result()) == pytest.approx(PUBLISHED[system], abs=0.005)


SENTENCES = st.lists(
    st.lists(st.tuples(*[st.sampled_from(["O", "B-X", "I-X", "B-Y", "I-Y"])] * 2), min_size=1, max_size=7),
    min_size=1,
    max_size=6,
)


@settings(max_examples=60)
@given(SENTENCES)
def test_agrees_with_seqeval(sentences):
    true, predicted = ([[pair[side] for pair in sentence] for sentence in sentences] for side in (0, 1))
    if any(tag != "O" for tags in (*true, *predicted) for tag in tags):
        assert_same(entity_scores(true, predicted), seqeval_report(true, predicted))
    strict = entity_scores(true, predicted, mode="strict")
    if strict["types"]:
        assert_same(strict, seqeval_report(true, predicted, mode="strict", scheme=seqeval_schemes.IOB2))


def test_empty():
    report = entity_scores([["O"], []], [["O"], []])
    assert report["types"] == {}
    assert report["micro"] == report["macro"]
    assert report["micro"]["f1"] == 0.0


def test_errors_are_sentences():
    with pytest.raises(ValueError, match="as many predicted as true sentences. Received: 0, 1"):
        entity_scores([["O"]], [])
    with pytest.raises(ValueError, match="2 predicted and 1 true tags in sentence 0"):
        entity_scores([["O"]], [["O", "O"]])
    with pytest.raises(ValueError, match="`mode` to be one of"):
        entity_scores([], [], mode="loose")
