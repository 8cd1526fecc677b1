"""Raw text to words."""

import hypothesis.strategies as st
import pytest
import tensorflow as tf
from hypothesis import given, settings

from keras_embed.tokenizers import WhitespaceTokenizer, WordTokenizer

SPACES = "".join(map(chr, [9, 10, 11, 12, 13, 32, 0x85, 0xA0, 0x1680, *range(0x2000, 0x200C), 0x2028, 0x2029]))
SPACES += "\u202f\u205f\u3000\ufeff"
TOKENIZERS = [WordTokenizer(), WhitespaceTokenizer()]
PIECES = st.sampled_from(
    [*SPACES, *"aБ1.,:;!?'’-@#_/%\0", "www.", "http://", "\u0301", "\u200d", "👩", "🏽", "🇬🇧", "東"]
)
TEXT = st.one_of(
    st.lists(PIECES, max_size=20).map("".join), st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
)


def words(text, tokenizer=None):
    return [token.decode() for token in (tokenizer or WordTokenizer()).tokenize([text]).to_list()[0]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        (" \t\u00a0\u2028 ", ""),
        ("EU rejects German call.", "EU|rejects|German|call|."),
        ("Don't say it’s state-of-the-art!", "Don't|say|it’s|state-of-the-art|!"),
        ("'quoted' -- dash- -x", "'|quoted|'|-|-|dash|-|-|x"),
        ("3.14, 1,000,000; 12:30 and 1/2.", "3.14|,|1,000,000|;|12:30|and|1/2|."),
        ("the 3rd, 50% of $5", "the|3rd|,|50|%|of|$|5"),
        (
            "See https://example.org/a?b=c#d, (www.example.com).",
            "See|https://example.org/a?b=c#d|,|(|www.example.com|)|.",
        ),
        ("mail bob.smith+x@mail.example.org!", "mail|bob.smith+x@mail.example.org|!"),
        ("@user_1: #hash_tag #привет", "@user_1|:|#hash_tag|#привет"),
        ("U.S. forces, e.g. т.е. here", "U.S.|forces|,|e.g.|т.е.|here"),
        ("end.Start", "end|.|Start"),
        ("Wait...", "Wait|.|.|."),
        ("cafe\u0301 हिन्दी می\u200cخواهم", "cafe\u0301|हिन्दी|می\u200cخواهم"),
        ("東京は、いい。", "東京は|、|いい|。"),
        ("hi👩‍👩‍👧🏽🇬🇧❤️!", "hi|👩‍👩‍👧🏽|🇬🇧|❤️|!"),
        ("a\0b", "a|\0|b"),
        ("one\u3000two\u0085three\ufeff", "one|two|three"),
    ],
)
def test_words(text, expected):
    assert "|".join(words(text)) == expected


def test_whitespace_only():
    assert words(" a.b\u3000c\u00a0\u2028d' \n", WhitespaceTokenizer()) == ["a.b", "c", "d'"]


@settings(max_examples=80)
@given(TEXT)
@pytest.mark.parametrize("tokenizer", TOKENIZERS, ids=lambda t: type(t).__name__)
def test_nothing_but_white_space_is_lost(tokenizer, text):
    tokens = words(text, tokenizer)
    assert "".join(tokens) == text.translate(dict.fromkeys(map(ord, SPACES)))
    assert all(tokens)


@settings(max_examples=80)
@given(st.lists(TEXT, min_size=1, max_size=4))
@pytest.mark.parametrize("tokenizer", TOKENIZERS, ids=lambda t: type(t).__name__)
def test_offsets_point_at_the_tokens(tokenizer, texts):
    tokens, starts, limits = tokenizer.tokenize_with_offsets(texts)
    assert tokens.to_list() == tokenizer.tokenize(texts).to_list()
    for text, row, begin, end in zip(texts, tokens.to_list(), starts.to_list(), limits.to_list(), strict=True):
        assert [text.encode()[a:b] for a, b in zip(begin, end, strict=True)] == row


@pytest.mark.parametrize("tokenizer", TOKENIZERS, ids=lambda t: type(t).__name__)
def test_bad_bytes_and_empty_batches(tokenizer):
    assert b"".join(tokenizer.tokenize([b"a \xff b"]).to_list()[0]) == "a\ufffdb".encode()
    assert tokenizer.tokenize(tf.constant([], tf.string)).shape[0] == 0
    assert tokenizer.tokenize_with_offsets(tf.constant([], tf.string))[1].shape[0] == 0


@pytest.mark.parametrize("tokenizer", TOKENIZERS, ids=lambda t: type(t).__name__)
def test_runs_in_graphs(tokenizer):
    graph = tf.function(tokenizer.tokenize, input_signature=[tf.TensorSpec([None], tf.string)])
    assert graph(tf.constant(["a b", "c"])).to_list() == [[b"a", b"b"], [b"c"]]
    assert type(tokenizer).from_config(tokenizer.get_config()) == tokenizer
    assert hash(tokenizer) == hash(type(tokenizer)())


def test_long_texts_are_no_trouble():
    assert len(words("word, " * 10_000)) == 20_000
    assert words("x" * 10_000) == ["x" * 10_000]
