"""Words to features: shapes, sharing of distinct words, odd text, saved state."""

import json
from pathlib import Path

import keras
import numpy as np
import pytest

from keras_embed._backend import tf
from keras_embed.text.characters import casing_id
from keras_embed.tokenizers import WordFeature, WordFeaturizer

SENTENCES = [["The", "cat", "sat"], ["the", "dog", "1984"], []]


@pytest.fixture(scope="module")
def tokenizer():
    return WordFeaturizer.from_tokens(SENTENCES, max_characters=6, bucket_lengths=(4, 8))


def test_features_of_a_batch(tokenizer):
    features = {name: value.numpy() for name, value in tokenizer.encode(SENTENCES).items()}
    assert features["token_ids"].shape == (3, 4)
    np.testing.assert_array_equal(features["padding_mask"].sum(axis=1), [3, 3, 0])
    vocabulary = tokenizer.vocabulary
    expected = [[vocabulary.id(word) for word in row] for row in (["the", "cat", "sat"], ["the", "dog", "0000"])]
    np.testing.assert_array_equal(features["token_ids"][:2, :3], expected)
    np.testing.assert_array_equal(features["casing_ids"][0, :3], [casing_id(word) for word in SENTENCES[0]])


def test_every_token_finds_its_own_characters_in_the_table_of_distinct_words(tokenizer):
    features = {name: value.numpy() for name, value in tokenizer.encode(SENTENCES).items()}
    assert features["char_ids"].shape == (3, 2, 6), "five distinct words fit into half of 3 x 4"
    table = features["char_ids"].reshape(-1, 6)
    for b, sentence in enumerate(SENTENCES):
        for t, word in enumerate(sentence):
            spelt = table[features["char_index"][b, t]]
            expected = tokenizer.characters.encode_python(word, 6)
            np.testing.assert_array_equal(spelt, np.pad(expected, (0, 6 - len(expected))))


def test_the_table_grows_when_words_do_not_repeat(tokenizer):
    features = tokenizer.encode([["a", "b", "c", "d"]])
    assert features["char_ids"].shape == (1, 4, 6)


@pytest.mark.parametrize(("longest", "padded"), [(1, 4), (4, 4), (5, 8), (9, 16), (17, 24)])
def test_lengths_are_padded_to_a_bucket(tokenizer, longest, padded):
    assert tokenizer.encode([["w"] * longest]).get("token_ids").shape == (1, padded)


def test_in_a_graph_as_eagerly(tokenizer):
    ragged = tf.ragged.constant(SENTENCES, tf.string, ragged_rank=1)
    graph = tf.function(tokenizer.encode, input_signature=[tf.RaggedTensorSpec([None, None], tf.string)])
    for name, value in tokenizer.encode(ragged).items():
        np.testing.assert_array_equal(graph(ragged)[name], value)


@pytest.mark.parametrize("word", ["x" * 10_000, "a\0b", "\x85", "\u2028", "\U0001f600", "Ж" * 40])
def test_odd_words_are_words(tokenizer, word):
    features = tokenizer.encode([[word, "cat"]])
    assert features["token_ids"].numpy()[0, :2].tolist() == [1, tokenizer.token_to_id("cat")]


def test_config_and_assets_bring_it_back(tokenizer, tmp_path):
    config = json.loads(json.dumps(tokenizer.get_config()))
    again = WordFeaturizer.from_config(config)
    with pytest.raises(ValueError, match="Expected a tokenizer with a vocabulary"):
        again.vocabulary_size()
    tokenizer.save_assets(tmp_path)
    again.load_assets(tmp_path)
    for name, value in tokenizer.encode(SENTENCES).items():
        np.testing.assert_array_equal(again.encode(SENTENCES)[name], value)


def test_tokenizers_of_other_libraries_split():
    tensorflow_text = pytest.importorskip("tensorflow_text", reason="needs the optional tensorflow_text")
    tokenizer = WordFeaturizer.from_tokens(SENTENCES, splitter=tensorflow_text.UnicodeScriptTokenizer())
    again = WordFeaturizer.from_config(tokenizer.get_config())
    assert again.tokenize(tf.constant(["the cat."])).to_list() == [[b"the", b"cat", b"."]]


def test_buckets_must_rise():
    with pytest.raises(ValueError, match="Expected `bucket_lengths` to rise"):
        WordFeaturizer(bucket_lengths=(8, 4))


@keras.saving.register_keras_serializable(package="keras_embed_tests")
class EndsWith(WordFeature):
    """1 for words with one of some endings; the endings are an asset."""

    name = "ends_with"
    asset = "endings.txt"

    def __init__(self, endings=(), value=1):
        self.endings, self.value = tuple(endings), value

    def compute(self, batch):
        found = tf.strings.regex_full_match(batch.words, f".*({'|'.join(self.endings)})")
        return batch.of_words(tf.where(found, self.value, 0))

    def save(self, path):
        Path(path).write_text("\n".join(self.endings))

    def load(self, path):
        self.endings = tuple(Path(path).read_text().split())

    def get_config(self):
        return {"value": self.value}


def test_a_feature_of_ones_own(tmp_path):
    tokenizer = WordFeaturizer.from_tokens(SENTENCES, bucket_lengths=(4,), features=[EndsWith(["at", "og"], value=3)])
    assert tokenizer.encode(SENTENCES)["ends_with"].numpy().tolist() == [[0, 3, 3, 0], [0, 3, 0, 0], [0, 0, 0, 0]]
    assert set(tokenizer.encode(SENTENCES, names=["ends_with", "other"])) == {"ends_with"}
    again = WordFeaturizer.from_config(json.loads(json.dumps(tokenizer.get_config())))
    tokenizer.save_assets(tmp_path)
    assert (
        {path.name for path in tmp_path.iterdir()} == set(tokenizer.file_assets) == {"vocabulary.json", "endings.txt"}
    )
    again.load_assets(tmp_path)
    np.testing.assert_array_equal(again.encode(SENTENCES)["ends_with"], tokenizer.encode(SENTENCES)["ends_with"])


def test_two_features_of_one_name_are_refused():
    with pytest.raises(ValueError, match="Expected one feature for each name"):
        WordFeaturizer(features=[EndsWith(), EndsWith()])
