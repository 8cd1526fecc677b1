"""The task of docs/guides/write_your_own_task.md, from outside of the library."""

import importlib
import re
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

import keras_embed as ke
from keras_embed._backend import tf

PAGE = Path(__file__).resolve().parents[2] / "docs" / "guides" / "write_your_own_task.md"
CODE = "".join(re.findall(r'^```python title="relations.py"\n(.*?)^```$', PAGE.read_text("utf-8"), re.M | re.S))
PEOPLE, CITIES = ("Ada", "Bob", "Eve"), ("London", "Rome", "Oslo")
TEXTS = [f"*{who}* {verb} in *{city}* ." for who in PEOPLE for city in CITIES for verb in ("was born", "lives")]
LABELS = ["born_in", "lives_in"] * 9


@pytest.fixture(scope="module")
def relations(tmp_path_factory):
    """The module of the page, which another process can import too: with PyTorch, one exports the task."""
    folder = tmp_path_factory.mktemp("own")
    (folder / "relations.py").write_text(CODE, encoding="utf-8")
    sys.modules.pop("relations", None)
    sys.path.insert(0, str(folder))
    yield importlib.import_module("relations")
    sys.path.remove(str(folder))
    del sys.modules["relations"]


@pytest.fixture(scope="module")
def task(relations):
    keras.utils.set_random_seed(0)
    tokenizer = ke.tokenizers.WordFeaturizer.from_tokens([text.replace("*", "").split() for text in TEXTS])
    preprocessor = relations.MarkedWords(tokenizer, ["born_in", "lives_in"])
    backbone = ke.backbones.RecurrentBackbone(preprocessor.embeddings(word_dim=8), hidden_dim=8, dropout=0.0)
    made = relations.RelationClassifier(backbone, preprocessor, dropout=0.1)
    made.compile(keras.optimizers.Adam(0.03))
    history = made.fit(TEXTS, LABELS, batch_size=6, epochs=15, verbose=0, validation_data=(TEXTS, LABELS)).history
    assert history["val_accuracy"][-1] == 1.0
    return made


def test_the_page_is_short_and_uses_public_names_only():
    assert len([line for line in CODE.splitlines() if line.strip()]) <= 60
    assert not re.findall(r"\bke(?:ras_embed)?(?:\.\w+)*\._\w+", CODE)


def test_features_say_which_words_are_marked(task):
    features, labels = task.preprocessor(["*a* b *c*", "so *Ada* met her *dear* friend"], y=["lives_in", "born_in"])
    assert features["marked"].numpy().argmax(1).tolist() == [[0, 2], [1, 4]]
    assert features["padding_mask"].numpy().sum(1).tolist() == [3, 6]
    assert labels.numpy().tolist() == [1, 0]
    with pytest.raises(ValueError, match="two marked words in text 1"):
        task.relations(["*Ada* lives in *Rome*", "*Ada* lives"])
    with pytest.raises(ValueError, match="Received: \\['knows'\\]"):
        task.fit(TEXTS[:2], ["born_in", "knows"], verbose=0)


def test_it_answers_in_order_and_in_batches_of_any_size(task):
    assert task.relations(TEXTS) == LABELS
    assert task.relations([]) == []
    longer = ["*Ada* lives in *Rome* .", "*Bob* was born in *Oslo* . " + "filler " * 20, "*Eve* lives in *London* ."]
    one, all_ = (task.answer_tensors(longer, batch_size)["probability"].numpy() for batch_size in (1, 3))
    np.testing.assert_allclose(one, all_, atol=1e-5)


def test_it_trains_on_a_dataset_of_strings(task):
    batches = tf.data.Dataset.from_tensor_slices((TEXTS, LABELS)).batch(6)
    assert task.evaluate(batches, verbose=0, return_dict=True)["accuracy"] == 1.0


def test_a_saved_task_answers_the_same(task, relations, tmp_path):
    task.save(tmp_path / "task.keras")
    loaded = keras.saving.load_model(tmp_path / "task.keras")
    assert isinstance(loaded, relations.RelationClassifier)
    assert loaded.dropout == 0.1
    np.testing.assert_allclose(loaded.predict_rows(TEXTS), task.predict_rows(TEXTS), atol=1e-6)
    assert loaded.evaluate(TEXTS, LABELS, verbose=0, return_dict=True)["accuracy"] == 1.0


def test_a_preset_answers_the_same(task, relations, tmp_path):
    task.save_to_preset(tmp_path / "preset")
    loaded = relations.RelationClassifier.from_preset(tmp_path / "preset")
    np.testing.assert_allclose(loaded.predict_rows(TEXTS), task.predict_rows(TEXTS), atol=1e-6)


@pytest.mark.every_backend
def test_an_exported_task_answers_the_same(task, tmp_path):
    task.export(tmp_path / "relations" / "1")
    served = tf.saved_model.load(str(tmp_path / "relations" / "1")).signatures["serving_default"]
    answers, own = served(text=tf.constant(TEXTS)), task.answer_tensors(TEXTS)
    assert [name.decode() for name in answers["relation"].numpy()] == LABELS
    np.testing.assert_allclose(answers["probability"], own["probability"], atol=1e-5)
    if keras.config.backend() != "jax":  # whose exported networks take at least one row
        assert served(text=tf.constant([], tf.string))["relation"].shape == (0,)
    request = {"instances": TEXTS[:2]}
    predictions = ke.serving.ServedModel(tmp_path / "relations").predict(request)["predictions"]
    assert [prediction["relation"] for prediction in predictions] == LABELS[:2]
