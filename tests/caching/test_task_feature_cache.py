"""Frozen transfer: the encoder runs once for each sentence, and training sees no difference."""

import keras
import numpy as np
import pytest
from small_elmo_task import (
    LABELS,
    NUM_DISTINCT,
    TAGS,
    TEXTS,
    WORDS,
    counted,
    make_classifier,
    make_elmo,
    make_tagger,
    shared_elmo,
)

import keras_embed as ke
from keras_embed._backend import tf
from keras_embed.caching.cached_task import cache_of

HALF = {"rtol": 2e-3, "atol": 2e-3}


def fit(task, *data, cache=None, epochs=2, batch_size=4, **kwargs):
    """Always in the same order."""
    keras.utils.set_random_seed(5)
    data = data or (WORDS, TAGS)
    return task.fit(*data, epochs=epochs, batch_size=batch_size, feature_cache=cache, verbose=0, **kwargs).history


def same(actual, expected):
    assert set(actual) >= set(expected) >= {"loss"}
    for name in expected:
        np.testing.assert_allclose(actual[name], expected[name], **HALF)


def files(folder):
    return sorted(path.name for path in folder.iterdir())


not_on_jax = pytest.mark.skipif(
    keras.config.backend() == "jax", reason="JAX compiles it for long; the other backends run it"
)


def test_training_sees_no_difference_and_a_second_run_encodes_nothing(tmp_path, monkeypatch):
    plain, cached = make_tagger(), make_tagger()
    expected = fit(plain, validation_data=(WORDS[:2], TAGS[:2]))
    elmo = cached.backbone.embeddings[1].elmo
    calls = counted(elmo, monkeypatch)
    same(fit(cached, cache=tmp_path, validation_data=(WORDS[:2], TAGS[:2])), expected)
    assert sum(calls) == NUM_DISTINCT
    for ours, theirs in zip(cached.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, **HALF)
    mixes = cached.backbone.embeddings[1].mixes[0]
    assert np.abs(keras.ops.convert_to_numpy(mixes.scalars)).max() > 0  # trained too

    before = files(tmp_path)
    again = make_tagger(elmo)
    same(fit(again, cache=str(tmp_path)), {"loss": expected["loss"]})
    assert sum(calls) == NUM_DISTINCT
    assert files(tmp_path) == before


class Blinded(keras.callbacks.Callback):
    """From the first step on, whatever goes through the encoder is no number."""

    def on_train_begin(self, logs=None):
        [*_, weight] = self.model.backbone.embeddings[0].elmo.stack.weights
        weight.assign(np.full(weight.shape, np.nan))


def test_epochs_do_not_run_the_encoder(tmp_path):
    data = (TEXTS, LABELS)
    assert np.isnan(fit(make_classifier(make_elmo()), *data, callbacks=[Blinded()], validation_data=data)["loss"]).all()
    history = fit(make_classifier(make_elmo()), *data, cache=tmp_path, callbacks=[Blinded()], validation_data=data)
    assert np.isfinite(history["loss"] + history["val_loss"]).all()


def test_a_frozen_encoder_drops_nothing_cached_or_not(tmp_path):
    expected = fit(make_classifier(make_elmo(dropout=0.5)), TEXTS, LABELS)
    same(fit(make_classifier(make_elmo(dropout=0.5)), TEXTS, LABELS, cache=tmp_path), expected)


def test_datasets_are_taken_too(tmp_path, monkeypatch):
    dataset = tf.data.Dataset.from_tensor_slices((TEXTS, LABELS)).batch(4)
    expected = fit(make_classifier(), dataset)
    elmo = shared_elmo()
    calls = counted(elmo, monkeypatch)
    same(fit(make_classifier(elmo), dataset, cache=tmp_path, validation_data=dataset), expected)
    assert sum(calls) == NUM_DISTINCT
    with pytest.raises(ValueError, match="Expected a finite dataset, to cache its features. Received: an endless"):
        fit(make_classifier(elmo), dataset.repeat(), cache=tmp_path, steps_per_epoch=2)


@not_on_jax
def test_classifiers_read_cut_texts_and_weigh_classes(tmp_path, monkeypatch):
    data = {"validation_data": (TEXTS[:2], LABELS[:2]), "class_weight": "balanced"}
    expected = fit(make_classifier(max_length=3), TEXTS, LABELS, **data)
    elmo = shared_elmo()
    calls = counted(elmo, monkeypatch)
    same(fit(make_classifier(elmo, max_length=3), TEXTS, LABELS, cache=tmp_path, **data), expected)
    assert sum(calls) == NUM_DISTINCT


