"""Text files of vectors: tokens and numbers compared with plain Python, and errors and repairs."""

import gzip

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from keras_embed import text, vectors
from keras_embed.vectors.formats import _decimals, _text, _text_lines

AWKWARD = [
    '"',
    "'",
    "#",
    "nan",
    "NA",
    "1e5",
    "12",
    "-",
    "\xa0",
    "\u2028",
    "\x85",
    "\u3000",
    "a\tb",
    "\r",
    "\\n",
    ",",
    "чай",
]
TOKENS = st.lists(st.one_of(st.sampled_from(AWKWARD), st.text("abж\u2029é", max_size=20)), min_size=2, unique=True)
NUMBERS = st.one_of(
    st.floats(-1e3, 1e3, width=32).map(repr),
    st.floats(allow_nan=False).map(repr),
    st.floats(-10, 10).map("{:.6f}".format),
    st.integers(-(10**18), 10**18).map(str),
    st.tuples(st.integers(0, 10**9), st.integers(0, 12)).map(lambda x: f"{x[0]}.{x[0]:0{x[1]}d}"),
    st.from_regex(r"-?(\d{1,18}\.\d{0,18}|\.\d{1,18})", fullmatch=True).filter(str.isascii),
    st.sampled_from(
        ["0", "-0", "-0.0", "inf", "-inf", "1e39", "1e-46", "+1.5", "5.", "-.5", "1.00000017881393432617187499"]
    ),
)


def float32(number: str) -> np.float32:
    with np.errstate(over="ignore"):
        return np.float64(float(number)).astype(np.float32)


def read_numbers(numbers: list[bytes]):
    joined = b" " * _decimals.WIDTH + b" ".join(numbers) + b" "
    ends = np.cumsum([len(number) + 1 for number in numbers]) + _decimals.WIDTH - 1
    return _decimals.parse(joined, ends - [len(number) for number in numbers], ends)


@given(st.lists(NUMBERS, min_size=1, max_size=50))
def test_numbers_are_the_floats_of_their_text(numbers):
    expected = np.array([float32(number) for number in numbers])
    np.testing.assert_array_equal(read_numbers([n.encode() for n in numbers]).view("i4"), expected.view("i4"))


@pytest.mark.parametrize(
    "pattern", ["{:.6f}", "{:.4f}", "{:.8f}", "{:.9g}", "{:.17g}", "{:.5g}", "{:.0f}", "{:.12e}", "{!r}"]
)
def test_numbers_of_every_style(pattern):
    values = np.random.default_rng(5).normal(size=5000) * 10.0 ** np.random.default_rng(6).integers(-6, 7, 5000)
    numbers = [pattern.format(value) for value in values.tolist()]
    expected = np.array([float32(number) for number in numbers])
    np.testing.assert_array_equal(read_numbers([n.encode() for n in numbers]), expected)


@given(st.binary(min_size=1, max_size=18).filter(lambda x: not set(x) & set(b" \n")))
def test_what_is_no_number_is_refused_as_python_refuses_it(number):
    try:
        expected = None if b"_" in number else float32(number)
    except ValueError:
        expected = None
    found = read_numbers([b"1.5", number, b"2.5"])
    assert (found is None) == (expected is None)
    if found is not None:
        np.testing.assert_array_equal(found[1], expected)


@pytest.mark.parametrize("ending", ["\n", " \n", "\r\n", " \r\n"])
@pytest.mark.parametrize("header", [True, False])
@given(tokens=TOKENS, data=st.data())
def test_files_are_read_as_plain_python_reads_them(tmp_path_factory, ending, header, tokens, data):
    rows = [data.draw(st.lists(NUMBERS, min_size=3, max_size=3)) for _ in tokens]
    lines = [" ".join([token, *row]) + ending for token, row in zip(tokens, rows, strict=True)]
    path = tmp_path_factory.mktemp("text") / "file"
    path.write_bytes((f"{len(tokens)} 3\n" * header + "".join(lines)).encode())
    found = vectors.load(path, repair=False)
    assert list(found.words) == tokens
    np.testing.assert_array_equal(found.matrix, [[float32(number) for number in row] for row in rows])


def write(path, lines: list[bytes], header: bytes = b"") -> object:
    path.write_bytes(header + b"".join(line + b"\n" for line in lines))
    return path


