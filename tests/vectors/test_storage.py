"""Folders of word vectors: exact round trips, memory-mapped."""

import json
import time

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from keras_embed.vectors import Subwords, WordVectors, storage

AWKWARD = st.sampled_from(["", "\n", "\\", "\\n", "\r", "\x85", "\u2028", "\xa0", '"', "'", "\0", "\ud800", "#", "nan"])
WORDS = st.lists(st.one_of(AWKWARD, st.text(max_size=5), st.lists(AWKWARD, max_size=4).map("".join)), unique=True)


@given(WORDS)
def test_every_word_comes_back(tmp_path_factory, words):
    path = tmp_path_factory.mktemp("vectors") / "folder"
    matrix = np.random.default_rng(len(words)).normal(size=(len(words), 3)).astype("float32")
    WordVectors(words, matrix).save(path)
    again = storage.read(path)
    assert tuple(again.words) == tuple(words)
    np.testing.assert_array_equal(again.matrix, matrix)
    assert [again.index(word) for word in words] == list(range(len(words)))


@pytest.mark.parametrize("dtype", ["float32", "float16", "int8"])
@pytest.mark.parametrize("kept", [None, {7: 0, 3: 1, 9: 2}, {}])
def test_everything_comes_back(tmp_path, dtype, kept):
    rng = np.random.default_rng(0)
    ngrams = rng.normal(size=(10 if kept is None else len(kept), 3)).astype("float32")
    own = rng.normal(size=(2, 3)).astype("float32")
    subwords = Subwords(ngrams, 10, 2, 3, kept, own)
    vectors = WordVectors(["a", "b"], rng.normal(size=(2, 3)), subwords, [5, 2]).astype(dtype)
    vectors.save(tmp_path / "v")
    again = storage.read(tmp_path / "v")
    assert again.matrix.dtype == dtype
    assert again.counts.tolist() == [5, 2]
    assert again.subwords.kept == kept
    np.testing.assert_array_equal(again.subwords.word_rows, own)
    np.testing.assert_array_equal(again.rows(["b", "a", "unseen"]), vectors.rows(["b", "a", "unseen"]))


def test_int8_is_saved_small(tmp_path):
    vectors = WordVectors(map(str, range(500)), np.random.default_rng(0).normal(size=(500, 100)))
    sizes = {}
    for dtype in ("float32", "float16", "int8"):
        vectors.astype(dtype).save(tmp_path / dtype)
        sizes[dtype] = sum(file.stat().st_size for file in (tmp_path / dtype).iterdir())
    assert sizes["float16"] < 0.52 * sizes["float32"]
    assert sizes["int8"] < 0.28 * sizes["float32"]


def test_opening_reads_neither_words_nor_rows(tmp_path):
    count = 400_000
    vectors = WordVectors(map(str, range(count)), np.zeros((count, 100), "float32"))
    vectors.save(tmp_path / "v")
    start = time.perf_counter()
    again = storage.read(tmp_path / "v")
    assert time.perf_counter() - start < 0.1
    assert isinstance(again.matrix, np.memmap)
    (tmp_path / "v" / "words.txt").write_bytes(b"one\ntwo")
    with pytest.raises(ValueError, match=r"words.txt: Expected 400000 words. Received: 2"):
        again.index("1")


def test_a_folder_is_replaced_whole_or_not_at_all(tmp_path, monkeypatch):
    WordVectors(["old"], [[1.0]]).save(tmp_path / "v")

    def full_disk(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(np, "save", full_disk)
        with pytest.raises(OSError, match="No space"):
            WordVectors(["new"], [[2.0]]).save(tmp_path / "v")
    assert list(storage.read(tmp_path / "v")) == ["old"]
    WordVectors(["new"], [[2.0]]).save(tmp_path / "v")
    assert list(storage.read(tmp_path / "v")) == ["new"]
    assert [path.name for path in tmp_path.iterdir()] == ["v"]


def test_saving_over_a_mapped_folder_leaves_the_map_as_it_was(tmp_path):
    WordVectors(["old"], [[1.0]]).save(tmp_path / "v")
    old = storage.read(tmp_path / "v")
    old.all_but_the_top(0).save(tmp_path / "v")
    assert old.matrix[0, 0] == 1.0


def test_other_folders_are_left_alone(tmp_path):
    (tmp_path / "precious.txt").write_text("kept")
    with pytest.raises(ValueError, match="which is neither"):
        WordVectors(["a"], [[1.0]]).save(tmp_path)
    assert (tmp_path / "precious.txt").exists()
    assert not storage.is_folder(tmp_path)


def test_folders_of_another_kind_or_version(tmp_path):
    with pytest.raises(ValueError, match="Expected .* to be a folder of word vectors, format version 1"):
        storage.read(tmp_path)
    WordVectors(["a"], [[1.0]]).save(tmp_path / "v")
    meta = json.loads((tmp_path / "v" / "meta.json").read_text())
    (tmp_path / "v" / "meta.json").write_text(json.dumps({**meta, "version": 2}))
    with pytest.raises(ValueError, match="version 2"):
        storage.read(tmp_path / "v")
    (tmp_path / "v" / "meta.json").write_text(json.dumps({**meta, "words": 3}))
    with pytest.raises(ValueError, match=r"Expected matrix.npy of shape \(3, 1\). Received: one of shape \(1, 1\)"):
        storage.read(tmp_path / "v")
