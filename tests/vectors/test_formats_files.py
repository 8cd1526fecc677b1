"""Binary files, compressed files, the cache, and writing: exact round trips, and errors that name the position."""

import bz2
import gzip
import lzma
import pickle
import struct
import sys
import zipfile

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from keras_embed import vectors
from keras_embed.vectors.formats import _word2vec_binary

WORDS = st.lists(st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]), max_size=6), unique=True)


def made(words: list[str], dim: int = 3) -> vectors.WordVectors:
    """Returns vectors with floats of every magnitude, some with few digits."""
    rng = np.random.default_rng(len(words))
    matrix = rng.normal(size=(len(words), dim)) * 10.0 ** rng.integers(-12, 12, (len(words), dim))
    matrix[::2] = matrix[::2].round(3)
    return vectors.WordVectors(words, matrix.astype("float32"))


def same(found: vectors.WordVectors, expected: vectors.WordVectors) -> None:
    assert tuple(found.words) == tuple(expected.words)
    np.testing.assert_array_equal(found.matrix, expected.matrix)


@pytest.mark.parametrize("dim", [1, 2, 7])
@given(words=WORDS)
def test_text_comes_back_exactly(tmp_path_factory, dim, words):
    path, expected = tmp_path_factory.mktemp("save") / "file.vec", made(words, dim)
    vectors.save_word2vec(expected, path)
    same(vectors.load(path, repair=False, format="word2vec_text"), expected)


@pytest.mark.parametrize("dim", [1, 2, 7])
@given(words=WORDS)
def test_binary_comes_back_exactly(tmp_path_factory, dim, words):
    path = tmp_path_factory.mktemp("save") / "file.bin"
    expected = made(list(dict.fromkeys(word.replace(" ", "_") for word in words)), dim)
    vectors.save_word2vec(expected, path, binary=True)
    same(vectors.load(path, repair=False, format="word2vec_binary"), expected)


@pytest.mark.parametrize("binary", [True, False])
@pytest.mark.parametrize("name", ["a.vec", "a.vec.gz"])
def test_what_is_written_is_found_out_and_read_by_gensim(tmp_path, binary, name):
    models = pytest.importorskip("gensim.models", reason="needs the optional gensim")
    expected = made([f"слово{n}" for n in range(300)], 9)
    vectors.save_word2vec(expected, tmp_path / name, binary=binary)
    same(vectors.load(tmp_path / name, repair=False), expected)
    keyed = models.KeyedVectors.load_word2vec_format(str(tmp_path / name), binary=binary)
    assert list(keyed.index_to_key) == list(expected.words)
    np.testing.assert_array_equal(keyed.vectors, expected.matrix)


def test_glove_text_has_no_header(tmp_path):
    expected = made([f"w{n}" for n in range(20)])
    vectors.save_word2vec(expected, tmp_path / "glove.txt", header=False)
    assert (tmp_path / "glove.txt").read_bytes().startswith(b"w0 ")
    found = vectors.load(tmp_path / "glove.txt")
    same(found, expected)
    assert found.report.header is None


@pytest.mark.parametrize(
    ("words", "binary", "shown"),
    [
        (["a\nb"], False, "words without line feeds. Received: a\nb"),
        (["a b"], True, "words without line feeds and spaces"),
        (["\ud800"], False, "words of Unicode characters"),
        (["version 2.0"], False, "words without numbers after their first space"),
    ],
)
def test_words_that_would_not_come_back_are_not_written(tmp_path, words, binary, shown):
    with pytest.raises(ValueError, match=f"Expected {shown}"):
        vectors.save_word2vec(made(words), tmp_path / "file", binary=binary)
    assert not list(tmp_path.iterdir())
    with pytest.raises(ValueError, match="a header in a binary file"):
        vectors.save_word2vec(made(["a"]), tmp_path / "file", binary=True, header=False)


