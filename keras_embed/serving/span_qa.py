"""Models that find answers as SavedModels."""

from typing import Any

from keras_embed._backend import graph_function, tf
from keras_embed.preprocessors.questions import question_columns
from keras_embed.serving._axes import feature_axes
from keras_embed.serving.saved_model import export_task, served
from keras_embed.tasks import SpanQA

#: How many spans the answers name.
NUM_BEST = 5


def export_span_qa(model: Any, path: Any) -> None:
    """Writes a model that finds answers as a SavedModel: texts split and cut into windows, answers found in the graph.

    Loading it takes TensorFlow alone (and TensorFlow Text, where the tokenizer needs it). Its signature
    `serving_default` takes `question` and `context`, (B,) string, and gives `answer` (B,) string, `start` and `end`
    (B,) int32, characters, `probability` and `none_probability` (B,), and the five best spans, `answers` (B, 5) ...;
    see `preprocessors.SpanPreprocessor.postprocess`.

    Batch and length are dynamic, and texts may have any length. From TensorFlow and JAX it is written directly; from
    PyTorch, by another process that loads the saved model under TensorFlow.

    Args:
        model: `tasks.SpanQA` with a preprocessor.
        path: folder to make. It appears when it is complete, and then replaces what stood there; where writing fails,
            what stood there is untouched.

    Raises:
        ValueError: for a model without preprocessor.
        OSError: where the folder cannot be written, with the reason.
    """
    export_task(model, path)


@served.register(SpanQA)
def _signatures(model: SpanQA, module: Any) -> dict[str, Any]:
    preprocessor, threshold = model.preprocessor, model.threshold
    specs = [tf.TensorSpec([None], tf.string, name=name) for name in ("question", "context")]

    def features(question: Any, context: Any) -> dict[str, Any]:
        return model.window_features(preprocessor.split(question, context)[1])

    decode, module.model = graph_function(model.decoder(NUM_BEST), feature_axes(features, *specs))
    module.held = preprocessor.tokenizer.resources()

    @tf.function(autograph=False, input_signature=specs)
    def serving_default(question: Any, context: Any) -> dict[str, Any]:
        question, context = question_columns({"question": question, "context": context})
        texts, windows = preprocessor.split(question, context)
        found = decode(model.window_features(windows))
        return preprocessor.postprocess(context, texts, windows, found, threshold)

    return {"serving_default": serving_default}
