"""Question answering: BiDAF on FairytaleQA's extractive questions, compared with a window baseline.

Only "explicit" questions are used, whose answers an annotator found in the text. The answers are free text, so the row
"best span" is the upper bound for any span. Models are trained on the spans closest to the answers. All choices are
made on the validation set; the test set is scored once with the SQuAD metrics, with all answers of a question as
references.

    python -m benchmarks spans --threads 1
"""

import argparse
import itertools
import math
import os
import re
import statistics
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import literature, machine, report, worker
from keras_embed import tokenizers

_WORD = re.compile(r"\w+(?:['’-]\w+)*")
#: Minimum word F1 between an answer that is not in the text verbatim and the span that replaces it.
CLOSE = 0.5
KINDS = {
    "best": "best span of the text, by its F1 with the answers",
    "window": "longest common window",
    "bidaf": "BiDAF: words and characters",
}
LENGTHS, SIDES = (3, 5, 8, 12, 20), ("around", "before", "after")
WORDS = 3
#: Padded lengths of texts; the first one is also used for questions.
BUCKETS = (24, 96, 160, 224, 320, 400)
SIZES = {"cell": "gru", "hidden_dim": 50, "num_layers": 1, "num_highway": 1, "dropout": 0.3}


def read(split: str, limit: int | None = None) -> Any:
    """Returns the extractive questions of a split."""
    from keras_embed import corpora

    os.environ.setdefault("KERAS_EMBED_DATA", str(literature.data_folder()))
    questions = [one for one in corpora.load("fairytaleqa", split) if one.comments["explicit"] == "explicit"]
    return corpora.Questions(questions[:limit], split)


def best_spans(questions: Any) -> list[str]:
    """Returns the span of each text that is closest to an answer, the upper bound for all models."""
    from keras_embed.corpora.answers import closest_window

    found = []
    for one in questions:
        windows = [(closest_window(one.context, text), one.context) for text in one.texts]
        (_, start, end), context = max(windows, key=lambda window: window[0][0], default=((0.0, 0, 0), ""))
        found.append(context[start:end])
    return found


def words_of(text: str) -> list[tuple[str, int, int]]:
    """Returns the normalized words of a text with their character offsets."""
    from keras_embed.corpora.answers import normalize_answer

    found = []
    for match in _WORD.finditer(text):
        word = normalize_answer(match.group())
        if word:
            found.append((word, *match.span()))
    return found


class CommonWindow:
    """Sliding-window baseline that answers near the window with the most words of the question.

    As in Richardson et al. (2013), each common word has the weight log(1 + 1 / count). The window has `WORDS` times the
    length of the answer; words of the question are removed from the ends of the answer.

    Args:
        length: number of words of an answer.
        side: position of the answer relative to the common words.
    """

    def __init__(self, length: int = 5, side: str = "around") -> None:
        self.length, self.side = length, side

    def answer(self, question: str, context: str) -> str:
        """Returns the answer to one question."""
        words, asked = words_of(context), {word for word, _, _ in words_of(question)}
        if not words:
            return ""
        counts = Counter(word for word, _, _ in words)
        weights = [math.log(1 + 1 / counts[word]) if word in asked else 0.0 for word, _, _ in words]
        sums = [0.0, *itertools.accumulate(weights)]
        span = WORDS * self.length

        def common(first: int) -> float:
            return sums[min(first + span, len(words))] - sums[first]

        first = max(range(len(words)), key=lambda index: (common(index), -index))
        hits = [index for index in range(first, min(first + span, len(words))) if weights[index]]
        if not hits:
            hits = [first]
        start = {
            "around": (hits[0] + hits[-1] + 1 - self.length) // 2,
            "before": hits[0] - self.length,
            "after": hits[-1] + 1,
        }[self.side]
        start = min(max(start, 0), max(len(words) - self.length, 0))
        chosen = words[start : start + self.length]
        while len(chosen) > 1 and chosen[0][0] in asked:
            chosen = chosen[1:]
        while len(chosen) > 1 and chosen[-1][0] in asked:
            chosen = chosen[:-1]
        return context[chosen[0][1] : chosen[-1][2]]

    def answers(self, questions: Any) -> list[str]:
        """Returns the answers to all questions."""
        return [self.answer(one.question, one.context) for one in questions]


