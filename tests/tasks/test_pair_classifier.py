"""Classes and scores of pairs: fit on strings, classify, compare, save, reload."""

import keras
import keras_hub
import numpy as np
import pytest
from small_pairs import LABELS, PAIRS, SCORES, make_pair_classifier, trained_pair_classifier

import keras_embed as ke
from keras_embed._backend import tf
from keras_embed.preprocessors import PairPreprocessor
from keras_embed.tasks import PairClassifier
from keras_embed.tokenizers import EncoderTokenizer

FEATURES = ["first_padding_mask", "first_token_ids", "second_padding_mask", "second_token_ids"]


@pytest.fixture(scope="module")
def pieces():
    texts = [text for pair in PAIRS for text in pair]
    return EncoderTokenizer.train(texts, 60, max_length=24, bucket_lengths=(24,))


def bert(pieces, **kwargs):
    sizes = {"num_layers": 1, "num_heads": 2, "hidden_dim": 8, "intermediate_dim": 8, "max_sequence_length": 24}
    return keras_hub.models.BertBackbone(pieces.vocabulary_size(), **sizes, **kwargs)


def test_it_learns_its_pairs():
    classifier = trained_pair_classifier()
    assert sorted(classifier.input) == FEATURES
    scores = classifier.evaluate(PAIRS, LABELS, verbose=0, return_dict=True)
    assert scores["accuracy"] == scores["macro_f1"] == 1.0
    assert classifier.predict(PAIRS[:6]) == LABELS[:6]
    assert classifier.report(PAIRS, LABELS).accuracy == 1.0


def test_it_learns_scores_within_their_range():
    judge = trained_pair_classifier(graded=True)
    assert judge.score_range == (0.0, 5.0)
    assert judge.evaluate(PAIRS, SCORES, verbose=0, return_dict=True)["pearson"] > 0.95
    found = judge.similarity([*PAIRS[:6], ("", ""), ("nothing known", "a man " * 30)])
    assert found.shape == (8,) and (found >= 0).all() and (found <= 5).all()
    np.testing.assert_allclose(found[:6], SCORES[:6], atol=1.0)
    np.testing.assert_allclose(judge.predict(PAIRS[:6]), found[:6], atol=1e-5)


def test_an_answer_has_a_label_and_all_probabilities():
    [answer] = trained_pair_classifier().classify(PAIRS[:1])
    assert answer.labels == ("entailment",) and list(answer.probabilities) == ["contradiction", "entailment"]
    assert sum(answer.probabilities.values()) == pytest.approx(1.0, abs=1e-6)
    assert trained_pair_classifier().classify([]) == []


def test_neither_padding_nor_company_changes_a_probability():
    classifier = trained_pair_classifier()
    pairs = [*PAIRS[:6], ("", ""), ("", "a man"), ("dog " * 40, "a"), ("unknown here", "and there too, all of it")]
    together = classifier.probabilities(pairs)
    assert np.isfinite(together).all()
    np.testing.assert_allclose(
        together, np.concatenate([classifier.probabilities([pair]) for pair in pairs]), atol=1e-5
    )


def test_a_siamese_score_is_that_of_the_comparison_of_two_sentence_vectors():
    """By hand from the parts: both texts through one backbone, [u; v; |u - v|; u * v], a dense layer."""
    classifier = trained_pair_classifier()
    vectors = []
    for side in zip(*PAIRS[:6], strict=True):
        features = classifier.preprocessor.tokenizer.encode([text.split() for text in side])
        features = {name: features[name].numpy() for name in classifier.backbone.input}
        vectors.append(keras.ops.convert_to_numpy(classifier.backbone(features)["pooled_output"]))
    u, v = vectors
    kernel, bias = (keras.ops.convert_to_numpy(w) for w in classifier.get_layer("scores").weights)
    logits = np.concatenate([u, v, np.abs(u - v), u * v], 1) @ kernel + bias
    expected = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    np.testing.assert_allclose(classifier.probabilities(PAIRS[:6]), expected, atol=1e-5)


@pytest.mark.parametrize("graded", [False, True])
def test_saved_and_loaded_it_answers_the_same_and_trains_on(graded, tmp_path):
    classifier = trained_pair_classifier(graded)
    classifier.save(tmp_path / "classifier.keras")
    loaded = keras.saving.load_model(tmp_path / "classifier.keras")
    answers = [
        model.similarity(PAIRS[:6]) if graded else model.probabilities(PAIRS[:6]) for model in (loaded, classifier)
    ]
    np.testing.assert_allclose(*answers, atol=1e-5)
    assert loaded.preprocessor.classes == classifier.preprocessor.classes
    assert loaded.score_range == classifier.score_range
    assert loaded.optimizer.iterations == classifier.optimizer.iterations
    if graded:
        loaded.fit(PAIRS, SCORES, batch_size=12, verbose=0)


