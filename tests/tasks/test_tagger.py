"""Main use: fit on strings, tag strings, save, reload."""

import keras
import numpy as np
import pytest
from small_tagger import TAGS, WORDS, make_tagger, trained_tagger

import keras_embed as ke
from keras_embed._backend import tf


@pytest.fixture(scope="module")
def tagger():
    return trained_tagger()


def same(actual, expected, tolerance=1e-5):
    for a, e in zip(actual, expected, strict=True):
        assert (a.tokens, a.tags) == (e.tokens, e.tags)
        assert [s[:4] for s in map(tuple_of, a.spans)] == [s[:4] for s in map(tuple_of, e.spans)]
        np.testing.assert_allclose(a.scores, e.scores, atol=tolerance)
        np.testing.assert_allclose([s.score for s in a.spans], [s.score for s in e.spans], atol=tolerance)


def tuple_of(span):
    return span.start, span.end, span.type, span.text, span.score


def test_it_learns_its_sentences(tagger):
    assert tagger.evaluate(WORDS, TAGS, verbose=0, return_dict=True)["entity_f1"] == 1.0
    assert tagger.predict(WORDS[:4]) == TAGS[:4]


def test_an_answer_has_tokens_tags_spans_and_scores(tagger):
    [answer] = tagger.tag(["Ada Byron lives in Rome."])
    assert answer.tokens == ("Ada", "Byron", "lives", "in", "Rome", ".")
    assert answer.tags == ("B-PER", "I-PER", "O", "O", "B-LOC", "O")
    assert [(s.start, s.end, s.type, s.text) for s in answer.spans] == [
        (0, 2, "PER", "Ada Byron"),
        (4, 5, "LOC", "Rome"),
    ]
    assert all(0 < score <= 1 for score in answer.scores)


def test_texts_and_their_words_get_one_answer(tagger):
    same(tagger.tag([" ".join(words) for words in WORDS[:4]]), tagger.tag(WORDS[:4]))


def test_the_score_of_a_span_is_its_share_of_all_paths(tagger):
    """Against enumeration: the mass of all paths that have exactly this span."""
    from oracles import Paths

    words = ["Ada", "Byron", "met", "Bob"]
    [answer] = tagger.tag([words])
    features = tagger.preprocess_samples([words])
    chain = ke.functional.linear_chain.unpack(tagger(keras.tree.map_structure(lambda x: x.numpy(), features)))
    parts = [keras.ops.convert_to_numpy(part).astype("float64") for part in chain]
    paths = Paths(parts[0][0, :4], parts[1][0, :4] > 0, *parts[2:])
    tags = tagger.preprocessor.tags
    assert answer.spans
    for span in answer.spans:
        wanted = ke.text.Span(span.start, span.end, span.type)
        mass = sum(
            p
            for p, path in zip(paths.probabilities, paths.paths, strict=True)
            if wanted in ke.text.spans([tags[k] for k in path], "BIO")
        )
        assert span.score == pytest.approx(mass, abs=1e-4)


def test_padding_changes_no_score(tagger):
    alone = [tagger.tag([words])[0] for words in WORDS[:4]]
    features = tagger.preprocess_samples(WORDS[:4])
    features = {name: np.asarray(value) for name, value in features.items()}
    decoder = tagger.decoder()
    rows, words = np.divmod(features["char_index"], features["char_ids"].shape[1])
    wide = {name: np.pad(x, [(0, 0), (0, 8)] + [(0, 0)] * (x.ndim - 2)) for name, x in features.items()}
    wide["char_index"] = np.pad(rows * wide["char_ids"].shape[1] + words, [(0, 0), (0, 8)]).astype("int32")
    decoded = decoder.predict_on_batch(wide)
    for answer, tags, scores in zip(alone, decoded["tags"], decoded["probabilities"], strict=True):
        count = len(answer.tokens)
        assert [tagger.preprocessor.tags[k] for k in tags[:count]] == list(answer.tags)
        np.testing.assert_allclose(scores[:count], answer.scores, atol=1e-5)
        assert not scores[count:].any()


def test_saved_and_loaded_it_answers_the_same_and_trains_on(tagger, tmp_path):
    tagger.save(tmp_path / "tagger.keras")
    loaded = keras.saving.load_model(tmp_path / "tagger.keras")
    same(loaded.tag(WORDS[:4]), tagger.tag(WORDS[:4]))
    assert loaded.optimizer.iterations == tagger.optimizer.iterations
    assert loaded.evaluate(WORDS, TAGS, verbose=0) == pytest.approx(tagger.evaluate(WORDS, TAGS, verbose=0), abs=1e-5)
    loaded.fit(WORDS[:8], TAGS[:8], batch_size=16, verbose=0)


def test_a_preset_brings_it_back(tagger, tmp_path):
    tagger.save_to_preset(tmp_path)
    same(ke.Tagger.from_preset(str(tmp_path)).tag(WORDS[:4]), tagger.tag(WORDS[:4]))
    preprocessor = ke.preprocessors.TaggerPreprocessor.from_preset(str(tmp_path))
    assert preprocessor.tags == tagger.preprocessor.tags
    assert preprocessor.tokenizer.vocabulary == tagger.preprocessor.tokenizer.vocabulary


