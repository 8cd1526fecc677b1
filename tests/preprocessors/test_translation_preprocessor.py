"""Texts to features and labels on every backend, in `tf.data`, in a saved graph; files; batches for `fit`."""

import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_embed import tokenizers
from keras_embed.preprocessors import TranslationPreprocessor
from keras_embed.tokenizers import SubwordTokenizer

PAIRS = [("Ein Hund läuft.", "A dog runs."), ("Zwei MÄNNER.", "Two men."), ("Ein Mann , ein Hund", "A man , a dog")] * 4
SOURCES, TARGETS = map(list, zip(*PAIRS, strict=True))
KINDS = [("words", None), ("bpe", 300), ("wordpiece", 80), ("sentencepiece", 300)]


def make(kind="words", size=None, **settings):
    settings = {"shared": False, "lowercase": True, "bucket_lengths": (6, 40), **settings}
    return TranslationPreprocessor.from_corpus(PAIRS, kind, size, **settings)


@pytest.fixture(scope="module")
def words():
    return make()


def numbers(tensors):
    return keras.tree.map_structure(lambda tensor: tensor.numpy().tolist(), tensors)


def test_features_and_labels(words):
    source, target = words.source_tokenizer, words.target_tokenizer
    ids = [source.token_to_id(word) for word in ("zwei", "männer", ".")]
    into = [target.token_to_id(word) for word in ("two", "men", ".")]
    features, labels = words(["ZWEI Männer.", "Katze"], y=["two Men.", "cat"])
    assert numbers(features) == {
        "encoder_token_ids": [[*ids, 3, 0, 0], [1, 3, 0, 0, 0, 0]],
        "encoder_padding_mask": [[True] * 4 + [False] * 2, [True] * 2 + [False] * 4],
        "decoder_token_ids": [[2, *into, 0, 0], [2, 1, 0, 0, 0, 0]],
        "decoder_padding_mask": [[True] * 4 + [False] * 2, [True] * 2 + [False] * 4],
    }
    assert numbers(labels) == [[*into, 3, -1, -1], [1, 3, -1, -1, -1, -1]]
    assert {tensor.dtype for tensor in features.values()} == {tf.int32, tf.bool} and labels.dtype == tf.int32
    assert numbers(words.source_features(["ZWEI Männer.", "Katze"])) == {
        name: values for name, values in numbers(features).items() if name.startswith("encoder")
    }


def test_call_takes_a_pair_of_columns_and_weights(words):
    expected = numbers(words(SOURCES, y=TARGETS))
    assert numbers(words((SOURCES, TARGETS))) == expected
    features, labels, weights = words(SOURCES, y=TARGETS, sample_weight=tf.ones([12]))
    assert numbers((features, labels)) == expected and weights.shape == (12,)
    assert set(words(SOURCES)) == {"encoder_token_ids", "encoder_padding_mask"}


def test_long_texts_are_cut():
    preprocessor = make(max_source_length=3, max_target_length=2, bucket_lengths=(4,))
    features, labels = preprocessor(["ein hund läuft ."], y=["a dog runs ."])
    assert numbers(features["encoder_token_ids"])[0][2:] == [3, 0] and numbers(labels)[0][1:] == [3, -1, -1]
    assert numbers(features["decoder_padding_mask"]) == [[True, True, False, False]]


@pytest.mark.parametrize(("kind", "size"), KINDS)
def test_in_a_stream_as_in_eager(kind, size):
    preprocessor = make(kind, size)
    stream = tf.data.Dataset.from_tensor_slices((SOURCES, TARGETS)).batch(12).map(preprocessor)
    features, labels = next(iter(stream))
    assert numbers((features, labels)) == numbers(preprocessor(SOURCES, y=TARGETS))
    sources = [one.decode() for one in preprocessor.source_tokenizer.detokenize(features["encoder_token_ids"]).numpy()]
    targets = [one.decode() for one in preprocessor.postprocess(labels).numpy()]
    if kind in ("bpe", "sentencepiece"):
        assert (sources, targets) == ([one.lower() for one in SOURCES], [one.lower() for one in TARGETS])
    else:
        assert targets[:3] == ["a dog runs .", "two men .", "a man , a dog"]


@pytest.mark.parametrize("shared", [True, False])
def test_one_vocabulary_or_two(shared):
    preprocessor = make("bpe", 300, shared=shared)
    assert preprocessor.shared == shared
    assert (preprocessor.source_tokenizer is preprocessor.target_tokenizer) == shared
    pieces = [
        " ".join(preprocessor.source_tokenizer.get_vocabulary()),
        " ".join(preprocessor.target_tokenizer.get_vocabulary()),
    ]
    assert ("Ġhund" in pieces[1]) == shared and "Ġhund" in pieces[0] and "Ġdog" in pieces[1]


