"""Character n-grams and their buckets: plain Python, NumPy and graph agree; fastText's own lists as golden values."""

import json
import re
import time

import hypothesis.strategies as st
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given

from keras_embed import text

WORDS = st.lists(
    st.one_of(
        st.sampled_from(["</s>", "", "<", ">", "<>", "\0", "\ufeffa", "e\u0301"]),
        st.text(st.characters(exclude_categories=["Cs"]), max_size=9),
    ),
    max_size=8,
)
LENGTHS = st.tuples(st.integers(0, 4), st.integers(0, 3)).map(lambda pair: (pair[0], pair[0] + pair[1]))


def plain(words, min_n, max_n, buckets):
    return [text.ngrams.ngram_buckets(word, min_n, max_n, buckets) for word in words]


@given(WORDS, LENGTHS, st.sampled_from([1, 7, 2_000_000, 2**31 - 1]))
def test_three_ways_agree(words, lengths, buckets):
    expected = plain(words, *lengths, buckets)
    flat, counts = text.ngrams.ngram_bucket_table(words, *lengths, buckets)
    assert counts.tolist() == [len(row) for row in expected]
    assert flat.tolist() == [bucket for row in expected for bucket in row]
    ragged = text.ngrams.subword_buckets(tf.constant([word.encode() for word in words], tf.string), *lengths, buckets)
    assert ragged.dtype == tf.int32
    assert ragged.to_list() == expected


@pytest.mark.parametrize(
    ("name", "lengths", "buckets"),
    [("ft_sg_ru", (3, 6), 300), ("ft_cbow_minn1_ru", (1, 2), 50), ("ft_sup_ru", (2, 4), 400)],
)
def test_fasttext_cuts_and_hashes_so(data_dir, name, lengths, buckets):
    golden = json.loads((data_dir.parent / f"fixtures/static/made/{name}.json").read_text("utf-8"))
    for word, (grams, ids) in golden["subwords"].items():
        known = int(word in golden["words"])  # fastText puts the word itself first
        assert text.ngrams.character_ngrams(word, *lengths) == grams[known:]
        given_ = text.ngrams.ngram_buckets(word, *lengths, buckets)
        assert [bucket + len(golden["words"]) for bucket in given_] == ids[known:]


def test_facebooks_list_of_ngrams(data_dir):
    content = (data_dir.parent / "fixtures/static/gensim/fb-ngrams.txt").read_text("utf-8")
    for block in re.findall(r"<start>\n(.*?)<end>", content, re.S):
        word, _, *lines = block.rstrip("\n").split("\n")
        expected = [re.match(r"(.*?)((?: -?[\d.]+(?:e-?\d+)?){5}) ?$", line)[1] for line in lines]
        assert text.ngrams.character_ngrams(word, 3, 6) == expected


def test_published_hashes():
    # By its authors, http://www.isthe.com/chongo/src/fnv/test_fnv.c; ASCII, where signs do not matter.
    assert text.ngrams.fnv1a(b"") == 0x811C9DC5
    assert text.ngrams.fnv1a(b"a") == 0xE40C292C
    assert text.ngrams.fnv1a(b"foobar") == 0xBF9CF968


def test_bytes_that_are_not_utf8():
    assert text.ngrams.subword_buckets(tf.constant([b"a\xffb"]), 3, 3, 99).to_list() == plain(["a\ufffdb"], 3, 3, 99)
    by_bytes = text.ngrams.ngram_bucket_table([b"a\x85", b"\x85", "ж".encode()], 2, 3, 1000)
    assert by_bytes[1].tolist() == [3, 1, 3]  # a continuation byte belongs to the character before it


def test_works_in_tf_data_with_unknown_batch_size():
    words = ["cat", "a", "</s>", "лес"]
    data = tf.data.Dataset.from_tensor_slices(words).batch(3).map(lambda x: text.ngrams.subword_buckets(x, 3, 6, 1000))
    assert [row for batch in data for row in batch.to_list()] == plain(words, 3, 6, 1000)


def test_a_large_vocabulary_takes_seconds():
    rng = np.random.default_rng(0)
    words = ["".join(map(chr, row)) for row in rng.integers(0x430, 0x450, (40_000, 9))]
    start = time.perf_counter()
    text.ngrams.ngram_bucket_table(words, 3, 6, 2_000_000)
    assert time.perf_counter() - start < 2


@pytest.mark.parametrize("lengths", [(4, 3), (-1, 3), (0, -1)])
def test_lengths_are_checked(lengths):
    for function in (text.ngrams.ngram_buckets, text.ngrams.ngram_bucket_table, text.ngrams.subword_buckets):
        with pytest.raises(ValueError, match="Expected 0 <= min_n <= max_n"):
            function(["cat"] if function is not text.ngrams.ngram_buckets else "cat", *lengths, 10)


def test_buckets_are_checked():
    with pytest.raises(ValueError, match="Expected `num_buckets` to be a positive integer"):
        text.ngrams.ngram_buckets("cat", 3, 6, 0)
    assert text.ngrams.ngram_buckets("cat", 0, 0, 0) == []
