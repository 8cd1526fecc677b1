"""Sentences of running text, against sentences that people marked."""

import pytest

from keras_embed import text
from keras_embed.corpora import read_conllu
from keras_embed.tokenizers import SentenceSplitter

EXAMPLES = [
    ["Hello World.", "My name is Jonas."],
    ["What is your name?", "My name is Jonas."],
    ["There it is!", "I found it."],
    ["My name is Jonas E. Smith."],
    ["Please turn to p. 55."],
    ["Were Jane and co. at the party?"],
    ["They closed the deal with Pitt, Briggs & Co. at noon."],
    ["I can see Mt. Fuji from here."],
    ["She has $100.00 in her bag.", "It is 3.14 m long."],
    ["He left at 6 p.m. Mr. Smith came later."],
    ['"I see," he said.', '"Do you?"', "(So it was.)", "Then... he left."],
    ["Он пришёл.", "«Здравствуй!»", "Ада вышла в 5 часов."],
    ["これは文です。", "これも。", "Yes."],
    ["I am I.", "You are you."],
    ["To koniec. łatwo idzie.", "Łatwo. čeho.", "Кінець. і далі.", "Ідея."],
    ["ეს ერთი.", "ეს ორი."],
]


@pytest.mark.parametrize("sentences", EXAMPLES, ids=lambda sentences: sentences[0][:20])
def test_sentences_are_found_again(sentences):
    assert SentenceSplitter().split(" ".join(sentences)) == sentences


@pytest.mark.parametrize(
    "sentences",
    [
        ["真的吗！？", "是的。", "等等。。。", "好。"],
        ["「行く。」", "と言った。", "（本当？）", "『はい。』"],
        ["“好！”", "她说。", "「走吧。", "好。」"],
        ["Yes。", "No。no。", "5。"],
    ],
    ids=lambda sentences: sentences[0],
)
def test_wide_marks_need_no_blanks(sentences):
    assert SentenceSplitter().split("".join(sentences)) == sentences


def test_line_breaks_are_blanks_and_empty_lines_are_ends():
    assert SentenceSplitter().split("One\nline of two.\r\n\r\nA title\n \nIt begins") == [
        "One line of two.",
        "A title",
        "It begins",
    ]
    assert SentenceSplitter(lines=True).split("A title\nIt begins. So.\n\n") == ["A title", "It begins.", "So."]


@pytest.mark.parametrize("empty", ["", " \n\n \t", "\n"])
def test_nothing_has_no_sentences(empty):
    assert SentenceSplitter().split(empty) == []


def test_nothing_but_blanks_is_lost():
    source = 'Well... "A. B." said Mr. X! (No?) 12.5 Yes。No。 end'
    joined = "".join(SentenceSplitter().split(source))
    assert joined.replace(" ", "") == source.replace(" ", "")


def test_it_is_saved_as_a_dictionary():
    splitter = SentenceSplitter(("Abb.", "xyz"), lines=True)
    again = text.serialization.deserialize(text.serialization.serialize(splitter))
    assert again == splitter and again.split("See abb. Two") == ["See abb. Two"]
    with pytest.raises(ValueError, match="a list of words"):
        SentenceSplitter("mr mrs")


def test_most_sentences_of_a_treebank_are_found(data_dir):
    """Paragraphs of ten sentences that end in a point; people see ends where no mark tells, too."""
    files = sorted((data_dir / "ud_english_ewt").glob("*dev*.conllu*"))
    if not files:
        pytest.skip("the treebank is not there")
    marked = [sentence.comments["text"] for sentence in read_conllu(files[0])]
    marked = [one for one in marked if one[-1] in ".!?" and one[0].isupper()]
    found = {
        s for first in range(0, len(marked), 10) for s in SentenceSplitter().split(" ".join(marked[first : first + 10]))
    }
    assert sum(one in found for one in marked) / len(marked) > 0.975