def many(count: int, dim: int = 4) -> list[bytes]:
    """Returns lines with words of all lengths; every ninth contains a space, every thirteenth is Cyrillic."""
    rng = np.random.default_rng(3)
    numbers = [" ".join(map("{:.5f}".format, row)) for row in rng.normal(size=(count, dim))]
    names = [f"w{'x' * (n % 23)}{n}" + " y" * (n % 9 == 0) + "чайник" * (n % 13 == 0) for n in range(count)]
    return [f"{name} {row}".encode() for name, row in zip(names, numbers, strict=True)]


@pytest.fixture
def small_blocks(monkeypatch):
    monkeypatch.setattr(_text, "_BLOCK", 700)
    monkeypatch.setattr(_text_lines, "HEAD", 500)


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("count", [5, 20, 1000])
def test_blocks_join_without_a_seam(tmp_path, count):
    lines = many(count)
    found = vectors.load(write(tmp_path / "file", lines), repair=False)
    assert list(found.words) == [line.rsplit(b" ", 4)[0].decode() for line in lines]
    expected = [[float32(number.decode()) for number in line.rsplit(b" ", 4)[1:]] for line in lines]
    np.testing.assert_array_equal(found.matrix, expected)
    assert found.report.rows_seen == count


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("limit", [None, 1, 100, 333, 5000])
def test_wanted_words_are_those_of_the_whole_file(tmp_path, limit):
    path = write(tmp_path / "file", many(1000), b"1000 4\n")
    whole = vectors.load(path, limit=limit)
    assert len(whole) == min(limit or 1000, 1000)
    rng = np.random.default_rng(0)
    everything = vectors.load(path).words
    for count in (0, 1, 50, 900):
        wanted = {*rng.choice(everything, count, replace=False).tolist(), "absent", "w9", "y", ""}
        some = vectors.load(path, words=wanted, limit=limit)
        assert list(some.words) == [word for word in whole.words if word in wanted]
        np.testing.assert_array_equal(some.matrix, whole.rows(some.words))


def test_words_of_a_vocabulary(tmp_path):
    path = write(tmp_path / "file", [b"red 1 2", b"green 3 4", b"blue 5 6"])
    found = vectors.load(path, words=text.Vocabulary(["blue", "pink", "red"]))
    assert list(found.words) == ["red", "blue"]
    with pytest.raises(ValueError, match=r"`words` as an iterable of words. Received: blue. Try words=\['blue'\]"):
        vectors.load(path, words="blue")


def test_reading_stops_where_all_words_are_found(tmp_path, monkeypatch):
    monkeypatch.setattr(_text, "_BLOCK", 700)
    monkeypatch.setattr(_text_lines, "HEAD", 500)
    path = write(tmp_path / "file", [*many(1000), b"cut 0.1"])
    assert len(vectors.load(path, words=["wx1", "wxx2"], repair=False)) == 2
    for limit in (900, 1000):
        assert len(vectors.load(path, limit=limit, repair=False)) == limit
    with pytest.raises(ValueError, match="line 1001"):
        vectors.load(path, repair=False)


def test_words_that_are_no_utf8_keep_their_bytes(tmp_path):
    path = write(tmp_path / "file", [b"fine 1 2", b"cut\xd1 3 4", b"\xff\xfe 5 6"])
    found = vectors.load(path)
    assert list(found.words) == ["fine", "cut\\xd1", "\\xff\\xfe"]
    assert found.report.invalid_utf8 == 2
    assert found.report.examples == ("line 2: b'cut\\xd1'", "line 3: b'\\xff\\xfe'")
    assert list(vectors.load(path, words=["cut\\xd1"]).words) == ["cut\\xd1"]
    with pytest.raises(
        ValueError, match=r"file, line 2: Expected words that are UTF-8. Received: b'cut\\xd1'. Try repair"
    ):
        vectors.load(path, repair=False)


