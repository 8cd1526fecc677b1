"""What a search over hypotheses needs: the largest entries, and a new order of the hypotheses."""

import contextlib
import importlib
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any

from keras_embed._backend._lazy import keras, tf

_EXPORTING: ContextVar[bool] = ContextVar("exporting", default=False)
_FEW = 16


@contextlib.contextmanager
def exporting() -> Iterator[None]:
    """While JAX traces a function for TensorFlow: there its own `top_k` cannot be loaded again."""
    token = _EXPORTING.set(True)
    try:
        yield
    finally:
        _EXPORTING.reset(token)


def largest(x: Any, k: int) -> tuple[Any, Any]:
    """The k largest entries of the last axis, falling, and their places: `ops.top_k` that exports from JAX too.

    Args:
        x: floats (..., N).
        k: at most N.

    Returns:
        values (..., k) and int32 places (..., k).
    """
    ops = keras.ops
    if not _EXPORTING.get() or keras.config.backend() != "jax":
        values, places = ops.top_k(x, k)
        return values, ops.cast(places, "int32")
    if k > _FEW:
        places = ops.argsort(-x, axis=-1)[..., :k]
        return ops.take_along_axis(x, places, axis=-1), ops.cast(places, "int32")
    values, places, every = [], [], ops.arange(x.shape[-1])
    for _ in range(k):
        place = ops.argmax(x, axis=-1, keepdims=True)
        values.append(ops.max(x, axis=-1, keepdims=True))
        places.append(ops.cast(place, "int32"))
        x = ops.where(every == place, -float("inf"), x)
    return ops.concatenate(values, axis=-1), ops.concatenate(places, axis=-1)


def take_beams(x: Any, beams: Any) -> Any:
    """The hypotheses in a new order. (B, K, ...) and int `beams` (B, N) -> (B, N, ...)"""
    name = keras.config.backend()
    if name == "tensorflow":
        return tf.gather(x, beams, axis=1, batch_dims=1)
    rows = keras.ops.arange(x.shape[0])[:, None]
    if name == "torch":
        return x[rows, beams.long()]
    at = importlib.import_module("jax").numpy.asarray(x).at[rows, beams]
    return at.get(mode="promise_in_bounds")
