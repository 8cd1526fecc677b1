"""`Vocabulary`: order, numbers, the file, the graph lookup."""

import copy
import json
import pickle
from collections import Counter

import hypothesis.strategies as st
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given

from keras_embed.text import Vocabulary

AWKWARD = ["a\u0085b", "\u2028", "\u2029", "\0", "a\0", '"', "\\", "\r\n", "\n", " ", "\ufeff", "\U0001f600", "e\u0301"]
WORDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(lambda word: word != "[UNK]")


def test_order_is_by_falling_frequency_then_code_point():
    vocabulary = Vocabulary.from_counts(Counter({"b": 2, "a": 2, "Я": 2, "z": 5, "rare": 1}), min_count=2)
    assert list(vocabulary) == ["", "[UNK]", "z", "a", "b", "Я"]
    assert [vocabulary.count(word) for word in ("z", "Я", "rare", "[UNK]")] == [5, 2, 0, 0]
    assert len(vocabulary) == 6
    assert "z" in vocabulary
    assert "rare" not in vocabulary


def test_max_size_counts_the_reserved_entries():
    vocabulary = Vocabulary.from_tokens([["c", "b"], ["c", "a"]], max_size=4)
    assert list(vocabulary) == ["", "[UNK]", "c", "a"]
    assert len(Vocabulary.from_tokens([["c"]], max_size=1)) == 2


def test_reserved_words_in_a_corpus_keep_their_numbers():
    vocabulary = Vocabulary.from_tokens([["", "[UNK]", "[UNK]", "word"]])
    assert vocabulary.ids(["", "[UNK]", "word", "other"]).tolist() == [0, 1, 2, 1]
    assert vocabulary.ids([]).dtype == np.int32


def test_number_and_word_are_inverse():
    vocabulary = Vocabulary.from_tokens([AWKWARD])
    assert all(vocabulary.id(vocabulary.token(index)) == index for index in range(len(vocabulary)))
    with pytest.raises(ValueError, match=r"Expected an id from 0 to \d+. Received: -1"):
        vocabulary.token(-1)


@given(st.lists(WORDS, unique=True))
def test_the_file_keeps_every_word(words):
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "words.json"
        vocabulary = Vocabulary(words)
        vocabulary.save(path)
        assert Vocabulary.load(path) == vocabulary
        assert list(Vocabulary.load(path))[2:] == words


def test_the_file_keeps_awkward_words_and_counts(tmp_path):
    vocabulary = Vocabulary(AWKWARD, range(len(AWKWARD)))
    vocabulary.save(tmp_path / "words.json")
    loaded = Vocabulary.load(tmp_path / "words.json")
    assert list(loaded)[2:] == AWKWARD
    assert loaded.count("\u2028") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["words.json"]
    assert Vocabulary([]).count("a") is None


def test_a_save_that_fails_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "words.json"
    Vocabulary(["old"]).save(path)

    def full(beside, *_, **__):
        beside.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("keras_embed.text._files.Path.write_text", full)
    with pytest.raises(OSError, match="No space"):
        Vocabulary(["new"]).save(path)
    assert list(Vocabulary.load(path))[2:] == ["old"]
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (b'{"format": "keras_embed.Vocabulary",\n"version": 1,\n"words": ["a",', r"words\.json, line 3, column 15"),
        (b'{\n"words": ["\xff"]}', r"words\.json, line 2: Expected UTF-8 text. Received: byte 0xff"),
        (b"[]", r"words\.json, line 1: Expected an object"),
        (b'{"format": "keras_embed.Vocabulary", "version": 1, "words": ["a", 3]}', r"words\.json, word 1"),
        (b'{"format": "keras_embed.Vocabulary", "version": 1}', r"words\.json, words: Expected a list"),
        (b'{"format": "keras_embed.Vocabulary", "version": 1, "words": ["a"], "counts": [1.5]}', r"json, count 0"),
        (
            b'{"format": "keras_embed.Vocabulary", "version": 1, "words": ["a", "a"]}',
            r"words\.json: Expected each word",
        ),
        (b'{"format": "keras_embed.Vocabulary", "version": 1, "words": ["\\ud800"]}', r"words\.json: .*lone surrogate"),
        (b"", r"words\.json, line 1, column 1"),
    ],
)
def test_a_corrupt_file_is_named_with_the_place(tmp_path, content, place):
    path = tmp_path / "words.json"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=place):
        Vocabulary.load(path)


def test_the_file_is_plain_json_with_a_word_a_line(tmp_path):
    path = tmp_path / "words.json"
    Vocabulary(["слово", "\u2028"]).save(path)
    assert json.loads(path.read_text("utf-8"))["words"] == ["слово", "\u2028"]
    assert '\n"слово",\n' in path.read_text("utf-8")


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["a", "a"], "Expected each word once. Received: 'a' among them"),
        (["[UNK]"], r"without the reserved entries. Received: '\[UNK\]'"),
        ([""], "without the reserved entries"),
        (["a\ud800"], "Expected word 2 to be text that UTF-8 can encode. .* lone surrogate at character 1"),
        ([3], "every word to be a string. Received: 3 at index 2"),
    ],
)
def test_words_that_cannot_be_are_refused(words, error):
    with pytest.raises(ValueError, match=error):
        Vocabulary(words)


def test_counts_of_another_length_are_refused():
    with pytest.raises(ValueError, match="one count for each word"):
        Vocabulary(["a"], [1, 2])


def test_a_sentence_that_is_a_string_is_refused():
    with pytest.raises(ValueError, match="list of words"):
        Vocabulary.from_tokens(["to be"])


@given(st.lists(WORDS, min_size=1, max_size=20))
def test_graph_lookup_equals_python(words):
    vocabulary = Vocabulary.from_tokens([words[::2]])
    found = vocabulary.lookup(tf.constant([word.encode() for word in words]))
    assert found.dtype == tf.int32
    assert found.numpy().tolist() == vocabulary.ids(words).tolist()


def test_lookup_takes_ragged_strings_and_padding():
    vocabulary = Vocabulary(["a", "b"])
    ragged = tf.ragged.constant([["a"], ["x", "b"], []])
    assert vocabulary.lookup(ragged).to_list() == [[2], [1, 3], []]
    assert vocabulary.lookup(ragged.to_tensor()).numpy().tolist() == [[2, 0], [1, 3], [0, 0]]


def test_the_table_is_made_once_outside_of_graphs_and_exports(tmp_path):
    vocabulary = Vocabulary(["a", "b"])
    data = tf.data.Dataset.from_tensor_slices(["b", "x"]).map(vocabulary.lookup)
    assert [int(x) for x in data] == [3, 1]
    assert vocabulary.table is vocabulary.table
    module = tf.Module()
    module.table = vocabulary.table
    module.lookup = tf.function(vocabulary.lookup, input_signature=[tf.TensorSpec([None], tf.string)])
    tf.saved_model.save(module, str(tmp_path / "saved"))
    assert tf.saved_model.load(str(tmp_path / "saved")).lookup(tf.constant(["a", "?"])).numpy().tolist() == [2, 1]


def test_copies_leave_the_table_behind():
    vocabulary = Vocabulary(["a"], [4])
    assert vocabulary.lookup("a").numpy() == 2
    for other in (copy.deepcopy(vocabulary), pickle.loads(pickle.dumps(vocabulary))):
        assert other == vocabulary
        assert hash(other) == hash(vocabulary)
        assert other.lookup("a").numpy() == 2
    assert vocabulary != Vocabulary(["b"])
