"""Exported models that sample: random numbers come from outside of the network, new ones in each call, or by a seed.

A network that was written from JAX has no random state of its own: it would draw the same in every call.
"""

from collections.abc import Callable
from typing import Any

from keras_embed._backend import tf
from keras_embed.decoding import Sampling


def draw_axes(search: Any, length: int) -> dict[str, str]:
    """The feature of the numbers that a search of at most `length` steps draws by; none where it does not sample."""
    return {"draws": f"(batch, {length}, {search.width})"} if isinstance(search, Sampling) else {}


def drawing_signatures(
    search: Any, length: int, spec: Any, answers: Callable[[Any, dict[str, Any]], dict[str, Any]]
) -> dict[str, Any]:
    """The signatures of a task that writes: `serving_default` and, where it samples, `seeded`.

    Args:
        search: of `decoding`.
        length: greatest number of steps.
        spec: `tf.TensorSpec` of the strings that come in.
        answers: from them, and a dict with the feature `draws` or nothing, to what goes out; graph code.
    """

    def more(strings: Any, draw: Callable[[list[Any]], Any]) -> dict[str, Any]:
        return {"draws": draw([tf.shape(strings)[0], length, search.width])} if isinstance(search, Sampling) else {}

    @tf.function(autograph=False, input_signature=[spec])
    def serving_default(strings: Any) -> dict[str, Any]:
        # Seeds of 0 and no others are new ones in each process; TensorFlow's global seed would be written down here.
        new = more(strings, lambda shape: tf.raw_ops.RandomUniform(shape=shape, dtype=tf.float32))
        return answers(strings, new)

    @tf.function(autograph=False, input_signature=[spec, tf.TensorSpec([], tf.int64, name="seed")])
    def seeded(strings: Any, seed: Any) -> dict[str, Any]:
        return answers(strings, more(strings, lambda shape: tf.random.stateless_uniform(shape, tf.stack([seed, 0]))))

    return {"serving_default": serving_default, **({"seeded": seeded} if isinstance(search, Sampling) else {})}
