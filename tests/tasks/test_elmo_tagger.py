"""Taggers and classifiers over a frozen ELMo: trained on strings, saved, loaded, with cached words."""

import keras
import numpy as np
import pytest
from keras import ops
from small_elmo import CHARACTERS, small_elmo
from small_elmo_tagger import assert_tags_alike, make_tagger
from small_tagger import TAGS, WORDS

import keras_embed as ke

UNSEEN = ["Adas Byrons livesx in Romes .", "Ада 日本 \u2028x", "", "x" * 99]


def elmo_of(tagger):
    return tagger.backbone.embeddings[-1].elmo


not_on_jax = pytest.mark.skipif(
    keras.config.backend() == "jax", reason="JAX compiles it for long; the other backends run it"
)


@pytest.fixture(scope="module")
def tagger():
    return make_tagger(epochs=15, num_mixes=2, places=("input", "output"))


def test_it_learns_over_a_frozen_elmo_that_stays_bit_equal(tagger):
    fresh = small_elmo()
    for weight, untouched in zip(elmo_of(tagger).weights, fresh.weights, strict=True):
        np.testing.assert_array_equal(ops.convert_to_numpy(weight), ops.convert_to_numpy(untouched))
    for mix in tagger.backbone.embeddings[-1].mixes:
        assert np.abs(ops.convert_to_numpy(mix.scalars)).max() > 0 and ops.convert_to_numpy(mix.gamma) != 1
    found = tagger.predict(WORDS[:4])
    right = [a == b for row, truth in zip(found, TAGS[:4], strict=True) for a, b in zip(row, truth, strict=True)]
    assert np.mean(right) > 0.8


def test_it_comes_back_from_a_file_and_a_preset(tagger, tmp_path):
    tagger.save(tmp_path / "tagger.keras")
    loaded = keras.saving.load_model(tmp_path / "tagger.keras")
    assert len(loaded.trainable_weights) == len(tagger.trainable_weights), "frozen it stays"
    assert loaded.optimizer.iterations == tagger.optimizer.iterations
    assert loaded.preprocessor.tokenizer.elmo_characters == CHARACTERS
    assert_tags_alike(loaded, tagger, UNSEEN)
    tagger.save_to_preset(str(tmp_path / "preset"))
    assert_tags_alike(ke.Tagger.from_preset(str(tmp_path / "preset")), tagger, UNSEEN)


@pytest.mark.parametrize(
    ("arguments", "input_dim", "output_dim"),
    [
        ({}, 4 + 3 + 6, 16),
        ({"places": ("output",)}, 4 + 3, 16 + 6),
        ({"num_mixes": 2, "places": ("input", "output")}, 4 + 3 + 6, 16 + 6),
        ({"num_mixes": 2, "projection_dim": 2}, 4 + 3 + 4, 16),
    ],
    ids=["input", "output", "both", "two at the input"],
)
def test_mixes_stand_where_they_are_wanted(arguments, input_dim, output_dim):
    backbone = make_tagger(epochs=0, **arguments).backbone
    kernels = [weight for weight in backbone.get_layer("recurrent_0").weights if weight.path.endswith("/kernel")]
    assert kernels and {weight.shape[0] for weight in kernels} == {input_dim}
    assert backbone.output["sequence_output"].shape[-1] == output_dim
    again = ke.backbones.RecurrentBackbone.from_config(backbone.get_config())
    assert again.output["sequence_output"].shape[-1] == output_dim


def test_what_stands_at_the_output_is_the_mix(tagger):
    x = tagger.preprocessor.tokenizer.encode(WORDS[:2], names=tagger.input)
    x = {name: tensor.numpy() for name, tensor in x.items()}
    layer = tagger.backbone.embeddings[-1]
    _, mix = layer({name: x[name] for name in layer.features})
    given = ops.convert_to_numpy(tagger.backbone(x)["sequence_output"])
    np.testing.assert_allclose(given[..., -6:], ops.convert_to_numpy(mix), atol=1e-5)


