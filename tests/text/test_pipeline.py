"""Text pipelines: both lanes give the same, and each step what its source of truth gives."""

import copy
import functools
import json
import pickle
import re
import unicodedata

import hypothesis.strategies as st
import keras
import pytest
import tensorflow as tf
from hypothesis import given, settings
from text.unicode_strategies import STABLE_TEXT

from keras_embed import text, tokenizers
from keras_embed.text import (
    CharacterNgrams,
    KeepWords,
    Lowercase,
    Pipeline,
    SnowballStemmer,
    StopWords,
    StripAccents,
    TokenPattern,
    UnicodeNormalize,
    WordNgrams,
)
from keras_embed.tokenizers import Tokenize

PIPELINES = [
    Pipeline(),
    Pipeline([]),
    Pipeline([TokenPattern(r"\w+"), Lowercase(), StopWords(["a", "ж"]), WordNgrams(1, 3)]),
    Pipeline([Lowercase(), TokenPattern(r"(?u)\b\w+\b"), KeepWords(["b", "ж", "ß"]), WordNgrams(2, 2)]),
    Pipeline([TokenPattern(r"\w+"), SnowballStemmer("russian"), UnicodeNormalize("NFD")]),
    Pipeline([TokenPattern(r"[^ ](\w)"), SnowballStemmer("english")]),
    Pipeline([Tokenize(), Lowercase(), WordNgrams(1, 2)]),
    Pipeline([Tokenize(tokenizers.WhitespaceTokenizer()), Pipeline([StripAccents(), Lowercase()])]),
    Pipeline([StripAccents("\u0301"), CharacterNgrams(2, 4)]),
    Pipeline([CharacterNgrams(1, 1)]),
    Pipeline([UnicodeNormalize("NFKC"), TokenPattern(r"\w{3,}")]),
    Pipeline([UnicodeNormalize("NFC"), UnicodeNormalize("NFKD")]),
]
TEXTS = st.lists(st.lists(STABLE_TEXT, max_size=5).map(" ".join), min_size=1, max_size=5)


@functools.cache
def traced(pipeline):
    return tf.function(pipeline.graph, input_signature=[tf.TensorSpec([None], tf.string)], autograph=False)


def graph(pipeline, texts):
    rows = traced(pipeline)(tf.constant([x if isinstance(x, bytes) else x.encode() for x in texts], tf.string))
    assert isinstance(rows, tf.RaggedTensor) and rows.shape.rank == 2
    return [[word.decode() for word in row] for row in rows.to_list()]


@pytest.mark.parametrize("number", range(len(PIPELINES)))
@settings(max_examples=25)
@given(TEXTS)
def test_both_lanes_give_the_same(number, texts):
    assert graph(PIPELINES[number], texts) == PIPELINES[number].texts(texts)


def test_bytes_that_are_not_utf8_are_no_letters():
    texts = [b"ab\xffcd", b"\xc3", "чай".encode()]
    assert graph(Pipeline(), texts) == Pipeline().texts(texts) == [["ab", "cd"], [], ["чай"]]
    apart = Pipeline([TokenPattern(r"\w+")])
    assert graph(apart, texts) == apart.texts(texts)


@settings(max_examples=80)
@given(STABLE_TEXT)
def test_words_are_those_of_python(string):
    assert TokenPattern().python([string]) == re.findall(r"(?u)\b\w\w+\b", string)
    assert TokenPattern(r"(?u)\b\w+\b").python([string]) == re.findall(r"(?u)\b\w+\b", string)


def test_every_word_character_of_python_is_one_in_the_graph():
    points = [point for point in range(0x110000) if not 0xD800 <= point < 0xE000]
    given_ = tf.constant([chr(point).encode() for point in points])
    found = Pipeline([TokenPattern(r"\w+")]).graph(given_).row_lengths().numpy().tolist()
    assert found == [len(re.findall(r"\w+", chr(point))) for point in points]


