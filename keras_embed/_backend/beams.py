"""Operations of a search over hypotheses: largest entries, reordering, and in-place cache updates."""

import contextlib
import importlib
from collections.abc import Iterator
from contextvars import ContextVar

from keras_embed._backend.frameworks import keras, tf
from keras_embed._types import Tensor

_EXPORTING: ContextVar[bool] = ContextVar("exporting", default=False)
_FEW = 16


@contextlib.contextmanager
def exporting() -> Iterator[None]:
    """Marks the time while JAX traces a function for TensorFlow, where `lax.top_k` cannot be loaded again."""
    token = _EXPORTING.set(True)
    try:
        yield
    finally:
        _EXPORTING.reset(token)


def largest(x: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """Returns the k largest entries of the last axis in descending order: `ops.top_k` that exports from JAX too.

    Args:
        x: floats (..., N).
        k: at most N.

    Returns:
        Values (..., k) and int32 indices (..., k).
    """
    ops = keras.ops
    if not _EXPORTING.get() or keras.config.backend() != "jax":
        values, indices = ops.top_k(x, k)
        return values, ops.cast(indices, "int32")
    if k > _FEW:
        indices = ops.argsort(-x, axis=-1)[..., :k]
        return ops.take_along_axis(x, indices, axis=-1), ops.cast(indices, "int32")
    # k passes of argmax are cheaper than a sort; each pass hides the entry that it found.
    found_values, found_indices, columns = [], [], ops.arange(x.shape[-1])
    for _ in range(k):
        index = ops.argmax(x, axis=-1, keepdims=True)
        found_values.append(ops.max(x, axis=-1, keepdims=True))
        found_indices.append(ops.cast(index, "int32"))
        x = ops.where(columns == index, -float("inf"), x)
    return ops.concatenate(found_values, axis=-1), ops.concatenate(found_indices, axis=-1)


def take_beams(x: Tensor, beams: Tensor) -> Tensor:
    """Reorders hypotheses: (B, K, ...) and int `beams` (B, N) -> (B, N, ...)."""
    name = keras.config.backend()
    if name == "tensorflow":
        return tf.gather(x, beams, axis=1, batch_dims=1)
    rows = keras.ops.arange(x.shape[0])[:, None]
    if name == "torch":
        return x[rows, beams.long()]
    at = importlib.import_module("jax").numpy.asarray(x).at[rows, beams]
    return at.get(mode="promise_in_bounds")


def write_at(cache: Tensor, position: Tensor, entry: Tensor) -> Tensor:
    """Writes an entry at one index of a cache's third axis; in place on TensorFlow and under XLA.

    Args:
        cache: (B, H, L, K, d).
        position: int32 scalar, below L.
        entry: (B, H, K, d).

    Returns:
        The cache with the new entry, (B, H, L, K, d).
    """
    name = keras.config.backend()
    if name == "jax":
        update = importlib.import_module("jax").lax.dynamic_update_index_in_dim
        return update(cache, entry.astype(cache.dtype), position, 2)
    if name == "torch":
        torch = importlib.import_module("torch")
        index = torch.as_tensor(position, device=cache.device).reshape(1).long()
        return cache.index_copy(2, index, entry.to(cache.dtype)[:, :, None])
    # TensorFlow updates leading rows in place: view the cache as (B * H * L, K * d) and write B * H of its rows.
    batch, heads, length, beams, dim = tf.unstack(tf.shape(cache))
    rows = tf.range(batch * heads) * length + tf.cast(position, tf.int32)  # (B * H,)
    slabs = tf.reshape(cache, (batch * heads * length, beams * dim))
    entries = tf.reshape(tf.cast(entry, cache.dtype), (batch * heads, beams * dim))
    written = tf.reshape(tf.tensor_scatter_nd_update(slabs, rows[:, None], entries), tf.shape(cache))
    return tf.ensure_shape(written, cache.shape)
