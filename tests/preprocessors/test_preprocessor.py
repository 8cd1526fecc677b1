"""A preprocessor of somebody else's, over the base class alone: call, split, dataset, stream, config and preset."""

import keras
import numpy as np
import pytest

from keras_embed import layers
from keras_embed._backend import tf
from keras_embed.preprocessors import ClassifierPreprocessor, PairPreprocessor, StringPreprocessor, TaggerPreprocessor
from keras_embed.preprocessors.preprocessor import text_column
from keras_embed.tokenizers import WordFeaturizer

TEXTS = ["a dog runs", "", "dogs", "a cat and a dog run"]
LABELS = [3.0, 0.0, 1.0, 6.0]


@keras.saving.register_keras_serializable(package="test_preprocessor")
class Keywords(StringPreprocessor):
    """Texts and numbers; features of the first words."""

    config_arguments = ("max_words",)
    chunk_size = 3

    def __init__(self, tokenizer, max_words=4, **kwargs):
        super().__init__(tokenizer, **kwargs)
        self.max_words = max_words

    def signature(self):
        return {"text": tf.TensorSpec([None], tf.string, name="text")}

    def columns(self, x, y=None, sample_weight=None):
        return (x if self.is_split(x) else {"text": text_column(x)}), y, sample_weight

    def tokenize(self, columns):
        return {"words": self.tokenizer.tokenize(columns["text"])[:, : self.max_words]}

    def encode(self, tokens, names=None):
        return self.tokenizer.encode(tokens["words"], names=names)

    def encode_labels(self, y, tokens, features):
        return tf.cast(y, tf.float32) / tf.cast(tokens["words"].row_lengths() + 1, tf.float32)


@pytest.fixture(scope="module")
def keywords():
    return Keywords(WordFeaturizer.from_tokens([text.split() for text in TEXTS]))


def alike(one, other):
    keras.tree.map_structure(np.testing.assert_array_equal, one, other)


def test_all_forms_are_one(keywords):
    expected = keywords(TEXTS, y=LABELS)
    assert expected[1].numpy().tolist() == [0.75, 0.0, 0.5, pytest.approx(1.2)]
    texts = tf.constant(TEXTS)
    alike(keywords(texts, y=LABELS), expected)
    alike(keywords(np.array(TEXTS), y=np.array(LABELS)), expected)
    for parts in (keywords.split(TEXTS), keywords.split(texts), keywords.split({"text": texts})):
        alike(keywords(parts, y=LABELS), expected)
    [streamed] = tf.data.Dataset.from_tensors((texts, tf.constant(LABELS))).map(keywords)
    alike(streamed, expected)
    assert set(keywords(TEXTS, names=["token_ids"])) == {"token_ids"}


def test_a_dataset_has_each_row_once_with_its_label_and_weight(keywords):
    seen = {}
    for batch in keywords.dataset(TEXTS, LABELS, [1, 2, 3, 4], batch_size=2, seed=1):
        features, labels, weights = keywords(*batch)
        for row, weight in enumerate(weights.numpy()):
            alone, label = keywords([TEXTS[int(weight) - 1]], y=[LABELS[int(weight) - 1]])
            assert labels[row] == label[0]
            np.testing.assert_array_equal(features["token_ids"][row], alone["token_ids"][0])
            seen[weight] = True
    assert len(seen) == 4
    with pytest.raises(ValueError, match="Expected at least one text. Received: none"):
        keywords.dataset([], [])
    with pytest.raises(ValueError, match="every text to be a string. Received: 3 in text 1"):
        keywords(["a", 3])


def test_config_and_preset(keywords, tmp_path):
    made = Keywords(keywords.tokenizer, max_words=2)
    config = keras.saving.serialize_keras_object(made)
    assert keras.saving.deserialize_keras_object(config).max_words == 2
    assert [type(held) for held in made.resources()] == [type(held) for held in keywords.tokenizer.resources()]
    assert len(made.embeddings(word_dim=3, casing_dim=2)) == 2


def test_presets_fit_any_backbone(tmp_path):
    """The preset of a task holds its backbone's config, whose class no preprocessor names."""
    import keras_embed as ke

    preprocessor = ClassifierPreprocessor.from_corpus(TEXTS, ["a", "b", "b", "a"], tfidf=layers.TfidfVectorization())
    ke.TextClassifier(ke.backbones.BagBackbone(preprocessor.num_terms), preprocessor).save_to_preset(tmp_path)
    loaded = ClassifierPreprocessor.from_preset(tmp_path)
    assert loaded.classes == ("a", "b") and loaded.get_config()["max_length"] is None
    alike(loaded(TEXTS), preprocessor(TEXTS))
    assert all(kind.backbone_cls is None for kind in (ClassifierPreprocessor, PairPreprocessor, TaggerPreprocessor))


def test_a_tensor_of_words_and_a_corpus_need_no_splitting():
    words, tags = [["Ada", "runs"], ["no"]], [["B-PER", "O"], ["O"]]
    preprocessor = TaggerPreprocessor.from_corpus(words, tags)
    ragged = tf.ragged.constant(words)
    assert preprocessor.split(ragged) is ragged
    assert preprocessor.split(words).to_list() == preprocessor.split(tf.constant(["Ada runs", "no"])).to_list()