def test_odd_sentences_get_answers(tagger):
    answers = tagger.tag(["", "x" * 10_000, "Ada\0 Rome", "\u2028", "Ada"])
    assert [len(answer.tokens) for answer in answers] == [0, 1, 3, 0, 1]
    assert answers[0].spans == () and answers[-1].tags == ("B-PER",)
    assert tagger.tag([]) == []
    assert [answer.tokens for answer in tagger.tag([[], ["Ada"]])] == [(), ("Ada",)]


@pytest.mark.parametrize(
    ("sentences", "error"),
    [
        ("Ada", "Expected a list of sentences. Received: Ada. Try"),
        (["Ada", "\ud800"], "lone surrogate"),
        ([["Ada", "\udfff!"]], "lone surrogate"),
        ([["Ada", None]], "Expected every token to be a string. Received: None in sentence 0 at position 1"),
    ],
)
def test_bad_sentences_are_named(tagger, sentences, error):
    with pytest.raises(ValueError, match=error):
        tagger.tag(sentences)


def test_a_softmax_head_and_partial_labels_and_weights_and_validation():
    tagger = make_tagger(head="softmax")
    partial = [["", *tags[1:]] for tags in TAGS]
    corpus = ke.corpora.Corpus(
        [ke.corpora.Sentence(tuple(words), tuple(tags)) for words, tags in zip(WORDS, TAGS, strict=True)]
    )
    weights = np.linspace(0, 1, len(WORDS))
    logs = tagger.fit(WORDS, partial, sample_weight=weights, validation_data=corpus, batch_size=16, verbose=0).history
    assert {"loss", "entity_f1", "val_loss", "val_entity_f1"} <= set(logs)
    assert all(np.isfinite(values).all() for values in logs.values())
    assert len(tagger.tag(["Ada met Bob"])[0].tags) == 3


def test_an_empty_sentence_and_a_very_long_token_train_without_harm():
    tagger = make_tagger()
    words, tags = [[], ["Ada"], ["x" * 10_000, "\0"]], [[], ["B-PER"], ["O", "O"]]
    logs = tagger.fit(words, tags, batch_size=16, verbose=0).history
    assert np.isfinite(logs["loss"]).all()
    assert all(np.isfinite(weights).all() for weights in tagger.get_weights())


def test_training_batches_are_shuffled_anew_and_held_out_ones_are_not(monkeypatch):
    made = []
    tagger = make_tagger()
    dataset = type(tagger.preprocessor).dataset

    def watched(self, *arguments):
        made.append(dataset(self, *arguments))
        return made[-1]

    monkeypatch.setattr(type(tagger.preprocessor), "dataset", watched)
    words, tags = [[str(i)] * (1 + i % 5) for i in range(24)], [["O"] * (1 + i % 5) for i in range(24)]
    for shuffle in (True, False):
        tagger.fit(words, tags, validation_data=(words, tags), batch_size=4, shuffle=shuffle, verbose=0)
    orders = [[[x.to_list() for x, _ in data] for _ in range(2)] for data in made]
    assert [first == second for first, second in orders] == [False, True, True, True]


def test_a_stream_of_ragged_batches_trains_too():
    stream = tf.data.Dataset.from_tensor_slices((tf.ragged.constant(WORDS), tf.ragged.constant(TAGS))).ragged_batch(16)
    tagger = make_tagger()
    logs = tagger.fit(stream, validation_data=stream, verbose=0).history
    assert np.isfinite(logs["val_loss"]).all()


def test_a_backbone_that_reads_few_features_gets_no_others():
    preprocessor = trained_tagger().preprocessor
    embeddings = preprocessor.embeddings(word_dim=4, char_filters=0, casing_dim=0)
    backbone = ke.backbones.RecurrentBackbone(embeddings, cell="gru", hidden_dim=4)
    tagger = ke.Tagger(backbone, preprocessor=preprocessor)
    assert set(tagger.preprocess_samples(WORDS[:2])) == {"token_ids", "padding_mask"}
    tagger.fit(WORDS[:16], TAGS[:16], batch_size=16, verbose=0)


def test_without_a_preprocessor_it_takes_features():
    trained = trained_tagger()
    features, tag_ids = trained.preprocessor(WORDS[:16], y=TAGS[:16])
    features = {name: value.numpy() for name, value in features.items()}
    tagger = ke.Tagger(trained.backbone, num_tags=5)
    assert np.isfinite(tagger.evaluate(features, tag_ids.numpy(), batch_size=16, verbose=0)).all()
    with pytest.raises(ValueError, match="Expected a tagger with a preprocessor"):
        tagger.tag(["Ada"])
    with pytest.raises(ValueError, match="Expected a `preprocessor` or `num_tags`"):
        ke.Tagger(trained.backbone)