@pytest.mark.parametrize("line_feed", [b"", b"\n"])
@pytest.mark.parametrize("block", [64, 1 << 21])
def test_binary_rows_with_and_without_line_feeds(tmp_path, monkeypatch, line_feed, block):
    monkeypatch.setattr(_word2vec_binary, "_BLOCK", block)
    expected = made([f"w{'я' * (n % 5)}{n}" for n in range(50)])
    rows = [
        w.encode() + b" " + row.tobytes() + line_feed for w, row in zip(expected.words, expected.matrix, strict=True)
    ]
    path = tmp_path / "file.bin"
    path.write_bytes(b"50 3\n" + b"".join(rows))
    same(vectors.load(path, repair=False), expected)
    wanted = ["w3", "wя1", "none", "wяяяя49"]
    same(vectors.load(path, words=wanted), expected.subset(["wя1", "wяяяя49"]))
    same(vectors.load(path, limit=7), expected.subset(expected.words[:7]))
    assert len(vectors.load(path, words=wanted, limit=10)) == 1
    path.write_bytes(b"50 3\n" + b"".join(rows[:20]) + rows[20][:9])
    with pytest.raises(ValueError, match=r"Expected 50 rows of .*Received: 20 whole rows.*or limit=20 for the rows"):
        vectors.load(path, format="word2vec_binary")
    assert len(vectors.load(path, limit=20)) == 20
    path.write_bytes(b"60 3\n" + b"".join(rows))
    with pytest.warns(UserWarning, match="the header announces 60 rows of 3, the file holds 50 rows of 3"):
        same(vectors.load(path), expected)
    with pytest.raises(ValueError, match="line 1: Expected 60 rows of 3 numbers, as in the header. Received: 50 rows"):
        vectors.load(path, repair=False)


def test_binary_repairs(tmp_path):
    row = struct.pack("<2f", 1.5, 2.5)
    path = tmp_path / "file.bin"
    path.write_bytes(b"3 2\na " + row + b"cut\xd1 " + row + b"a " + row)
    found = vectors.load(path)
    assert list(found.words) == ["a", "cut\\xd1"]
    assert (found.report.duplicates, found.report.invalid_utf8) == (1, 1)
    assert found.report.examples == ("row 2: b'cut\\xd1'", "row 3: 'a' again")
    with pytest.raises(ValueError, match="file.bin, row 2: Expected words that are UTF-8"):
        vectors.load(path, repair=False)
    path.write_bytes(b"3 2\n" + b"x" * 500_000)
    with pytest.raises(
        ValueError, match="row 1: Expected a word, a space and floats. Received: no space|Expected 3 rows"
    ):
        vectors.load(path, format="word2vec_binary")


def fasttext_file(version: int | None, words: list[bytes], rows: np.ndarray, **settings) -> bytes:
    """Builds a model file of fastText: magic number, settings, dictionary, matrix."""
    names = "dim window epochs min_count negatives word_ngrams loss model bucket min_n max_n update_rate".split()
    values = dict.fromkeys(names, 1) | {"dim": rows.shape[1], "model": 2, "bucket": len(rows) - len(words)} | settings
    data = b"" if version is None else struct.pack("<2i", 793712314, version)
    data += struct.pack("<12id", *values.values(), 1e-4) + struct.pack("<3iq", len(words), len(words), 0, 9)
    data += b"" if version is None else struct.pack("<q", -1)
    data += b"".join(word + b"\0" + struct.pack("<qb", 5, 0) for word in words)
    return data + (b"" if version is None else b"\0") + struct.pack("<2q", *rows.shape) + rows.astype("<f4").tobytes()


@pytest.mark.parametrize("version", [None, 11, 12])
def test_a_fasttext_model_cut_anywhere_is_an_error(tmp_path, version):
    rows = np.random.default_rng(0).normal(size=(12, 4)).astype("float32")
    data = fasttext_file(version, [b"one", b"two"], rows, min_n=3, max_n=4)
    path = tmp_path / "model.bin"
    path.write_bytes(data)
    found = vectors.load(path)
    assert (list(found.words), found.subwords.num_buckets, found.counts.tolist()) == (["one", "two"], 10, [5, 5])
    for end in range(60, len(data)):
        path.write_bytes(data[:end])
        with pytest.raises(ValueError, match=r"model.bin: Expected \d+ bytes of .* Try to fetch the file again"):
            vectors.load(path)
    some = tmp_path / "some.bin"
    some.write_bytes(data)
    only = vectors.load(some, words=["two"])
    np.testing.assert_array_equal(only["two"], found["two"])
    np.testing.assert_array_equal(only["unseen"], found["unseen"])
    np.testing.assert_array_equal(only.subwords.word_rows, rows[1:2])