def test_strings_of_any_shape(words):
    labels = words(SOURCES[:4], y=TARGETS[:4])[1]
    flat = words.postprocess(labels).numpy()
    for ids in (labels.numpy(), labels.numpy().tolist(), keras.ops.convert_to_tensor(labels.numpy())):
        assert words.postprocess(ids).numpy().tolist() == flat.tolist()
    assert words.postprocess(labels.numpy().reshape(2, 2, -1)).numpy().tolist() == flat.reshape(2, 2).tolist()
    ragged = tf.ragged.boolean_mask(labels, labels >= 0)
    assert words.postprocess(ragged).numpy().tolist() == flat.tolist()


@keras.saving.register_keras_serializable(package="test_translation_preprocessor")
class Holder(keras.Model):
    def __init__(self, preprocessor, **kwargs):
        super().__init__(**kwargs)
        self.preprocessor = preprocessor
        self.dense = keras.layers.Dense(1)

    def call(self, inputs):
        return self.dense(inputs)

    def get_config(self):
        return {"preprocessor": keras.layers.serialize(self.preprocessor)}

    @classmethod
    def from_config(cls, config):
        return cls(keras.layers.deserialize(config["preprocessor"]))


@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize(("kind", "size"), KINDS)
def test_saved_and_loaded(kind, size, shared, tmp_path):
    preprocessor = make(kind, size, shared=shared, max_source_length=20, form="NFC")
    expected = numbers(preprocessor(SOURCES, y=TARGETS))
    preprocessor.save_to_preset(tmp_path / "preset")
    files = {path.parent.name for path in (tmp_path / "preset" / "assets").rglob("*") if path.is_file()}
    assert files == ({"tokenizer"} if shared else {"tokenizer", "target_tokenizer"})
    empty = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(preprocessor))
    with pytest.raises(ValueError, match="Expected a tokenizer with a vocabulary"):
        empty(SOURCES)
    empty.load_preset_assets(str(tmp_path / "preset"))
    model = Holder(preprocessor)
    model(np.ones((1, 2)))
    model.save(tmp_path / "model.keras")
    for other in (empty, keras.saving.load_model(tmp_path / "model.keras").preprocessor):
        assert numbers(other(SOURCES, y=TARGETS)) == expected
        assert other.shared == shared and other.get_config() == preprocessor.get_config()


@pytest.mark.parametrize(("kind", "size"), KINDS)
def test_dataset(kind, size):
    preprocessor = make(kind, size)
    batches = preprocessor.token_batches(SOURCES, TARGETS, batch_tokens=40, seed=1)
    assert batches.num_pairs == 12 and len(batches.shapes) <= 3
    read = [
        one.decode()
        for _, labels in preprocessor.dataset(SOURCES, TARGETS, batch_tokens=40, seed=1)
        for one in preprocessor.postprocess(labels).numpy()
        if one
    ]
    assert sorted(read) == sorted(
        one.decode() for one in preprocessor.postprocess(preprocessor(SOURCES, y=TARGETS)[1]).numpy()
    )


def test_fit_reads_the_dataset(words):
    inputs = {
        name: keras.Input((None,), dtype=dtype, name=name)
        for name, dtype in {"encoder_token_ids": "int32", "decoder_token_ids": "int32"}.items()
    }
    source = keras.layers.GlobalAveragePooling1D()(keras.layers.Embedding(20, 4)(inputs["encoder_token_ids"]))
    hidden = keras.layers.Embedding(20, 4)(inputs["decoder_token_ids"]) + source[:, None]
    model = keras.Model(inputs, keras.layers.Dense(words.target_tokenizer.vocabulary_size())(hidden))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=-1)
    model.compile("sgd", loss, jit_compile=False)
    dataset = words.dataset(SOURCES, TARGETS, batch_size=4, max_shapes=1, seed=1)
    dataset = dataset.map(lambda features, labels: ({name: features[name] for name in inputs}, labels))
    history = model.fit(dataset, epochs=2, verbose=0, shuffle=False)
    assert np.isfinite(history.history["loss"]).all()


RUN = """
import sys, tensorflow as tf
module = tf.saved_model.load({path!r})
assert not [name for name in sys.modules if name.startswith(("keras_embed", "keras_hub", "tensorflow_text"))]
features = module.features(tf.constant({texts!r}))
print(features["encoder_token_ids"].numpy().tolist())
print([one.decode() for one in module.strings(features["encoder_token_ids"][:, None]).numpy()[:, 0]])
"""


