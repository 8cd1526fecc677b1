"""The Kneser-Ney baseline: probabilities sum to one, and equal a brute force written from the paper."""

from collections import Counter

import numpy as np
import pytest

from benchmarks import kneser_ney
from keras_embed.text import LanguageModelVocabulary

SIZE = 9
RNG = np.random.default_rng(3)
SENTENCES = [RNG.choice(np.arange(2, 8), RNG.integers(1, 7), p=[0.1, 0.3, 0.2, 0.2, 0.15, 0.05]) for _ in range(60)]


@pytest.fixture(scope="module")
def model():
    return kneser_ney.KneserNey(SENTENCES, SIZE)


def brute_force(before, previous, word):
    """Word by word with dictionaries; Chen and Goodman 1999, equations 25 to 27."""
    padded = [[0, *map(int, sentence), 1] for sentence in SENTENCES]
    trigrams = Counter(tuple(s[i : i + 3]) for s in padded for i in range(len(s) - 2))
    raw = Counter(tuple(s[i : i + 2]) for s in padded for i in range(len(s) - 1))
    bigrams = Counter(t[1:] for t in trigrams) + Counter({b: c for b, c in raw.items() if b[0] == 0})
    unigrams = Counter(b[1:] for b in raw)

    def level(table, context, below):
        n = [max(1, sum(c == k for c in table.values())) for k in (1, 2, 3, 4)]
        y = n[0] / (n[0] + 2 * n[1])
        estimates = {k: k - (k + 1) * y * n[k] / n[k - 1] for k in (1, 2, 3)}
        d = [0.0] + [estimate if 0 < estimate <= k else y for k, estimate in estimates.items()]
        after = {gram[-1]: c for gram, c in table.items() if gram[:-1] == context}
        if not after:
            return below
        total = sum(after.values())
        mass = sum(d[min(c, 3)] for c in after.values())
        count = after.get(word, 0)
        return (count - d[min(count, 3)]) / total + mass / total * below

    p = level(unigrams, (), 1 / (SIZE - 1))
    p = level(bigrams, (previous,), p)
    return level(trigrams, (before, previous), p)


CONTEXTS = [(-1, 0), (0, 3), (3, 3), (2, 4), (8, 8), (3, 8), (8, 3)]


@pytest.mark.parametrize(("before", "previous"), CONTEXTS)
def test_probabilities_sum_to_one_and_equal_the_brute_force(model, before, previous):
    words = np.arange(1, SIZE)
    p = model.probabilities(np.full(SIZE - 1, before), np.full(SIZE - 1, previous), words)
    np.testing.assert_allclose(p.sum(), 1.0, rtol=1e-12)
    np.testing.assert_allclose(p, [brute_force(before, previous, word) for word in words], rtol=1e-12)
    assert (p > 0).all()


def test_perplexity_is_of_words_and_ends(model):
    held_out = [[3, 4], [2]]
    steps = [(-1, 0, 3), (0, 3, 4), (3, 4, 1), (-1, 0, 2), (0, 2, 1)]
    expected = np.exp(-np.mean([np.log(brute_force(*step)) for step in steps]))
    np.testing.assert_allclose(model.perplexity(held_out), expected, rtol=1e-12)


def test_unigrams_in_closed_form():
    # Counts plus one: 2 twice (3), the end once (2), the other six 1.
    expected = np.exp(-np.mean(np.log([3 / 11, 2 / 11])))
    np.testing.assert_allclose(kneser_ney.unigram_perplexity([[2, 2]], [[2]], SIZE), expected)


def test_the_command_prints_both(tmp_path, capsys):
    (tmp_path / "train.txt").write_text("a b c\na b d\n" * 5)
    (tmp_path / "new.txt").write_text("a b c\n")
    LanguageModelVocabulary(["a", "b", "c", "d"]).save(tmp_path / "vocabulary.txt")
    files = [str(tmp_path / name) for name in ("train.txt", "new.txt")]
    assert kneser_ney.main([*files, "--vocabulary", str(tmp_path / "vocabulary.txt")]) == 0
    lines = dict(line.split(": ") for line in capsys.readouterr().out.splitlines())
    assert float(lines["trigram"]) < float(lines["unigram"])
