"""Casing classes: the graph against plain Python, and the published list."""

import hypothesis.strategies as st
import pytest
import tensorflow as tf
from hypothesis import given, settings
from text.unicode_strategies import STABLE_TEXT

from keras_embed.text.characters import CASING_CLASSES, casing_id, casing_ids


@pytest.mark.parametrize(
    ("token", "casing"),
    [
        ("", "padding"),
        ("word", "lower"),
        ("слово", "lower"),
        ("don't", "lower"),
        ("1st", "lower"),
        ("EU", "upper"),
        ("США", "upper"),
        ("B2B", "upper"),
        ("I", "upper"),
        ("London", "title"),
        ("Москва", "title"),
        ("ǅ", "title"),
        ("iPhone", "mixed"),
        ("McDonald", "mixed"),
        ("#London", "mixed"),
        ("1984", "numeric"),
        ("٣٤", "numeric"),
        ("1,000", "mainly_numeric"),
        ("1980s", "mainly_numeric"),
        ("iPhone7", "contains_digit"),
        ("-1-", "contains_digit"),
        (".", "other"),
        ("東京", "other"),
        ("\0", "other"),
        ("a\nb", "lower"),
    ],
)
def test_classes(token, casing):
    assert CASING_CLASSES[casing_id(token)] == casing
    assert CASING_CLASSES[int(casing_ids(token))] == casing


@settings(max_examples=60)
@given(st.lists(STABLE_TEXT, min_size=1, max_size=10))
def test_graph_equals_python(tokens):
    assert casing_ids(tokens).numpy().tolist() == [casing_id(token) for token in tokens]


def test_shapes_and_ragged():
    assert casing_ids(tf.constant([["a", "B"], ["", "1"]])).numpy().tolist() == [[1, 2], [0, 5]]
    assert casing_ids(tf.ragged.constant([["a"], [], ["B", "1"]])).to_list() == [[1], [], [2, 5]]
    assert casing_ids(tf.constant([], tf.string)).dtype == tf.int32


def _reimers(word):
    """`getCasing` of UKPLab/emnlp2017-bilstm-cnn-crf (util/preprocessing.py), in this room's names."""
    digits = sum(character.isdigit() for character in word)
    if word.isdigit():
        return "numeric"
    if digits / len(word) > 0.5:
        return "mainly_numeric"
    if word.islower():
        return "lower"
    if word.isupper():
        return "upper"
    if word[0].isupper():
        return "title"
    return "contains_digit" if digits else "other"


@settings(max_examples=200)
@given(st.text("aZ7-жЖ.", min_size=1, max_size=6))
def test_agrees_with_the_published_classes(word):
    ours, theirs = CASING_CLASSES[casing_id(word)], _reimers(word)
    if ours == "mixed":
        assert theirs in ("title", "other")
    elif ours == "contains_digit":
        assert theirs in ("title", "contains_digit")
    else:
        assert ours == theirs
