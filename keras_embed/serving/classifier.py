"""Classifiers as SavedModels."""

from typing import Any

from keras_embed._backend import graph_function, tf
from keras_embed.preprocessors.features import pick
from keras_embed.serving._axes import feature_axes
from keras_embed.serving.saved_model import checked, export_task, served
from keras_embed.tasks import TextClassifier


def export_classifier(classifier: Any, path: Any) -> None:
    """Writes a classifier as a SavedModel: texts split, features made and classes named in the graph.

    Loading it takes TensorFlow alone (and TensorFlow Text, where the tokenizer needs it). Its signature
    `serving_default` takes `text` (B,) string and gives `probabilities` (B, K), `classes` (B, K), and `label` and
    `probability` (B,), or, for a classifier with any number of labels, `labels` (B, M), `label_probabilities` (B, M)
    and `num_labels` (B,); see `preprocessors.ClassifierPreprocessor.postprocess`.

    Batch and length are dynamic. From TensorFlow and JAX it is written directly; from PyTorch, by another process that
    loads the saved classifier under TensorFlow.

    Args:
        classifier: `tasks.TextClassifier` with a preprocessor.
        path: folder to make. It appears when it is complete, and then replaces what stood there; where writing fails,
            what stood there is untouched.

    Raises:
        ValueError: for a classifier without preprocessor, or one whose texts go through a step that runs in Python.
        OSError: where the folder cannot be written, with the reason.
    """
    export_task(classifier, path)


@checked.register(TextClassifier)
def _check(classifier: TextClassifier) -> None:
    classifier.preprocessor.features.check_exportable()


@served.register(TextClassifier)
def _signatures(classifier: TextClassifier, module: Any) -> dict[str, Any]:
    preprocessor, inputs = classifier.preprocessor, classifier.input
    text_spec = tf.TensorSpec([None], tf.string, name="text")

    def features(text: Any) -> dict[str, Any]:
        return pick(preprocessor.features.encode(preprocessor.features.split(text), inputs), inputs)

    score, module.model = graph_function(classifier.scorer(), feature_axes(features, text_spec))
    module.held = preprocessor.features.resources()

    @tf.function(autograph=False, input_signature=[text_spec])
    def serving_default(text: Any) -> dict[str, Any]:
        return preprocessor.postprocess(score(features(text)), classifier.thresholds)

    return {"serving_default": serving_default}
