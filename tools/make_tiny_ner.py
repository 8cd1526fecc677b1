"""Writes keras_embed/corpora/data/tiny_ner.*.conll, the small corpus that ships with the package.

    python tools/make_tiny_ner.py

The files have two columns, English words and PER, LOC and ORG tags in BIO. Sentence patterns and names are our own;
companies and most people are invented. A model cannot solve the task by memorising names: some names are also words
("will", "rose", "reading"), some are a person in one sentence and a place in another, and company names contain
surnames. About half of the names in the dev and test parts, and some of their sentence patterns, do not occur in the
train part, so that the model has to use the spelling.
"""

import random
from pathlib import Path

from tiny_ner_words import COMPANIES, FIRST_NAMES, PATTERNS, PLACES, SURNAMES, UNSEEN_PATTERNS

FOLDER = Path(__file__).resolve().parents[1] / "keras_embed" / "corpora" / "data"
SIZES = {"train": 600, "dev": 150, "test": 150}
SEED = 20
Tagged = list[tuple[str, str]]


def main() -> None:
    """Writes the three files."""
    for split, text in corpus().items():
        (FOLDER / f"tiny_ner.{split}.conll").write_text(text, encoding="utf-8")


def corpus() -> dict[str, str]:
    """Returns the text of each part's file. No sentence occurs twice."""
    rng = random.Random(SEED)
    known, new = zip(*(halves(rng, names) for names in (FIRST_NAMES, SURNAMES, PLACES, COMPANIES)), strict=True)
    seen: set[str] = set()
    files = {}
    for split, size in SIZES.items():
        sentences: list[str] = []
        while len(sentences) < size:
            unseen = split != "train"
            pattern = rng.choice(UNSEEN_PATTERNS if unseen and rng.random() < 0.3 else PATTERNS)
            names = new if unseen and rng.random() < 0.5 else known
            text = "".join(f"{word}\t{tag}\n" for word, tag in fill(rng, pattern, names))
            if text not in seen:
                seen.add(text)
                sentences.append(text)
        files[split] = "\n".join(sentences)
    return files


def halves(rng: random.Random, names: str) -> tuple[list[str], list[str]]:
    """Splits names into those of the train part, and those that occur only in dev and test."""
    shuffled = [name.replace("_", " ") for name in names.split()]
    rng.shuffle(shuffled)
    cut = len(shuffled) * 6 // 10
    return shuffled[:cut], shuffled[cut:]


def fill(rng: random.Random, pattern: str, names: tuple[list[str], ...]) -> Tagged:
    """Fills a pattern: PER, FIRST, LAST, LOC and ORG are replaced by names that are distinct within the sentence."""
    tokens: Tagged = []
    used: set[str] = set()
    for word in pattern.split():
        if word not in MAKERS:
            tokens.append((word, "O"))
            continue
        kind, make = MAKERS[word]
        name = make(rng, names)
        while name in used:
            name = make(rng, names)
        used.add(name)
        tokens += [(part, ("B-" if i == 0 else "I-") + kind) for i, part in enumerate(name.split())]
    return tokens


def person(rng: random.Random, names: tuple[list[str], ...]) -> str:
    """Returns a first and a last name, sometimes with an initial."""
    first, last = rng.choice(names[0]), rng.choice(names[1])
    style = rng.random()
    if style < 0.12:
        return f"{first[0]}. {last}"
    if style < 0.2:
        return f"{first} {rng.choice('ABCDEFGHJKLMNPRSTW')}. {last}"
    return f"{first} {last}"


def company(rng: random.Random, names: tuple[list[str], ...]) -> str:
    """Returns the name of an organisation, which may contain a surname or a place."""
    style = rng.random()
    if style < 0.6:
        return rng.choice(names[3])
    if style < 0.8:
        last = rng.choice(names[1])
        return rng.choice(
            [f"{last} & Sons", f"{last} Brothers", f"{last} Foundation", f"{last} and {rng.choice(names[1])}"]
        )
    kinds = ["University", "United", "City Council", "General Hospital", "Symphony Orchestra", "Savings Bank", "Museum"]
    return f"{rng.choice(names[2])} {rng.choice(kinds)}"


MAKERS = {
    "PER": ("PER", person),
    "FIRST": ("PER", lambda rng, names: rng.choice(names[0])),
    "LAST": ("PER", lambda rng, names: rng.choice(names[1])),
    "LOC": ("LOC", lambda rng, names: rng.choice(names[2])),
    "ORG": ("ORG", company),
}

if __name__ == "__main__":
    main()
