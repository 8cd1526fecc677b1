"""Characters as numbers: the graph against plain Python on arbitrary Unicode."""

import time

import hypothesis.strategies as st
import pytest
import tensorflow as tf
from hypothesis import given, settings

from keras_embed.text import ByteCharacters, CharacterVocabulary
from keras_embed.text.serialization import deserialize, serialize

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
ALPHABETS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30).map(
    lambda text: CharacterVocabulary(dict.fromkeys(text))
)


def check(characters, tokens, max_characters):
    given_ = characters.encode(tf.constant([token.encode() for token in tokens], tf.string), max_characters)
    expected = [characters.encode_python(token, max_characters) for token in tokens]
    width = max(1, *(len(row) for row in expected), 1)
    assert given_.dtype == tf.int32
    assert given_.shape == (len(tokens), width)
    assert given_.numpy().tolist() == [row + [0] * (width - len(row)) for row in expected]


@settings(max_examples=60)
@given(ALPHABETS, st.lists(TEXT, max_size=8), st.integers(1, 14))
def test_code_points_graph_equals_python(alphabet, tokens, max_characters):
    check(alphabet, [*tokens, "".join(alphabet.get_config()["characters"])], max_characters)


@settings(max_examples=60)
@given(st.lists(TEXT, max_size=8), st.integers(1, 14))
def test_bytes_graph_equals_python(tokens, max_characters):
    check(ByteCharacters(), tokens, max_characters)


@pytest.mark.parametrize("characters", [CharacterVocabulary("ab\0"), CharacterVocabulary(""), ByteCharacters()])
@pytest.mark.parametrize("tokens", [[], [""], ["", ""], ["\0"], ["a\0b\0"], ["\U0010ffff", "ab"]])
def test_borders(characters, tokens):
    check(characters, tokens, 3)


def test_numbers_by_falling_frequency():
    alphabet = CharacterVocabulary.from_counts({"noon": 2, "on": 1, "Я": 3, "x": 1}, min_count=2)
    assert alphabet.get_config() == {"characters": "noЯ"}
    assert alphabet.encode_python("noЯx", 9) == [2, 3, 4, 1]
    assert len(alphabet) == 5
    assert len(ByteCharacters()) == 258
    assert ByteCharacters().encode_python("\xff", 9) == [0xC3 + 2, 0xBF + 2]


@pytest.mark.parametrize("characters", [CharacterVocabulary("аб\u2028"), ByteCharacters()])
def test_a_config_rebuilds(characters):
    assert deserialize(serialize(characters)) == characters
    assert hash(type(characters).from_config(characters.get_config())) == hash(characters)


@pytest.mark.parametrize("characters", [CharacterVocabulary("aй"), ByteCharacters()])
def test_long_tokens_are_cut_first(characters):
    tokens = tf.constant(["й" * 10_000] * 200)
    characters.encode(tokens, 20)
    start = time.perf_counter()
    assert characters.encode(tokens, 20).shape == (200, 20)
    assert time.perf_counter() - start < 0.5


@pytest.mark.parametrize("characters", [CharacterVocabulary("ab"), ByteCharacters()])
def test_works_in_tf_data_with_unknown_batch_size(characters):
    data = tf.data.Dataset.from_tensor_slices(["ab", "b", "abc"]).batch(2).map(lambda x: characters.encode(x, 9))
    assert data.element_spec.shape.as_list() == [None, None]
    assert [batch.shape for batch in data] == [(2, 2), (1, 3)]


def test_bad_bytes_are_unknown():
    assert CharacterVocabulary("a").encode(tf.constant([b"a\xffa"]), 9).numpy().tolist() == [[2, 1, 2]]


@pytest.mark.parametrize(
    ("alphabet", "error"),
    [("aa", "'a' more than once"), (["ab"], "single characters"), ("\ud800", "lone surrogate")],
)
def test_bad_alphabets_are_refused(alphabet, error):
    with pytest.raises(ValueError, match=error):
        CharacterVocabulary(alphabet)


@pytest.mark.parametrize("characters", [CharacterVocabulary("ab"), ByteCharacters()])
def test_max_characters_is_positive(characters):
    with pytest.raises(ValueError, match="positive"):
        characters.encode(tf.constant(["a"]), 0)
