"""Reading and writing: what shows by itself, what is mended and counted, what is an error."""

import bz2
import gzip
import lzma
import math
import struct
import sys
import warnings
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keras_embed import text, vectors
from keras_embed.vectors import WordVectors, _decimals, load, save_word2vec

WORDS = ["the", "чай", '"', "#", "nan", "NA", "3.14", "\u00a0", "\u2028b", "a\u0085b", "\u3000", "1/2"]
MATRIX = np.random.default_rng(5).normal(size=(len(WORDS), 4)).astype("float32")


@pytest.fixture
def glove(tmp_path):
    path = tmp_path / "glove.txt"
    save_word2vec(WordVectors(WORDS, MATRIX), path, header=False)
    return path


def check(ours, words=WORDS, matrix=MATRIX):
    assert list(ours.words) == list(words)
    np.testing.assert_array_equal(ours.matrix, matrix)


# === Formats show by themselves ===


@pytest.mark.parametrize(("binary", "header"), [(False, True), (False, False), (True, True)])
def test_what_is_written_is_read_back_exactly(tmp_path, binary, header):
    words = [word for word in WORDS if " " not in word]
    save_word2vec(WordVectors(words, MATRIX[: len(words)]), tmp_path / "any", binary=binary, header=header)
    ours = load(tmp_path / "any")
    check(ours, words, MATRIX[: len(words)])
    assert ours.report.clean and ours.report.format == ("word2vec_binary" if binary else "text")


def test_gensim_reads_what_we_write(tmp_path):
    gensim = pytest.importorskip("gensim.models", reason="gensim is the oracle")
    words = ["чай", "кофе", "tea"]
    for binary in (False, True):
        save_word2vec(WordVectors(words, MATRIX[:3]), tmp_path / "w", binary=binary)
        theirs = gensim.KeyedVectors.load_word2vec_format(str(tmp_path / "w"), binary=binary)
        assert theirs.index_to_key == words
        np.testing.assert_array_equal(theirs.vectors, MATRIX[:3])


@pytest.mark.parametrize("packed", [gzip.compress, lzma.compress, bz2.compress, None])
def test_packed_files_are_unpacked(tmp_path, glove, packed):
    path = tmp_path / "packed.any"
    if packed is None:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.write(glove, "glove.txt")
    else:
        path.write_bytes(packed(glove.read_bytes()))
    check(load(path))


def test_a_zip_archive_of_several_files_needs_a_name(tmp_path, glove):
    path = tmp_path / "two.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(glove, "a.txt")
        archive.writestr("b.txt", "x 1 2\ny 3 4\n")
    with pytest.raises(ValueError, match="one file.*a.txt, b.txt"):
        load(path)
    assert list(load(path, member="b.txt").words) == ["x", "y"]


def test_tokens_with_spaces_take_the_last_fields_as_numbers(tmp_path):
    path = tmp_path / "840B.txt"
    path.write_bytes(b"the 1 2 3\n. . . 4 5 6\nat name@domain.com 7 8 9\n")
    ours = load(path)
    assert list(ours.words) == ["the", ". . .", "at name@domain.com"]
    assert ours[". . ."].tolist() == [4, 5, 6]


def test_a_folder_that_was_saved_is_read(tmp_path):
    WordVectors(WORDS, MATRIX).save(tmp_path / "kept")
    check(load(tmp_path / "kept"))


# === Some of a file ===


def test_words_and_limit(glove):
    check(load(glove, words=["чай", "3.14", "absent"]), ["чай", "3.14"], MATRIX[[1, 6]])
    check(load(glove, words=text.Vocabulary(["#"])), ["#"], MATRIX[[3]])
    check(load(glove, limit=5), WORDS[:5], MATRIX[:5])
    check(load(glove, limit=5, words=["the", "3.14"]), ["the"], MATRIX[:1])
    with pytest.raises(ValueError, match="iterable of words"):
        load(glove, words="чай")


