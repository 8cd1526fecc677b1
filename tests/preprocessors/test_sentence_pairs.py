"""Pairs of segments, against the published procedure written out on lists."""

import random

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest

from keras_embed.preprocessors.masked_examples import kept_lengths, sentence_pairs, single_segments

DOCUMENTS = st.lists(st.lists(st.integers(1, 9), min_size=1, max_size=7), min_size=2, max_size=5)


def offsets(documents):
    sentences = np.cumsum([0, *(length for one in documents for length in one)])
    return sentences, np.cumsum([0, *map(len, documents)])


def popped(first, second, max_pieces):
    """Google-research's `truncate_seq_pair`: lengths after pieces were taken away one by one."""
    while first + second > max_pieces:
        if first > second:
            first -= 1
        else:
            second -= 1
    return first, second


def published(documents, max_pieces, short_rate, random_rate, rng):
    """Google-research's `create_instances_from_document` for each document, on lists of piece numbers.

    What differs is said: whether an example is short is asked for each example, not for each document.
    """
    numbers, count = [], 0
    for document in documents:
        numbers.append(
            [list(range(count + sum(document[:i]), count + sum(document[: i + 1]))) for i in range(len(document))]
        )
        count += sum(document)
    rows = []
    for index, document in enumerate(numbers):
        chunk, i, target = [], 0, None
        while i < len(document):
            if target is None:
                target = max_pieces if rng.random() >= short_rate else 2 + int(rng.random() * (max_pieces - 1))
            chunk.append(document[i])
            if i == len(document) - 1 or sum(map(len, chunk)) >= target:
                a_end = 1
                if len(chunk) >= 2:
                    a_end = 1 + int(rng.random() * (len(chunk) - 1))
                tokens_a = sum(chunk[:a_end], [])
                tokens_b = []
                is_random = len(chunk) == 1 or rng.random() < random_rate
                if is_random:
                    other = int(rng.random() * (len(numbers) - 1))
                    other += other >= index
                    start = int(rng.random() * len(numbers[other]))
                    for sentence in numbers[other][start:]:
                        tokens_b += sentence
                        if len(tokens_b) >= target - len(tokens_a):
                            break
                    i -= len(chunk) - a_end
                else:
                    tokens_b = sum(chunk[a_end:], [])
                kept = popped(len(tokens_a), len(tokens_b), max_pieces)
                for tokens, length in zip((tokens_a, tokens_b), kept, strict=True):
                    lost = len(tokens) - length
                    front = bin(rng.getrandbits(lost)).count("1") if lost else 0
                    del tokens[:front]
                    del tokens[length:]
                rows.append((tokens_a, tokens_b, int(is_random)))
                chunk, target = [], None
            i += 1
    return rows


@hypothesis.given(DOCUMENTS, st.integers(2, 24), st.sampled_from([0.0, 0.1, 0.9]), st.integers(0, 99))
def test_pairs_are_those_of_the_published_procedure(documents, max_pieces, short_rate, seed):
    rows = sentence_pairs(*offsets(documents), max_pieces, short_rate, 0.5, seed)
    expected = published(documents, max_pieces, short_rate, 0.5, random.Random(seed))
    found = [(list(range(a, a_end)), list(range(b, b_end)), drawn) for a, a_end, b, b_end, drawn in rows.tolist()]
    assert found == expected


@hypothesis.given(st.integers(0, 40), st.integers(0, 40), st.integers(2, 50))
def test_the_longer_segment_loses(first, second, max_pieces):
    assert kept_lengths(first, second, max_pieces) == popped(first, second, max_pieces)


@hypothesis.given(DOCUMENTS, st.integers(2, 24), st.sampled_from([0.0, 0.5]), st.integers(0, 99))
def test_single_segments_hold_each_piece_once_and_no_two_documents(documents, max_pieces, short_rate, seed):
    sentences, bounds = offsets(documents)
    rows = single_segments(sentences, bounds, max_pieces, short_rate, seed)
    assert np.concatenate([np.arange(a, end) for a, end in rows[:, :2]]).tolist() == list(range(sentences[-1]))
    assert (rows[:, 1] - rows[:, 0] <= max_pieces).all() and (rows[:, 2] == rows[:, 3]).all() and not rows[:, 4].any()
    ends = sentences[bounds]
    assert set(ends[1:]) <= set(rows[:, 1])
    if short_rate == 0:  # a sentence is only cut where it is longer than the room
        longest = {end for end in rows[:, 1].tolist()} - set(sentences.tolist())
        assert all(max(np.diff(sentences)) > max_pieces for _ in longest)


def test_half_of_the_pairs_are_random_and_every_other_document_is_drawn_from():
    documents = [[3] * 40] * 6
    sentences, bounds = offsets(documents)
    rows = np.concatenate([sentence_pairs(sentences, bounds, 30, 0.0, seed=seed) for seed in range(60)])
    assert abs(rows[:, 4].mean() - 0.5) < 4 * 0.5 / np.sqrt(len(rows))
    of = np.searchsorted(sentences[bounds], rows[:, [0, 2]], side="right") - 1
    assert ((of[:, 0] == of[:, 1]) == (rows[:, 4] == 0)).all()
    drawn = of[rows[:, 4] == 1]
    assert {tuple(pair) for pair in drawn.tolist()} == {(i, j) for i in range(6) for j in range(6) if i != j}


def test_one_document_has_no_other_to_draw_from():
    with pytest.raises(ValueError, match=r"two documents or more.*Received: 1.*next_sentence=False"):
        sentence_pairs([0, 2, 4], [0, 2], 10)