@not_on_jax
def test_several_mixes_at_several_places(tmp_path):
    expected = fit(make_tagger(places=("input", "output"), projection_dim=3, layer_norm="tokens", l2=0.1))
    cached = make_tagger(places=("input", "output"), projection_dim=3, layer_norm="tokens", l2=0.1)
    same(fit(cached, cache=tmp_path), expected)


@not_on_jax
def test_callbacks_see_the_task_itself(tmp_path):
    path = str(tmp_path / "best.keras")
    classifier = make_classifier()
    callbacks = [
        keras.callbacks.ModelCheckpoint(path, monitor="val_loss", save_best_only=True),
        keras.callbacks.EarlyStopping("val_loss", patience=3, restore_best_weights=True),
    ]
    data, validation = (TEXTS, LABELS), (TEXTS[:2], LABELS[:2])
    history = fit(classifier, *data, cache=tmp_path / "kept", callbacks=callbacks, validation_data=validation, epochs=3)
    loaded = keras.models.load_model(path)
    assert len(loaded.trainable_variables) == len(classifier.trainable_variables)  # frozen still
    for task in (classifier, loaded):  # through the encoder
        loss = task.evaluate(*validation, batch_size=4, verbose=0)[0]
        np.testing.assert_allclose(loss, min(history["val_loss"]), **HALF)
    assert len(classifier.classify(TEXTS)) == len(TEXTS)
    fit(classifier, *data)  # and on without a cache
    assert int(classifier.optimizer.iterations) == 2 * (3 + 2)


def without_preprocessor():
    return ke.Tagger(make_tagger().backbone, num_tags=3)


def without_elmo():
    tagger = make_tagger()
    backbone = ke.backbones.RecurrentBackbone(tagger.preprocessor.embeddings(word_dim=4), hidden_dim=4)
    return ke.Tagger(backbone, preprocessor=tagger.preprocessor)


def with_two():
    tagger = make_tagger()
    embeddings = [ke.layers.ElmoEmbedding(make_elmo(), name=name) for name in ("one", "two")]
    return ke.Tagger(ke.backbones.RecurrentBackbone(embeddings, hidden_dim=4), preprocessor=tagger.preprocessor)


def trained():
    elmo = make_elmo()
    elmo.trainable = True
    return make_classifier(elmo)


def over_terms():
    tfidf = ke.layers.TfidfVectorization()
    preprocessor = ke.preprocessors.ClassifierPreprocessor.from_corpus(TEXTS, LABELS, tfidf=tfidf)
    return ke.TextClassifier(ke.backbones.BagBackbone(preprocessor.num_terms), preprocessor)


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (without_preprocessor, "Expected a tagger with a preprocessor. Received: preprocessor=None. Try Tagger"),
        (
            without_elmo,
            "Expected a backbone that is frozen or over the `ElmoEmbedding` of one ELMo, to cache .* Received: 0 of",
        ),
        (
            with_two,
            "Expected a backbone that is frozen or over the `ElmoEmbedding` of one ELMo, to cache .* Received: 2 of",
        ),
        (trained, "Expected a frozen ELMo, to cache its features. Received: .* Try elmo.trainable = False"),
        (over_terms, "Expected a backbone that is frozen or over the `ElmoEmbedding` of one ELMo, to cache .*: 0 of"),
        (
            lambda: make_tagger(layer_norm="with_boundaries"),
            "Expected embeddings that read words alone. Received: .*'with_boundaries'.* Try layer_norm=\"tokens\"",
        ),
    ],
)
def test_what_has_nothing_to_keep_says_so(tmp_path, make, expected):
    task = make()
    data = (TEXTS, LABELS) if isinstance(task, ke.TextClassifier) else (WORDS, TAGS)
    with pytest.raises(ValueError, match=expected):
        fit(task, *data, cache=tmp_path)
    assert files(tmp_path) == []


def test_an_embedding_that_is_frozen_as_a_whole_is_frozen(tmp_path):
    classifier = trained()
    classifier.backbone.embeddings[0].trainable = False
    assert cache_of(classifier, tmp_path).elmo is classifier.backbone.embeddings[0].elmo


def test_two_texts_over_an_elmo_are_refused(tmp_path):
    backbone = make_classifier().backbone
    preprocessor = ke.preprocessors.PairPreprocessor.from_corpus(list(zip(TEXTS, TEXTS, strict=True)), LABELS)
    siamese = ke.PairClassifier(backbone, preprocessor, "siamese")
    with pytest.raises(
        ValueError, match="a task that reads one text, to cache the outputs of its ELMo. Received: a PairCl"
    ):
        cache_of(siamese, tmp_path)