@pytest.mark.parametrize("binary", [False, True])
def test_some_words_of_many_blocks(tmp_path, binary):
    rng = np.random.default_rng(0)
    words = [f"w{number}" for number in range(9000)]
    matrix = rng.normal(size=(9000, 30)).astype("float32")
    save_word2vec(WordVectors(words, matrix), tmp_path / "many", binary=binary)
    rows = np.sort(rng.choice(9000, 700, replace=False))
    check(load(tmp_path / "many", words=[words[row] for row in rows]), [words[row] for row in rows], matrix[rows])
    check(load(tmp_path / "many"), words, matrix)


# === Numbers ===


@given(st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=1, max_size=20), st.data())
def test_numbers_are_those_of_float(numbers, data):
    """However they are written, they are `float32(float(text))`."""
    forms = ["{!r}", "{:.5g}", "{:.6f}", "{:.9g}", "{:e}", "{:+.4f}", "{:.12f}"]
    texts = [data.draw(st.sampled_from(forms)).format(number).encode() for number in numbers]
    joined = b" " * _decimals.WIDTH + b" ".join(texts)
    ends = np.cumsum([len(one) + 1 for one in texts]) + _decimals.WIDTH - 1
    starts = ends - [len(one) for one in texts]
    parsed = _decimals.parse(joined, starts, ends)
    with np.errstate(over="ignore"):
        expected = np.array([float(one) for one in texts]).astype("float32")
    np.testing.assert_array_equal(parsed, expected)


# === Repairs ===


def repaired(path, content):
    path.write_bytes(content)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        return load(path), [str(warning.message) for warning in caught]


@pytest.mark.parametrize(
    ("content", "words", "counts", "warned"),
    [
        (b"a 1 2\nb 3 4\na 5 6\n", ["a", "b"], {"duplicates": 1}, False),
        (b"a 1 2\n\xd1b 3 4\n", ["a", "\\xd1b"], {"invalid_utf8": 1}, False),
        (b"a 1 2\nb 3\nc 5 6\nd 7 8\n", ["a", "c", "d"], {"bad_lines": 1}, True),
        (b"a 1 2\nb 3 x\nc 5 6\nd 7 8\n", ["a", "c", "d"], {"bad_lines": 1}, True),
        (b"9 2\na 1 2\nb 3 4\n", ["a", "b"], {"wrong_header": True}, True),
    ],
)
def test_what_is_mended_is_counted(tmp_path, content, words, counts, warned):
    path = tmp_path / "broken.txt"
    ours, messages = repaired(path, content)
    assert list(ours.words) == words
    for name, count in counts.items():
        assert getattr(ours.report, name) == count
    assert not ours.report.clean
    assert bool(messages) == warned
    with pytest.raises(ValueError, match=r"broken.txt.*Expected .* Received"):
        load(path, repair=False)


def test_the_header_of_glove_does_not_count_the_unknown_word(tmp_path):
    ours, messages = repaired(tmp_path / "glove.txt", b"2 2\na 1 2\nb 3 4\n<unk> 0 0\n")
    assert list(ours.words) == ["a", "b", "<unk>"] and ours.report.clean and not messages


# === Errors ===


def test_a_text_that_ends_within_a_row(tmp_path):
    path = tmp_path / "cut.txt"
    path.write_bytes(b"a 1 2\nb 3 4\nc 5")
    with pytest.raises(ValueError, match=r"cut.txt.*fetch the file again"):
        load(path)


def test_a_binary_that_ends_within_a_row(tmp_path):
    path = tmp_path / "cut.bin"
    save_word2vec(WordVectors(["a", "b", "c"], MATRIX[:3]), path, binary=True)
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(ValueError, match=r"2 whole rows.*limit=2"):
        load(path)
    check(load(path, limit=2), ["a", "b"], MATRIX[:2])


def test_a_fasttext_model_that_ends_too_early(data_dir, tmp_path):
    whole = (data_dir / "gensim_fixtures" / "crime-and-punishment.bin").read_bytes()
    path = tmp_path / "cut.bin"
    for size in (20, 70, 400, len(whole) // 2):
        path.write_bytes(whole[:size])
        with pytest.raises(ValueError, match="cut.bin"):
            load(path)


def test_an_archive_that_ends_too_early(tmp_path, glove):
    path = tmp_path / "cut.gz"
    path.write_bytes(gzip.compress(glove.read_bytes())[:-12])
    with pytest.raises(ValueError, match=r"cut.gz: Expected a complete gz file"):
        load(path)


@pytest.mark.parametrize("content", [b"", b"\x00\x01\x02\x03" * 20, b"just some words\n"])
def test_files_of_no_format(tmp_path, content):
    path = tmp_path / "none"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"none.*Expected"):
        load(path)


