"""Language models as SavedModels."""

from typing import Any

from keras_embed._backend import graph_function, tf
from keras_embed.serving._draws import draw_axes, drawing_signatures
from keras_embed.serving.saved_model import export_task, served
from keras_embed.tasks import LanguageModel


def export_language_model(model: Any, path: Any) -> None:
    """Writes a language model as a SavedModel: prompts cut into pieces, continued and put together again in the graph.

    Loading it takes TensorFlow alone (and TensorFlow Text, where the model's pieces need it). It writes as the model's
    own `search` does, N texts for each prompt, of as many pieces as the model reads at a time. A prompt that leaves no
    room for more is an error.

        serving_default: `prompt` (B,) string -> `text` and `continuation` (B,) string, the first whole text and what
            is new in it; `texts` and `continuations` (B, N) string, all of them; `scores` (B, N) float32.
        seeded: `prompt` and `seed`, an int64 scalar; only where the search is `Sampling`.

    Samples of `serving_default` are new in each call and in each process, whatever seed the search has; with `seeded`,
    the same seed and prompts give the same texts, of models from either backend.

    The number of prompts is dynamic. From TensorFlow and JAX it is written directly; from PyTorch, by another process
    that loads the saved model under TensorFlow.

    Args:
        model: `tasks.LanguageModel` with a preprocessor.
        path: folder to make. It appears when it is complete, and then replaces what stood there; where writing fails,
            what stood there is untouched.

    Raises:
        ValueError: for a model without preprocessor.
        OSError: where the folder cannot be written, with the reason.
    """
    export_task(model, path)


@served.register(LanguageModel)
def _signatures(model: LanguageModel, module: Any) -> dict[str, Any]:
    preprocessor, length = model.preprocessor, model.preprocessor.max_length
    axes = {name: f"(batch, {length + 1})" for name in ("token_ids", "padding_mask")}
    search, module.model = graph_function(model.searcher(), {**axes, **draw_axes(model.search, length)})
    module.held = preprocessor.resources()

    def answers(prompt: Any, draws: dict[str, Any]) -> dict[str, Any]:
        features = preprocessor.prompts(prompt, length + 1)
        longest = tf.reduce_sum(tf.cast(features["padding_mask"], tf.int32), axis=1) - 1
        room = tf.debugging.assert_less(longest, length, f"Expected prompts of fewer than {length} pieces.")
        with tf.control_dependencies([room]):
            found = search({**features, **draws})
        texts, continuations = preprocessor.written(features["token_ids"], found["token_ids"])
        firsts = {"text": texts[:, 0], "continuation": continuations[:, 0]}
        return {**firsts, "texts": texts, "continuations": continuations, "scores": found["scores"]}

    return drawing_signatures(model.search, length, tf.TensorSpec([None], tf.string, name="prompt"), answers)
