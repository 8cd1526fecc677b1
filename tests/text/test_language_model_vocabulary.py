import pytest

from keras_embed.text import LanguageModelVocabulary


def test_words_by_falling_frequency_then_by_code_point():
    sentences = [["b", "a", "the"], ["the", "c", "<UNK>"], ["the", "a", "b"]]
    vocabulary = LanguageModelVocabulary.from_sentences(sentences)
    assert list(vocabulary) == ["<S>", "</S>", "<UNK>", "the", "a", "b", "c"]
    assert list(LanguageModelVocabulary.from_sentences(sentences, min_count=2, max_size=5))[3:] == ["the", "a"]
    assert vocabulary.ids(["<S>", "c", "</S>", "new", "the"]).tolist() == [0, 6, 1, 2, 3]
    assert (vocabulary.id("the"), vocabulary.id("new"), "the" in vocabulary, "new" in vocabulary) == (3, 2, True, False)


def test_the_file_has_a_word_a_line(tmp_path):
    path = tmp_path / "vocabulary.txt"
    vocabulary = LanguageModelVocabulary(["the", "дом", "naïve", "a\u2028b"])
    vocabulary.save(path)
    assert path.read_bytes().decode() == "<S>\n</S>\n<UNK>\nthe\nдом\nnaïve\na\u2028b\n"
    assert LanguageModelVocabulary.load(path) == vocabulary
    assert hash(LanguageModelVocabulary.load(path)) == hash(vocabulary)


def test_end_marks_of_published_files_are_passed_over(tmp_path):
    path = tmp_path / "vocabulary.txt"
    path.write_text("<S>\n</S>\n<UNK>\nthe\n!!!MAXTERMID\n.\n")
    assert list(LanguageModelVocabulary.load(path))[3:] == ["the", "."]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("</S>\n<S>\n<UNK>\nthe\n", "vocabulary.txt, line 1: Expected the lines <S> </S> <UNK> first"),
        ("", "line 1"),
        ("<S>\n</S>\n<UNK>\nthe\nthe\n", "vocabulary.txt: Expected each word once.*Received: the"),
    ],
)
def test_a_file_that_is_none(tmp_path, text, error):
    (tmp_path / "vocabulary.txt").write_text(text)
    with pytest.raises(ValueError, match=error):
        LanguageModelVocabulary.load(tmp_path / "vocabulary.txt")


@pytest.mark.parametrize("word", ["", " a", "a\nb", "<S>", "\ud800"])
def test_words_that_cannot_be(word):
    with pytest.raises(ValueError, match="Expected"):
        LanguageModelVocabulary([word])


def test_a_sentence_is_no_string():
    with pytest.raises(ValueError, match="each sentence as a list of words"):
        LanguageModelVocabulary.from_sentences(["the cat"])
