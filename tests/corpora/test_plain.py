import io

import pytest

from keras_embed.corpora.column_files import read_parallel, read_plain


def test_plain():
    sentences = list(read_plain(io.StringIO("\nA  b\t. \nC\n\n \nD\u2028e\n")))
    assert [sentence.tokens for sentence in sentences] == [("A", "b", "."), ("C",), ("D\u2028e",)]
    assert [sentence.document for sentence in sentences] == [0, 0, 1]
    assert sentences[0].tags is None


def test_plain_refuses_an_empty_file():
    with pytest.raises(ValueError, match="<file>, line 1: Expected at least one sentence"):
        list(read_plain(io.StringIO("\n\n")))


def parallel(tokens, tags, **comments):
    files = {name: io.StringIO(text) for name, text in comments.items()}
    return list(read_parallel(io.StringIO(tokens), io.StringIO(tags), files))


def test_parallel():
    sentences = parallel("play  jazz \nstop\n", "O B-genre \nO\n", intent="Play\nStop\n")
    assert [sentence.tokens for sentence in sentences] == [("play", "jazz"), ("stop",)]
    assert [sentence.tags for sentence in sentences] == [("O", "B-genre"), ("O",)]
    assert [sentence.comments for sentence in sentences] == [{"intent": "Play"}, {"intent": "Stop"}]


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (("a b\n", "O\n"), "<file>, line 1: Expected 2 tags, one for each token. Received: 1: O."),
        (("a\nb\n", "O\n"), "<file>, line 2: Expected files of the same length"),
        (("a\n\n", "O\n\n"), "<file>, line 2: Expected a sentence in each line. Received: an empty line."),
        (("", ""), "<file>, line 1: Expected at least one sentence"),
    ],
)
def test_parallel_refuses(files, expected):
    with pytest.raises(ValueError) as error:
        parallel(*files)
    assert str(error.value).startswith(expected)
