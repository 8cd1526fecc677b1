"""Frozen ELMo: seconds per epoch with the encoder, with its features cached on disk, and of the head alone.

Three taggers of the same shape are trained on the same batches. The first runs ELMo in each step, the second is trained
with `feature_cache`, and the third replaces ELMo by frozen word embeddings of the same width. The first epoch, which
includes compilation, is not counted.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import machine, report, worker

#: Published sizes (cell, projection, highway layers).
SIZES = {"small": (1024, 128, 1), "medium": (2048, 256, 1), "original": (4096, 512, 2)}
WAYS = ("encoder", "cache", "head")


def measure(
    size: str = "small",
    sentences: int = 512,
    epochs: int = 4,
    batch_size: int = 32,
    hidden_dim: int = 200,
    elmo: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Trains the three taggers on the current backend.

    Args:
        size: size of the encoder. Its weights are random, which does not affect the speed.
        sentences: number of sentences from the training split of English EWT, evenly spaced.
        epochs: epochs of each tagger; the result is the median without the first.
        batch_size: sentences per batch.
        hidden_dim: units of the tagger's LSTM per direction.
        elmo: further arguments of `ElmoBackbone`.

    Returns:
        Seconds per epoch of each tagger, seconds and bytes of the cache, and the final losses.
    """
    import keras

    import keras_embed as ke

    hidden, projection, highway = SIZES[size]
    sizes = {"hidden_dim": hidden, "projection_dim": projection, "num_highway": highway, **(elmo or {})}
    corpus = ke.corpora.load("ud_english_ewt", split="train")
    chosen = range(0, len(corpus.tokens), max(1, len(corpus.tokens) // sentences))[:sentences]
    words, tags = ([list(part[index]) for index in chosen] for part in (corpus.tokens, corpus.tags))
    keras.utils.set_random_seed(1)
    encoder = ke.backbones.ElmoBackbone(**sizes)
    encoder.trainable = False
    seconds, losses, kept = {}, {}, {}
    with tempfile.TemporaryDirectory() as folder:
        for way in WAYS:
            tagger = _tagger(words, tags, None if way == "head" else encoder, sizes["projection_dim"], hidden_dim)
            clock = _clock()
            keras.utils.set_random_seed(2)
            cache = folder if way == "cache" else None
            start = time.perf_counter()
            history = tagger.fit(
                *(words, tags), batch_size, epochs=epochs, verbose=0, callbacks=[clock], feature_cache=cache
            )
            seconds[way] = statistics.median(clock.seconds[1:])
            losses[way] = history.history["loss"][-1]
            if cache is not None:
                kept = {"fill_s": clock.begun - start, "bytes": sum(file.stat().st_size for file in _files(folder))}
    tokens = sum(map(len, words))
    return {"size": size, "sentences": len(words), "tokens": tokens, "seconds": seconds, "losses": losses, **kept}


def _files(folder: str) -> list[Path]:
    return list(Path(folder).iterdir())


def _tagger(words: Any, tags: Any, elmo: Any, projection_dim: int, hidden_dim: int) -> Any:
    import keras

    import keras_embed as ke

    keras.utils.set_random_seed(3)
    characters = None if elmo is None else ke.text.ElmoCharacters(elmo.max_characters)
    preprocessor = ke.preprocessors.TaggerPreprocessor.from_corpus(words, tags, elmo_characters=characters)
    size = preprocessor.tokenizer.vocabulary_size()
    wide = ke.layers.WordEmbedding(size, 2 * projection_dim, trainable=False, name="wide")
    last = wide if elmo is None else ke.layers.ElmoEmbedding(elmo, dropout=0.0)
    embeddings = [ke.layers.WordEmbedding(size, 50, name="words"), last]
    backbone = ke.backbones.RecurrentBackbone(embeddings, hidden_dim=hidden_dim, dropout=0.0)
    return ke.Tagger(backbone, preprocessor=preprocessor)


def _clock() -> Any:
    import keras

    class Clock(keras.callbacks.Callback):
        """Records the start of training and the seconds of each epoch."""

        def on_train_begin(self, logs: Any = None) -> None:
            self.seconds: list[float] = []
            self.begun = time.perf_counter()

        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            self.start = time.perf_counter()

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            self.seconds.append(time.perf_counter() - self.start)

    return Clock()


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Returns a Markdown table with a row for each backend."""
    return report.table(
        [
            {
                "backend": row["backend"],
                "encoder": row["size"],
                "tokens": f"{row['tokens']:,}",
                "epoch with the encoder s": f"{row['seconds']['encoder']:.2f}",
                "with the cache s": f"{row['seconds']['cache']:.2f}",
                "head alone s": f"{row['seconds']['head']:.2f}",
                "gain": f"{row['seconds']['encoder'] / row['seconds']['cache']:.1f}x",
                "of the head's speed": f"{row['seconds']['head'] / row['seconds']['cache']:.2f}",
                "first pass s": f"{row['fill_s']:.1f}",
                "MB": f"{row['bytes'] / 1e6:.1f}",
                "losses": "{encoder:.4f}, {cache:.4f}".format(**row["losses"]),
            }
            for row in rows
        ]
    )


def main(arguments: Sequence[str]) -> None:
    """Runs the benchmark on every backend, prints the table and writes feature_cache.json."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks feature_cache", description=__doc__)
    worker.add_arguments(parser)
    parser.add_argument("--size", choices=SIZES, default="small", help="published size of the encoder")
    parser.add_argument("--sentences", type=int, default=512, help="number of training sentences")
    parser.add_argument("--epochs", type=int, default=4, help="epochs of each tagger; the first is not counted")
    options = parser.parse_args(arguments)
    print(machine.markdown(machine.describe()), flush=True)
    chosen = {"size": options.size, "sentences": options.sentences, "epochs": options.epochs}
    rows = [
        {"backend": backend, **worker.call("benchmarks.feature_cache:measure", backend, options.threads, **chosen)}
        for backend in options.backends
    ]
    print(f"\n{table(rows)}\n\n{report.save('feature_cache', {'threads': options.threads, 'rows': rows})}")
