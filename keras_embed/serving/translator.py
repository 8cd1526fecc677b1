"""Translators as SavedModels."""

from typing import Any

from keras_embed._backend import graph_function, tf
from keras_embed.decoding import Sampling
from keras_embed.serving._axes import feature_axes
from keras_embed.serving._draws import draw_axes, drawing_signatures
from keras_embed.serving.saved_model import export_task, served
from keras_embed.tasks import Translator
from keras_embed.tasks._translations import MAX_LENGTH
from keras_embed.tokenizers.subword_tokenizer import END_ID


def export_translator(translator: Any, path: Any) -> None:
    """Writes a translator as a SavedModel: texts cut into pieces, searched and put together again in the graph.

    Loading it takes TensorFlow alone (and TensorFlow Text, where the translator's pieces need it). What it does is the
    translator's own `search`; N is its number of hypotheses.

        serving_default: `text` (B,) string -> `text` (B,) string, the best translations; `hypotheses` (B, N) string,
        the best first, and their `scores` (B, N) float32.
        seeded: `text` and `seed`, an int64 scalar; only where the search is `Sampling`.
        alignments: `text` (B,) string -> of the best translations `source_tokens` (B, S) and `target_tokens` (B, T)
        string, how many of them are real, `source_lengths` and `target_lengths` (B,) int32, and the attention while
        each was written, `alignments` (B, T, S) float32; only of translators with attention that do not sample.

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

    signatures = drawing_signatures(translator.search, MAX_LENGTH, text_spec, answers)
    if not isinstance(translator.search, Sampling) and getattr(translator.backbone, "attention", True) is not None:
        signatures["alignments"] = _alignments(translator, module, axes, text_spec)
    return signatures


def _alignments(translator: Translator, module: Any, axes: dict[str, str], text_spec: Any) -> Any:
    """What of the source each piece of the best translation was written from."""
    preprocessor = translator.preprocessor
    search, _ = graph_function(translator.searcher(return_alignments=True), axes, module.model)
    sources, targets = (
        tf.constant([tokenizer.id_to_token(number) for number in range(tokenizer.vocabulary_size())])
        for tokenizer in (preprocessor.source_tokenizer, preprocessor.target_tokenizer)
    )

    @tf.function(autograph=False, input_signature=[text_spec])
    def alignments(text: Any) -> dict[str, Any]:
        features = preprocessor.source_features(text)
        found = search(features)
        ids = found["token_ids"][:, 0]  # (B, T), the best
        written = tf.cast(tf.sequence_mask(found["lengths"][:, 0], tf.shape(ids)[1]), tf.int32)
        written *= tf.cast(ids != END_ID, tf.int32)
        read = tf.cast(features["encoder_padding_mask"], tf.int32)
        return {
            "source_tokens": tf.gather(sources, features["encoder_token_ids"]),
            "target_tokens": tf.gather(targets, ids),
            "source_lengths": tf.reduce_sum(read, axis=1),
            "target_lengths": tf.reduce_sum(written, axis=1),
            "alignments": found["alignments"][:, 0],
        }

    return alignments