@pytest.mark.slow
def test_both_ends_in_a_saved_graph(tmp_path):
    preprocessor = make("bpe", 300, shared=True)
    module = tf.Module()
    module.held = preprocessor.resources()
    strings, ids = tf.TensorSpec([None], tf.string), tf.TensorSpec([None, None, None], tf.int32)
    module.features = tf.function(preprocessor.source_features, input_signature=[strings])
    module.strings = tf.function(preprocessor.postprocess, input_signature=[ids])
    tf.saved_model.save(module, str(tmp_path))
    run = subprocess.run(
        [sys.executable, "-c", RUN.format(path=str(tmp_path), texts=SOURCES[:3])], capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    features = preprocessor.source_features(SOURCES[:3])["encoder_token_ids"]
    strings = [one.decode() for one in preprocessor.postprocess(features).numpy()]
    assert run.stdout.splitlines() == [str(features.numpy().tolist()), str(strings)]


def test_unicode_forms_and_lower_case():
    tokenizer = SubwordTokenizer.train(["ÉTÉ"], "words", lowercase=True, form="NFC")
    assert tokenizer.tokenize(["e\u0301te\u0301", "Été", "ete"]).to_list() == [[4], [4], [1]]
    assert tokenizer.id_to_token(4) == "été" and tokenizer.token_to_id("x") == 1 and tokenizer.vocabulary_size() == 5
    assert SubwordTokenizer.train(["É"], "words", lowercase=False).get_vocabulary()[4:] == ["É"]
    assert SubwordTokenizer.train(["a"], "words").normalize(tf.constant([b"\xff"])).numpy() == ["\ufffd".encode()]


def test_splitter_for_text_that_is_tokenised_already():
    preprocessor = make(splitter=tokenizers.WhitespaceTokenizer())
    assert {"läuft.", ","} < set(preprocessor.source_tokenizer.get_vocabulary())
    config = keras.saving.serialize_keras_object(preprocessor)
    again = keras.saving.deserialize_keras_object(config)
    assert again.tokenizer.get_config() == preprocessor.tokenizer.get_config()


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ([], "Expected at least one pair. Received: none."),
        ([("a", "b"), ("a", " ")], "Expected every target to have text. Received: ' ' in pair 1."),
        ([("", "b")], "Expected every source to have text. Received: '' in pair 0."),
        ([("a", "b"), "ab"], "Expected pairs of a source and a target. Received: 'ab' as pair 1."),
        ([("a", "b", "c")], r"Expected pairs of a source and a target. Received: \('a', 'b', 'c'\) as pair 0."),
        ([("a", "b"), ("a", 7)], "Expected every target to be a string. Received: 7 in pair 1."),
        ([("\ud800", "b")], r"Expected every source to be text that UTF-8 can hold. Received: .* in pair 0."),
    ],
)
def test_a_bad_pair_is_named(pairs, expected):
    with pytest.raises(ValueError, match=expected):
        TranslationPreprocessor.from_corpus(pairs, "words")


def test_errors(words):
    with pytest.raises(ValueError, match="Expected as many targets as sources. Received: 1 and 2"):
        words.dataset(["a", "b"], ["c"], batch_size=2)
    with pytest.raises(ValueError, match="Expected every target to have text. Received: '' in pair 1."):
        words.dataset(["a", "b"], ["c", ""], batch_size=2)
    with pytest.raises(ValueError, match="Expected `kind` to be one of"):
        make("characters")
    with pytest.raises(ValueError, match="Expected `bucket_lengths` to rise"):
        make(bucket_lengths=(8, 4))
    with pytest.raises(ValueError, match="Expected `max_target_length` to be a positive integer"):
        make(max_target_length=0)
    with pytest.raises(TypeError, match="abstract class SubwordTokenizer"):
        SubwordTokenizer()


def test_real_pairs_in_few_shapes(data_dir, monkeypatch):
    from keras_embed import corpora

    monkeypatch.setenv("KERAS_EMBED_DATA", str(data_dir))
    pairs = corpora.load("multi30k_en_de", "validation")
    preprocessor = TranslationPreprocessor.from_corpus(pairs, "bpe", 2000, lowercase=True)
    batches = preprocessor.token_batches(pairs.sources, pairs.targets, batch_tokens=1024, seed=1)
    assert batches.num_pairs == 1014 and len(batches.shapes) <= 8 and batches.padding_share < 0.2
    read = [one.decode() for _, labels in batches for one in preprocessor.postprocess(labels).numpy() if one]
    assert sorted(read) == sorted(target.lower() for target in pairs.targets)
