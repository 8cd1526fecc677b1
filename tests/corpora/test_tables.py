"""What a table is, from all of its lines: separator, header, encoding, JSON lines; and what is open is read."""

import codecs
import gzip
import io
import tempfile
import warnings

import pytest

from keras_embed import corpora
from keras_embed.corpora.labelled import read_sst, read_sts

TABLE = "text,label\nFine film,good\nToo long,bad\n"
ROWS = [("Fine film", "good"), ("Too long", "bad")]


def texts(content, **arguments):
    return list(corpora.read_texts(io.StringIO(content), **arguments))


@pytest.fixture
def quiet():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


@pytest.mark.parametrize("separator", [",", "\t", ";", "|"])
def test_the_separator_is_that_under_which_all_rows_have_as_many_cells(separator, quiet):
    content = TABLE.replace(",", separator)
    assert texts(content, text="text", label="label") == ROWS
    assert texts(content, header=True) == ROWS
    assert texts(content, text="text", label="label", separator=separator) == ROWS


def test_separators_within_texts(quiet):
    assert texts("Yes, and no\tgood\nNo; never\tbad\nWell\tbad\n") == [
        ("Yes, and no", "good"),
        ("No; never", "bad"),
        ("Well", "bad"),
    ]
    assert texts('"a;b",x\n"c,d",y\n', separator=",") == [("a;b", "x"), ("c,d", "y")]


def test_separators_that_fit_equally_well():
    with pytest.raises(ValueError, match=r"line 1: Expected one separator.*',' or ';'.*Try separator="):
        texts("a;b,c\nd;e,f\n")
    assert texts("a;b,c\n", separator=";") == [("a", "b,c")]
    with pytest.warns(UserWarning, match="separated by tabs; ',' would fit too"):
        assert texts("a,b\tx\nc,d\ty\n") == [("a,b", "x"), ("c,d", "y")]


@pytest.mark.parametrize(
    ("content", "arguments", "line"),
    [
        ("text,label\nFine,pos\nToo long, and dull,neg\n", {"text": "text", "label": "label"}, 3),
        ("text,label\nFine,pos\nToo long, and dull,neg\n", {"text": "text", "label": "label", "separator": ","}, 3),
        ("Fine film,pos\nToo long, and dull,neg\n", {}, 2),
        ("Fine film\tpos\nToo long\tand dull\tneg\n", {"separator": "\t"}, 2),
        ("Fine;pos\nToo long; and dull;neg\n", {}, 2),
        ("a::x\nb::c::y\n", {"separator": "::"}, 2),
    ],
)
def test_rows_with_too_many_cells_are_told_by_line(content, arguments, line):
    with pytest.raises(ValueError, match=rf"line {line}: Expected 2 columns, as in the first row"):
        texts(content, **arguments)


def test_lines_of_text_are_not_cut_at_commas():
    assert texts("a b\nc d\n", label=None) == [("a b", None), ("c d", None)]
    with pytest.raises(ValueError, match=r"line 1: Expected a separator, or one text in each line.*separator="):
        texts("a, b\nc, d\n", label=None)
    with pytest.raises(ValueError, match="line 2: Expected 1 columns"):
        texts("a b\nc, d\n", label=None)
    assert texts("a, b\nc, d\n", label=None, separator="\t")[0].text == "a, b"


def test_empty_cells_after_the_last_column_are_dropped(quiet):
    assert texts("a,x\nb,y,\nc,x,,\n", header=False) == [("a", "x"), ("b", "y"), ("c", "x")]


def test_labels():
    assert texts("a, x\nb,x \n", header=False) == [("a", "x"), ("b", "x")]
    with pytest.raises(ValueError, match=r"line 2: Expected a label\. Received: an empty one"):
        texts("a,x\nb,\n", separator=",", header=False)
    with pytest.raises(ValueError, match="line 2: Expected a label"):
        list(corpora.read_pairs(io.StringIO("a,b,x\nc,d, \n")))
    assert texts("a,x\nb,\n", label=None, separator=",", header=False) == [("a", None), ("b", None)]


def test_a_header_is_no_example():
    with pytest.warns(UserWarning, match="line 1: the first line, .*'text', 'label'.*is taken for a header"):
        assert texts(TABLE) == ROWS
    with pytest.warns(UserWarning, match="line 1: .*is read as an example"):
        assert len(texts("Satz,Klasse\na,x\nb,y\nc,x\nd,y\n")) == 5
    with pytest.warns(UserWarning, match="line 1: .*is read as an example"):
        assert len(texts("Satz,Note\na,1\nb,2\n")) == 3


def test_what_overrules_the_header(quiet):
    assert texts(TABLE, header=True) == ROWS
    assert texts(TABLE, header=False) == [("text", "label"), *ROWS]
    assert len(texts("Fine,good\nDull,bad\nGreat,good\nBad,bad\n")) == 4
    # A first line whose label other rows have is an example.
    assert len(texts("text,label\nreview,label\n")) == 2


