"""Train a model that finds the answer to a question in a text, query it, and export it as one SavedModel.

    python examples/08_answers.py                                          # a generated corpus
    python examples/08_answers.py --corpus fairytaleqa --questions 8000    # fairy tales; this takes long
    python examples/08_answers.py --corpus train-v2.0.json --backend jax   # a file of SQuAD

FairytaleQA is read from the folder that KERAS_EMBED_DATA names, by default ../shared/data. `python -m benchmarks spans`
runs the recipe at full size, which starts from word vectors trained on the tales.
"""

import argparse
import os
import random
import re
import sys
from collections.abc import Sequence
from pathlib import Path

if backend := re.search(r"--backend[ =](\w+)", " ".join(sys.argv)):
    os.environ["KERAS_BACKEND"] = backend[1]  # read by Keras when it is imported

import keras

import keras_embed as ke

DATA = Path(os.environ.get("KERAS_EMBED_DATA") or Path(__file__).resolve().parents[2] / "shared" / "data")
JIT = keras.config.backend() == "jax"  # on the other backends, compilation would take longer than this short training
NAMES = ["Ada", "Bruno", "Clara", "David", "Elena", "Felix", "Greta", "Hugo", "Ines", "Jonas"]
PLACES = ["Rome", "Oslo", "Old Bern", "Porto", "Lower Sebrook", "Vienna", "New Haven", "Kyoto"]
THINGS = ["a red boat", "two hens", "an old clock", "the blue lamp", "a bag of salt", "seven apples"]


def made_up(number: int) -> list[ke.corpora.Question]:
    """Returns generated texts about two people each, with a question about one of them."""
    rng, questions = random.Random(1), []
    for row in range(number):
        facts = list(zip(rng.sample(NAMES, 2), rng.sample(PLACES, 2), rng.sample(THINGS, 2), strict=True))
        text = " ".join(f"{name} came from {place} and bought {thing}." for name, place, thing in facts)
        name, place, thing = rng.choice(facts)
        asked, answer = rng.choice([(f"Where did {name} come from?", place), (f"What did {name} buy?", thing)])
        answers = (ke.corpora.Answer(answer, text.index(answer)),)
        questions.append(ke.corpora.Question(asked, text, answers, id=str(row)))
    return questions


def load(corpus: str | None, number: int) -> tuple[ke.corpora.Questions, ke.corpora.Questions]:
    """Returns `number` training questions with answers in the text, and a tenth as many held-out questions."""
    if corpus is None:
        found = made_up(number + number // 10)
    elif corpus in ke.corpora.names():
        os.environ.setdefault("KERAS_EMBED_DATA", str(DATA))
        found = list(ke.corpora.load(corpus).located(0.5))  # the most similar span if the answer is worded differently
    else:
        found = list(ke.corpora.read_squad(corpus))
    random.Random(1).shuffle(found)
    cut = min(number // 10, len(found) // 10)
    return ke.corpora.Questions(found[cut : cut + number]), ke.corpora.Questions(found[:cut])


def make(train: ke.corpora.Questions) -> ke.SpanQA:
    """Returns a BiDAF model: the words of the question attend to the words of the text and vice versa."""
    preprocessor = ke.preprocessors.SpanPreprocessor.from_corpus(
        train, bucket_lengths=(8, 24, 160, 320), max_answer_length=8
    )
    embeddings = preprocessor.embeddings(word_dim=40)
    backbone = ke.backbones.BiDAFBackbone(embeddings, cell="gru", hidden_dim=24, num_layers=1, dropout=0.1)
    model = ke.SpanQA(backbone, preprocessor)
    model.compile(keras.optimizers.Adam(6e-3, global_clipnorm=5.0), jit_compile=JIT)
    return model


def draw(text: str, found: ke.tasks.AnsweredQuestion, path: Path) -> None:
    """Draws the text with the probability of each word to be in the answer, summed over the best spans."""
    words = [(match.group(), match.start(), match.end()) for match in re.finditer(r"\w+|[^\w\s]", text)]
    scores = [
        sum(one.probability for one in found.candidates if one.start < end and start < one.end)
        for _, start, end in words
    ]
    inside = [found.start is not None and found.start <= start and end <= found.end for _, start, end in words]
    first = inside.index(True) if any(inside) else -1
    tags = [("B-answer" if index == first else "I-answer") if here else "O" for index, here in enumerate(inside)]
    ke.plots.tagged_sentence([word for word, *_ in words], tags, scores).figure.savefig(path, dpi=120)


def main(arguments: Sequence[str] | None = None) -> dict[str, float]:
    """Runs all steps, and returns exact match and F1 on the held-out questions."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", help="fairytaleqa, squad, squad2, or a file in SQuAD's format")
    parser.add_argument("--questions", type=int, default=1000, help="maximum number of training questions")
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--backend", choices=["tensorflow", "jax", "torch"], help="the backend of Keras")
    parser.add_argument("--output", type=Path, default=Path("answers"), help="folder for picture and SavedModel")
    options = parser.parse_args(arguments)

    keras.utils.set_random_seed(1)
    train, held_out = load(options.corpus, options.questions)
    print(f"{len(train):,} training questions, {len(held_out):,} held out; for example: {train[0].question}")
    model = make(train)
    model.fit(train, epochs=options.epochs, batch_size=32)
    scores = model.report(held_out, version="1.1")
    print({name: round(value, 1) for name, value in scores.items()})

    found = model.answer([(one.question, one.context) for one in held_out[:5]], num_best=5)
    for one, answer in zip(held_out, found, strict=False):
        print(f"{one.question}  {answer.text or '-'} ({answer.probability:.2f}; right: {', '.join(one.texts) or '-'})")

    options.output.mkdir(parents=True, exist_ok=True)
    best = max(range(len(found)), key=lambda row: found[row].probability)
    draw(held_out[best].context, found[best], options.output / "answer.png")
    print(f"Wrote the answer to {held_out[best].question!r} in its text to {options.output / 'answer.png'}.")
    model.export(options.output / "1")
    print(f"Wrote the SavedModel, which takes questions and texts, to {options.output / '1'}.")
    return dict(scores)


if __name__ == "__main__":
    main()
