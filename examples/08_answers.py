"""Train a model that finds the answer to a question in a text, ask it, and ship it as one SavedModel.

    python examples/08_answers.py                                          # a corpus that this file makes up
    python examples/08_answers.py --corpus fairytaleqa --questions 8000    # fairy tales: this takes long
    python examples/08_answers.py --corpus train-v2.0.json --backend jax   # SQuAD's files

FairytaleQA lies in the folder that KERAS_EMBED_DATA names, by default ../shared/data. `python -m benchmarks spans` is
the recipe at its real size: it begins with word vectors that were trained on the tales.
"""

import argparse
import os
import random
import re
import sys
from collections.abc import Sequence
from pathlib import Path

if backend := re.search(r"--backend[ =](\w+)", " ".join(sys.argv)):
    os.environ["KERAS_BACKEND"] = backend[1]  # Keras reads it once, when it is imported

import keras

import keras_embed as ke

DATA = Path(os.environ.get("KERAS_EMBED_DATA") or Path(__file__).resolve().parents[2] / "shared" / "data")
JIT = keras.config.backend() == "jax"  # elsewhere, XLA would compile longer than so short a training takes
NAMES = ["Ada", "Bruno", "Clara", "David", "Elena", "Felix", "Greta", "Hugo", "Ines", "Jonas"]
PLACES = ["Rome", "Oslo", "Old Bern", "Porto", "Lower Sebrook", "Vienna", "New Haven", "Kyoto"]
THINGS = ["a red boat", "two hens", "an old clock", "the blue lamp", "a bag of salt", "seven apples"]


def made_up(number: int) -> list[ke.corpora.Question]:
    """Texts about two people each, and a question about one of them."""
    lots, questions = random.Random(1), []
    for row in range(number):
        facts = list(zip(lots.sample(NAMES, 2), lots.sample(PLACES, 2), lots.sample(THINGS, 2), strict=True))
        text = " ".join(f"{name} came from {place} and bought {thing}." for name, place, thing in facts)
        name, place, thing = lots.choice(facts)
        asked, answer = lots.choice([(f"Where did {name} come from?", place), (f"What did {name} buy?", thing)])
        answers = (ke.corpora.Answer(answer, text.index(answer)),)
        questions.append(ke.corpora.Question(asked, text, answers, id=str(row)))
    return questions


def load(corpus: str | None, number: int) -> tuple[ke.corpora.Questions, ke.corpora.Questions]:
    """Questions to train on whose answers stand in the text, and a tenth as many that are held out."""
    if corpus is None:
        found = made_up(number + number // 10)
    elif corpus in ke.corpora.names():
        os.environ.setdefault("KERAS_EMBED_DATA", str(DATA))
        found = list(ke.corpora.load(corpus).located(0.5))  # the closest span, where the answer is in other words
    else:
        found = list(ke.corpora.read_squad(corpus))
    random.Random(1).shuffle(found)
    cut = min(number // 10, len(found) // 10)
    return ke.corpora.Questions(found[cut : cut + number]), ke.corpora.Questions(found[:cut])


def make(train: ke.corpora.Questions) -> ke.SpanQA:
    """BiDAF: question and text are read side by side, and each word of one looks at the words of the other."""
    preprocessor = ke.preprocessors.SpanPreprocessor.from_corpus(
        train, bucket_lengths=(8, 24, 160, 320), max_answer_length=8
    )
    embeddings = preprocessor.embeddings(word_dim=40)
    backbone = ke.backbones.BiDAFBackbone(embeddings, cell="gru", hidden_dim=24, num_layers=1, dropout=0.1)
    model = ke.SpanQA(backbone, preprocessor)
    model.compile(keras.optimizers.Adam(6e-3, global_clipnorm=5.0), jit_compile=JIT)
    return model


def draw(text: str, found: ke.tasks.AnsweredQuestion, path: Path) -> None:
    """Draws the text; under each word stands how probably it is in the answer, by the best spans."""
    words = [(match.group(), match.start(), match.end()) for match in re.finditer(r"\w+|[^\w\s]", text)]
    scores = [
        sum(one.probability for one in found.candidates if one.start < end and start < one.end)
        for _, start, end in words
    ]
    inside = [found.start is not None and found.start <= start and end <= found.end for _, start, end in words]
    first = inside.index(True) if any(inside) else -1
    tags = [("B-answer" if number == first else "I-answer") if here else "O" for number, here in enumerate(inside)]
    ke.plots.tagged_sentence([word for word, *_ in words], tags, scores).figure.savefig(path, dpi=120)


def main(arguments: Sequence[str] | None = None) -> dict[str, float]:
    """All steps; returns exact match and F1 on the held-out questions."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", help="fairytaleqa, squad, squad2, or a file in SQuAD's form")
    parser.add_argument("--questions", type=int, default=1000, help="to train on, at most")
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--backend", choices=["tensorflow", "jax", "torch"], help="of Keras; see the top of this file")
    parser.add_argument("--output", type=Path, default=Path("answers"), help="folder of picture and SavedModel")
    options = parser.parse_args(arguments)

    keras.utils.set_random_seed(1)
    train, held_out = load(options.corpus, options.questions)
    print(f"{len(train):,} questions to learn, {len(held_out):,} held out; for example: {train[0].question}")
    model = make(train)
    model.fit(train, epochs=options.epochs, batch_size=32)
    scores = model.report(held_out, version="1.1")
    print({name: round(value, 1) for name, value in scores.items()})

    found = model.answer([(one.question, one.context) for one in held_out[:5]], num_best=5)
    for one, answer in zip(held_out, found, strict=False):
        print(f"{one.question}  {answer.text or '-'} ({answer.probability:.2f}; right: {', '.join(one.texts) or '-'})")

    options.output.mkdir(parents=True, exist_ok=True)
    number = max(range(len(found)), key=lambda number: found[number].probability)  # the surest
    draw(held_out[number].context, found[number], options.output / "answer.png")
    print(f"Where it found the answer to {held_out[number].question!r} is in {options.output / 'answer.png'}.")
    model.export(options.output / "1")
    print(f"The SavedModel, question and text in and answers out, is in {options.output / '1'}.")
    return dict(scores)


if __name__ == "__main__":
    main()
