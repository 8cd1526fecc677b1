"""Co-occurrence counts compared with loops and with the counts of GloVe's own tool."""

from collections import Counter, defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keras_embed.vectors.training import cooccurrence
from keras_embed.vectors.training.cooccurrence import cooccurrences


def by_hand(sentences, window, min_count, weighting, symmetric):
    counts = Counter(word for sentence in sentences for word in sentence)
    table = defaultdict(float)
    for sentence in sentences:
        words = [word for word in sentence if counts[word] >= min_count]
        for last in range(len(words)):
            for first in range(max(0, last - window), last):
                weight = 1 / (last - first) if weighting == "inverse" else 1.0
                table[words[first], words[last]] += weight
                if symmetric:
                    table[words[last], words[first]] += weight
    return table


def as_table(found):
    keys = [(found.words[row], found.words[column]) for row, column in zip(found.rows, found.columns, strict=True)]
    assert len(set(keys)) == len(keys) == len(found)
    return dict(zip(keys, found.values.tolist(), strict=True))


@given(
    st.lists(st.lists(st.sampled_from("abcde"), max_size=9), min_size=1, max_size=6),
    st.integers(1, 4),
    st.sampled_from(["flat", "inverse"]),
    st.booleans(),
    st.integers(1, 40),
)
def test_counts_are_those_by_hand(sentences, window, weighting, symmetric, block):
    sentences = [*sentences, ["a", "b", "a"]]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cooccurrence, "_BLOCK", block)  # many blocks, to be merged
        found = cooccurrences(sentences, window, 2, weighting, symmetric)
    assert as_table(found) == pytest.approx(by_hand(sentences, window, 2, weighting, symmetric))
    order = np.lexsort((found.columns, found.rows))
    np.testing.assert_array_equal(order, np.arange(len(order)))


def test_counts_are_exactly_those_of_the_tool(data_dir):
    """`cooccur -window-size 5 -symmetric 1 -distance-weighting 1`, after `vocab_count -min-count 4`."""
    made = data_dir.parent / "fixtures" / "static" / "made"
    if not made.is_dir():
        pytest.skip(f"no fixtures at {made}")
    raw = np.fromfile(made / "glove_ru.cooccur.bin", [("row", "<i4"), ("column", "<i4"), ("value", "<f8")])
    lines = (made / "glove_ru.vocab").read_bytes().splitlines()
    words = [line.split()[0].decode() for line in lines]
    text = (made / "corpus_ru.txt").read_bytes().decode("utf-8", "backslashreplace")
    found = cooccurrences([line.split() for line in text.split("\n")], window=5, min_count=4)
    expected = {(words[r - 1], words[c - 1]): value for r, c, value in raw.tolist()}
    assert dict(zip(found.words, found.counts.tolist(), strict=True)) == {
        line.split()[0].decode(): int(line.split()[1]) for line in lines
    }
    given = as_table(found)
    assert given.keys() == expected.keys()
    assert given == pytest.approx(expected, rel=1e-12)


def test_arguments_are_checked():
    with pytest.raises(ValueError, match="`weighting` to be one of"):
        cooccurrences([["a"]], weighting="square")
    with pytest.raises(ValueError, match="`window` to be a positive integer"):
        cooccurrences([["a"]], window=0)


def test_sentences_of_one_word_have_no_pairs():
    assert len(cooccurrences([["a"], ["a"]], min_count=1)) == 0
