"""Interpolated Kneser-Ney trigram model and unigram model, as baselines of trained language models.

Modified Kneser-Ney as in Chen and Goodman 1999, section 4: three discounts per order, estimated from the counts of
counts; every order is interpolated with the next lower one, and the lowest with the uniform distribution. Bigrams at
the start of a sentence use plain counts, because no token precedes them.

    python -m benchmarks.kneser_ney train.txt held_out.txt --vocabulary vocabulary.txt
"""

import argparse
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from keras_embed.corpora import read_plain
from keras_embed.text import LanguageModelVocabulary

BOS, EOS = 0, 1


class _Order:
    """Discounted counts of one order, with contexts and n-grams as sorted integer keys."""

    def __init__(self, contexts: Any, words: Any, counts: Any, size: int) -> None:
        self.size = size
        keys = contexts * size + words
        order = np.argsort(keys)
        self.keys, self.counts = keys[order], counts[order].astype("float64")
        self.discounts = discounts(counts)
        self.contexts, start = np.unique(contexts[order], return_index=True)
        self.totals = np.add.reduceat(self.counts, start)
        self.left = np.add.reduceat(self.discount(self.counts), start)

    def discount(self, counts: Any) -> Any:
        return self.discounts[np.minimum(counts, 3).astype(int)]

    def interpolate(self, contexts: Any, words: Any, below: Any) -> Any:
        """Returns the discounted frequency plus the discounted mass times the lower-order probability."""
        index, known = find(self.contexts, contexts)
        key_index, seen = find(self.keys, contexts * self.size + words)
        counts = np.where(seen, self.counts[key_index], 0.0)
        totals = np.where(known, self.totals[index], 1.0)
        weight = np.where(known, self.left[index] / totals, 1.0)
        return (counts - self.discount(counts)) / totals + weight * below


class KneserNey:
    """Modified Kneser-Ney trigram model.

    Args:
        sentences: lists of token ids, without boundaries.
        size: vocabulary size V; 0 starts and 1 ends a sentence. Every id except 0 can be predicted.
    """

    def __init__(self, sentences: Iterable[Sequence[int]], size: int) -> None:
        self.size = size
        bigrams, trigrams = grams(sentences)
        raw, raw_counts = unique_rows(bigrams, size)
        three, three_counts = unique_rows(trigrams, size)
        self.trigrams = _Order(three[:, 0] * size + three[:, 1], three[:, 2], three_counts, size)

        two, two_counts = unique_rows(three[:, 1:], size)  # continuation counts: number of distinct preceding tokens
        first = raw[:, 0] == BOS
        two, two_counts = np.concatenate([raw[first], two]), np.concatenate([raw_counts[first], two_counts])
        self.bigrams = _Order(two[:, 0], two[:, 1], two_counts, size)

        one, one_counts = np.unique(raw[:, 1], return_counts=True)
        self.unigrams = _Order(np.zeros_like(one), one, one_counts, size)

    def probabilities(self, before: Any, previous: Any, words: Any) -> Any:
        """Computes P(word | before, previous). `before` is -1 where `previous` starts the sentence."""
        before, previous, words = (np.asarray(x, "int64") for x in (before, previous, words))
        p = self.unigrams.interpolate(np.zeros_like(words), words, 1.0 / (self.size - 1))
        p = self.bigrams.interpolate(previous, words, p)
        # -1 gives a negative context, which matches no trigram.
        return self.trigrams.interpolate(before * self.size + previous, words, p)

    def perplexity(self, sentences: Iterable[Sequence[int]]) -> float:
        """Computes exp(mean(-log P)) over all tokens, including the end of each sentence."""
        bigrams, _ = grams(sentences)
        starts = bigrams[:, 0] == BOS
        before = np.where(starts, -1, np.roll(bigrams[:, 0], 1))
        return float(np.exp(-np.mean(np.log(self.probabilities(before, bigrams[:, 0], bigrams[:, 1])))))


def unigram_perplexity(train: Iterable[Sequence[int]], held_out: Iterable[Sequence[int]], size: int) -> float:
    """Computes the perplexity of a unigram model with add-one smoothing."""
    counts = np.bincount(grams(train)[0][:, 1], minlength=size) + 1.0
    counts[BOS] = 0.0
    words = grams(held_out)[0][:, 1]
    return float(np.exp(-np.mean(np.log(counts[words] / counts.sum()))))


def discounts(counts: Any) -> Any:
    """Returns the discounts [0, D1, D2, D3+] (Chen and Goodman, equation 26).

    If few counts give a discount outside of (0, k], the single discount Y of Kneser and Ney is used.
    """
    n = [max(1, int(np.sum(counts == k))) for k in (1, 2, 3, 4)]
    y = n[0] / (n[0] + 2 * n[1])
    three = [k - (k + 1) * y * n[k] / n[k - 1] for k in (1, 2, 3)]
    return np.array([0.0] + [d if 0 < d <= k else y for k, d in enumerate(three, start=1)])


def grams(sentences: Iterable[Sequence[int]]) -> tuple[Any, Any]:
    """Returns all bigrams (N, 2) and trigrams (M, 3) of the sentences with boundaries."""
    flat = np.concatenate([np.concatenate([[BOS], np.asarray(s, "int64"), [EOS]]) for s in sentences])
    two = np.stack([flat[:-1], flat[1:]], axis=1)
    three = np.stack([flat[:-2], flat[1:-1], flat[2:]], axis=1)
    return two[two[:, 0] != EOS], three[(three[:, :2] != EOS).all(axis=1)]


def unique_rows(rows: Any, size: int) -> tuple[Any, Any]:
    """Returns the distinct rows of ids below `size`, and their counts."""
    keys = rows[:, 0]
    for column in rows.T[1:]:
        keys = keys * size + column
    keys, counts = np.unique(keys, return_counts=True)
    columns = []
    for _ in range(rows.shape[1]):
        columns.append(keys % size)
        keys = keys // size
    return np.stack(columns[::-1], axis=1), counts


def find(sorted_keys: Any, keys: Any) -> tuple[Any, Any]:
    """Returns the index of each key, or 0, and a mask of the keys that are present."""
    index = np.minimum(np.searchsorted(sorted_keys, keys), len(sorted_keys) - 1)
    found = sorted_keys[index] == keys
    return np.where(found, index, 0), found


def numbers(files: Iterable[Any], vocabulary: LanguageModelVocabulary) -> list[Any]:
    """Reads files of tokenized text as lists of token ids."""
    return [vocabulary.ids(sentence.tokens) for file in files for sentence in read_plain(file)]


def compare(train: Sequence[Any], held_out: Sequence[Any], vocabulary: LanguageModelVocabulary) -> dict[str, float]:
    """Computes held-out perplexities of both models; all out-of-vocabulary words share one id."""
    known, new = numbers(train, vocabulary), numbers(held_out, vocabulary)
    size = len(vocabulary)
    return {"unigram": unigram_perplexity(known, new, size), "trigram": KneserNey(known, size).perplexity(new)}


def main(arguments: Sequence[str]) -> int:
    """Prints both perplexities."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("train", nargs="+", help="tokenized text, one sentence per line")
    parser.add_argument("held_out")
    parser.add_argument("--vocabulary", required=True, help="one word per line, starting with <S> </S> <UNK>")
    options = parser.parse_args(arguments)
    vocabulary = LanguageModelVocabulary.load(options.vocabulary)
    for name, perplexity in compare(options.train, [options.held_out], vocabulary).items():
        print(f"{name}: {perplexity:.1f}")
    return 0


if __name__ == "__main__":
    import sys

    raise SystemExit(main(sys.argv[1:]))