def test_places_that_a_backbone_does_not_have_are_named():
    elmo = small_elmo()
    at_output, bounded = (
        ke.layers.ElmoEmbedding(elmo, places=("output",)),
        ke.layers.ElmoEmbedding(elmo, keep_boundaries=True),
    )
    with pytest.raises(ValueError, match="at least one embedding at the input"):
        ke.backbones.RecurrentBackbone([at_output])
    with pytest.raises(ValueError, match="embeddings at the input.*RecurrentBackbone"):
        ke.backbones.AveragingBackbone([ke.layers.ElmoEmbedding(elmo), at_output])
    with pytest.raises(ValueError, match="keep_boundaries=False"):
        ke.backbones.RecurrentBackbone([bounded])


def test_characters_of_another_width_are_refused_with_advice():
    tagger = make_tagger(epochs=0, characters=50)
    advice = r"`elmo_ids` 10 wide.*50 wide.*elmo_characters=ElmoCharacters\(max_characters=10\)"
    with pytest.raises(ValueError, match=advice):
        tagger.fit(WORDS, TAGS, verbose=0)
    with pytest.raises(ValueError, match=advice):
        tagger.tag(UNSEEN)


def test_features_of_a_cache_that_the_tokenizer_lacks_are_named():
    tagger = make_tagger(small_elmo().cache_vocabulary(["Ada"]), epochs=0)
    with pytest.raises(ValueError, match="`elmo_vocabulary` in the WordFeaturizer"):
        tagger.tag(UNSEEN)


def test_published_widths_need_no_word_of_it():
    elmo = small_elmo(max_characters=50)
    preprocessor = ke.preprocessors.TaggerPreprocessor.from_corpus(WORDS, TAGS)
    backbone = ke.backbones.RecurrentBackbone([ke.layers.ElmoEmbedding(elmo)], hidden_dim=3)
    tagger = ke.Tagger(backbone, preprocessor=preprocessor)
    assert len(tagger.tag(["Ada lives in Rome"])[0].tags) == 4


@not_on_jax
def test_cached_words_give_the_same_tags(tmp_path):
    words = ["Ada", "Byron", "lives", "in", "Rome", "."]
    plain = make_tagger(epochs=0)
    cached = make_tagger(small_elmo().cache_vocabulary(words), epochs=0, vocabulary=ke.text.Vocabulary(words))
    assert "elmo_cache_ids" in cached.input
    for ours, theirs in zip(plain.trainable_weights, cached.trainable_weights, strict=True):
        theirs.assign(ops.convert_to_numpy(ours))
    known = [" ".join(words), "Ada in Rome"]
    assert_tags_alike(cached, plain, known)
    assert_tags_alike(cached, plain, [*known, *UNSEEN])
    cached.fit(WORDS, TAGS, epochs=1, verbose=0)
    cached.save(tmp_path / "tagger.keras")
    loaded = keras.saving.load_model(tmp_path / "tagger.keras")
    assert loaded.preprocessor.tokenizer.elmo_vocabulary == ke.text.Vocabulary(words)
    assert_tags_alike(loaded, cached, UNSEEN)


def test_a_whole_elmo_can_be_trained_along():
    elmo = small_elmo()
    tagger = make_tagger(elmo, epochs=0)
    elmo.trainable = True
    tagger.compile(keras.optimizers.SGD(0.1))
    before = [ops.convert_to_numpy(weight).copy() for weight in elmo.trainable_weights]
    tagger.fit(WORDS, TAGS, epochs=1, verbose=0)
    moved = [
        not np.array_equal(ops.convert_to_numpy(w), old) for w, old in zip(elmo.trainable_weights, before, strict=True)
    ]
    assert all(moved) and len(moved) > 10


def test_a_classifier_of_texts(tmp_path):
    texts = [" ".join(words) for words in WORDS]
    labels = ["new" if number % 2 else "old" for number in range(len(texts))]
    elmo = small_elmo()
    elmo.trainable = False
    preprocessor = ke.preprocessors.ClassifierPreprocessor.from_corpus(texts, labels, elmo_characters=CHARACTERS)
    backbone = ke.backbones.AveragingBackbone([ke.layers.ElmoEmbedding(elmo)])
    classifier = ke.TextClassifier(backbone, preprocessor)
    classifier.fit(texts, labels, epochs=1, verbose=0)
    np.testing.assert_array_equal(elmo.get_weights()[0], small_elmo().get_weights()[0])
    classifier.save(tmp_path / "classifier.keras")
    loaded = keras.saving.load_model(tmp_path / "classifier.keras")
    np.testing.assert_allclose(loaded.probabilities(UNSEEN), classifier.probabilities(UNSEEN), atol=1e-5)
