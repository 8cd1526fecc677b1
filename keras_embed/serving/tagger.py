"""Taggers as SavedModels."""

from typing import Any

from keras_embed._backend import graph_function, tf
from keras_embed.preprocessors.features import pick
from keras_embed.serving._axes import feature_axes
from keras_embed.serving.saved_model import export_task, served
from keras_embed.tasks import Tagger


def export_tagger(tagger: Any, path: Any) -> None:
    """Writes a tagger as a SavedModel: words split, features made, tags decoded and spans scored in the graph.

    Loading it takes TensorFlow alone (and TensorFlow Text, where the tagger's own tokenizer needs it). It has two
    signatures, with equal outputs; see `preprocessors.TaggerPreprocessor.postprocess` for these.

        serving_default: `text` (B,) string.
        tokens: `tokens` (N,) string, the words of all sentences in a row; `row_lengths` (B,) int64.

    Batch and length are dynamic. From TensorFlow and JAX it is written directly; from PyTorch, by another process that
    loads the saved tagger under TensorFlow.

    Args:
        tagger: `tasks.Tagger` with a preprocessor.
        path: folder to make. It appears when it is complete, and then replaces what stood there; where writing fails,
            what stood there is untouched.

    Raises:
        ValueError: for a tagger without preprocessor.
        OSError: where the folder cannot be written, with the reason.
    """
    export_task(tagger, path)


@served.register(Tagger)
def _signatures(tagger: Tagger, module: Any) -> dict[str, Any]:
    preprocessor, inputs = tagger.preprocessor, tagger.input
    text_spec = tf.TensorSpec([None], tf.string, name="text")
    token_specs = [tf.TensorSpec([None], tf.string, name="tokens"), tf.TensorSpec([None], tf.int64, name="row_lengths")]

    def features(tokens: Any) -> dict[str, Any]:
        return pick(preprocessor.features(tokens, inputs), inputs)

    def of_text(text: Any) -> dict[str, Any]:
        return features(preprocessor.tokenizer.tokenize(text))

    decode, module.model = graph_function(tagger.decoder(), feature_axes(of_text, text_spec))
    module.held = preprocessor.tokenizer.resources()

    def tag_tokens(tokens: Any) -> dict[str, Any]:
        return preprocessor.postprocess(tokens, decode(features(tokens)))

    @tf.function(autograph=False, input_signature=[text_spec])
    def serving_default(text: Any) -> dict[str, Any]:
        return tag_tokens(preprocessor.tokenizer.tokenize(text))

    @tf.function(autograph=False, input_signature=token_specs)
    def tokens(tokens: Any, row_lengths: Any) -> dict[str, Any]:
        return tag_tokens(tf.RaggedTensor.from_row_lengths(tokens, row_lengths))

    return {"serving_default": serving_default, "tokens": tokens}
