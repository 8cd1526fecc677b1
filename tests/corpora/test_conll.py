import io
import warnings

import pytest

from keras_embed.corpora import Corpus, Sentence, read_conll

CONLL2003 = """\
-DOCSTART- -X- -X- O

EU NNP B-NP B-ORG
rejects VBZ B-VP O

Peter NNP B-NP B-PER

-DOCSTART- -X- -X- O

BRUSSELS NNP B-NP B-LOC
-DOCSTART- -X- -X- O
Late NN B-NP O
"""


def read(text, **kwargs):
    return list(read_conll(io.StringIO(text), **kwargs))


def test_columns_and_documents():
    sentences = read(CONLL2003, columns=("tokens", "pos", None, "tags"))
    assert sentences[0] == Sentence(("EU", "rejects"), ("B-ORG", "O"), {"pos": ("NNP", "VBZ")})
    assert [sentence.document for sentence in sentences] == [0, 0, 1, 2]
    assert [len(document) for document in Corpus(sentences).documents()] == [2, 1, 1]


def test_another_tag_column_or_none():
    columns = ("tokens", "pos", "chunk", "ner")
    assert read(CONLL2003, columns=columns, tags="pos")[0].tags == ("NNP", "VBZ")
    untagged = read(CONLL2003, columns=columns, tags=None)[0]
    assert untagged.tags is None
    assert set(untagged.columns) == {"pos", "chunk", "ner"}


def test_separators():
    assert read("10 000\tNUM\n")[0].tokens == ("10 000",)
    assert read("a   O\n")[0].tags == ("O",)
    assert read("a|O\n", separator="|")[0].tags == ("O",)


def test_comments():
    text = "# newdoc id = d1\n# sent_id = 1\n1\t#\tO\n2\t# no comment\tO\n\n# newdoc\n1\tb\tO\n"
    sentences = read(text, columns=(None, "tokens", "tags"), comment="# ")
    assert [sentence.tokens for sentence in sentences] == [("#", "# no comment"), ("b",)]
    assert sentences[0].comments == {"newdoc id": "d1", "sent_id": "1"}
    assert [sentence.document for sentence in sentences] == [0, 1]
    assert read("#\tO\n#tag\tO\n")[0].tokens == ("#", "#tag")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "a\tO\nb\n",
            "<file>, line 2: Expected 2 columns (tokens, tags). Received: 1 in ['b']. "
            "Try other `columns` or another `separator`.",
        ),
        ("a\tO\nb\tO\tO\n", "<file>, line 2: Expected 2 columns (tokens, tags). Received: 3 in ['b', 'O', 'O']. Try"),
        ("\tO\n", "<file>, line 1: Expected a text in each of the columns (tokens, tags). Received: an empty one in"),
        ("a\t\n", "<file>, line 1: Expected a text in each of the columns (tokens, tags). Received: an empty one in"),
    ],
)
def test_bad_lines(text, expected):
    with pytest.raises(ValueError) as error:
        read(text)
    assert str(error.value).startswith(expected)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"columns": ("words", "tags")}, 'Expected a column "tokens" in `columns`'),
        ({"columns": "tokens"}, 'Expected a column "tokens" in `columns`'),
        ({"tags": "ner"}, "Expected the tag column 'ner' in `columns`"),
    ],
)
def test_bad_arguments_show_at_once(arguments, expected):
    with pytest.raises(ValueError, match=expected):
        read_conll("no/such/file", **arguments)


def test_spaces_around_separators_and_empty_columns():
    assert read("EU \t B-ORG\nrejects\tO\t\n") == [Sentence(("EU", "rejects"), ("B-ORG", "O"))]
    assert read("EU | B-ORG\n", separator="|")[0].tags == ("B-ORG",)
    with pytest.raises(ValueError, match="line 2: Expected tabs between columns, as in the first line"):
        read("EU\tB-ORG\nNew York\n")
    with pytest.raises(ValueError, match="line 1: Expected 2 columns"):
        read("EU\tX\tB-ORG\n")


@pytest.mark.parametrize(
    ("line", "comment"),
    [
        ("# newdoc", ("newdoc", "")),
        ("# text = EU rejects", ("text", "EU rejects")),
        ("# id 5239\tdomain=en", ("id 5239\tdomain=en", "")),
        ("#begin document (bc/cctv)", ("begin document (bc/cctv)", "")),
        ("#sent_id = 3", ("sent_id", "3")),
        ("## sent_id 3", ("sent_id 3", "")),
    ],
)
def test_comments_in_their_usual_forms(line, comment):
    with pytest.warns(UserWarning, match="line 1: .* is taken for a comment"):
        [sentence] = read(f"{line}\nEU\tB-ORG\n")
    assert sentence.tokens == ("EU",) and sentence.comments == dict([comment])


def test_tokens_that_are_no_comments():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for text in ("#\tO\n", "# O\n", "#text\tO\n", "#hashtag O\n", "# B-X\n"):
            assert read(text)[0].tokens == (text.split()[0],)
        assert read("# newdoc\nEU B-ORG\n", comment="")[0].tokens == ("#", "EU")
        assert read("a\tO\n#\ttext\n")[0].tokens == ("a", "#")
    for text in ("# chapter\nEU B-ORG\n", "# chapter one\tx\nEU\tB-ORG\n"):
        with pytest.raises(ValueError, match=r"line 1: .*which may be a comment.*comment="):
            read(text)
