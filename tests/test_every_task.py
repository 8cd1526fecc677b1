"""Every task on every backend: `fit` on strings, save, load, export; the loaded task and the SavedModel answer alike.

The expected answers are the labels that the models were trained on, except for masked language models.
"""

import keras
import pytest
import small_classifier
import small_language_model
import small_pairs
import small_pretraining
import small_span_qa
import small_tagger
import small_translator

import keras_embed as ke


def tagger():
    task = small_tagger.trained_tagger()
    return task, small_tagger.WORDS[:4], small_tagger.TAGS[:4]


def classifier():
    task = small_classifier.trained_classifier("average")
    return task, small_classifier.TEXTS[:6], small_classifier.LABELS[:6]


def pair_classifier():
    task = small_pairs.trained_pair_classifier()
    return task, small_pairs.PAIRS[:6], small_pairs.LABELS[:6]


def span_qa():
    task = small_span_qa.trained_model("bidaf")
    asked = [question for question in small_span_qa.QUESTIONS if question.answers][:4]
    return task, asked, [question.answers[0].text for question in asked]


def translator():
    task = small_translator.trained_translator()
    sources, targets = map(list, zip(*small_translator.PAIRS[:6], strict=True))
    return task, sources, targets


def language_model():
    """It knows its texts: with their first word it writes the rest."""
    trained = small_language_model.trained_model("recurrent")
    task = ke.LanguageModel(trained.backbone, trained.preprocessor, ke.decoding.Greedy())
    return task, ["the cat", "a dog"], ["the cat sat on the mat", "a dog ran to the park"]


def masked_language_model():
    """Compared with its own predictions: its stories are too short to be memorized in a test."""
    task, texts = small_pretraining.trained_model(), ["Light travels faster than [MASK] else we know.", "[MASK] hen"]
    return task, texts, answers(task, texts)


def answers(task, inputs):
    """The answers of a task as strings or lists of strings."""
    if isinstance(task, ke.MaskedLanguageModel):
        return [answer.fillings[0][0].token for answer in task.fill(inputs)]
    if isinstance(task, ke.LanguageModel):
        return [answer.text for answer in task.generate(inputs)]
    return task.predict(inputs)


TASKS = [tagger, classifier, pair_classifier, span_qa, translator, language_model, masked_language_model]


@pytest.mark.parametrize("make", TASKS, ids=lambda make: make.__name__)
def test_it_learns_and_comes_back_from_a_file(make, tmp_path):
    task, inputs, expected = make()
    assert answers(task, inputs) == expected
    task.save(tmp_path / "task.keras")
    assert answers(keras.saving.load_model(tmp_path / "task.keras"), inputs) == expected


#: Task -> what is asked of its SavedModel, and where the answer is.
SERVED = {
    tagger: lambda model, x: [
        tags[:n] for tags, n in zip(*ask(model, "tags", "lengths", text=[" ".join(words) for words in x]), strict=True)
    ],
    classifier: lambda model, x: ask(model, "label", text=x)[0],
    pair_classifier: lambda model, x: ask(model, "label", first=[a for a, _ in x], second=[b for _, b in x])[0],
    span_qa: lambda model, x: ask(model, "answer", question=[q.question for q in x], context=[q.context for q in x])[0],
    translator: lambda model, x: ask(model, "text", text=x)[0],
    language_model: lambda model, x: ask(model, "text", prompt=x)[0],
    masked_language_model: lambda model, x: [masks[0][0] for masks in ask(model, "tokens", text=x)[0]],
}


def ask(model, *outputs, **inputs):
    """Outputs of the default signature as nested lists."""
    import tensorflow as tf

    signature = tf.saved_model.load(str(model)).signatures["serving_default"]
    given = {name: tf.constant(values) for name, values in inputs.items()}
    found = {name: tensor.numpy() for name, tensor in signature(**given).items()}
    return [decoded(found[name].tolist()) for name in outputs]


def decoded(values):
    """Bytes as strings, at any depth."""
    if isinstance(values, list):
        return [decoded(value) for value in values]
    return values.decode() if isinstance(values, bytes) else values


@pytest.mark.parametrize("make", SERVED, ids=lambda make: make.__name__)
def test_the_saved_model_gives_the_answers_of_the_task(make, tmp_path):
    task, inputs, expected = make()
    task.export(tmp_path / "1")
    assert SERVED[make](tmp_path / "1", inputs) == expected
