"""`WordNormalizer`: the graph against plain Python."""

import hypothesis.strategies as st
import pytest
import tensorflow as tf
from hypothesis import given, settings
from text.unicode_strategies import STABLE_TEXT

from keras_embed.text import WordNormalizer
from keras_embed.text.serialization import deserialize, serialize

NORMALIZERS = [WordNormalizer(low, digits, nfc) for low in (0, 1) for digits in (0, 1) for nfc in (0, 1)]


@settings(max_examples=60)
@given(st.sampled_from(NORMALIZERS), st.lists(STABLE_TEXT, min_size=1, max_size=10))
def test_graph_equals_python(normalizer, tokens):
    given_ = [token.decode() for token in normalizer(tokens).numpy()]
    assert given_ == [normalizer.normalize_python(token) for token in tokens]


@pytest.mark.parametrize(
    ("token", "expected"),
    [("Москва", "москва"), ("1984-й", "0000-й"), ("A\0B", "a\0b"), ("\0", "\0"), ("", ""), ("٣", "0"), ("É", "é")],
)
def test_default(token, expected):
    assert WordNormalizer()(token).numpy().decode() == expected


def test_compose_only_if_asked():
    decomposed = "E\u0301"
    assert WordNormalizer()(decomposed).numpy().decode() == "e\u0301"
    assert WordNormalizer(compose=True)(decomposed).numpy().decode() == "é"


def test_shapes():
    assert WordNormalizer()(tf.constant([["A"], ["B"]])).numpy().tolist() == [[b"a"], [b"b"]]
    assert WordNormalizer()(tf.ragged.constant([["A"], [], ["B", "2"]])).to_list() == [[b"a"], [], [b"b", b"0"]]
    assert WordNormalizer()(tf.constant([], tf.string)).shape == (0,)


def test_a_config_rebuilds():
    normalizer = WordNormalizer(lowercase=False, compose=True)
    assert deserialize(serialize(normalizer)) == normalizer
    assert normalizer != WordNormalizer()
