"""ELMo's features by the tokenizer's graph: only what is asked for, and row for row what Python says."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from keras_embed._backend import tf
from keras_embed.preprocessors import TaggerPreprocessor
from keras_embed.text import ElmoCharacters, ElmoCodePoints, SubwordIndex, Vocabulary, elmo_features
from keras_embed.text.elmo_characters import BOUNDARIES
from keras_embed.tokenizers import WordFeaturizer

MARKS = ["<oov>", "<bos>", "<eos>", "<bow>", "<eow>", "<pad>"]
LETTERS = {name: number for number, name in enumerate([*MARKS, *"Adaeilnovдом\U0001f600\u3000"])}
WORDS = {name: number for number, name in enumerate(["<oov>", "<bos>", "<eos>", "<pad>", "Ada", "дом", "lives"])}
SENTENCES = [["Ada", "lives", "in", "Rome"], ["Ada"], []]
#: Anything that UTF-8 can hold.
words = st.text(st.characters(blacklist_categories=("Cs",)), max_size=14) | st.sampled_from([*BOUNDARIES, *WORDS])
sentences = st.lists(st.lists(words, max_size=5), min_size=1, max_size=3)
ODD = [["", "\0", "a\0b", "é" * 9, "\U0001f600" * 9], ["<S>", "</S>", "e\u0301", "\u2028", "дом" * 7]]


def tokenizer(**arguments):
    return WordFeaturizer.from_tokens(SENTENCES, bucket_lengths=(4, 8), **arguments)


BYTES = tokenizer(elmo_characters=ElmoCharacters(9, {"NUMBER": 3}))
POINTS = tokenizer(elmo_characters=ElmoCodePoints(LETTERS, WORDS, 9))


@given(sentences)
@example(ODD)
@pytest.mark.parametrize("maker", [BYTES, POINTS], ids=["bytes", "code points"])
def test_every_token_finds_the_row_that_python_gives_it(maker, sentences):
    names = ("elmo_ids", "elmo_word_ids", "char_index", "padding_mask")
    features = {name: value.numpy() for name, value in maker.encode(sentences, names=names).items()}
    table = features["elmo_ids"].reshape(-1, 9)
    characters = maker.elmo_characters
    distinct = {word for sentence in sentences for word in sentence}
    for row, sentence in enumerate(sentences):
        for step, word in enumerate(sentence):
            place = features["char_index"][row, step]
            assert table[place].tolist() == characters.encode_python(word), word
            if maker is POINTS:
                assert features["elmo_word_ids"].reshape(-1)[place] == characters.word_ids_python(word)
    assert not table[len(distinct) :].any(), "behind the distinct words stands padding"
    assert features["padding_mask"].sum() == sum(map(len, sentences))


@given(sentences)
@example(ODD)
@pytest.mark.parametrize("maker", [BYTES, POINTS], ids=["bytes", "code points"])
def test_it_makes_what_the_features_without_tensorflow_are(maker, sentences):
    vocabulary = Vocabulary(["Ada", "in"])
    plain = elmo_features(sentences, maker.elmo_characters, vocabulary)
    with_cache = tokenizer(elmo_characters=maker.elmo_characters, elmo_vocabulary=vocabulary)
    graph = {name: value.numpy() for name, value in with_cache.encode(sentences, names=tuple(plain)).items()}
    assert set(graph) == set(plain)
    for row, sentence in enumerate(sentences):
        for name in ("elmo_ids", "elmo_word_ids", "elmo_cache_ids"):
            if name in plain:
                one, other = (
                    x[name].reshape(-1, *x[name].shape[2:])[x["char_index"][row, : len(sentence)]]
                    for x in (plain, graph)
                )
                np.testing.assert_array_equal(one, other)


class Untouched:
    """Stands for something that must not be asked for anything."""

    def __getattr__(self, name):
        raise AssertionError(f"`{name}` was asked for")


def test_only_what_is_asked_for_is_made():
    maker = tokenizer(subwords=SubwordIndex(["Ada"], 3, 6, 10))
    everything = set(maker.encode(SENTENCES))
    assert everything == {"token_ids", "casing_ids", "char_ids", "char_index", "padding_mask", "subword_ids"}
    maker._char_ids.characters = maker._subword_ids.index = Untouched()
    maker._token_ids.vocabulary = maker._token_ids.normalizer = Untouched()
    assert set(maker.encode(SENTENCES, names=["elmo_ids", "char_index"])) == {"elmo_ids", "char_index"}
    maker.elmo_characters.encode = Untouched()
    assert set(maker.encode(SENTENCES, names=["casing_ids", "padding_mask"])) == {"casing_ids", "padding_mask"}


def test_features_that_it_cannot_make_are_left_out():
    names = ["elmo_ids", "elmo_word_ids", "elmo_cache_ids", "term_ids"]
    assert set(tokenizer().encode(SENTENCES, names=names)) == {"elmo_ids"}


def test_a_traced_graph_knows_the_width():
    spec = tf.RaggedTensorSpec([None, None], tf.string)
    for maker in (BYTES, POINTS):
        graph = tf.function(lambda tokens, maker=maker: maker.encode(tokens, names=["elmo_ids"]))
        shape = graph.get_concrete_function(spec).structured_outputs["elmo_ids"].shape
        assert shape.as_list()[-1] == 9


def test_config_and_assets_bring_it_all_back(tmp_path):
    maker = tokenizer(elmo_characters=POINTS.elmo_characters, elmo_vocabulary=Vocabulary(["Ada"]))
    again = WordFeaturizer.from_config(maker.get_config())
    maker.save_assets(tmp_path)
    again.load_assets(tmp_path)
    assert again.elmo_characters == maker.elmo_characters and again.elmo_vocabulary == maker.elmo_vocabulary
    names = ["elmo_ids", "elmo_word_ids", "elmo_cache_ids"]
    for name, value in maker.encode(SENTENCES, names=names).items():
        np.testing.assert_array_equal(again.encode(SENTENCES, names=names)[name], value)
    assert WordFeaturizer.from_config(BYTES.get_config()).elmo_characters == BYTES.elmo_characters


def test_preprocessors_hand_names_on():
    preprocessor = TaggerPreprocessor(BYTES, ["O"])
    features, tag_ids = preprocessor(SENTENCES[:1], y=[["O"] * 4], names=["elmo_ids", "padding_mask"])
    assert set(features) == {"elmo_ids", "padding_mask"} and tag_ids.shape == (1, 4)
