"""Scores of entities and of semantic roles from tag strings, in plain Python."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from keras_embed._errors import check_one_of, message
from keras_embed.text.tag_schemes import spans

MODES = ("conlleval", "strict")
_Scores = dict[str, float | int]
_CONTINUED = "C-"
_Argument = tuple[str, tuple[tuple[int, int], ...]]
"""Role and spans (start, end) of an argument."""


def entity_scores(
    true_tags: Iterable[Sequence[str]],
    predicted_tags: Iterable[Sequence[str]],
    scheme: str = "BIO",
    mode: str = "conlleval",
) -> dict[str, Any]:
    """Computes precision, recall and F1 of the entities of a tagged corpus.

        precision = correct / predicted,    recall = correct / true,    F1 = 2 correct / (true + predicted)

    A predicted entity is correct if a true one has the same first token, last token and type. A score with a zero
    denominator is 0.

    Args:
        true_tags: A list of tag strings for each sentence.
        predicted_tags: The predicted tags, in the same form.
        scheme: One of `keras_embed.text.SCHEMES`.
        mode: "conlleval" reads malformed sequences as the CoNLL script does, "strict" counts well-formed entities only.

    Returns:
        `{"types": {type: scores}, "micro": scores, "macro": scores}`, where scores are precision, recall, f1,
        support (true entities), predicted and correct. Macro is the mean over the types that occur in either.

    Raises:
        ValueError: If the numbers of sentences, or of tags in a sentence, differ.

    References:
        Tjong Kim Sang and De Meulder 2003, https://aclanthology.org/W03-0419.

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
    for index, (true, predicted) in enumerate(zip(true_tags, predicted_tags, strict=True)):
        if len(true) != len(predicted):
            received = f"{len(predicted)} predicted and {len(true)} true tags in sentence {index}"
            raise ValueError(message("one predicted tag for each true tag", received))
        found = set(spans(predicted, scheme, mode == "strict"))
        sought = set(spans(true, scheme, mode == "strict"))
        for column, entities in enumerate((sought & found, sought, found)):
            for span in entities:
                counts.setdefault(span.type, [0, 0, 0])[column] += 1
    return report_of(counts)


def role_scores(
    true_tags: Iterable[Sequence[str]],
    predicted_tags: Iterable[Sequence[str]],
    scheme: str = "BIO",
    left_out: Collection[str] = ("V",),
) -> dict[str, Any]:
    """Computes precision, recall and F1 of the arguments of predicates, with one tag sequence for each predicate.

    As in CoNLL-2005's `srl-eval.pl`, there are two differences from `entity_scores`. The predicate, "V", is not an
    argument and is ignored. An argument may be discontinuous: "C-A1" continues the last "A1" before it, and both are
    one argument, which is correct if its role and all of its spans are; without an "A1" before it, it is an "A1"
    itself.

    Args:
        true_tags: A list of tag strings for each predicate.
        predicted_tags: The predicted tags, in the same form.
        scheme: One of `keras_embed.text.SCHEMES`.
        left_out: Roles to ignore.

    Returns:
        Dict as returned by `entity_scores`, and `perfect`, the share of predicates whose set of arguments is correct.

    Raises:
        ValueError: If the numbers of predicates, or of tags of a predicate, differ.

    References:
        Carreras and Marquez 2005, https://aclanthology.org/W05-0620.

    Example:
    >>> true = [["B-A1", "B-V", "B-C-A1", "B-AM-TMP"]]
    >>> report = role_scores(true, [["B-A1", "B-V", "O", "B-AM-TMP"]])
    >>> report["types"]["A1"]["f1"], report["micro"]["f1"], report["perfect"]
    (0.0, 0.5, 0.0)
    """
    true_tags, predicted_tags = list(true_tags), list(predicted_tags)
    if len(true_tags) != len(predicted_tags):
        raise ValueError(message("as many predicted as true predicates", f"{len(predicted_tags)}, {len(true_tags)}"))
    counts: dict[str, list[int]] = {}
    perfect = 0
    for index, (true, predicted) in enumerate(zip(true_tags, predicted_tags, strict=True)):
        if len(true) != len(predicted):
            received = f"{len(predicted)} predicted and {len(true)} true tags of predicate {index}"
            raise ValueError(message("one predicted tag for each true tag", received))
        sought, found = (_arguments(tags, scheme, left_out) for tags in (true, predicted))
        perfect += sought == found
        for column, arguments in enumerate((sought & found, sought, found)):
            for role, _ in arguments:
                counts.setdefault(role, [0, 0, 0])[column] += 1
    return {**report_of(counts), "perfect": perfect / max(1, len(true_tags))}


def _arguments(tags: Sequence[str], scheme: str, left_out: Collection[str]) -> set[_Argument]:
    """Returns the arguments of a predicate, each with its role and all of its spans."""
    arguments: list[tuple[str, list[tuple[int, int]]]] = []
    last: dict[str, list[tuple[int, int]]] = {}  # the spans of the last argument of each role
    for start, end, kind in spans(tags, scheme):
        role = kind.removeprefix(_CONTINUED)
        if kind == role or role not in last:
            last[role] = []
            arguments.append((role, last[role]))
        last[role].append((start, end))
    return {(role, tuple(parts)) for role, parts in arguments if role not in left_out}


def report_of(counts: Mapping[str, Sequence[int]]) -> dict[str, Any]:
    """Returns the report of `entity_scores` for the numbers of correct, true and predicted entities of each type."""
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
    """Formats a report as conlleval does: a line for the totals, and a line for each type with its predicted entities.

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
