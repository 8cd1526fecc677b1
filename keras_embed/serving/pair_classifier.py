"""Classifiers of pairs of texts as SavedModels."""

from typing import Any

from keras_embed._backend import graph_function, tf
from keras_embed.preprocessors.features import pick
from keras_embed.serving._axes import feature_axes
from keras_embed.serving.saved_model import export_task, served
from keras_embed.tasks import PairClassifier


def export_pair_classifier(classifier: Any, path: Any) -> None:
    """Writes a classifier of pairs as a SavedModel: texts split, features made and classes named in the graph.

    Loading it takes TensorFlow alone (and TensorFlow Text, where the tokenizer needs it). Its signature
    `serving_default` takes `first` and `second`, (B,) string, and gives `probabilities` (B, K), `classes` (B, K),
    `label` and `probability` (B,), or, where pairs have scores, `score` (B,); see
    `preprocessors.PairPreprocessor.postprocess`.

    Batch and length are dynamic. From TensorFlow and JAX it is written directly; from PyTorch, by another process that
    loads the saved classifier under TensorFlow.

    Args:
        classifier: `tasks.PairClassifier` with a preprocessor.
        path: folder to make. It appears when it is complete, and then replaces what stood there; where writing fails,
            what stood there is untouched.

    Raises:
        ValueError: for a classifier without preprocessor.
        OSError: where the folder cannot be written, with the reason.
    """
    export_task(classifier, path)


@served.register(PairClassifier)
def _signatures(classifier: PairClassifier, module: Any) -> dict[str, Any]:
    preprocessor, inputs = classifier.preprocessor, classifier.input
    specs = [tf.TensorSpec([None], tf.string, name=name) for name in ("first", "second")]

    def features(first: Any, second: Any) -> dict[str, Any]:
        parts = preprocessor.features.split(first, second)
        return pick(preprocessor.features.encode(parts, inputs), inputs)

    answer, module.model = graph_function(classifier.scorer(), feature_axes(features, *specs))
    module.held = preprocessor.features.resources()

    @tf.function(autograph=False, input_signature=specs)
    def serving_default(first: Any, second: Any) -> dict[str, Any]:
        return preprocessor.postprocess(answer(features(first, second)))

    return {"serving_default": serving_default}
