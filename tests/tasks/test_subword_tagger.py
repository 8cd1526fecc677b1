"""Tagging over subwords: an encoder of Keras Hub, words by their first subword, sentences of any length."""

import keras
import keras_hub
import numpy as np
import pytest
from small_tagger import TAGS, WORDS

import keras_embed as ke
from keras_embed._backend import tf
from keras_embed.preprocessors import TaggerPreprocessor
from keras_embed.tokenizers import EncoderTokenizer

LONG = [WORDS[0] * 3, WORDS[3]]


def make_tagger(head="crf", hub=True):
    texts = [" ".join(words) for words in WORDS]
    tokenizer = EncoderTokenizer.train(texts, 60, max_length=16, bucket_lengths=(16, 32))
    preprocessor = TaggerPreprocessor.from_corpus(WORDS, TAGS, tokenizer=tokenizer)
    sizes = {"num_layers": 1, "num_heads": 2, "hidden_dim": 12, "dropout": 0.0}
    if hub:
        backbone = keras_hub.models.BertBackbone(
            tokenizer.vocabulary_size(), intermediate_dim=12, max_sequence_length=16, **sizes
        )
    else:
        embeddings = preprocessor.embeddings(word_dim=12, char_filters=0, casing_dim=0)
        backbone = ke.backbones.TransformerBackbone(embeddings, feed_forward_dim=12, **sizes)
    return ke.Tagger(backbone, preprocessor, head)


@pytest.fixture(scope="module")
def tagger():
    keras.utils.set_random_seed(3)
    tagger = make_tagger()
    assert float(tagger.optimizer.learning_rate) == pytest.approx(5e-5)
    tagger.compile(keras.optimizers.Adam(0.03))
    tagger.fit(WORDS, TAGS, epochs=5, batch_size=4, verbose=0)
    return tagger


def test_it_learns_its_sentences(tagger):
    assert tagger.predict(WORDS[:4]) == TAGS[:4]
    [answer] = tagger.tag(["Ada Byron lives in Rome."])
    assert answer.tokens == tuple(WORDS[0]) and [span.text for span in answer.spans] == ["Ada Byron", "Rome"]


def test_every_word_of_a_long_sentence_is_tagged(tagger):
    long, short = tagger.predict(LONG)
    assert (len(long), len(short)) == (18, 2)
    features = tagger.preprocessor(LONG)
    assert features["window_token_ids"].shape[1] > 1


def test_neither_windows_nor_company_change_an_answer(tagger):
    """A sentence beside a longer one has empty windows."""
    together = tagger.tag([*WORDS[:4], LONG[0], []])
    for words, answer in zip(WORDS[:4], together, strict=False):
        [alone] = tagger.tag([words])
        assert alone.tags == answer.tags
        np.testing.assert_allclose(alone.scores, answer.scores, atol=1e-5)
    assert together[-1].tags == ()


def test_emissions_are_those_of_the_words_first_pieces(tagger):
    """Compares with encoding one window at a time, and a dense layer on the vectors of first subwords."""
    features = {name: value.numpy() for name, value in tagger.preprocess_samples(LONG).items()}
    potentials = keras.ops.convert_to_numpy(tagger(features))
    kernel, bias = (keras.ops.convert_to_numpy(w) for w in tagger.get_layer("emissions").weights)
    rows, number, time = features["window_token_ids"].shape
    vectors = np.stack(
        [
            keras.ops.convert_to_numpy(
                tagger.backbone({n: features[f"window_{n}"][:, k] for n in tagger.backbone.input})["sequence_output"]
            )
            for k in range(number)
        ],
        axis=1,
    )  # (B, N, T, D)
    num_tags = len(tagger.preprocessor.tags)
    for row, words in enumerate(LONG):
        for place in range(len(words)):
            window, position = divmod(int(features["word_positions"][row, place]), time)
            expected = vectors[row, window, position] @ kernel + bias
            np.testing.assert_allclose(potentials[row, num_tags + 2 + place, :num_tags], expected, atol=1e-4)


def test_saved_and_exported_it_answers_the_same(tagger, tmp_path):
    tagger.save(tmp_path / "tagger.keras")
    loaded = keras.saving.load_model(tmp_path / "tagger.keras")
    assert loaded.subwords and loaded.predict(LONG) == tagger.predict(LONG)
    if keras.config.backend() == "torch":
        pytest.skip("the way through another process is slow, and the same for all backbones")
    tagger.export(tmp_path / "1")
    served = tf.saved_model.load(str(tmp_path / "1")).signatures["serving_default"]
    tags = served(text=tf.constant([" ".join(words) for words in LONG]))["tags"].numpy()
    found = [[tag.decode() for tag in row if tag] for row in tags.tolist()]
    assert found == tagger.predict([" ".join(words) for words in LONG])


def test_our_backbones_read_pieces_too_and_features_alone():
    tagger = make_tagger("softmax", hub=False)
    assert set(tagger.input) == {"window_token_ids", "window_padding_mask", "word_positions", "word_mask"}
    features, ids = tagger.preprocessor(LONG, y=[TAGS[0] * 3, TAGS[3]])
    features = {name: features[name].numpy() for name in tagger.input}
    bare = ke.Tagger(tagger.backbone, num_tags=5, subwords=True)
    assert np.isfinite(bare.test_on_batch(features, ids.numpy())).all()
    assert bare.get_config()["subwords"]


def test_embeddings_of_characters_do_not_fit_pieces(tagger):
    with pytest.raises(ValueError, match="embeddings of the subwords alone.*char_filters=0"):
        tagger.preprocessor.embeddings()
