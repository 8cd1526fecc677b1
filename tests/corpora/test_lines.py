"""What all readers share, tried through `read_conll`: compression, encodings, ends of lines."""

import gzip
import io
import lzma

import pytest

from keras_embed.corpora import read_conll

TEXT = "EU\tB-ORG\nrejects\tO\n\nПривет\tO\n"
TOKENS = [("EU", "rejects"), ("Привет",)]


def write(path, content):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def tokens(source):
    return [sentence.tokens for sentence in read_conll(source)]


@pytest.mark.parametrize("compress", [bytes, gzip.compress, lzma.compress])
def test_compression_shows_in_the_bytes_not_in_the_name(tmp_path, compress):
    path = write(tmp_path / "corpus.conll", compress(TEXT.encode()))
    assert tokens(path) == tokens(str(path)) == TOKENS
    with path.open("rb") as file:
        assert tokens(file) == TOKENS
        assert not file.closed
    memory = io.BytesIO(path.read_bytes())
    assert tokens(memory) == TOKENS
    assert not memory.closed
    assert tokens(write(tmp_path / "corpus.gz", compress(TEXT.encode()))) == TOKENS


def test_text_files():
    assert tokens(io.StringIO(TEXT)) == TOKENS


def test_reading_streams(tmp_path):
    path = write(tmp_path / "corpus.conll", TEXT + "\nonly one column\n")
    reader = read_conll(path, separator="\t")
    assert next(reader).tokens == TOKENS[0]
    with pytest.raises(ValueError, match="line 6"):
        list(reader)


@pytest.mark.parametrize("text", [TEXT.replace("\n", "\r\n"), TEXT.rstrip("\n"), TEXT + "\n\n", "\n \n" + TEXT])
def test_ends_of_lines(tmp_path, text):
    assert tokens(write(tmp_path / "corpus", text)) == TOKENS


def test_a_byte_order_mark_is_dropped(tmp_path):
    assert tokens(write(tmp_path / "corpus", "\ufeff" + TEXT)) == TOKENS


@pytest.mark.parametrize("separator", [" ", "\t", " \t ", "\t\t"])
def test_lines_of_white_space_end_sentences(tmp_path, separator):
    assert tokens(write(tmp_path / "corpus", f"a\tO\n{separator}\nb\tO\n")) == [("a",), ("b",)]


@pytest.mark.parametrize("odd", ["\x85", "\u2028", "\u00a0", "\x1c", "\x0b", "\r", "\x00", "x" * 10_000])
def test_odd_characters_are_part_of_a_token(tmp_path, odd):
    for text in (f"a{odd}b\tO\nc\tO\n", f"a{odd}b O\nc O\n"):
        assert tokens(write(tmp_path / "corpus", text)) == [(f"a{odd}b", "c")]


@pytest.mark.parametrize("compress", [gzip.compress, lzma.compress])
@pytest.mark.parametrize("kept", [10, 0.5, -1])
def test_truncated_files_are_refused(tmp_path, compress, kept):
    whole = compress("".join(f"token{i}\tO\n\n" for i in range(5000)).encode())
    part = whole[: int(kept * len(whole)) if isinstance(kept, float) else kept]
    path = write(tmp_path / "corpus", part)
    with pytest.raises(
        ValueError, match=r"corpus, line \d+: Expected a complete gz or xz file. Received: EOFError: .* Try"
    ):
        tokens(path)


def test_damaged_files_are_refused(tmp_path):
    whole = bytearray(gzip.compress(TEXT.encode()))
    whole[15] ^= 255
    with pytest.raises(ValueError, match=r"line \d+: Expected a complete gz or xz file"):
        tokens(write(tmp_path / "corpus", bytes(whole)))


def test_bytes_that_are_no_utf8_are_refused(tmp_path):
    path = write(tmp_path / "corpus", b"EU\tO\n\nna\xefve\tO\n")
    with pytest.raises(ValueError) as error:
        tokens(path)
    assert str(error.value) == (
        f"{path}, line 3: Expected text in UTF-8. Received: byte 0xef at offset 8 of the text. "
        "Try encoding= with that of the file, or to convert it to UTF-8."
    )


@pytest.mark.parametrize("text", ["", "\n", " \n\t\n", "-DOCSTART- -X-\n\n"])
def test_files_without_sentences_are_refused(tmp_path, text):
    with pytest.raises(
        ValueError, match=r"corpus, line \d: Expected at least one sentence. Received: a file without any"
    ):
        tokens(write(tmp_path / "corpus", text))
