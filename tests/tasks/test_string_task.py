"""A user-defined task: it fits on strings, saves, loads, exports and predicts."""

import keras
import numpy as np
import pytest

import keras_embed as ke
from keras_embed._backend import tf

TEXTS, LABELS = ["fine film", "dull film", "fine acting", "dull"], ["good", "bad", "good", "bad"]


@keras.saving.register_keras_serializable(package="tests")
class FirstWordClassifier(ke.StringTask):
    """Classifies a text by its first word."""

    kind = "classifier of first words"
    needs = "labels"

    def __init__(self, backbone, preprocessor=None, **kwargs):
        self.check_parts(backbone, preprocessor)
        first = backbone(backbone.input)["sequence_output"][:, 0]  # (B, T, D) to (B, D)
        logits = keras.layers.Dense(len(preprocessor.classes), name="logits")(first)  # (B, K)
        super().__init__(backbone, preprocessor, backbone.input, logits, **kwargs)

    def default_optimizer(self):
        return keras.optimizers.Adam(0.05)

    def default_loss(self):
        return keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    def classify(self, texts, batch_size=2):
        tokens = self.preprocessor.tokens_of(texts)

        def answer(rows):
            features = self.preprocessor(tf.constant([texts[row] for row in rows]), names=tuple(self.input))
            return [self.preprocessor.classes[k] for k in self.predict_features(self, features).argmax(axis=1)]

        return self.answer_in_batches(tokens.row_lengths().numpy(), batch_size, answer)

    def serving_signatures(self, module):
        spec = tf.TensorSpec([None], tf.string, name="text")

        def features(text):
            made = self.preprocessor(text, names=tuple(self.input))
            return {name: made[name] for name in self.input}

        run = self.exported_network(module, self, features, spec)
        module.resources, classes = self.preprocessor.tokenizer.resources(), tf.constant(self.preprocessor.classes)

        @tf.function(autograph=False, input_signature=[spec])
        def serving_default(text):
            return {"label": tf.gather(classes, tf.argmax(run(features(text)), axis=1))}

        return {"serving_default": serving_default}


@pytest.fixture(scope="module")
def task():
    keras.utils.set_random_seed(0)
    preprocessor = ke.preprocessors.ClassifierPreprocessor.from_corpus(TEXTS, LABELS)
    backbone = ke.backbones.RecurrentBackbone(preprocessor.embeddings(word_dim=4), hidden_dim=4, dropout=0.0)
    made = FirstWordClassifier(backbone, preprocessor)
    history = made.fit(TEXTS, LABELS, epochs=30, verbose=0).history
    assert history["loss"][-1] < history["loss"][0]
    return made


def test_it_answers_in_the_order_of_the_texts(task):
    texts = ["dull acting", "fine", "dull film of a film", "fine film"]
    assert task.classify(texts) == ["bad", "good", "bad", "good"]
    assert task.classify([]) == []


def test_it_saves_and_loads(task, tmp_path):
    task.save(tmp_path / "task.keras")
    loaded = keras.saving.load_model(tmp_path / "task.keras")
    assert loaded.classify(TEXTS) == LABELS
    assert isinstance(loaded.loss, keras.losses.SparseCategoricalCrossentropy)


@pytest.mark.skipif(keras.config.backend() == "torch", reason="another process does not know the class")
def test_it_exports_and_serves(task, tmp_path):
    task.export(tmp_path / "first" / "1")
    model = ke.serving.ServedModel(tmp_path / "first")
    assert model.predict({"instances": TEXTS}) == {"predictions": LABELS}


def test_derived_models_are_built_once_and_not_saved(task):
    first, second = (task.derived_model("copy", lambda: keras.Model(task.input, task.output)) for _ in range(2))
    assert first is second and len(task.weights) == len(first.weights)
    np.testing.assert_array_equal(first.get_weights()[-1], task.get_weights()[-1])


def test_labels_and_preprocessors_that_are_missing_are_named(task):
    with pytest.raises(ValueError, match="Expected labels to learn from or to compare with"):
        task.fit(TEXTS, verbose=0)
    plain = ke.tasks.StringTask(task.backbone, None, task.input, task.output)
    with pytest.raises(ValueError, match="Expected a task with a preprocessor"):
        plain.export("nowhere")
    with pytest.raises(TypeError, match="arguments of `StringTask`. Received: `dropuot`"):
        ke.tasks.StringTask(task.backbone, None, task.input, task.output, dropuot=0.1)