def test_fasttext_files_that_contradict_themselves(tmp_path):
    rows, path = np.ones((12, 4), "float32"), tmp_path / "model.bin"
    path.write_bytes(fasttext_file(13, [b"one"], rows))
    with pytest.raises(ValueError, match=r"a fastText model of version \(11, 12\). Received: 13"):
        vectors.load(path)
    path.write_bytes(fasttext_file(12, [b"one"], rows, dim=5))
    with pytest.raises(ValueError, match="a matrix of at least 12 rows of 5 numbers. Received: one of shape"):
        vectors.load(path)
    path.write_bytes(fasttext_file(12, [b"one"], rows, bucket=50))
    with pytest.raises(ValueError, match="a matrix of at least 51 rows"):
        vectors.load(path)
    path.write_bytes(b"\0" * 80)
    with pytest.raises(ValueError, match="Expected a fastText model. Received: it begins with"):
        vectors.load(path, format="fasttext")


def test_a_supervised_model_of_version_11_has_no_n_grams(tmp_path):
    rows, path = np.random.default_rng(0).normal(size=(12, 4)).astype("float32"), tmp_path / "model.bin"
    for version, model in ((11, 3), (11, 2), (12, 3)):
        path.write_bytes(fasttext_file(version, [b"one"], rows, model=model, min_n=2, max_n=3))
        found = vectors.load(path)
        assert (found.subwords is None) == ((version, model) == (11, 3))
        assert np.array_equal(found["one"], rows[0]) == (found.subwords is None)


def fifu(*chunks: tuple[int, bytes]) -> bytes:
    data = b"FiFu" + struct.pack(f"<II{len(chunks)}I", 0, len(chunks), *(kind for kind, _ in chunks))
    for kind, body in chunks:
        pad = b""
        if kind in (2, 6):  # the floats begin at a multiple of four
            head, floats = body[: 16 if kind == 2 else 12], body[16 if kind == 2 else 12 :]
            pad = b"\0" * (4 - (len(data) + 12 + len(head)) % 4)
            body = head + pad + floats
        data += struct.pack("<IQ", kind, len(body)) + body
    return data


def test_finalfusion_with_fasttexts_n_grams(tmp_path):
    rows = np.random.default_rng(0).normal(size=(9, 3)).astype("<f4")
    words = struct.pack("<QIII", 2, 3, 4, 7) + b"".join(
        struct.pack("<I", len(w)) + w for w in (b"one", "дв\u0430".encode())
    )
    matrix = struct.pack("<QII", 9, 3, 10) + rows.tobytes()
    path = tmp_path / "a.fifu"
    path.write_bytes(fifu((5, b"[meta]"), (7, words), (2, matrix)))
    found = vectors.load(path, repair=False)
    assert (found.report.format, list(found.words)) == ("finalfusion", ["one", "два"])
    np.testing.assert_array_equal(found.matrix, rows[:2])
    np.testing.assert_allclose(found["unseen"], vectors.Subwords(rows[2:], 7, 3, 4).vector("unseen"), rtol=1e-6)
    assert list(vectors.load(path, words=["два"]).words) == ["два"]
    path.write_bytes(fifu((7, words), (2, matrix))[:-5])
    with pytest.raises(ValueError, match="a.fifu: Expected 108 bytes of numbers at byte .* Received: 103"):
        vectors.load(path)
    path.write_bytes(fifu((7, words), (4, b"codes")))
    with pytest.raises(
        ValueError, match="plain words and a plain matrix. Received: a quantised matrix. Try the package"
    ):
        vectors.load(path)


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress, bz2.compress])
def test_packed_files_are_read_whatever_their_name(tmp_path, pack):
    expected = made([f"w{n}" for n in range(100)])
    for binary in (True, False):
        vectors.save_word2vec(expected, tmp_path / "plain", binary=binary)
        (tmp_path / "packed").write_bytes(pack((tmp_path / "plain").read_bytes()))
        same(vectors.load(tmp_path / "packed", repair=False), expected)
        same(vectors.load(tmp_path / "packed", words=["w7"]), expected.subset(["w7"]))
    (tmp_path / "cut").write_bytes((tmp_path / "packed").read_bytes()[:-30])
    with pytest.raises(ValueError, match="cut: Expected a complete (gz|xz|bz2) file. Received: EOFError"):
        vectors.load(tmp_path / "cut")
    (tmp_path / "bzip").write_bytes(b"BZh 1.5 2.5\nb 1.5 2.5\n")
    assert "BZh" in vectors.load(tmp_path / "bzip")