def test_a_preset_brings_it_back(tmp_path):
    classifier = trained_pair_classifier()
    classifier.save_to_preset(str(tmp_path))
    loaded = PairClassifier.from_preset(str(tmp_path))
    np.testing.assert_allclose(loaded.probabilities(PAIRS[:6]), classifier.probabilities(PAIRS[:6]), atol=1e-6)
    assert PairPreprocessor.from_preset(str(tmp_path)).classes == classifier.preprocessor.classes


@pytest.mark.parametrize("pooling", ["last", "layer"])
def test_a_pooling_is_one_layer_for_both_texts(pooling):
    pooling = ke.layers.AttentionPooling(3) if pooling == "layer" else pooling  # a layer with weights of its own
    preprocessor = trained_pair_classifier().preprocessor
    classifier = make_pair_classifier(
        kind="recurrent", preprocessor=preprocessor, pooling=pooling, hidden_dims=(5,), dropout=0.2
    )
    copy = PairClassifier.from_config(classifier.get_config())
    copy.set_weights(classifier.get_weights())
    assert sum("pooling" in type(layer).__name__.lower() for layer in classifier.layers) == 1
    features = classifier.preprocess_samples(PAIRS[:2])
    features = {name: value.numpy() for name, value in features.items()}
    outputs = [model.scorer().predict_on_batch(features) for model in (classifier, copy)]
    np.testing.assert_allclose(*outputs, atol=1e-6)


class TestWithAnEncoder:
    """Subword encoders, with both texts concatenated or encoded separately."""

    def test_both_texts_in_a_row_train_and_come_back(self, pieces, tmp_path):
        preprocessor = PairPreprocessor.from_corpus(PAIRS, LABELS, tokenizer=pieces)
        classifier = PairClassifier(bert(pieces), preprocessor)
        assert float(classifier.optimizer.learning_rate) == pytest.approx(5e-5)
        assert sorted(classifier.input) == ["padding_mask", "segment_ids", "token_ids"]
        logs = classifier.fit(PAIRS, LABELS, batch_size=24, verbose=0).history
        assert np.isfinite(logs["loss"]).all()
        classifier.save(tmp_path / "classifier.keras")
        loaded = keras.saving.load_model(tmp_path / "classifier.keras")
        np.testing.assert_allclose(loaded.probabilities(PAIRS[:4]), classifier.probabilities(PAIRS[:4]), atol=1e-5)

    def test_one_after_the_other_is_the_same_encoder_twice(self, pieces):
        preprocessor = PairPreprocessor.from_corpus(PAIRS, SCORES, tokenizer=pieces)
        judge = PairClassifier(bert(pieces), preprocessor, "siamese", pooling="mean")
        assert sorted(judge.input) == [f"{s}_{n}" for s in ("first", "second") for n in sorted(judge.backbone.input)]
        features = {name: value.numpy() for name, value in preprocessor(PAIRS[:4], names=tuple(judge.input)).items()}
        alone = pieces.encode(pieces.tokenize([second for _, second in PAIRS[:4]]))
        for name in judge.backbone.input:
            np.testing.assert_array_equal(features[f"second_{name}"], alone[name])
        assert judge.similarity(PAIRS[:4]).shape == (4,)

    def test_a_preprocessor_of_keras_hub_packs_pairs_alike(self, pieces):
        packed = keras_hub.models.BertTextClassifierPreprocessor(pieces.tokenizer, sequence_length=24)
        theirs = PairPreprocessor.from_corpus(PAIRS, SCORES, encoder=packed)
        ours = PairPreprocessor.from_corpus(PAIRS, SCORES, tokenizer=pieces)
        made = [
            preprocessor(preprocessor.split(PAIRS), y=SCORES, names=names)
            for preprocessor, names in ((theirs, None), (ours, ("token_ids", "segment_ids", "padding_mask")))
        ]
        np.testing.assert_array_equal(made[0][1], made[1][1])
        for name, value in made[1][0].items():
            np.testing.assert_array_equal(np.asarray(made[0][0][name]), value)
        again = PairPreprocessor.from_config(theirs.get_config())
        assert again.score_range == (0.0, 5.0) and again.encoder.sequence_length == 24

    def test_words_alone_cannot_be_put_in_a_row(self, pieces):
        classifier = PairClassifier(bert(pieces), trained_pair_classifier().preprocessor)
        with pytest.raises(ValueError, match="Expected a tokenizer that puts two texts in a row.*siamese"):
            classifier.classify(PAIRS[:1])


def test_a_backbone_of_both_texts_is_called_once():
    preprocessor = trained_pair_classifier().preprocessor
    encoder = ke.backbones.AveragingBackbone(preprocessor.embeddings(word_dim=4))
    types = {"token_ids": "int32", "padding_mask": "bool"}
    inputs = {name: keras.Input((None,), dtype=types[name.partition("_")[2]], name=name) for name in FEATURES}
    sides = [
        encoder({name: inputs[f"{side}_{name}"] for name in encoder.input})["pooled_output"]
        for side in ("first", "second")
    ]
    backbone = keras_hub.models.Backbone(inputs, {"pooled_output": keras.layers.Subtract()(sides)})
    classifier = PairClassifier(backbone, preprocessor)
    assert classifier.probabilities([("a man", "a man")]).shape == (1, 2)


