"""Precision, recall and F1 of entities from their counts, in plain Python."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from keras_embed._errors import check_one_of, message
from keras_embed.text.tag_schemes import spans

MODES = ("conlleval", "strict")
_Scores = dict[str, float | int]


def entity_scores(
    true_tags: Iterable[Sequence[str]],
    predicted_tags: Iterable[Sequence[str]],
    scheme: str = "BIO",
    mode: str = "conlleval",
) -> dict[str, Any]:
    """Entity scores of a tagged corpus.

    A predicted entity is right if a true one has the same first token, last token and type. Precision is the share of
    the predicted entities that are right, recall the share of the true ones that were found, F1 their harmonic mean;
    0 where a share has nothing to be a share of.

    Args:
        true_tags: a list of tag strings for each sentence.
        predicted_tags: the same, as many and as long.
        scheme: one of `keras_embed.text.SCHEMES`.
        mode: "conlleval" reads broken sequences as the CoNLL script does, "strict" counts well-formed entities only.

    Returns:
        `{"types": {type: scores}, "micro": scores, "macro": scores}`, where scores are precision, recall, f1,
        support (true entities), predicted and correct. Macro is the mean over the types that occur in either.

    Raises:
        ValueError: if the two differ in the number of sentences or of tags in a sentence.

    Example:
    >>> report = entity_scores([["B-PER", "O", "B-LOC"]], [["B-PER", "O", "O"]])
    >>> report["micro"]["precision"], report["micro"]["recall"]
    (1.0, 0.5)
    """
    check_one_of("mode", mode, MODES)
    true_tags, predicted_tags = list(true_tags), list(predicted_tags)
    if len(true_tags) != len(predicted_tags):
        raise ValueError(message("as many predicted as true sentences", f"{len(predicted_tags)}, {len(true_tags)}"))
    counts: dict[str, list[int]] = {}
    for number, (true, predicted) in enumerate(zip(true_tags, predicted_tags, strict=True)):
        if len(true) != len(predicted):
            received = f"{len(predicted)} predicted and {len(true)} true tags in sentence {number}"
            raise ValueError(message("one predicted tag for each true tag", received))
        found = set(spans(predicted, scheme, mode == "strict"))
        sought = set(spans(true, scheme, mode == "strict"))
        for column, entities in enumerate((sought & found, sought, found)):
            for span in entities:
                counts.setdefault(span.type, [0, 0, 0])[column] += 1
    return report_of(counts)


def report_of(counts: Mapping[str, Sequence[int]]) -> dict[str, Any]:
    """The report `entity_scores` describes, from each type's numbers of correct, true and predicted entities."""
    types = {name: _scores(*map(int, counts[name])) for name in sorted(counts)}
    present = [scores for scores in types.values() if scores["support"] or scores["predicted"]]
    totals = {key: sum(int(scores[key]) for scores in present) for key in ("correct", "support", "predicted")}
    means = {
        key: sum(scores[key] for scores in present) / max(1, len(present)) for key in ("precision", "recall", "f1")
    }
    micro = _scores(totals["correct"], totals["support"], totals["predicted"])
    return {"types": types, "micro": micro, "macro": micro | means}


def _scores(correct: int, true: int, predicted: int) -> _Scores:
    return {
        "precision": correct / predicted if predicted else 0.0,
        "recall": correct / true if true else 0.0,
        "f1": 2 * correct / (true + predicted) if true + predicted else 0.0,
        "support": true,
        "predicted": predicted,
        "correct": correct,
    }


def table_of(report: Mapping[str, Any]) -> str:
    """A report as text, laid out as conlleval's: a line for all, a line for each type with its predicted entities.

    Example:
    >>> print(table_of(entity_scores([["B-PER", "O"]], [["B-PER", "B-LOC"]])))
    1 true entities; found: 2; correct: 1.
    micro: precision:  50.00%; recall: 100.00%; FB1:  66.67
    macro: precision:  50.00%; recall:  50.00%; FB1:  50.00
      LOC: precision:   0.00%; recall:   0.00%; FB1:   0.00  1
      PER: precision: 100.00%; recall: 100.00%; FB1: 100.00  1
    """
    micro = report["micro"]
    width = max(5, *map(len, report["types"]), 0)
    lines = [f"{micro['support']} true entities; found: {micro['predicted']}; correct: {micro['correct']}."]
    rows = [("micro", micro, ""), ("macro", report["macro"], "")]
    rows += [(name, scores, f"  {scores['predicted']}") for name, scores in report["types"].items()]
    for name, scores, found in rows:
        precision, recall, f1 = (100 * scores[key] for key in ("precision", "recall", "f1"))
        lines.append(f"{name:>{width}}: precision: {precision:6.2f}%; recall: {recall:6.2f}%; FB1: {f1:6.2f}{found}")
    return "\n".join(lines)
