"""Translators as SavedModels."""

from typing import Any

from keras_embed._backend import graph_function, tf
from keras_embed.serving._axes import feature_axes
from keras_embed.serving.saved_model import export_task, served
from keras_embed.tasks import Translator


def export_translator(translator: Any, path: Any) -> None:
    """Writes a translator as a SavedModel: texts cut into pieces, searched and put together again in the graph.

    Loading it takes TensorFlow alone (and TensorFlow Text, where the translator's pieces need it). What it does is the
    translator's own `search`; N is its number of hypotheses. One signature:

        serving_default: `text` (B,) string -> `text` (B,) string, the best translations; `hypotheses` (B, N) string,
        the best first, and their `scores` (B, N) float32.

    Batch and length are dynamic. From TensorFlow and JAX it is written directly; from PyTorch, by another process that
    loads the saved translator under TensorFlow.

    Args:
        translator: `tasks.Translator` with a preprocessor.
        path: folder to make. It appears when it is complete, and then replaces what stood there; where writing fails,
            what stood there is untouched.

    Raises:
        ValueError: for a translator without preprocessor.
        OSError: where the folder cannot be written, with the reason.
    """
    export_task(translator, path)


@served.register(Translator)
def _signatures(translator: Translator, module: Any) -> dict[str, Any]:
    preprocessor = translator.preprocessor
    text_spec = tf.TensorSpec([None], tf.string, name="text")
    search, module.model = graph_function(translator.searcher(), feature_axes(preprocessor.source_features, text_spec))
    module.held = preprocessor.resources()

    @tf.function(autograph=False, input_signature=[text_spec])
    def serving_default(text: Any) -> dict[str, Any]:
        found = search(preprocessor.source_features(text))
        hypotheses = preprocessor.postprocess(found["token_ids"])  # (B, N)
        return {"text": hypotheses[:, 0], "hypotheses": hypotheses, "scores": found["scores"]}

    return {"serving_default": serving_default}
