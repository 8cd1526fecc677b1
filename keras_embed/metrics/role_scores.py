"""Precision, recall and F1 of semantic roles, as the CoNLL-2005 script counts them, in plain Python."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from keras_embed._errors import message
from keras_embed.metrics.entity_report import report_of
from keras_embed.text.tag_schemes import spans

_CONTINUED = "C-"
_Argument = tuple[str, tuple[tuple[int, int], ...]]


def role_scores(
    true_tags: Iterable[Sequence[str]],
    predicted_tags: Iterable[Sequence[str]],
    scheme: str = "BIO",
    left_out: Collection[str] = ("V",),
) -> dict[str, Any]:
    """Scores of the arguments of predicates, one sequence of tags for each predicate.

    They differ from `entity_scores` in two ways, as CoNLL-2005's `srl-eval.pl` does. The predicate, "V", is no argument
    and does not count. An argument may have several pieces: "C-A1" continues the last "A1" before it, and both are one
    argument, right if role and all pieces are right; without an "A1" before it, it is an "A1" itself.

    Args:
        true_tags: a list of tag strings for each predicate.
        predicted_tags: the same, as many and as long.
        scheme: one of `keras_embed.text.SCHEMES`.
        left_out: roles that do not count.

    Returns:
        As `entity_scores`, and `perfect`: the share of the predicates of which every argument was found and nothing
        else.

    Raises:
        ValueError: if the two differ in the number of predicates or of tags of a predicate.

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
    for number, (true, predicted) in enumerate(zip(true_tags, predicted_tags, strict=True)):
        if len(true) != len(predicted):
            received = f"{len(predicted)} predicted and {len(true)} true tags of predicate {number}"
            raise ValueError(message("one predicted tag for each true tag", received))
        sought, found = (_arguments(tags, scheme, left_out) for tags in (true, predicted))
        perfect += sought == found
        for column, arguments in enumerate((sought & found, sought, found)):
            for role, _ in arguments:
                counts.setdefault(role, [0, 0, 0])[column] += 1
    return {**report_of(counts), "perfect": perfect / max(1, len(true_tags))}


def _arguments(tags: Sequence[str], scheme: str, left_out: Collection[str]) -> set[_Argument]:
    """Each argument of a predicate: its role, and the spans of all its pieces."""
    arguments: list[tuple[str, list[tuple[int, int]]]] = []
    last: dict[str, list[tuple[int, int]]] = {}
    for start, end, kind in spans(tags, scheme):
        role = kind.removeprefix(_CONTINUED)
        if kind == role or role not in last:
            last[role] = []
            arguments.append((role, last[role]))
        last[role].append((start, end))
    return {(role, tuple(pieces)) for role, pieces in arguments if role not in left_out}