def test_of_repeated_words_the_first_row_stays(tmp_path):
    path = write(tmp_path / "file", [b"a 1 1", b"b 2 2", b"a 3 3", b"a 4 4"])
    for found in (vectors.load(path), vectors.load(path, words=["a", "b", "c"])):
        assert (list(found.words), found["a"].tolist(), found.report.duplicates) == (["a", "b"], [1, 1], 2)
    with pytest.raises(ValueError, match="file, row 3: Expected each word once. Received: 'a' again. Try repair=True"):
        vectors.load(path, repair=False)


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (b"short 0.5", "1 after the word"),
        (b"long 0.5 1.5 2.5", "3 after the word"),
        (b"", "b''"),
        (b"word", "b'word'"),
        (b"c 0.5 x", "2 after the word"),
        (b"d 0.5  0.5", "3 after the word"),
        (b"e 0.5 1_0", "2 after the word"),
    ],
)
def test_bad_lines_are_left_out_and_counted(tmp_path, line, shown):
    path = write(tmp_path / "file", [b"a 1.0 1.5", b"b 2.0 2.5", line, b"z y 3.0 3.5"])
    with pytest.warns(UserWarning, match="1 bad line left out"):
        found = vectors.load(path)
    assert list(found.words) == ["a", "b", "z y"]
    assert found.matrix.tolist() == [[1, 1.5], [2, 2.5], [3, 3.5]]
    assert (found.report.bad_lines, found.report.rows_seen) == (1, 4)
    assert found.report.examples == (f"line 3: {shown}",)
    with pytest.raises(ValueError, match="file, line 3: Expected a word and 2 numbers. Received: .* Try repair=True"):
        vectors.load(path, repair=False)


def test_numbers_may_follow_a_space_in_a_word(tmp_path):
    found = vectors.load(
        write(tmp_path / "file", [b"route 66 0.5 1.5", b". . . 2.5 3.5", b"a 1 2", b"b 1 2", b"c 1 2"])
    )
    assert list(found.words)[:2] == ["route 66", ". . ."]
    assert found.report.clean


@pytest.mark.parametrize(("header", "warns"), [(b"5 2", True), (b"2 2", False), (b"3 7", True), (b"400000 300", True)])
def test_wrong_headers_are_not_believed(tmp_path, recwarn, header, warns):
    path = write(tmp_path / "file", [b"a 1.5 2", b"b 1.5 2", b"c 1.5 2"], header + b"\n")
    found = vectors.load(path)
    assert (list(found.words), found.dim, found.report.wrong_header) == (["a", "b", "c"], 2, True)
    assert f"the header announces {int(header.split()[0]):,} rows" in str(found.report)
    assert bool(len(recwarn)) == warns  # more rows than announced: nothing is missing
    with pytest.raises(ValueError, match="file, line 1: Expected .* as in the header. Received: 3 rows of 2. Try"):
        vectors.load(path, repair=False)


def test_words_that_are_numbers_are_no_header(tmp_path):
    found = vectors.load(write(tmp_path / "file", [b"3 5", b"4 7", b"5 0.5"]))
    assert (list(found.words), found.dim) == (["3", "4", "5"], 1)
    found = vectors.load(write(tmp_path / "two", [b"12 1", b"4 7", b"5 0.5"]), format="glove")
    assert (list(found.words), found.dim) == (["12", "4", "5"], 1)
    assert len(vectors.load(write(tmp_path / "none", [], b"0 100\n"))) == 0


def test_a_file_that_ends_within_a_line_is_an_error(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"a 1.5 2.5\nb 1.5 2.5\nc 1.5")
    with pytest.raises(
        ValueError, match="file: Expected a word and 2 numbers in the last line.*b'c 1.5', then the end"
    ):
        vectors.load(path)
    path.write_bytes(b"a 1.5 2.5\nb 1.5 2.5\nc 1.5 2.5")
    assert len(vectors.load(path, repair=False)) == 3
    packed = tmp_path / "file.gz"
    packed.write_bytes(gzip.compress(b"".join(line + b"\n" for line in many(20000)))[:-5000])
    with pytest.raises(
        ValueError, match=r"file.gz: Expected a complete gz file. Received: EOFError.*fetch the file again"
    ):
        vectors.load(packed)


@pytest.mark.usefixtures("small_blocks")
def test_the_whole_rows_of_a_truncated_file_can_be_read(tmp_path):
    packed = tmp_path / "file.gz"
    packed.write_bytes(gzip.compress(b"".join(line + b"\n" for line in many(20000)))[:-5000])
    assert len(vectors.load(packed, limit=5000)) == 5000
    assert len(vectors.load(packed, words=["wx1", "wxx2"])) == 2


def test_the_format_may_be_named(tmp_path):
    path = write(tmp_path / "file", [b"a 1.5 2.5", b"b 1.5 2.5"])
    assert len(vectors.load(path, format="glove")) == len(vectors.load(path, format="text")) == 2
    with pytest.raises(
        ValueError, match="line 1: Expected lines of a word and numbers, below a line with two integers"
    ):
        vectors.load(path, format="word2vec_text")
    with pytest.raises(ValueError, match="`format` to be one of"):
        vectors.load(path, format="glove.6B")
