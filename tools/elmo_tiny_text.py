"""Reads novels and fairy tales as tokenised sentences, for tools/train_elmo_tiny.py."""

import csv
import io
import lzma
import re
import statistics
import tarfile
from collections.abc import Iterator
from pathlib import Path

#: Held-out files: the first is used for early stopping, the second is evaluated once, at the end.
VALIDATION = {"en": ("Conrad_Almayer_1895.txt.xz", "val"), "ru": ("Turgenev_Nakanune.txt.xz", None)}
TEST = {"en": ("Stevenson_Treasure_1883.txt.xz", "test"), "ru": ("Turgenev_Rudin.txt.xz", None)}
_FOLDERS = {"en": "english_classics", "ru": "russian_classics"}
_TALES = "fairytaleqa/fairytaleqa_by_split.tar.xz"

_WORD = re.compile(
    r"\d+(?:[.,:]\d+)*|[^\W\d_]+(?:['’][^\W\d_]+)*|\.\.\.+|--+|[^\w\s]",
)
# Contractions are split as in treebanks: "do n't", "she 's".
_CLITIC = re.compile(r"(?i)^(.+?)(n['’]t|['’](?:s|m|d|re|ve|ll))$")
_SENTENCE_END = re.compile(r"([.!?…]+[\"'»”’)]*)\s+(?=[\"'«“‘(—-]*\s*[A-ZА-ЯЁ])")
_ABBREVIATION = re.compile(r"(?:\b(?:Mr|Mrs|Ms|Dr|St|Messrs|Esq|Capt|Col|Gen|Rev|Hon|Jr|Sr|Vol|No)|\b\w)\.$")
_PATRONYMIC = re.compile(r"(?:\b[А-ЯЁ]|т\. е|т\. п|т\. д)\.$")


def texts(data: Path, language: str) -> dict[str, list[list[str]]]:
    """Returns the sentences, lists of words, of each part: "train", "validation" and "test"."""
    parts: dict[str, list[list[str]]] = {"train": [], "validation": [], "test": []}
    held = {VALIDATION[language][0]: "validation", TEST[language][0]: "test"}
    for path in sorted((data / _FOLDERS[language]).glob("*.txt*")):
        text = lzma.open(path, "rt", encoding="utf-8").read() if path.suffix == ".xz" else path.read_text("utf-8")
        parts[held.get(path.name, "train")] += sentences(text)
    if language == "en":
        names = {VALIDATION["en"][1]: "validation", TEST["en"][1]: "test"}
        for split, text in _tales(data / _TALES):
            parts[names.get(split, "train")] += sentences(text)
    return parts


def sentences(text: str) -> list[list[str]]:
    """Splits a text into sentences, lists of words."""
    split = []
    for paragraph in _paragraphs(text.replace("_", " ").replace("\ufeff", "")):
        current = ""
        for part in _sentence_candidates(paragraph):
            current = f"{current} {part}".strip()
            if _ABBREVIATION.search(current) or _PATRONYMIC.search(current):
                continue  # a full stop after an abbreviation does not end the sentence
            split.append(words(current))
            current = ""
        split.append(words(current))
    return [sentence for sentence in split if sentence]


def words(sentence: str) -> list[str]:
    """Splits a sentence into words and punctuation."""
    found = []
    for word in _WORD.findall(sentence):
        clitic = _CLITIC.match(word)
        found += [word] if clitic is None else list(clitic.groups())
    return found


def _paragraphs(text: str) -> Iterator[str]:
    lines = [line.strip() for line in text.splitlines()]
    lengths = [len(line) for line in lines if line]
    wrapped = lengths and max(lengths) < 110 and 45 < statistics.median(lengths)
    if not wrapped:
        yield from lines
        return
    yield from (" ".join(block.split("\n")) for block in re.split(r"\n\n+", "\n".join(lines)))


def _sentence_candidates(paragraph: str) -> Iterator[str]:
    start = 0
    for end in _SENTENCE_END.finditer(paragraph):
        yield paragraph[start : end.end(1)]
        start = end.end()
    yield paragraph[start:]


def _tales(archive: Path) -> Iterator[tuple[str, str]]:
    with tarfile.open(archive) as tar:
        for member in sorted(tar.getmembers(), key=lambda member: member.name):
            if member.name.startswith("section-stories/") and member.name.endswith(".csv"):
                rows = csv.DictReader(io.TextIOWrapper(tar.extractfile(member), encoding="utf-8"))
                yield member.name.split("/")[1], "\n".join(row["text"] for row in rows)