def test_names_of_columns():
    assert texts("text , label\na,x\n", text="text", label="label") == [("a", "x")]
    with pytest.raises(ValueError, match="Expected a column 'text'"):
        texts("text,text,label\na,b,x\n", text="text", label="label")
    for wrong in (-1, True, 1.5):
        with pytest.raises(ValueError, match="Expected the name or the index of a column"):
            texts("a,x\n", text=wrong)
    for wrong in ("", "\n", '"'):
        with pytest.raises(ValueError, match="Expected a separator of columns"):
            texts("a,x\n", separator=wrong)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig", "cp1252", "cp037"])
def test_encodings(encoding, tmp_path):
    table = "text\tlabel\r\nZu lang, naïve\tbad\r\nFine\tgood"
    path = tmp_path / "table.CSV"
    expected = [("Zu lang, naïve", "bad"), ("Fine", "good")]
    for content in (table.encode(encoding), gzip.compress(table.encode(encoding))):
        path.write_bytes(content)
        assert list(corpora.read_texts(path, "text", "label", encoding=encoding)) == expected
        if encoding in ("utf-16", "utf-32", "utf-8-sig"):  # with a byte-order mark, which needs no argument
            assert list(corpora.read_texts(path, "text", "label")) == expected


@pytest.mark.parametrize(
    ("content", "encoding", "reason"),
    [
        ("a\tx\n".encode("utf-16-le"), "utf-8", "zero byte.*Try encoding='utf-16-le'"),
        ("a\tx\n".encode("utf-16-be"), "utf-8", "zero byte.*Try encoding='utf-16-be'"),
        ("a\tx\n".encode("utf-16-be"), "utf-16", "byte-order mark.*'utf-16-le' or 'utf-16-be'"),
        ("a\tx\n".encode("utf-8-sig"), "latin-1", "mark of UTF-8.*Try encoding='utf-8'"),
        ("a\tx\n".encode("utf-16"), "cp1252", "mark of UTF-16-LE"),
        (codecs.BOM_UTF16_BE + "a\tx\n".encode("utf-16-be"), "utf-16-le", "mark of UTF-16-BE"),
        ("a\tx\n".encode("utf-16-le")[:-1], "utf-16-le", "line 1: Expected text in UTF-16-LE"),
        (b"PK\x03\x04 a\tx\n", "utf-8", "a zip archive"),
        (b"a\tx\n", "klingon", "a text encoding that Python knows"),
        (b"a\tx\n", "hex", "a text encoding that Python knows"),
    ],
)
def test_encodings_that_contradict_the_file(content, encoding, reason):
    with pytest.raises(ValueError, match=reason):
        list(corpora.read_texts(io.BytesIO(content), encoding=encoding))


def test_every_reader_has_an_encoding():
    def source(text):
        return io.BytesIO(text.encode("latin-1"))

    row = "1\tnaïve\t_\tADJ\t_\t_\t0\troot\t_\t_\n"
    encoding = {"encoding": "latin-1"}
    assert next(corpora.read_conll(source("naïve\tO\n"), **encoding)).tokens == ("naïve",)
    assert next(corpora.read_conllu(source(row), **encoding)).tokens == ("naïve",)
    assert next(corpora.read_plain(source("naïve\n"), **encoding)).tokens == ("naïve",)
    assert next(corpora.read_pairs(source("naïve,b,c\n"), **encoding)).first == "naïve"
    assert next(corpora.read_tab_separated(source("naïve\tb\n"), **encoding)).source == "naïve"
    assert next(read_sst(source("(3 naïve)\n"), **encoding)).text == "naïve"
    assert next(read_sts(source("a\t" * 4 + "1\tnaïve\tb\n"), **encoding)).first == "naïve"
    assert next(corpora.read_roles(source("naïve be (V*)\n"), **encoding)).tokens == ("naïve",)
    record = '{"sentence1": "naïve", "sentence2": "b", "gold_label": "neutral"}\n'
    assert next(corpora.read_snli(source(record), **encoding)).first == "naïve"
    squad = '{"data": [{"paragraphs": [{"context": "naïve", "qas": [{"id": "1", "question": "?"}]}]}]}'
    assert next(corpora.read_squad(source(squad), **encoding)).context == "naïve"
    assert next(corpora.read_translations(source("naïve\n"), source("b\n"), **encoding)).source == "naïve"


def written(file):
    file.write(TABLE if "b" not in file.mode else TABLE.encode())
    file.seek(0)
    return file


@pytest.mark.parametrize("content", ["Fine,pos\rDull,neg\n", "Fine\tpos\rDull\tneg\n"])
@pytest.mark.parametrize("separator", [None, "\t"])
def test_line_endings_of_old_programs_are_named(content, separator):
    with pytest.raises(ValueError, match="line 1: Expected lines that end in line feeds.*convert the line endings"):
        list(corpora.read_texts(io.BytesIO(content.encode()), separator=separator))


