"""Tags to ids, and every kind of bad data with its sentence."""

import numpy as np
import pytest

from keras_embed._backend import tf
from keras_embed.preprocessors import TaggerPreprocessor

WORDS = [["Ada", "Byron", "lives", "in", "Rome"], ["no", "names"]]
TAGS = [["B-PER", "I-PER", "O", "O", "B-LOC"], ["O", "O"]]


@pytest.fixture(scope="module")
def preprocessor():
    return TaggerPreprocessor.from_corpus(WORDS, TAGS)


def test_tags_are_completed_and_known_by_their_scheme(preprocessor):
    assert preprocessor.tags == ("O", "B-LOC", "B-PER", "I-LOC", "I-PER")
    assert preprocessor.scheme == "BIO"


@pytest.mark.parametrize(
    ("scheme", "tags"),
    [("BIOES", {"B-X", "I-X", "E-X", "S-X"}), ("BMES", {"B-X", "M-X", "E-X", "S-X"}), ("IOB1", {"I-X", "B-X"})],
)
def test_every_scheme_is_completed(scheme, tags):
    one = {"BIOES": "S-X", "BMES": "S-X", "IOB1": "I-X"}[scheme]
    assert set(TaggerPreprocessor.from_corpus([["a"]], [[one]], scheme=scheme).tags) == tags | {"O"}


def test_tags_that_mark_no_spans_have_no_scheme():
    preprocessor = TaggerPreprocessor.from_corpus([["a", "b"]], [["NOUN", "VERB"]])
    assert (preprocessor.tags, preprocessor.scheme) == (("NOUN", "VERB"), None)


def test_tag_ids_are_minus_one_where_nothing_or_anything_stands(preprocessor):
    _, ids, weights = preprocessor(WORDS, y=[["B-PER", "", "O", "O", "B-LOC"], ["O", "O"]], sample_weight=[1.0, 2.0])
    np.testing.assert_array_equal(ids, [[2, -1, 0, 0, 1, -1, -1, -1], [0, 0, -1, -1, -1, -1, -1, -1]])
    assert list(weights) == [1.0, 2.0]


def test_words_texts_and_ragged_tensors_are_one(preprocessor):
    expected = preprocessor(WORDS)["token_ids"]
    texts = [" ".join(words) for words in WORDS]
    for x in (texts, tf.constant(texts), tf.ragged.constant(WORDS)):
        np.testing.assert_array_equal(preprocessor(x)["token_ids"], expected)


@pytest.mark.parametrize(
    ("words", "tags", "error"),
    [
        ([], [], "Expected at least one sentence. Received: none"),
        (WORDS, TAGS[:1], "Expected tags for every sentence. Received: 2 sentences, 1 lists of tags"),
        ([["a", "b"]], [["O"]], "Expected as many tags as words in sentence 0. Received: 1 tags for 2 words"),
        ([["a"], ["b"]], [["O"], ["B-ORG"]], "Received: 'B-ORG' in sentence 1 at position 0"),
        ([["a", "b"]], [["O", "I-PER"]], "sentence 0: Expected tags that keep to BIO.*'I-PER' after 'O' at position 1"),
        ([["a", "\ud800"]], [["O", "O"]], r"lone surrogate '\\ud800' in sentence 0 at position 1"),
        ([["a", 3]], [["O", "O"]], "Expected every token to be a string. Received: 3 in sentence 0 at position 1"),
        (["a b"], [["O", "O"]], "Expected every sentence as a list of words. Received: 'a b'"),
    ],
)
def test_bad_data_is_named(preprocessor, words, tags, error):
    with pytest.raises(ValueError, match=error):
        preprocessor.dataset(words, tags)


@pytest.mark.parametrize(
    ("tags", "error"),
    [
        ([["O", "B-ORG"]], "Expected every tag to be one of the 5 the preprocessor knows"),
        ([["O"]], "Expected as many tags as tokens in every sentence"),
    ],
)
def test_bad_data_in_a_stream_is_named_too(preprocessor, tags, error):
    columns = (tf.ragged.constant([["a", "b"]]), tf.ragged.constant(tags))
    stream = tf.data.Dataset.from_tensor_slices(columns).ragged_batch(1)
    with pytest.raises(tf.errors.InvalidArgumentError, match=error):
        next(iter(stream.map(lambda x, y: preprocessor(x, y=y))))
    with pytest.raises(ValueError, match="Expected"):
        preprocessor([["a", "b"]], y=tags)


def test_embeddings_fit_the_features(preprocessor):
    features = preprocessor(WORDS)
    made = preprocessor.embeddings(word_dim=4, char_filters=6, casing_dim=2)
    widths = [layer({name: features[name].numpy() for name in layer.features}).shape[-1] for layer in made]
    assert widths == [4, 6, 2]
    made = preprocessor.embeddings(word_dim=0, char_filters=6, casing_dim=0, char_encoder="lstm")
    assert [type(layer).__name__ for layer in made] == ["CharacterLSTM"]