def test_lower_case_differs_only_in_new_letters():
    """Unicode's special cases agree; what differs are letters newer than TensorFlow's tables, which are counted."""
    for string in ("ΑΣ ΣΑΣ. ΑΣ'Σ", "İI", "ẞ", "ǅ", "A\0ΑΣ"):
        assert Lowercase().tensor(tf.constant([string.encode()])).numpy()[0].decode() == string.lower()
    points = [p for p in range(0x110000) if not 0xD800 <= p < 0xE000]
    lowered = Lowercase().tensor(tf.constant([chr(p).encode() for p in points])).numpy()
    different = [p for p, low in zip(points, lowered, strict=True) if low.decode() != chr(p).lower()]
    assert len(different) < 100
    assert all(unicodedata.ucd_3_2_0.category(chr(p)) == "Cn" for p in different)


def test_stop_words():
    assert StopWords("english").python("this is not the best tea".split()) == ["best", "tea"]
    assert StopWords("russian").python("это не самый лучший чай".split()) == ["самый", "лучший", "чай"]
    with pytest.raises(ValueError, match="Expected `words` to be one of .*'english'.*Received: 'german'"):
        StopWords("german")


def test_stop_words_by_file(tmp_path):
    (tmp_path / "stop.txt").write_bytes("\ufeffи\r\n\nно # a conjunction\n".encode())
    assert StopWords.from_file(tmp_path / "stop.txt") == StopWords(["но", "и"])


def test_rare_words_are_cut():
    step = KeepWords.from_texts(["чай чай кофе", "Кофе, сок"], Pipeline(), min_count=2)
    assert step.words == ["кофе", "чай"]
    with pytest.raises(ValueError, match="`min_count` to be a positive integer"):
        KeepWords.from_counts({}, 0)


def test_every_language_of_snowball():
    snowballstemmer = pytest.importorskip("snowballstemmer")
    words = ["running", "чашками", "maisons", "Häuser", "kitaplar"]
    for language in snowballstemmer.algorithms():
        reference = snowballstemmer.stemmer(language)
        assert SnowballStemmer(language).python(words) == [w for w in map(reference.stemWord, words) if w]


def test_a_word_is_computed_once():
    seen = []

    class Listening(text.HostWordStep):
        def compute(self, word):
            seen.append(word)
            return word

        def get_config(self):
            return {}

    step = Listening()
    pipeline = Pipeline([TokenPattern(), step])
    for lane in (pipeline.texts, lambda texts: graph(pipeline, texts), pipeline.texts):
        assert lane(["чай чай", "чай"]) == [["чай", "чай"], ["чай"]]
    assert seen == ["чай"]


def test_lemmas():
    pytest.importorskip("pymorphy3")
    assert text.Lemmatizer("ru").python(["чаю", "людей", "шла"]) == ["чай", "человек", "идти"]
    pipeline = Pipeline([Lowercase(), TokenPattern(r"\w+"), text.UposKeys()])
    expected = "идти_VERB по_ADP этот_DET красивый_ADJ улица_NOUN в_ADP москва_PROPN и_SCONJ быстро_ADV 12_NUM"
    texts = ["Иду по этой красивой улице в Москве и быстро 12"]
    assert pipeline.texts(texts) == graph(pipeline, texts) == [expected.split()]
    again = text.serialization.deserialize(json.loads(json.dumps(text.serialization.serialize(pipeline))))
    assert again.texts(texts) == [expected.split()]


def test_lemmas_of_other_engines(monkeypatch):
    pytest.importorskip("simplemma")
    assert text.Lemmatizer("en").python(["mice", "running"]) == ["mouse", "run"]
    assert text.Lemmatizer("ru", "simplemma").python(["людей"]) == ["человек"]
    monkeypatch.setitem(__import__("sys").modules, "spacy", None)
    with pytest.raises(ImportError, match="Expected spacy to be installed.*Try pip install spacy"):
        text.Lemmatizer("en_core_web_sm", "spacy")
    monkeypatch.setitem(__import__("sys").modules, "pymorphy3", None)
    with pytest.raises(ImportError, match=r"pymorphy3 to be installed.*pip install 'keras-embed\[morphology\]'"):
        text.Lemmatizer("uk", "pymorphy3")


