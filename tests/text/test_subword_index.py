"""Words as rows of words and n-grams: fastText's numbers, graph against Python, files."""

import json

import hypothesis.strategies as st
import pytest
import tensorflow as tf
from hypothesis import given

from keras_embed.text import SubwordIndex, WordNormalizer
from keras_embed.text.serialization import deserialize, serialize

WORDS = st.lists(
    st.one_of(
        st.sampled_from(["cat", "Cat", "", "</s>", "[UNK]", "\n", "1984"]),
        st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    ),
    max_size=6,
)
KNOWN = ["cat", "</s>", "", "[UNK]", "0000", "\u2028"]
INDICES = [
    SubwordIndex(KNOWN, 3, 6, 1000),
    SubwordIndex(KNOWN, 1, 3, 50, {bucket: row for row, bucket in enumerate(range(0, 50, 7))}),
    SubwordIndex([], 1, 3, 50, {}),
    SubwordIndex(KNOWN, 2, 3, 50, normalizer=WordNormalizer()),
    SubwordIndex(KNOWN, 0, 0, 0),
]


@pytest.mark.parametrize("index", INDICES)
@given(WORDS)
def test_graph_equals_python(index, words):
    ragged = index.encode(tf.constant([word.encode() for word in words], tf.string))
    assert ragged.dtype == tf.int32
    assert ragged.to_list() == [index.encode_python(word) for word in words]
    assert all(0 < id < len(index) for row in ragged.to_list() for id in row)


@pytest.mark.parametrize("name", ["ft_sg_ru", "ft_cbow_minn1_ru", "ft_sup_ru"])
def test_numbers_are_fasttexts_and_one(data_dir, name):
    golden = json.loads((data_dir.parent / f"fixtures/static/made/{name}.json").read_text("utf-8"))
    settings = {"ft_sg_ru": (3, 6, 300), "ft_cbow_minn1_ru": (1, 2, 50), "ft_sup_ru": (2, 4, 400)}[name]
    index = SubwordIndex(golden["words"], *settings)
    for word, (_, ids) in golden["subwords"].items():
        assert [id - 1 for id in index.encode_python(word)] == ids


@pytest.mark.parametrize("index", INDICES)
def test_saved_and_loaded(index, tmp_path):
    index.save(tmp_path / "subwords.json")
    again = SubwordIndex.load(tmp_path / "subwords.json")
    assert again == index and hash(again) == hash(index) and len(again) == len(index)
    empty = deserialize(json.loads(json.dumps(serialize(index))))
    assert empty.get_config() == index.get_config()


def test_bad_files(tmp_path):
    path = tmp_path / "subwords.json"
    path.write_text("{")
    with pytest.raises(ValueError, match="Expected a subword index in JSON"):
        SubwordIndex.load(path)
    path.write_text('{"format": "x", "version": 1}')
    with pytest.raises(ValueError, match="Expected format 'keras_embed.SubwordIndex', version 1"):
        SubwordIndex.load(path)


def test_each_word_once():
    with pytest.raises(ValueError, match="Expected each word once. Received: 2 words, 1 different"):
        SubwordIndex(["a", "a"], 3, 6, 10)
