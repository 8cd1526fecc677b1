"""Translators as SavedModels."""

from typing import Any

from keras_embed._backend import graph_function, tf
from keras_embed.serving._axes import feature_axes
from keras_embed.serving._draws import draw_axes, drawing_signatures
from keras_embed.serving.saved_model import export_task, served
from keras_embed.tasks import Translator
from keras_embed.tasks._translations import MAX_LENGTH


def export_translator(translator: Any, path: Any) -> None:
    """Writes a translator as a SavedModel: texts cut into pieces, searched and put together again in the graph.

    Loading it takes TensorFlow alone (and TensorFlow Text, where the translator's pieces need it). What it does is the
    translator's own `search`; N is its number of hypotheses.

        serving_default: `text` (B,) string -> `text` (B,) string, the best translations; `hypotheses` (B, N) string,
        the best first, and their `scores` (B, N) float32.
        seeded: `text` and `seed`, an int64 scalar; only where the search is `Sampling`.

    Samples of `serving_default` are new in each call and in each process, whatever seed the search has; with `seeded`,
    the same seed and texts give the same translations.

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
    axes = feature_axes(preprocessor.source_features, text_spec) | draw_axes(translator.search, MAX_LENGTH)
    search, module.model = graph_function(translator.searcher(), axes)
    module.held = preprocessor.resources()

    def answers(text: Any, draws: dict[str, Any]) -> dict[str, Any]:
        found = search({**preprocessor.source_features(text), **draws})
        hypotheses = preprocessor.postprocess(found["token_ids"])  # (B, N)
        return {"text": hypotheses[:, 0], "hypotheses": hypotheses, "scores": found["scores"]}

    return drawing_signatures(translator.search, MAX_LENGTH, text_spec, answers)
