"""Sentences and tags as users hand them over: taken apart and checked before anything is trained on them."""

from collections.abc import Iterable, Sequence
from typing import Any

from keras_embed import text
from keras_embed._errors import message

#: Label of a token whose tag is not known: any tag is right.
ANY_TAG = ""


def sentences_of(corpus: Any, tags: Any = None) -> tuple[list[Any], list[Any] | None]:
    """Words and tags of a corpus, or of `(words, tags)` lists; tags `None` where there are none."""
    if hasattr(corpus, "tokens") and hasattr(corpus, "tags"):
        return list(corpus.tokens), list(corpus.tags)
    words = list(corpus)
    if any(isinstance(sentence, (str, bytes)) for sentence in words):
        first = next(sentence for sentence in words if isinstance(sentence, (str, bytes)))
        raise ValueError(message("every sentence as a list of words", repr(first), "sentence.split()"))
    return words, None if tags is None else list(tags)


def all_tags(tags: Iterable[str], scheme: str | None) -> list[str]:
    """The tags, sorted, "O" first; with a scheme, every tag that it makes of their types."""
    found = set(tags)
    if scheme is not None:
        types = {text.tag_schemes.split_tag(tag)[1] for tag in found} - {""}
        found.add(text.tag_schemes.OUTSIDE)
        for name in types:  # long, short and side by side: together they show every tag of the type
            spans = [text.Span(0, 3, name), text.Span(3, 6, name), text.Span(6, 7, name)]
            found |= set(text.tag_schemes.tags_of(spans, 7, scheme))
    return sorted(found, key=lambda tag: (tag != text.tag_schemes.OUTSIDE, tag))


def check_tags(
    words: Sequence[Sequence[str]], labels: Sequence[Sequence[str]], tags: Sequence[str], scheme: str | None
) -> None:
    """Raises `ValueError` for tags that cannot be learnt from, naming the sentence."""
    if len(words) != len(labels):
        raise ValueError(message("tags for every sentence", f"{len(words)} sentences, {len(labels)} lists of tags"))
    known = {*tags, ANY_TAG}
    for number, (sentence, sequence) in enumerate(zip(words, labels, strict=True)):
        if len(sentence) != len(sequence):
            shown = " ".join(map(str, sentence[:8]))
            raise ValueError(
                message(
                    f"as many tags as words in sentence {number}",
                    f"{len(sequence)} tags for {len(sentence)} words ({shown} ...)",
                )
            )
        for position, tag in enumerate(sequence):
            if tag not in known:
                raise ValueError(
                    message(
                        f"every tag to be one of {list(tags)}",
                        f"{tag!r} in sentence {number} at position {position}",
                        "making the preprocessor from all data that has tags",
                    )
                )
        if scheme is not None and ANY_TAG not in sequence:
            text.tag_schemes.check_sequence(sequence, scheme, where=f"sentence {number}")