def scores(questions: Any, answers: list[str]) -> dict[str, float]:
    """Computes exact match and F1 in percent."""
    from keras_embed.metrics import squad_scores

    return squad_scores(questions, answers, version="1.1")


def measure_window(limit: int | None = None) -> dict[str, Any]:
    """Chooses length and side on the validation set, and scores the test set."""
    dev, test = read("validation", limit), read("test", limit)
    start = time.process_time()
    tried = {
        (length, side): scores(dev, CommonWindow(length, side).answers(dev))["f1"]
        for length in LENGTHS
        for side in SIDES
    }
    best = max(tried, key=tried.__getitem__)
    print(f"window: {best}, validation F1 {tried[best]:.2f}", flush=True)
    found = scores(test, CommonWindow(*best).answers(test))
    return {"kind": "window", "dev_f1": tried[best], **found, "seconds": time.process_time() - start, "chosen": best}


def measure_best(limit: int | None = None) -> dict[str, Any]:
    """Scores the best spans."""
    dev, test = read("validation", limit), read("test", limit)
    start = time.process_time()
    dev_f1 = scores(dev, best_spans(dev))["f1"]
    return {"kind": "best", "dev_f1": dev_f1, **scores(test, best_spans(test)), "seconds": time.process_time() - start}


def word_vectors(folder: str, dim: int = 100) -> Any:
    """Returns word vectors of the novels and the training tales, trained once and saved in a folder."""
    from keras_embed import vectors

    if Path(folder).exists():
        return vectors.load(folder)
    texts = [*literature.novels("english_classics"), *dict.fromkeys(one.context for one in read("train"))]
    sentences = [sentence for whole in texts for sentence in literature.sentences(whole)]
    start = time.process_time()
    found = vectors.train_word2vec(sentences, dim=dim, min_count=3, verbose=0)
    print(f"vectors: {sum(map(len, sentences))} words, {time.process_time() - start:.0f} s of CPU", flush=True)
    found.save(folder)
    return found


def new_model(train: Any, folder: str, rate: float) -> Any:
    """Returns a BiDAF whose vocabulary is the words of the training set and all words with a vector."""
    import keras

    import keras_embed as ke
    from keras_embed import vectors

    known = word_vectors(folder)
    words = tokenizers.WordTokenizer().tokenize([*train.questions, *dict.fromkeys(train.contexts)]).to_list()
    sentences = [[word.decode("utf-8") for word in row] for row in words]
    tokenizer = ke.tokenizers.WordFeaturizer.from_tokens([*sentences, list(known)], bucket_lengths=BUCKETS)
    matrix, coverage = vectors.align(known, tokenizer.vocabulary)
    print(coverage, flush=True)
    preprocessor = ke.preprocessors.SpanPreprocessor(tokenizer, BUCKETS[-1], 200, BUCKETS[0], max_answer_length=30)
    embeddings = preprocessor.embeddings(word_dim=known.dim, char_filters=30, weights=matrix)
    embeddings[0].trainable = False
    model = ke.tasks.SpanQA(ke.backbones.BiDAFBackbone(embeddings, **SIZES), preprocessor, dropout=SIZES["dropout"])
    model.compile(keras.optimizers.Adam(rate, global_clipnorm=5.0), metrics=[])
    return model


