"""Masked language models as SavedModels."""

from typing import Any

from keras_embed._backend import graph_function, tf
from keras_embed.preprocessors.features import pick
from keras_embed.serving._axes import feature_axes
from keras_embed.serving.saved_model import export_task, served
from keras_embed.tasks import MaskedLanguageModel

_NUMBER = 5


def export_masked_language_model(model: Any, path: Any) -> None:
    """Writes a masked language model as a SavedModel: texts cut into pieces and masks filled in the graph.

    Loading it takes TensorFlow Text beside TensorFlow, where the tokenizer needs it. Its signature `serving_default`
    takes `text` (B,) string, with masks in it, and gives, for the M masks of the text that has most, the five best
    pieces: `tokens` (B, M, 5) string and `probabilities` (B, M, 5), and `num_masks` (B,) int32, how many of the M are
    the text's own.

    Batch and length are dynamic. From TensorFlow and JAX it is written directly; from PyTorch, by another process that
    loads the saved model under TensorFlow.

    Args:
        model: `tasks.MaskedLanguageModel` with a preprocessor.
        path: folder to make. It appears when it is complete, and then replaces what stood there; where writing fails,
            what stood there is untouched.

    Raises:
        ValueError: for a model without preprocessor.
        OSError: where the folder cannot be written, with the reason.
    """
    export_task(model, path)


@served.register(MaskedLanguageModel)
def _signatures(model: MaskedLanguageModel, module: Any) -> dict[str, Any]:
    preprocessor, inputs = model.preprocessor, model.guesser().input
    text_spec = tf.TensorSpec([None], tf.string, name="text")

    def features(text: Any) -> dict[str, Any]:
        return pick(preprocessor.fill_features(text), inputs)

    score, module.model = graph_function(model.guesser(), feature_axes(features, text_spec))
    module.held = preprocessor.resources()

    @tf.function(autograph=False, input_signature=[text_spec])
    def serving_default(text: Any) -> dict[str, Any]:
        read = features(text)
        found = preprocessor.postprocess(score(read), _NUMBER)
        masks = tf.cast(read["token_ids"] == preprocessor.tokenizer.mask_id, tf.int32)
        return {
            "tokens": found["tokens"],
            "probabilities": found["probabilities"],
            "num_masks": tf.reduce_sum(masks, 1),
        }

    return {"serving_default": serving_default}
