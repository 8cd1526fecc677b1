"""The bundled corpus equals the output of its script and matches its README."""

import importlib
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
FOLDER = REPOSITORY / "keras_embed" / "corpora" / "data"
SPLITS = {"train": 600, "dev": 150, "test": 150}


@pytest.fixture(scope="module")
def parts() -> dict[str, list[list[list[str]]]]:
    """Split -> sentences -> [token, tag]."""
    return {
        split: [
            [line.split("\t") for line in sentence.splitlines()]
            for sentence in (FOLDER / f"tiny_ner.{split}.conll").read_text(encoding="utf-8").split("\n\n")
        ]
        for split in SPLITS
    }


def names(sentences):
    """The (text, type) of every name."""
    found = []
    for sentence in sentences:
        for token, tag in sentence:
            if tag.startswith("B-"):
                found.append([token, tag[2:]])
            elif tag.startswith("I-"):
                found[-1][0] += " " + token
    return {tuple(name) for name in found}


def test_the_files_are_what_the_script_writes(monkeypatch):
    monkeypatch.syspath_prepend(REPOSITORY / "tools")
    for split, text in importlib.import_module("make_tiny_ner").corpus().items():
        assert (FOLDER / f"tiny_ner.{split}.conll").read_text(encoding="utf-8") == text


def test_sizes(parts):
    assert {split: len(sentences) for split, sentences in parts.items()} == SPLITS
    assert sum(file.stat().st_size for file in FOLDER.iterdir()) < 150_000


def test_tags_are_well_formed(parts):
    types = {"PER", "LOC", "ORG"}
    for sentences in parts.values():
        for sentence in sentences:
            before = "O"
            for token, tag in sentence:
                assert token == token.strip() != ""
                assert tag == "O" or (tag[:2] in {"B-", "I-"} and tag[2:] in types)
                assert not tag.startswith("I-") or before[2:] == tag[2:]
                before = tag


def test_no_sentence_is_in_two_parts(parts):
    sentences = [tuple(token for token, _ in sentence) for part in parts.values() for sentence in part]
    assert len(set(sentences)) == len(sentences)


@pytest.mark.parametrize("split", ["dev", "test"])
def test_about_half_of_the_names_are_new(parts, split):
    known, here = names(parts["train"]), names(parts[split])
    assert 0.4 < len(here - known) / len(here) < 0.8


def test_some_words_are_names_in_one_place_only(parts):
    tags = {}
    for sentence in parts["train"]:
        for token, tag in sentence:
            tags.setdefault(token.lower(), set()).add(tag[-3:])
    ambiguous = {word for word, seen in tags.items() if len(seen) > 1}
    assert {"will", "rose", "may", "reading"} <= ambiguous, sorted(ambiguous)
    assert len(ambiguous) > 25