def test_quotes_between_tabs_are_told(quiet):
    assert texts('"Fine\tgood\n"a" b "c"\tbad\n', separator="\t") == [('"Fine', "good"), ('"a" b "c"', "bad")]
    with pytest.raises(UserWarning, match="line 2: quotes are read as characters"):
        texts('text\tlabel\n"Say ""no"""\tx\n', text="text", label="label")


class Minimal:
    """An open file that only reads."""

    def __init__(self, content):
        self._content = io.BytesIO(content)

    def read(self, size=-1):
        return self._content.read(size)


def test_what_is_open_is_read(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text(TABLE)
    sources = [
        written(tempfile.TemporaryFile("w+")),
        written(tempfile.NamedTemporaryFile("w+")),
        written(tempfile.TemporaryFile()),
        written(tempfile.NamedTemporaryFile()),
        codecs.open(path, encoding="utf-8"),
        gzip.open(io.BytesIO(gzip.compress(TABLE.encode())), "rt"),
        Minimal(TABLE.encode()),
        Minimal(gzip.compress(TABLE.encode())),
        TABLE.splitlines(),
        TABLE.splitlines(keepends=True),
        (line for line in TABLE.splitlines()),
        TABLE.encode().splitlines(),
    ]
    for mode in ("w+", "w+b"):
        file = tempfile.SpooledTemporaryFile(mode=mode)
        file.write(TABLE if mode == "w+" else TABLE.encode())
        file.seek(0)
        sources.append(file)
    for source in sources:
        assert list(corpora.read_texts(source, "text", "label")) == ROWS, source
    # U+2028 ends no line, in readers of `codecs` neither.
    stream = codecs.getreader("utf-8")(io.BytesIO("a\u2028b,x\n".encode()))
    assert list(corpora.read_texts(stream, header=False)) == [("a\u2028b", "x")]


@pytest.mark.parametrize("source", [None, 3, {"text": ["a"]}, {"a,x"}, TABLE, [None], ["a,x\nb,y"], [["a", "x"]]])
def test_what_is_no_source_is_refused(source):
    with pytest.raises(ValueError, match="Expected (a path|a line of text|one line)"):
        list(corpora.read_texts(source))


def test_the_home_directory(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "table.csv").write_text(TABLE)
    assert list(corpora.read_texts("~/table.csv", "text", "label")) == ROWS


JSON = '{"text": "Fine, \\"film\\"", "label": "good", "stars": 5, "topics": ["a", "b"]}\n\n'


def test_json_lines(quiet):
    assert texts(JSON, text="text", label="label") == [('Fine, "film"', "good")]
    assert texts(JSON, text="text", label="stars")[0].label == "5"
    assert texts(JSON, text="text", label="topics")[0].label == ("a", "b")
    assert texts(JSON, text="text", label=None)[0].label is None
    pair = '{"a": "x", "b": "y", "c": 4.5}\n'
    assert next(corpora.read_pairs(io.StringIO(pair), "a", "b", "c", scores=True)) == ("x", "y", 4.5)


@pytest.mark.parametrize(
    ("content", "arguments", "reason"),
    [
        (JSON, {}, "line 1: Expected columns of JSON lines by name, among .*'label'"),
        (JSON, {"text": "body", "label": "label"}, "line 1: Expected a value of 'body'"),
        (JSON + "{\n", {"text": "text", "label": "label"}, "line 3: Expected a JSON object in each line"),
        (JSON + "x,y\n", {"text": "text", "label": "label"}, "line 3: Expected a JSON object in each line"),
        (JSON.replace('"good"', "null"), {"text": "text", "label": "label"}, "line 1: Expected a value of 'label'"),
        (JSON.replace('"good"', '""'), {"text": "text", "label": "label"}, "line 1: Expected a label"),
        (JSON, {"text": "stars", "label": "topics"}, None),
        (JSON, {"text": "topics", "label": "label"}, "line 1: Expected a text"),
        ('[{"text": "a", "label": "b"}]\n', {"text": "text", "label": "label"}, "a JSON list.*Try JSON lines"),
    ],
)
def test_json_lines_that_are_refused(content, arguments, reason):
    if reason is None:
        assert texts(content, **arguments)[0].text == "5"
        return
    with pytest.raises(ValueError, match=reason):
        texts(content, **arguments)


def test_pairs_of_languages():
    with pytest.warns(UserWarning, match="line 1: .*is taken for a header"):
        assert list(corpora.read_tab_separated(io.StringIO("en\tfr\nGo.\tVa !\n"))) == [("Go.", "Va !")]
    assert len(list(corpora.read_tab_separated(io.StringIO("en\tfr\nGo.\tVa !\n"), header=False))) == 2
    with pytest.raises(ValueError, match="line 2: Expected 2 columns, as in the first line"):
        list(corpora.read_tab_separated(io.StringIO("a\tb\nc\td\te\n")))
