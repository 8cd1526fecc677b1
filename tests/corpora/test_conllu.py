import io

import pytest

from keras_embed.corpora import read_conllu


def line(number, form, upos="X", xpos="x"):
    return f"{number}\t{form}\t{form.lower()}\t{upos}\t{xpos}\t_\t0\troot\t_\t_\n"


TEXT = (
    "# newdoc id = one\n# sent_id = 1\n# text = Weren't they = here\n# newpar\n"
    + line("1-2", "Weren't", "_")
    + line(1, "Were", "AUX")
    + line(2, "n't", "PART")
    + line("2.1", "not", "PART")
    + line(3, "they", "PRON", "PRP")
    + "\n# sent_id = 2\n"
    + line(1, "#", "SYM")
    + "\n# newdoc\n# sent_id = 3\n"
    + line(1, "No", "INTJ")
)


def read(text, **kwargs):
    return list(read_conllu(io.StringIO(text), **kwargs))


def test_words():
    sentences = read(TEXT)
    assert [sentence.tokens for sentence in sentences] == [("Were", "n't", "they"), ("#",), ("No",)]
    assert sentences[0].tags == ("AUX", "PART", "PRON")
    assert sentences[0].columns["xpos"] == ("x", "x", "PRP")
    assert set(sentences[0].columns) == {"id", "lemma", "xpos", "feats", "head", "deprel", "deps", "misc"}
    assert sentences[0].comments == {"newdoc id": "one", "sent_id": "1", "text": "Weren't they = here", "newpar": ""}
    assert [sentence.document for sentence in sentences] == [0, 0, 1]


def test_other_tags():
    assert read(TEXT, tags="xpos")[0].tags == ("x", "x", "PRP")
    untagged = read(TEXT, tags=None)[0]
    assert untagged.tags is None
    assert untagged.columns["upos"] == ("AUX", "PART", "PRON")


def test_other_lines_on_demand():
    assert read(TEXT, include=("word", "empty"))[0].tokens == ("Were", "n't", "not", "they")
    assert read(TEXT, include=("range", "word"))[0].tokens == ("Weren't", "Were", "n't", "they")
    assert read(TEXT, include=("range",))[1].tokens == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1\ta\ta\n", "<file>, line 1: Expected 10 columns separated by tabs. Received: 3 in ['1', 'a', 'a']. Try"),
        (line(1, "a") + line(3, "b"), "<file>, line 2: Expected word 2 of the sentence. Received: id 3. Try"),
        (line(1, "a") + line(1, "b"), "<file>, line 2: Expected word 2 of the sentence. Received: id 1. Try"),
        (line("x", "a"), "<file>, line 1: Expected an id such as 3, 3-4 or 3.1. Received: x."),
        (line(1, ""), "<file>, line 1: Expected a text in the column `form`. Received: an empty one in"),
        ("", "<file>, line 1: Expected at least one sentence. Received: a file without any."),
        ("# a comment\n", "<file>, line 1: Expected at least one sentence. Received: a file without any."),
    ],
)
def test_bad_lines(text, expected):
    with pytest.raises(ValueError) as error:
        read(text)
    assert str(error.value).startswith(expected)


@pytest.mark.parametrize("arguments", [{"tags": "form"}, {"tags": "pos"}, {"include": ("words",)}])
def test_bad_arguments_show_at_once(arguments):
    with pytest.raises(ValueError, match="Expected `(tags|include)` to be one of"):
        read_conllu("no/such/file", **arguments)
