"""Training of Word2Vec and fastText by gensim."""

import importlib
import os
from collections.abc import Callable
from typing import Any

import numpy as np

from keras_embed import _errors
from keras_embed.vectors._extras import import_extra
from keras_embed.vectors.subwords import Subwords
from keras_embed.vectors.training._progress import Progress
from keras_embed.vectors.training.corpus_ids import Corpus, Sentences
from keras_embed.vectors.word_vectors import WordVectors

LAST_LEARNING_RATE = 1e-4


def word2vec(corpus: Corpus, algorithm: str, **settings: Any) -> WordVectors:
    """Implements `train_word2vec`, with its arguments."""
    table = _train(_models().Word2Vec, corpus, algorithm, settings).wv
    return WordVectors(table.index_to_key, table.vectors, counts=_counts(table))


def fasttext(corpus: Corpus, algorithm: str, min_n: int, max_n: int, num_buckets: int, **settings: Any) -> WordVectors:
    """Implements `train_fasttext`, with its arguments."""
    grams = {"min_n": min_n, "max_n": max_n, "bucket": num_buckets}
    table = _train(_models().FastText, corpus, algorithm, settings, **grams).wv
    subwords = Subwords(table.vectors_ngrams, num_buckets, min_n, max_n, word_rows=table.vectors_vocab)
    return WordVectors(table.index_to_key, table.vectors, subwords, counts=_counts(table))


def _models() -> Any:
    return import_extra("gensim.models", "training by gensim")


def _counts(table: Any) -> list[int]:
    return [int(table.get_vecattr(word, "count")) for word in table.index_to_key]


def _train(kind: Callable[..., Any], corpus: Corpus, algorithm: str, settings: dict[str, Any], **more: int) -> Any:
    """Trains a model of gensim; every setting is explicit, so gensim's defaults do not matter."""
    sentences = Sentences(corpus)
    model = kind(
        vector_size=settings["dim"],
        window=settings["window"],
        negative=settings["negatives"],
        min_count=settings["min_count"],
        sample=settings["subsample"],
        alpha=settings["learning_rate"],
        min_alpha=min(settings["learning_rate"], LAST_LEARNING_RATE),
        seed=settings["seed"],
        workers=settings["workers"] or os.cpu_count() or 1,
        sg=int(algorithm == "skipgram"),
        hs=0,
        cbow_mean=1,
        ns_exponent=0.75,
        sorted_vocab=1,
        shrink_windows=True,
        **more,
    )
    # The first pass builds the vocabulary; training makes one pass for each epoch.
    model.build_vocab(sentences)
    if not len(model.wv):
        raise ValueError(_errors.message(f"words seen at least {settings['min_count']} times", "none", "min_count=1"))
    bars = _bars(settings["epochs"], model.corpus_total_words, settings["verbose"])
    model.train(
        sentences,
        total_examples=model.corpus_count,
        total_words=model.corpus_total_words,
        epochs=settings["epochs"],
        callbacks=[bars],
    )
    if not np.isfinite(model.wv.vectors).all():
        raise FloatingPointError(_errors.message("vectors of finite numbers", "infinite ones", "a lower learning_rate"))
    return model


def _bars(epochs: int, words: int, verbose: int) -> Any:
    """Returns a callback of gensim that displays the epochs."""
    progress = Progress(epochs, words, verbose, "word")
    callbacks: Any = importlib.import_module("gensim.models.callbacks")

    class Bars(callbacks.CallbackAny2Vec):
        def __init__(self) -> None:
            self.epoch = 0

        def on_epoch_begin(self, model: Any) -> None:
            progress.start_epoch(self.epoch)

        def on_epoch_end(self, model: Any) -> None:
            progress.end_epoch()
            self.epoch += 1

    return Bars()
