"""Main use: fit on texts and labels, classify, report, save, reload."""

import keras
import keras_hub
import numpy as np
import pytest
from small_classifier import KINDS, LABELS, MANY, TEXTS, make_classifier, trained_classifier

import keras_embed as ke
from keras_embed._backend import tf

VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "fine", "film", "dull", "cat", "and"]


@pytest.mark.parametrize("kind", KINDS)
def test_it_learns_its_texts(kind):
    classifier = trained_classifier(kind)
    scores = classifier.evaluate(TEXTS, LABELS, verbose=0, return_dict=True)
    assert scores["accuracy"] == scores["macro_f1"] == 1.0
    assert classifier.predict(TEXTS[:6]) == LABELS[:6]


@pytest.mark.parametrize("kind", ["bag", "filters"])
def test_it_learns_any_number_of_labels(kind):
    classifier = trained_classifier(kind, multi_label=True)
    scores = classifier.evaluate(TEXTS, MANY, verbose=0, return_dict=True)
    assert scores["micro_f1"] == scores["macro_f1"] == 1.0
    assert [sorted(row) for row in classifier.predict(TEXTS[:6])] == [sorted(row) for row in MANY[:6]]


def test_an_answer_has_label_probability_and_all_probabilities():
    [answer] = trained_classifier().classify(["a fine film"])
    assert answer.labels == ("good",) and answer.label == "good"
    assert list(answer.probabilities) == ["bad", "good", "pets"]
    assert answer.probability == answer.scores[0] == max(answer.probabilities.values())
    assert sum(answer.probabilities.values()) == pytest.approx(1.0, abs=1e-6)
    several, none = trained_classifier(multi_label=True).classify([TEXTS[0], TEXTS[4]])
    assert set(several.labels) == {"fine", "film"} and list(several.scores) == sorted(several.scores, reverse=True)
    assert (none.labels, none.label, none.probability) == ((), None, None)


