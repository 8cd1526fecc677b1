import pytest

from keras_embed.corpora import Corpus, Sentence

CORPUS = Corpus(
    [
        Sentence(("a", "b"), ("X", "Y"), {"xpos": ("1", "2")}),
        Sentence(("c",), ("Z",), {"xpos": ("3",)}),
        Sentence(("d",), ("Z",), {"xpos": ("4",)}, document=1),
    ],
    name="mine",
)


def test_corpus_is_a_sequence():
    assert len(CORPUS) == 3
    assert CORPUS[-1].tokens == ("d",)
    assert CORPUS[1:] == Corpus(list(CORPUS)[1:])
    assert CORPUS[1:].name == "mine"
    assert hash(CORPUS[:]) == hash(CORPUS)
    assert CORPUS.tokens == [["a", "b"], ["c"], ["d"]]
    assert CORPUS.tags == [["X", "Y"], ["Z"], ["Z"]]
    assert len(CORPUS[0]) == 2
    assert repr(CORPUS) == "Corpus(name='mine', sentences=3, tokens=4)"


def test_documents():
    assert [document.tokens for document in CORPUS.documents()] == [[["a", "b"], ["c"]], [["d"]]]
    assert list(Corpus([]).documents()) == []


def test_another_column_as_tags():
    other = CORPUS.with_tags("xpos")
    assert other.tags == [["1", "2"], ["3"], ["4"]]
    assert other[0].columns == {}
    with pytest.raises(ValueError, match=r"Expected a column `feats` in every sentence. Received: columns \['xpos'\]"):
        CORPUS.with_tags("feats")


def test_no_tags():
    with pytest.raises(
        ValueError, match="Expected every sentence to have tags. Received: none in sentence 0 of corpus"
    ):
        _ = Corpus([Sentence(("a",))]).tags


@pytest.mark.parametrize("arguments", [{"tags": ("X",)}, {"columns": {"tags": ("X", "Y", "Z")}}])
def test_counts_are_checked(arguments):
    with pytest.raises(ValueError, match="Expected as many `tags` as tokens. Received: [13] `tags` for 2 tokens"):
        Sentence(("a", "b"), **arguments)