def measure_bidaf(
    vectors: str,
    epochs: int = 8,
    rate: float = 2e-3,
    seed: int = 1,
    limit: int | None = None,
    minutes: float = 25.0,
    keep: str | None = None,
) -> dict[str, Any]:
    """Trains, restores the weights of the epoch with the best validation F1, and scores the test set.

    Args:
        vectors: folder of word vectors, created if missing.
        epochs: number of epochs.
        rate: initial learning rate, halved after each epoch without improvement.
        seed: seed of weights, dropout and order.
        limit: maximum number of questions per split.
        minutes: CPU minutes after which no epoch starts.
        keep: file for the best weights, `.weights.h5`; if it exists, they are only scored.
    """
    import keras

    keras.utils.set_random_seed(seed)
    train, dev = read("train", limit).located(CLOSE), read("validation", limit)
    start, best, weights, dev_scores = time.process_time(), -1.0, None, []
    model = new_model(train, vectors, rate)
    if keep and Path(keep).exists():
        model.load_weights(keep)
        best, weights, epochs = scores(dev, model.predict(dev, batch_size=64))["f1"], model.get_weights(), 0
    for epoch in range(epochs):
        if time.process_time() - start > 60 * minutes:
            break
        history = model.fit(train, batch_size=32, epochs=1, verbose=0).history
        found = scores(dev, model.predict(dev, batch_size=64))
        spent = time.process_time() - start
        dev_scores.append(found["f1"])
        print(f"epoch {epoch + 1}: loss {history['loss'][0]:.3f}, validation {found}, {spent:.0f} s CPU", flush=True)
        if found["f1"] > best:
            best, weights = found["f1"], model.get_weights()
            if keep:
                model.save_weights(keep)
        else:
            model.optimizer.learning_rate = float(model.optimizer.learning_rate) / 2
    spent = time.process_time() - start
    model.set_weights(weights)
    test = read("test", limit)
    begin = time.process_time()
    found = scores(test, model.predict(test, batch_size=64))
    speed = len(test) / (time.process_time() - begin)
    details = {"questions": len(train), "epochs": dev_scores, "answers_per_second": speed, "seed": seed}
    return {"kind": "bidaf", "dev_f1": best, **found, "seconds": spent, **details}


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Returns Markdown: means and standard deviations over the seeds."""
    columns = {"validation F1": "dev_f1", "test exact match": "exact_match", "test F1": "f1"}
    return report.table(
        [
            {
                "answers": KINDS[kind],
                "seeds": len(same),
                **{name: report.spread([row[key] for row in same], 1) for name, key in columns.items()},
                "s of CPU": f"{statistics.mean(row['seconds'] for row in same):.0f}",
            }
            for kind, same in report.by_kind(rows).items()
        ]
    )


def main(arguments: Sequence[str]) -> None:
    """Runs the benchmark on each given backend, prints the table and writes spans.json."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks spans", description=__doc__)
    worker.add_arguments(parser, backends=("tensorflow",))
    parser.add_argument("--kinds", nargs="+", default=list(KINDS), choices=list(KINDS))
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2], help="seeds of BiDAF")
    parser.add_argument("--minutes", type=float, default=20.0, help="CPU minutes after which no epoch starts")
    parser.add_argument("--vectors", default=str(report.FOLDER / "tales_vectors"), help="folder of word vectors")
    help = "file for the best weights, *.weights.h5; if it exists, they are only scored; requires a single seed"
    parser.add_argument("--keep", help=help)
    options = parser.parse_args(arguments)
    print(machine.markdown(machine.describe()), flush=True)
    if options.keep and len(options.seeds) > 1:
        parser.error(f"expected one seed together with --keep, received {len(options.seeds)}")
    named = {name: getattr(options, name) for name in ("vectors", "epochs", "rate", "minutes", "keep")}
    calls: list[tuple[str, dict[str, Any]]] = []
    for kind in options.kinds:
        calls += [(kind, {**named, "seed": seed}) for seed in options.seeds] if kind == "bidaf" else [(kind, {})]
    for backend in options.backends:
        rows = [worker.call(f"benchmarks.spans:measure_{kind}", backend, options.threads, **how) for kind, how in calls]
        result = {"backend": backend, "threads": options.threads, "rows": rows}
        print(f"\n{backend}\n\n{table(rows)}\n\n{report.save(f'spans_{backend}', result)}", flush=True)