@pytest.mark.parametrize("kind", KINDS)
def test_neither_padding_nor_company_changes_a_probability(kind):
    classifier = trained_classifier(kind)
    texts = [*TEXTS[:6], "", "fine " * 40, "nothing known here at all, neither this nor that"]
    together = classifier.probabilities(texts)
    assert np.isfinite(together).all()
    alone = np.concatenate([classifier.probabilities([text]) for text in texts])
    np.testing.assert_allclose(together, alone, atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("multi_label", [False, True])
def test_saved_and_loaded_it_answers_the_same_and_trains_on(kind, multi_label, tmp_path):
    if multi_label and kind not in {"bag", "filters"}:
        pytest.skip("the head is the same for all backbones")
    classifier, labels = trained_classifier(kind, multi_label), MANY if multi_label else LABELS
    classifier.save(tmp_path / "classifier.keras")
    classifier.save_to_preset(str(tmp_path / "preset"))
    loaded = keras.saving.load_model(tmp_path / "classifier.keras")
    from_preset = ke.TextClassifier.from_preset(str(tmp_path / "preset"))
    expected = classifier.probabilities(TEXTS[:6])
    for copy in (loaded, from_preset):
        np.testing.assert_allclose(copy.probabilities(TEXTS[:6]), expected, atol=1e-6)
        assert copy.predict(TEXTS[:6]) == classifier.predict(TEXTS[:6])
    assert loaded.optimizer.iterations == classifier.optimizer.iterations
    assert loaded.evaluate(TEXTS, labels, verbose=0) == pytest.approx(
        classifier.evaluate(TEXTS, labels, verbose=0), abs=1e-5
    )
    loaded.fit(TEXTS, labels, batch_size=12, verbose=0)
    preprocessor = ke.preprocessors.ClassifierPreprocessor.from_preset(str(tmp_path / "preset"))
    assert preprocessor.classes == classifier.preprocessor.classes
    parts = [made.split(TEXTS[:2]) for made in (preprocessor, classifier.preprocessor)]
    for name in parts[0]:
        assert parts[0][name].to_list() == parts[1][name].to_list()


def test_term_scales_are_saved_with_the_weights(tmp_path):
    plain = make_classifier()
    ratios = plain.preprocessor.log_count_ratios(TEXTS, LABELS)
    classifier = ke.TextClassifier(plain.backbone, plain.preprocessor, term_scales=ratios)
    classifier.fit(TEXTS, LABELS, epochs=3, verbose=0)
    classifier.save(tmp_path / "classifier.keras")
    loaded = keras.saving.load_model(tmp_path / "classifier.keras")
    np.testing.assert_allclose(keras.ops.convert_to_numpy(loaded.get_layer("scores").scales), ratios, rtol=1e-6)
    np.testing.assert_allclose(loaded.probabilities(TEXTS[:3]), classifier.probabilities(TEXTS[:3]), atol=1e-6)


def test_a_linear_model_is_a_dense_layer_on_the_tfidf_matrix():
    classifier = trained_classifier()
    dense = keras.ops.convert_to_numpy(classifier.preprocessor.tfidf(TEXTS[:6]))
    weights, bias = (keras.ops.convert_to_numpy(w) for w in classifier.get_layer("scores").trainable_weights)
    logits = dense @ weights + bias
    expected = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    np.testing.assert_allclose(classifier.probabilities(TEXTS[:6]), expected, atol=1e-5)


@pytest.mark.parametrize("pooling", ["mean", "max", "first", "last", "attention", None, "layer"])
def test_every_pooling_fits_and_comes_back(pooling, tmp_path):
    pooling = ke.layers.AttentionPooling(3) if pooling == "layer" else pooling
    classifier = make_classifier("recurrent", pooling=pooling, hidden_dims=(5,), dropout=0.2)
    classifier.save(tmp_path / "classifier.keras")
    loaded = keras.saving.load_model(tmp_path / "classifier.keras")
    np.testing.assert_allclose(loaded.probabilities(TEXTS[:3]), classifier.probabilities(TEXTS[:3]), atol=1e-6)
    if pooling == "last":
        assert classifier.get_layer("pooling").bidirectional


def test_a_sequence_output_is_pooled_on_request_though_there_is_a_pooled_one():
    classifier = make_classifier("filters", pooling="mean")
    assert any(isinstance(layer, ke.layers.MeanPooling) for layer in classifier.layers)


class TestWithKerasHub:
    """Encoders of Keras Hub, with their own preprocessors."""

    def make(self, backbone_class=keras_hub.models.BertBackbone, **kwargs):
        tokenizer = keras_hub.models.BertTokenizer(vocabulary=VOCABULARY)
        encoder = keras_hub.models.BertTextClassifierPreprocessor(tokenizer, sequence_length=8)
        preprocessor = ke.preprocessors.ClassifierPreprocessor.from_corpus(TEXTS, LABELS, encoder=encoder)
        backbone = backbone_class(
            vocabulary_size=11, num_layers=1, num_heads=2, hidden_dim=8, intermediate_dim=8, max_sequence_length=8
        )
        return ke.TextClassifier(backbone, preprocessor, **kwargs)

    @pytest.mark.parametrize("pooling", [None, "first", "mean"])
    def test_bert_trains_classifies_and_comes_back(self, pooling, tmp_path):
        classifier = self.make(pooling=pooling)
        assert float(classifier.optimizer.learning_rate) == pytest.approx(5e-5)
        logs = classifier.fit(TEXTS, LABELS, validation_data=(TEXTS, LABELS), verbose=0).history
        assert np.isfinite(logs["val_loss"]).all()
        expected = classifier.probabilities(TEXTS[:3])
        classifier.save(tmp_path / "classifier.keras")
        classifier.save_to_preset(str(tmp_path / "preset"))
        for copy in (
            keras.saving.load_model(tmp_path / "classifier.keras"),
            ke.TextClassifier.from_preset(str(tmp_path / "preset")),
        ):
            np.testing.assert_allclose(copy.probabilities(TEXTS[:3]), expected, atol=1e-5)

    def test_an_encoder_that_gives_a_bare_sequence_is_pooled(self):
        classifier = self.make(keras_hub.models.RobertaBackbone, pooling="first")
        classifier.fit(TEXTS, LABELS, verbose=0)
        assert classifier.probabilities(TEXTS[:2]).shape == (2, 3)


def test_class_weights_sample_weights_validation_and_hinge():
    classifier = make_classifier()
    classifier.compile(loss=ke.losses.OneVersusRestHinge())
    logs = classifier.fit(
        TEXTS,
        LABELS,
        class_weight="balanced",
        sample_weight=np.linspace(0, 1, len(TEXTS)),
        validation_data=(TEXTS, LABELS, np.ones(len(TEXTS))),
        epochs=2,
        verbose=0,
    ).history
    assert {"loss", "accuracy", "macro_f1", "val_loss"} <= set(logs)
    assert all(np.isfinite(values).all() for values in logs.values())


def test_a_class_of_weight_zero_is_never_learnt():
    classifier = make_classifier()
    classifier.fit(TEXTS, LABELS, class_weight={"pets": 0.0}, epochs=30, verbose=0)
    assert set(classifier.predict(TEXTS)) == {"good", "bad"}


def test_heavier_labels_are_found_more_often():
    before, after = make_classifier(labels=MANY), make_classifier(labels=MANY)
    before.fit(TEXTS, MANY, epochs=2, verbose=0)
    after.fit(TEXTS, MANY, epochs=2, class_weight="balanced", verbose=0)
    assert after.probabilities(TEXTS).mean() > before.probabilities(TEXTS).mean()


def test_a_report_is_of_its_predictions():
    classifier = trained_classifier()
    report = classifier.report(TEXTS, LABELS)
    assert report.classes == ("bad", "good", "pets")
    assert report.accuracy == 1.0 and "weighted avg" in str(report)
    np.testing.assert_array_equal(report.confusion, 8 * np.eye(3))


def test_thresholds_are_tuned_kept_and_saved(tmp_path):
    classifier = make_classifier(labels=MANY)
    classifier.fit(TEXTS, MANY, epochs=2, verbose=0)
    before = classifier.report(TEXTS, MANY).averages["macro"]["f1"]
    thresholds = classifier.tune_thresholds(TEXTS, MANY)
    after = classifier.report(TEXTS, MANY).averages["macro"]["f1"]
    assert after >= before and after == 1.0
    classifier.save(tmp_path / "classifier.keras")
    loaded = keras.saving.load_model(tmp_path / "classifier.keras")
    np.testing.assert_allclose(loaded.thresholds, thresholds)
    assert loaded.predict(TEXTS[:6]) == classifier.predict(TEXTS[:6])


def test_a_stream_of_batches_trains_too():
    for labels, column in ((LABELS, tf.constant(LABELS)), (MANY, tf.ragged.constant(MANY, tf.string))):
        stream = tf.data.Dataset.from_tensor_slices((tf.constant(TEXTS), column)).ragged_batch(12)
        classifier = make_classifier(labels=labels)
        logs = classifier.fit(stream, validation_data=stream, verbose=0).history
        assert np.isfinite(logs["val_loss"]).all()
        with pytest.raises(ValueError, match="Expected texts in memory, to weigh classes"):
            classifier.fit(stream, class_weight="balanced")


def test_both_kinds_of_features_at_once():
    tfidf = ke.layers.TfidfVectorization()
    tokenizer = ke.tokenizers.WordFeaturizer.from_tokens([text.split() for text in TEXTS])
    preprocessor = ke.preprocessors.ClassifierPreprocessor.from_corpus(TEXTS, LABELS, tokenizer, tfidf)
    bag = ke.backbones.BagBackbone(preprocessor.num_terms, hidden_dims=(4,))
    average = ke.backbones.AveragingBackbone(preprocessor.embeddings(word_dim=4))
    inputs = {**bag.input, **average.input}
    both = keras.layers.Concatenate()([bag(bag.input)["pooled_output"], average(average.input)["pooled_output"]])
    classifier = ke.TextClassifier(keras_hub.models.Backbone(inputs, {"pooled_output": both}), preprocessor)
    classifier.fit(TEXTS, LABELS, verbose=0)
    assert classifier.probabilities(TEXTS[:2]).shape == (2, 3)


def test_without_a_preprocessor_it_takes_features():
    trained = trained_classifier()
    features, ids = trained.preprocessor(TEXTS, y=LABELS)
    features = {name: value.numpy() for name, value in features.items()}
    classifier = ke.TextClassifier(trained.backbone, num_classes=3)
    classifier.fit(features, ids.numpy(), class_weight={0: 1.0, 1: 2.0, 2: 1.0}, verbose=0)
    assert classifier.predict(features, verbose=0).shape == (len(TEXTS), 3)
    assert classifier.get_config()["num_classes"] == 3
    with pytest.raises(ValueError, match="Expected a classifier with a preprocessor"):
        classifier.classify(["fine"])


def test_no_texts_get_no_answers():
    assert trained_classifier().classify([]) == []
    assert trained_classifier(multi_label=True).predict([]) == []


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda c: c.classify("fine"), "Expected a list of texts. Received: fine. Try"),
        (lambda c: c.classify(["fine", None]), "Expected every text to be a string. Received: None in text 1"),
        (lambda c: c.classify(["\ud800"]), "lone surrogate"),
        (lambda c: c.fit([], []), "Expected at least one text"),
        (lambda c: c.fit(["a"], ["ugly"]), "Expected every label to be one of .*'ugly' at text 0"),
        (lambda c: c.fit(["a"], ["bad", "bad"]), "Expected as many labels as texts. Received: 2 labels, 1 texts"),
        (lambda c: c.fit(TEXTS, class_weight="balanced"), "Expected labels, to weigh their classes. Received: y=None"),
        (lambda c: c.fit(TEXTS, LABELS, class_weight="even"), '`class_weight` to be "balanced" or a dict'),
        (lambda c: c.fit(TEXTS, LABELS, class_weight={"ugly": 2.0}), r"Received: \['ugly'\]"),
        (lambda c: c.fit(TEXTS, LABELS, class_weight={"bad": -2.0}), "that are not negative"),
        (lambda c: c.tune_thresholds(TEXTS, LABELS), "Expected a classifier with any number of labels"),
        (lambda c: ke.TextClassifier(c.backbone), "Expected a `preprocessor` or `num_classes`"),
        (lambda c: ke.TextClassifier(c.backbone, num_classes=2, pooling="mean"), "with `sequence_output`, to pool it"),
        (lambda c: ke.TextClassifier(c.backbone, num_classes=2, hidden_dims=(3,)), "hidden layers in the backbone"),
        (lambda c: ke.TextClassifier(c.backbone, num_classes=2, thresholds=[0.5]), "`thresholds` to be a probability"),
        (lambda c: ke.TextClassifier(c.backbone, num_classes=2, pooling="median"), "`pooling` to be one of"),
        (
            lambda c: ke.TextClassifier(
                ke.backbones.AveragingBackbone([ke.layers.WordEmbedding(3, 2)]), c.preprocessor
            ).classify(["fine"]),
            "Expected a preprocessor that makes the features .*token_ids.*Try a WordFeaturizer",
        ),
    ],
)
def test_mistakes_are_named(call, error):
    with pytest.raises(ValueError, match=error):
        call(trained_classifier())