def test_spacy_is_asked_word_by_word(monkeypatch):
    class Token:
        def __init__(self, word):
            self.lemma_ = {"mice": "mouse"}.get(word, word)

    class Spacy:
        @staticmethod
        def load(name):
            assert name == "en_core_web_sm"
            return lambda word: [Token(part) for part in word.split()]

    monkeypatch.setitem(__import__("sys").modules, "spacy", Spacy)
    assert text.Lemmatizer("en_core_web_sm", "spacy").python(["mice", "tea"]) == ["mouse", "tea"]


@pytest.mark.parametrize("pipeline", PIPELINES, ids=str)
def test_configs_pickles_and_copies(pipeline):
    texts = ["Жaß аб, b ж\u0301 ½²"]
    expected = pipeline.texts(texts)
    for again in (
        text.serialization.deserialize(json.loads(json.dumps(text.serialization.serialize(pipeline)))),
        pickle.loads(pickle.dumps(pipeline)),
        copy.deepcopy(pipeline),
    ):
        assert again == pipeline and hash(again) == hash(pipeline)
        assert again.texts(texts) == expected == graph(again, texts)
    assert (pipeline == Pipeline()) == (pipeline is PIPELINES[0])


@keras.saving.register_keras_serializable(package="keras_embed_tests")
class Backwards(text.HostWordStep):
    def compute(self, word):
        return word[::-1]

    def get_config(self):
        return {}


def test_a_step_of_ones_own():
    pipeline = Pipeline([TokenPattern(), Backwards()])
    again = text.serialization.deserialize(json.loads(json.dumps(text.serialization.serialize(pipeline))))
    assert again == pipeline and graph(again, ["чай"]) == [["йач"]]
    with pytest.raises(TypeError, match="Expected an object of one of .*, or a class of your own registered"):
        text.serialization.serialize(type("Unknown", (Backwards,), {})())


def test_a_pipeline_says_what_it_cannot_export():
    assert Pipeline().in_graph and PIPELINES[6].in_graph
    assert not PIPELINES[5].in_graph
    nested = Pipeline([TokenPattern(), Pipeline([SnowballStemmer("russian")])])
    assert [type(step) for step in nested.host_steps()] == [SnowballStemmer]
    with pytest.raises(ValueError, match=r"Expected a pipeline .* Received: SnowballStemmer\(language='russian'\), wh"):
        nested.check_exportable()


def test_what_is_no_step_is_refused():
    with pytest.raises(TypeError, match="Expected every step to be a keras_embed.text.Step.*as step 1"):
        Pipeline([Lowercase(), str.lower])
    with pytest.raises(ValueError, match="`pattern` to be a regular expression"):
        TokenPattern("(")
    with pytest.raises(ValueError, match="at most one group"):
        TokenPattern("(a)(b)")
    for wrong in ((0, 1), (2, 1), (1,), 3, (1, 2.0)):
        with pytest.raises(ValueError, match="Expected `ngrams` as"):
            CharacterNgrams(*wrong) if isinstance(wrong, tuple) and len(wrong) == 2 else text.WordNgrams(wrong, 1)


def test_works_inside_tf_data_on_every_backend():
    assert keras.config.backend()
    dataset = tf.data.Dataset.from_tensor_slices(["Чаю!", "чай", "Чая"]).batch(2)
    pipeline = Pipeline([Lowercase(), TokenPattern(), SnowballStemmer("russian")])
    rows = [row for batch in dataset.map(pipeline.graph, num_parallel_calls=2) for row in batch.to_list()]
    assert [row[0].decode() for row in rows] == ["ча", "ча", "ча"]