def test_a_stream_and_weights_of_classes():
    stream = tf.data.Dataset.from_tensor_slices(
        (dict(zip(("first", "second"), map(list, zip(*PAIRS, strict=True)), strict=True)), tf.constant(LABELS))
    ).batch(12)
    classifier = make_pair_classifier(preprocessor=trained_pair_classifier().preprocessor)
    logs = classifier.fit(stream, validation_data=(PAIRS, LABELS), verbose=0).history
    assert np.isfinite(logs["val_loss"]).all()
    classifier.fit(PAIRS, LABELS, class_weight={"contradiction": 0.0}, epochs=40, batch_size=12, verbose=0)
    assert set(classifier.predict(PAIRS)) == {"entailment"}


def test_without_a_preprocessor_it_takes_features():
    trained = trained_pair_classifier(graded=True)
    features, scores = trained.preprocessor(PAIRS, y=SCORES)
    features = {name: value.numpy() for name, value in features.items()}
    judge = PairClassifier(trained.backbone, comparison="siamese", score_range=(0, 5))
    features = {name: features[name] for name in judge.input}
    assert np.isfinite(judge.evaluate(features, scores.numpy(), verbose=0)).all()
    found = judge.predict(features, verbose=0)
    assert found.shape == (len(PAIRS), 1) and (found >= 0).all() and (found <= 5).all()
    config = judge.get_config()
    assert (config["num_classes"], config["score_range"]) == (None, (0.0, 5.0))
    assert PairClassifier(trained.backbone, comparison="siamese", num_classes=3).output.shape == (None, 3)
    with pytest.raises(ValueError, match="Expected a classifier of pairs with a preprocessor"):
        judge.similarity(PAIRS)


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda c, s: c.classify("fine"), "Expected a list of pairs of texts. Received: fine"),
        (lambda c, s: c.classify([("a", "b"), ("a",)]), r"two texts in every pair. Received: \('a',\) as pair 1"),
        (lambda c, s: c.classify(["ab"]), "two texts in every pair. Received: 'ab' as pair 0"),
        (lambda c, s: c.classify([("a", None)]), "every text to be a string. Received: None in pair 0"),
        (lambda c, s: c.classify([("a", "\ud800")]), "lone surrogate"),
        (lambda c, s: c.fit([], []), "Expected at least one pair"),
        (lambda c, s: c.fit(PAIRS[:2], ["entailment"]), "as many labels as pairs. Received: 1 labels, 2 pairs"),
        (lambda c, s: c.fit(PAIRS[:1], ["ugly"]), "'ugly' at text 0"),
        (lambda c, s: s.fit(PAIRS[:1], [6]), "every score from 0.0 to 5.0. Received: 6.0 at pair 0"),
        (lambda c, s: s.fit(PAIRS[:1], ["good"]), "a finite number. Received: 'good' at pair 0"),
        (lambda c, s: s.fit(PAIRS, SCORES, class_weight="balanced"), "a classifier of pairs with classes"),
        (lambda c, s: c.similarity(PAIRS), "a classifier of pairs with scores.*Try probabilities"),
        (lambda c, s: s.classify(PAIRS), "a classifier of pairs with classes.*Try similarity"),
        (lambda c, s: PairClassifier(c.backbone, c.preprocessor, "twin"), "`comparison` to be one of"),
        (lambda c, s: PairClassifier(c.backbone, score_range=(5, 0)), "`score_range` to be two numbers that rise"),
        (lambda c, s: PairClassifier(ke.backbones.BagBackbone(3), comparison="siamese"), r"BagBackbone\(hidden_dims"),
    ],
)
def test_bad_input_is_named(call, error):
    with pytest.raises(ValueError, match=error):
        call(trained_pair_classifier(), trained_pair_classifier(graded=True))


def test_from_a_corpus_esim_compares_word_by_word_and_others_are_siamese():
    corpus = ke.corpora.LabelledPairs([(*pair, score) for pair, score in zip(PAIRS, SCORES, strict=True)])
    judge = PairClassifier.from_corpus(corpus, cell="gru", word_dim=8, hidden_dim=4, hidden_dims=(4,))
    assert judge.comparison == "joint" and judge.score_range == (0.0, 5.0) and sorted(judge.input) == FEATURES
    assert judge.evaluate(corpus, verbose=0, return_dict=True).keys() >= {"loss", "pearson"}
    average = PairClassifier.from_corpus(PAIRS, LABELS, "average", word_dim=4, head={"hidden_dims": (3,)})
    assert average.comparison == "siamese" and average.hidden_dims == (3,)
    embeddings = average.preprocessor.embeddings(word_dim=4)
    for arguments, error in (
        ({"architecture": "bert"}, "`architecture` to be one of .*'esim'"),
        ({"embeddings": embeddings, "word_dim": 3}, "`embeddings` or their sizes"),
        ({"labels": None}, "labels beside the pairs. Received: pairs alone"),
    ):
        with pytest.raises(ValueError, match=error):
            PairClassifier.from_corpus(PAIRS, **{"labels": LABELS, **arguments})
