"""Question answering from strings to strings, with joint and separate encoding."""

import keras
import numpy as np
import pytest
from keras import ops
from small_span_qa import FILLER, QUESTIONS, make_model, make_preprocessor, trained_model

import keras_embed as ke
from keras_embed._backend import tf
from keras_embed.corpora import Question
from keras_embed.tasks import SpanQA

KINDS = ["joint", "bidaf"]


def texts(answers):
    return [answer.text for answer in answers]


@pytest.mark.parametrize("kind", KINDS)
def test_it_learns_answers_and_that_there_is_none(kind):
    model = trained_model(kind)
    answers = model.answer(QUESTIONS)
    for question, answer in zip(QUESTIONS, answers, strict=True):
        if not question.answers:
            assert (answer.text, answer.start, answer.end) == ("", None, None)
            assert answer.probability == answer.none_probability > 0.5
            continue
        assert (answer.text, answer.start) == tuple(question.answers[0])
        assert question.context[answer.start : answer.end] == answer.text
    assert model.predict(QUESTIONS) == texts(answers)
    report = model.report(QUESTIONS)
    assert (report["exact"], report["NoAns_f1"], report["total"]) == (100.0, 100.0, len(QUESTIONS))


@pytest.mark.parametrize("kind", KINDS)
def test_answers_do_not_depend_on_the_batch(kind):
    """Nor on their order, on padding, or on the other questions."""
    model = trained_model(kind)
    asked = [(one.question, one.context + " " + FILLER * (number % 3)) for number, one in enumerate(QUESTIONS[:3])]
    whole = model.answer(asked)
    for number, pair in enumerate(asked):
        [alone] = model.answer([pair])
        assert alone.text == whole[number].text
        assert alone.probability == pytest.approx(whole[number].probability, abs=1e-5)
        for one, other in zip(alone.candidates, whole[number].candidates, strict=True):
            assert (one.text, one.start, one.end) == (other.text, other.start, other.end)
    assert model.answer([]) == []


def test_candidates_are_different_spans_and_their_probabilities_add_up():
    """All of them, and "no answer", are everything there is."""
    model = trained_model()
    [answer] = model.answer([("Where does Ada live?", "Ada lives in Oslo.")], num_best=15)
    words = 5  # "Ada", "lives", "in", "Oslo", "."
    spans = {(one.start, one.end) for one in answer.candidates}
    assert len(spans) == len(answer.candidates)
    assert len(spans) == sum(min(4, words - first) for first in range(words))
    total = sum(one.probability for one in answer.candidates) + answer.none_probability
    assert total == pytest.approx(1.0, abs=1e-4)
    probabilities = [one.probability for one in answer.candidates]
    assert probabilities == sorted(probabilities, reverse=True)


def test_a_text_longer_than_any_window(monkeypatch):
    model = trained_model("bidaf")
    text = FILLER * 12 + "Bob lives in café 🦊. " + FILLER * 12
    monkeypatch.setattr(model, "threshold", 1.0)
    [answer] = model.answer([("Where does Bob live?", text)], batch_size=8)
    assert answer.text
    assert text[answer.start : answer.end] == answer.text


def test_decoded_spans_are_those_of_the_logits():
    """The same network, read by hand."""
    model = trained_model("bidaf")
    pair = ("Who lives in Oslo?", "Bob lives in Oslo.")
    features = {name: value.numpy() for name, value in model.preprocessor([pair], names=tuple(model.input)).items()}
    start, end = ops.convert_to_numpy(model(features))[0].astype("float64")
    scores = {(i, j): start[i] + end[j] for i in range(1, 6) for j in range(i, min(6, i + 4))}
    none = start[0] + end[0]
    everything = np.logaddexp.reduce([none, *scores.values()])
    (first, last), best = max(scores.items(), key=lambda item: item[1])
    [answer] = model.answer([pair])
    assert answer.candidates[0].text == " ".join(pair[1].replace(".", " .").split()[first - 1 : last])
    assert answer.candidates[0].probability == pytest.approx(np.exp(best - everything), abs=1e-5)
    assert answer.none_probability == pytest.approx(np.exp(none - everything), abs=1e-5)


def saved_and_loaded(model, path):
    model.save(path / "model.keras")
    return keras.saving.load_model(path / "model.keras")


def as_preset(model, path):
    model.save_to_preset(path / "preset")
    return SpanQA.from_preset(str(path / "preset"))


