"""Tokenizers of any make, checked and written down."""

import json

import keras
import pytest
import tensorflow as tf

from keras_embed.text.serialization import deserialize, serialize
from keras_embed.tokenizers import WhitespaceTokenizer, WordTokenizer
from keras_embed.tokenizers.any_splitter import as_tokenizer, deserialize_tokenizer, serialize_tokenizer

tf_text = pytest.importorskip("tensorflow_text")


class Commas:
    def tokenize(self, strings):
        return tf.strings.split(strings, ",")


@keras.saving.register_keras_serializable(package="keras_embed_tests")
class RegisteredCommas(Commas):
    def get_config(self):
        return {}

    @classmethod
    def from_config(cls, config):
        return cls(**config)


@pytest.mark.parametrize(
    "tokenizer",
    [WhitespaceTokenizer(), tf_text.UnicodeScriptTokenizer(), tf_text.WhitespaceTokenizer(), Commas()],
    ids=lambda t: f"{type(t).__module__.split('.')[0]}-{type(t).__name__}",
)
def test_tokenizers_pass_unchanged(tokenizer):
    assert as_tokenizer(tokenizer) is tokenizer


def test_the_default():
    assert as_tokenizer() == WordTokenizer()


def test_keras_hub_tokenizers_pass_if_they_give_strings():
    keras_hub = pytest.importorskip("keras_hub")
    words = ["[UNK]", "a", "b", "##b"]
    assert as_tokenizer(keras_hub.tokenizers.WordPieceTokenizer(words, dtype="string"))
    with pytest.raises(TypeError, match="Try dtype='string'"):
        as_tokenizer(keras_hub.tokenizers.WordPieceTokenizer(words, dtype="int32"))


class Dense:
    def tokenize(self, strings):
        return strings


class Broken:
    def tokenize(self, strings):
        return [text.split() for text in strings.numpy()]


@pytest.mark.parametrize("wrong", ["words", str.split, WordTokenizer, 3, Dense(), Broken()])
def test_what_cannot_tokenize_is_refused(wrong):
    with pytest.raises(TypeError, match=r"Expected None or an object whose `tokenize.*Received: .*Try "):
        as_tokenizer(wrong)


@pytest.mark.parametrize(
    "tokenizer",
    [
        WordTokenizer(),
        WhitespaceTokenizer(),
        tf_text.UnicodeScriptTokenizer(),
        tf_text.WhitespaceTokenizer(),
        RegisteredCommas(),
    ],
    ids=lambda t: f"{type(t).__module__.split('.')[0]}-{type(t).__name__}",
)
def test_written_down_and_rebuilt(tokenizer):
    config = json.loads(json.dumps(serialize_tokenizer(tokenizer)))
    rebuilt = deserialize_tokenizer(config)
    assert type(rebuilt) is type(tokenizer)
    text = ["Hello, world 12"]
    assert rebuilt.tokenize(text).to_list() == tokenizer.tokenize(text).to_list()


@pytest.mark.parametrize("wrong", [tf_text.UnicodeScriptTokenizer(keep_whitespace=True), Commas()])
def test_what_cannot_be_written_down_is_refused(wrong):
    with pytest.raises(TypeError, match="Expected a tokenizer of keras_embed or keras_hub.*Try "):
        serialize_tokenizer(wrong)


def test_unknown_names_are_refused():
    with pytest.raises(ValueError, match="the name of a tokenizer in tensorflow_text"):
        deserialize_tokenizer({"module": "tensorflow_text", "class_name": "normalize_utf8", "config": {}})
    with pytest.raises(ValueError, match="module"):
        deserialize_tokenizer({"module": "os", "class_name": "system", "config": {}})
    with pytest.raises(ValueError, match="class_name"):
        deserialize({"module": "keras_embed.text", "class_name": "Vocabulary", "config": {}})
    with pytest.raises(TypeError, match="Expected an object of one of"):
        serialize(Commas())
