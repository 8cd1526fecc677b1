"""Texts or pairs with their labels as users hand them over: a corpus, or two lists."""

from typing import Any

from keras_embed._errors import message


def columns_of(data: Any, labels: Any, name: str) -> tuple[Any, Any]:
    """Texts or pairs, and their labels, `None` where there are none.

    Args:
        data: `corpora.LabelledTexts` or `corpora.LabelledPairs`, or a list of what these hold.
        labels: of a list; of a corpus, instead of its own.
        name: "texts" or "pairs".
    """
    if not (hasattr(data, name) and hasattr(data, "labels")):
        return data, labels
    return getattr(data, name), data.labels if labels is None else labels


def labelled_columns(data: Any, labels: Any, name: str) -> tuple[Any, list[Any]]:
    """As `columns_of`; raises `ValueError` where there are no labels."""
    data, labels = columns_of(data, labels, name)
    if labels is None:
        raise ValueError(message(f"labels beside the {name}", f"{name} alone", f"from_corpus({name}, labels)"))
    return data, list(labels)
