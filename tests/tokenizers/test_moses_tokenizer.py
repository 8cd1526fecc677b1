"""Words as Moses has them, against the package that holds its rules."""

import pytest
import tensorflow as tf

from keras_embed import corpora, tokenizers
from keras_embed.tokenizers import MosesTokenizer, any_splitter

CASES = [
    ("en", "Don't e-mail the boys' dogs, 3,000 of them... in the 1990's."),
    ("en", "So 'A' (b) \"c\": d/e; f.g. h?! U.S. dogs & cats 50% #1"),
    ("en", "He said, 'no'. Then 2,5 left, i.e. none."),
    ("fr", "L'homme d'aujourd'hui, qu'il dit « oui » !"),
    ("it", "L'uomo dell'arte."),
    ("other", "Er sagt 'ja', z.B. heute; gut."),
    ("en", ""),
    ("en", "no stop"),
]


def words(texts, language):
    ragged = MosesTokenizer(language).tokenize(tf.constant(texts))
    return [[word.decode() for word in row] for row in ragged.to_list()]


@pytest.mark.parametrize(("language", "sentence"), CASES)
def test_as_sacremoses(language, sentence):
    sacremoses = pytest.importorskip("sacremoses")
    moses = sacremoses.MosesTokenizer("de" if language == "other" else language)
    assert words([sentence], language)[0] == moses.tokenize(sentence, escape=False)


@pytest.mark.parametrize(
    ("name", "language"), [("en_de", "en"), ("fr_en", "fr"), ("de_en", "other"), ("cs_en", "other")]
)
def test_as_sacremoses_on_real_text(data_dir, monkeypatch, name, language):
    sacremoses = pytest.importorskip("sacremoses")
    monkeypatch.setenv("KERAS_EMBED_DATA", str(data_dir))
    texts = corpora.load(f"multi30k_{name}", "validation").sources
    moses = sacremoses.MosesTokenizer(name[:2])
    expected = [moses.tokenize(one, escape=False) for one in texts]
    same = sum(one == other for one, other in zip(words(texts, language), expected, strict=True))
    assert same >= 0.995 * len(texts)  # the rest are abbreviations that Moses lists


def test_as_a_splitter():
    splitter = MosesTokenizer("fr")
    assert (
        any_splitter.deserialize_tokenizer(any_splitter.serialize_tokenizer(splitter))
        == splitter
        != MosesTokenizer("it")
    )
    assert hash(splitter) == hash(MosesTokenizer("fr")) and any_splitter.as_tokenizer(splitter) is splitter
    tokenizer = tokenizers.WholeWordTokenizer.train(["l'homme"], vocabulary_size=None, splitter=splitter)
    assert tokenizer.tokens[4:] == ("homme", "l'")
    with pytest.raises(ValueError, match="Expected `language` to be one of"):
        MosesTokenizer("de")
