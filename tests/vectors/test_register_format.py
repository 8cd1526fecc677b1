"""A vector format that is defined outside of the package: detected, read, selected from, cached, decompressed."""

import gzip
import json

import numpy as np
import pytest

from keras_embed import vectors
from keras_embed.vectors.formats import registry

TABLE = {"sun": [1.0, 0.5], "moon": [0.0, 2.0], "tea": [3.0, 4.0]}


def read_json(stream):
    table = json.load(stream)
    return vectors.WordVectors(list(table), list(table.values()))


def is_json(head, path):
    return head.lstrip().startswith(b"{")


@pytest.fixture(autouse=True)
def _fresh(monkeypatch):
    monkeypatch.setattr(registry, "REGISTERED", {})


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "table.json"
    path.write_text(json.dumps(TABLE))
    return path


def test_a_registered_format_is_detected_and_read(path):
    vectors.register_format("json", read_json, is_json)
    found = vectors.load(path)
    assert tuple(found.words) == tuple(TABLE)
    np.testing.assert_array_equal(found.matrix, np.array(list(TABLE.values()), "float32"))
    packed = path.with_suffix(".gz")
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert tuple(vectors.load(packed).words) == tuple(TABLE)


def test_the_arguments_of_load_apply_to_it(path, tmp_path):
    vectors.register_format("json", read_json, is_json)
    assert tuple(vectors.load(path, words=["tea", "sun", "none"]).words) == ("sun", "tea")
    assert tuple(vectors.load(path, limit=2).words) == ("sun", "moon")
    for _ in range(2):
        found = vectors.load(path, cache=tmp_path / "cache")
        assert isinstance(found.matrix, np.memmap) and tuple(found.words) == tuple(TABLE)


def test_without_detection_it_is_read_by_name_only(path):
    vectors.register_format("json", read_json)
    assert len(vectors.load(path, format="json")) == 3
    with pytest.raises(ValueError, match=r"a file of word vectors.*'json'\)"):
        vectors.load(path)


def test_the_latest_format_is_asked_first(path):
    vectors.register_format("json", read_json, is_json)
    vectors.register_format("empty", lambda stream: vectors.WordVectors([], np.zeros((0, 2))), is_json)
    assert len(vectors.load(path)) == 0
    vectors.register_format("json", read_json, is_json)
    assert len(vectors.load(path)) == 3


def test_errors(path):
    with pytest.raises(ValueError, match="a `name` that no built-in format has. Received: text"):
        vectors.register_format("text", read_json)
    vectors.register_format("json", json.load)
    with pytest.raises(TypeError, match="the reader of the format 'json' to return WordVectors. Received: dict"):
        vectors.load(path, format="json")
    with pytest.raises(ValueError, match="`format` to be one of .*'json'"):
        vectors.load(path, format="xml")