def test_a_pickle_is_opened_only_where_its_name_or_the_user_says_so(tmp_path):
    path = tmp_path / "vectors.txt"
    path.write_bytes(b"\x80\x04\x95" + b"x" * 60)
    with pytest.raises(ValueError, match='may run any code.*format="gensim"'):
        load(path)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match="absent"):
        load(tmp_path / "absent")
    (tmp_path / "glove.txt").write_bytes(b"a 1 2\n")
    with pytest.raises(ValueError, match="one of"):
        load(tmp_path / "glove.txt", format="glov")


@pytest.mark.parametrize(
    ("word", "arguments"), [("a\nb", {}), ("a b", {"binary": True}), ("\ud800", {}), ("a 1.5", {})]
)
def test_words_that_could_not_be_read_back_are_not_written(tmp_path, word, arguments):
    with pytest.raises(ValueError, match="words"):
        save_word2vec(WordVectors([word], [[1.0]]), tmp_path / "w", **arguments)
    assert not list(tmp_path.iterdir())


def test_navec_and_gensim_are_named_where_they_are_absent(data_dir, monkeypatch):
    monkeypatch.setitem(sys.modules, "navec", None)
    folder = data_dir.parent / "fixtures" / "static" / "made"
    if not folder.is_dir():
        pytest.skip(f"no files with known answers at {folder}")
    with pytest.raises(ImportError, match=r"keras-embed\[vectors\]"):
        load(folder / "navec_mini.tar")


# === The second time ===


def test_the_second_time_opens_what_was_kept(tmp_path, glove, monkeypatch):
    first = load(glove, cache=tmp_path / "cache")
    from keras_embed.vectors import _detection

    monkeypatch.setattr(_detection, "detect", lambda *_: pytest.fail("the file was read again"))
    second = load(glove, cache=tmp_path / "cache")
    check(second)
    assert isinstance(second.matrix, np.memmap)
    assert second.report == first.report
    assert second["чай"].tolist() == MATRIX[1].tolist()


def test_a_file_that_changed_is_read_again(tmp_path, glove):
    load(glove, cache=tmp_path / "cache")
    glove.write_bytes(b"new 1 2\nwords 3 4\n")
    assert list(load(glove, cache=tmp_path / "cache").words) == ["new", "words"]
    assert list(load(glove, cache=tmp_path / "cache", words=["words"]).words) == ["words"]


def test_an_old_quantised_layout_is_not_needed_for_the_rest():
    """The product quantiser alone: a row is the centroids of its codes, and the norm scales it."""
    from keras_embed.vectors._byte_reader import ByteReader
    from keras_embed.vectors._product_quantizer import read_matrix
    from keras_embed.vectors._repairs import Repairs

    def quantizer(dim, dsub, centroids):
        parts = math.ceil(dim / dsub)
        return struct.pack("<4i", dim, parts, dsub, dim - (parts - 1) * dsub) + centroids.astype("<f4").tobytes()

    rng = np.random.default_rng(2)
    centroids, norms = rng.normal(size=(2, 256, 2)), rng.uniform(1, 2, 256)
    codes, norm_codes = rng.integers(0, 256, (3, 2)).astype(np.uint8), rng.integers(0, 256, 3).astype(np.uint8)
    data = b"\x01" + struct.pack("<qqi", 3, 4, 6) + codes.tobytes() + quantizer(4, 2, centroids)
    data += norm_codes.tobytes() + quantizer(1, 1, norms)
    import io

    matrix = read_matrix(ByteReader(io.BytesIO(data), Repairs("made")))
    expected = np.stack([np.concatenate([centroids[p, codes[r, p]] for p in range(2)]) for r in range(3)])
    np.testing.assert_allclose(matrix, expected * norms[norm_codes][:, None], rtol=1e-5)


def test_the_room_offers_reading():
    assert vectors.load is load