def test_zip_archives(tmp_path):
    expected = made(["a", "b"])
    vectors.save_word2vec(expected, tmp_path / "plain")
    with zipfile.ZipFile(tmp_path / "one.zip", "w") as archive:
        archive.write(tmp_path / "plain", "folder/a.vec")
        archive.writestr("__MACOSX/a.vec", "junk")
    same(vectors.load(tmp_path / "one.zip"), expected)
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as archive:
        archive.write(tmp_path / "plain", "50d.txt")
        archive.writestr("100d.txt", "c 1.5 2.5\n")
    with pytest.raises(
        ValueError, match="a zip archive of one file. Received: 50d.txt, 100d.txt. Try member='50d.txt'"
    ):
        vectors.load(tmp_path / "two.zip")
    assert list(vectors.load(tmp_path / "two.zip", member="100d.txt").words) == ["c"]
    with pytest.raises(ValueError, match="a file 'no' in the archive"):
        vectors.load(tmp_path / "two.zip", member="no")
    with pytest.raises(ValueError, match="`member` for a zip archive only"):
        vectors.load(tmp_path / "plain", member="a")


def test_pickles_are_opened_only_where_that_was_said(tmp_path):
    class Trap:
        def __reduce__(self):
            return (print, ("opened",))

    path = tmp_path / "vectors.bin"
    path.write_bytes(pickle.dumps(Trap()))
    with pytest.raises(ValueError, match='a pickle, which may run any code, .*Try format="gensim" if you trust'):
        vectors.load(path)


@pytest.mark.parametrize(("package", "format"), [("gensim.utils", "gensim"), ("navec", "navec")])
def test_optional_packages_are_named(tmp_path, monkeypatch, package, format):
    monkeypatch.setitem(sys.modules, package, None)
    (tmp_path / "file").write_bytes(b"x")
    with pytest.raises(ImportError, match=f"the package `{package}` .*Try pip install 'keras-embed\\[vectors\\]'"):
        vectors.load(tmp_path / "file", format=format)


def test_missing_and_empty_files(tmp_path):
    with pytest.raises(
        FileNotFoundError, match="Expected a file or folder of word vectors. Received: .*none, which is"
    ):
        vectors.load(tmp_path / "none")
    (tmp_path / "empty").write_bytes(b"")
    with pytest.raises(ValueError, match="empty: Expected a file of word vectors. Received: nothing"):
        vectors.load(tmp_path / "empty")
    with pytest.raises(ValueError, match="a file, or a folder that `WordVectors.save` wrote"):
        vectors.load(tmp_path)


def test_folders(tmp_path):
    expected = made(["a", "b", "c"])
    expected.save(tmp_path / "folder")
    same(vectors.load(tmp_path / "folder"), expected)
    assert isinstance(vectors.load(tmp_path / "folder").matrix, np.memmap)
    same(vectors.load(tmp_path / "folder", words=["c", "a"], limit=2), expected.subset(["a"]))


def test_the_second_time_is_memory_mapped(tmp_path, monkeypatch):
    path, cache = tmp_path / "file.txt", tmp_path / "cache"
    path.write_bytes(b"a 1.5 2.5\nb 3.5 4.5\na 1 1\nc\n")
    with pytest.warns(UserWarning, match="1 bad line left out"):
        plain = vectors.load(path)
    for _ in range(2):  # read and written, then opened; what is missing is said each time
        with pytest.warns(UserWarning, match="1 bad line left out"):
            found = vectors.load(path, cache=cache)
        same(found, plain)
        assert found.report == plain.report
        assert isinstance(found.matrix, np.memmap)
        monkeypatch.setattr("keras_embed.vectors.formats._text.read", None)
    assert len(list(cache.iterdir())) == 1
    monkeypatch.undo()
    assert list(vectors.load(path, words=["b"], cache=cache).words) == ["b"]
    assert list(vectors.load(path, limit=1, cache=cache).words) == ["a"]
    path.write_bytes(b"d 1.5 2.5\n")
    assert list(vectors.load(path, cache=cache).words) == ["d"]
    assert len(list(cache.iterdir())) == 4
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "home"))
    assert list(vectors.load(path, cache=True).words) == ["d"]
    assert len(list((tmp_path / "home" / "keras_embed" / "vectors").iterdir())) == 1


def test_the_cache_keeps_n_grams(tmp_path):
    rows, path = np.random.default_rng(0).normal(size=(12, 4)).astype("float32"), tmp_path / "model.bin"
    path.write_bytes(fasttext_file(12, [b"one", b"two"], rows, min_n=3, max_n=4))
    plain = vectors.load(path)
    for _ in range(2):
        found = vectors.load(path, cache=tmp_path / "cache")
        same(found, plain)
        np.testing.assert_array_equal(found["unseen"], plain["unseen"])
        assert found.counts.tolist() == [5, 5]