@pytest.mark.parametrize(("kind", "copied"), [("joint", saved_and_loaded), ("bidaf", as_preset)])
def test_a_copy_gives_the_same_answers(kind, copied, tmp_path):
    model = trained_model(kind)
    other = copied(model, tmp_path)
    assert other.threshold == 0.5
    for one, expected in zip(other.answer(QUESTIONS), model.answer(QUESTIONS), strict=True):
        assert one.text == expected.text
        assert one.probability == pytest.approx(expected.probability, abs=1e-5)


def test_the_threshold_is_tuned(monkeypatch):
    model = trained_model()
    asked = [Question(one.question, one.context, id=str(number)) for number, one in enumerate(QUESTIONS)]
    asked = [one if number % 2 else QUESTIONS[number] for number, one in enumerate(asked)]  # half of the truth is gone
    scores = {}
    for threshold in (0.0, 0.5, 1.0):
        monkeypatch.setattr(model, "threshold", threshold)
        scores[threshold] = model.report(asked)["f1"]
    assert all(texts(model.answer(QUESTIONS)))  # with 1, every question is answered
    assert model.tune_threshold(asked) == model.threshold
    assert model.report(asked)["f1"] >= max(scores.values()) - 1e-6


def test_datasets_of_batches_and_scores_in_fit():
    model = make_model("bidaf")
    model.compile(keras.optimizers.Adam(0.01))
    questions = QUESTIONS[:6]
    first = [one.answers[0] if one.answers else ("", -1) for one in questions]
    columns = {"question": questions.questions, "context": questions.contexts}
    answers = {"text": [text for text, _ in first], "start": [start for _, start in first]}
    dataset = tf.data.Dataset.from_tensor_slices((columns, answers)).batch(6)
    history = model.fit(dataset, validation_data=(questions,), epochs=1, verbose=0).history
    assert {"loss", "span_match", "span_f1", "val_loss", "val_span_match", "val_span_f1"} <= history.keys()
    found = model.evaluate(questions, return_dict=True, verbose=0)
    assert found["loss"] == pytest.approx(history["val_loss"][0], rel=1e-4)


def test_features_without_preprocessor():
    model = SpanQA(make_model("bidaf").backbone, max_answer_length=3)
    features, _ = make_preprocessor("bidaf")(QUESTIONS)
    features = {name: features[name].numpy() for name in model.input}
    assert model.predict(features, verbose=0).shape[:2] == (len(QUESTIONS), 2)
    with pytest.raises(ValueError, match="a model that finds answers with a preprocessor"):
        model.answer(QUESTIONS)


def test_what_does_not_fit():
    recurrent = ke.backbones.RecurrentBackbone([ke.layers.WordEmbedding(9, 4)], hidden_dim=3)
    with pytest.raises(ValueError, match="that reads question and text in a row. Received: one that puts them side by"):
        SpanQA(recurrent, make_preprocessor("bidaf"))
    pooled = ke.backbones.AveragingBackbone([ke.layers.WordEmbedding(9, 4)])
    with pytest.raises(ValueError, match=r"a backbone that returns `sequence_output` \(B, T, D\), or `start_output`"):
        SpanQA(pooled)
    with pytest.raises(ValueError, match="`threshold` in"):
        SpanQA(recurrent, threshold=2.0)
    with pytest.raises(ValueError, match="a list of questions"):
        trained_model("bidaf").answer("Who?")
    with pytest.raises(ValueError, match="does not"):
        trained_model("bidaf").fit([Question("Who?", "nobody", (ke.corpora.Answer("Ada"),))])


def test_a_recurrent_backbone_reads_both_in_a_row():
    preprocessor = make_preprocessor("joint")
    size = preprocessor.tokenizer.vocabulary_size()
    recurrent = ke.backbones.RecurrentBackbone([ke.layers.WordEmbedding(size, 4)], hidden_dim=3)
    answers = SpanQA(recurrent, preprocessor).answer(QUESTIONS[:2])
    assert all(question.context[a.start : a.end] == a.text for question, a in zip(QUESTIONS, answers, strict=False))


def test_scores_are_float32_under_mixed_precision():
    keras.config.set_dtype_policy("mixed_bfloat16")
    model = make_model("bidaf")
    assert model.output.dtype == "float32"
    assert all(texts(model.answer(QUESTIONS[:2])))
