"""Training that updates a few rows of large tables in each step."""

import importlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keras_embed._backend.frameworks import keras, tf
from keras_embed._types import Tensor

#: `(tables, batch) -> tables`, both tuples of tensors.
RowStep = Callable[[tuple[Tensor, ...], tuple[Tensor, ...]], tuple[Tensor, ...]]
#: Runs a step for each entry of the leading axis of a tuple of arrays.
Run = Callable[[Sequence[NDArray[np.generic]]], None]


def take_rows(table: Tensor, indices: Tensor) -> Tensor:
    """Gathers rows of a table inside a step of `row_loop`: (V, ...) and int `indices` (N...) -> (N..., ...)."""
    name = keras.config.backend()
    if name == "jax":
        # Indices are known to be valid: without bounds checks XLA emits a plain gather.
        return table.at[indices].get(mode="promise_in_bounds")
    if name == "torch":
        return importlib.import_module("torch").nn.functional.embedding(indices, table)
    return tf.gather(table, indices)


def add_rows(table: Tensor, indices: Tensor, rows: Tensor) -> Tensor:
    """Adds `rows` to a table at `indices`, inside a step of `row_loop`; rows with the same index accumulate.

    Returns:
        The table, updated in place.
    """
    name = keras.config.backend()
    if name == "jax":
        return table.at[indices].add(rows, mode="promise_in_bounds")
    if name == "torch":
        return table.index_add_(0, indices.reshape(-1), rows.reshape(-1, *table.shape[1:]))
    return table.scatter_add(tf.IndexedSlices(rows, indices))


def row_loop(
    step: RowStep, tables: Sequence[NDArray[np.floating[Any]]]
) -> tuple[Run, Callable[[int], NDArray[np.float32]]]:
    """Builds one compiled loop over many batches, each of which updates a few rows of large tables.

    A dense gradient would cost the whole table in each step; here a step costs its rows. JAX compiles one program that
    owns the tables (their buffers are donated), TensorFlow runs one graph on variables, PyTorch adds in place.

    Args:
        step: `(tables, batch) -> tables`, built from `take_rows` and `add_rows`.
        tables: initial values.

    Returns:
        `(run, read)`: `run(batches)` makes a step for each entry of the leading axis of a tuple of arrays;
        `read(index)` returns a table as a NumPy array.
    """
    backend = keras.config.backend()
    loops = {"jax": _jax_rows, "torch": _torch_rows, "tensorflow": _tensorflow_rows}
    run, held = loops[backend](step, tables)
    return run, lambda index: keras.ops.convert_to_numpy(held[index])


def _jax_rows(step: RowStep, tables: Sequence[NDArray[np.floating[Any]]]) -> tuple[Run, list[Tensor]]:
    jax = importlib.import_module("jax")
    held = [jax.numpy.array(table) for table in tables]  # copies: donated buffers are destroyed

    def loop(tables: tuple[Tensor, ...], batches: tuple[Tensor, ...]) -> Any:
        return jax.lax.scan(lambda tables, batch: (step(tables, batch), None), tables, batches)[0]

    program = jax.jit(loop, donate_argnums=0)

    def run(batches: Sequence[NDArray[np.generic]]) -> None:
        held[:] = program(tuple(held), batches)

    return run, held


def _torch_rows(step: RowStep, tables: Sequence[NDArray[np.floating[Any]]]) -> tuple[Run, list[Tensor]]:
    torch = importlib.import_module("torch")
    held = [keras.ops.convert_to_tensor(table).clone() for table in tables]

    def run(batches: Sequence[NDArray[np.generic]]) -> None:
        with torch.no_grad():
            for batch in zip(*map(keras.ops.convert_to_tensor, batches), strict=True):
                step(tuple(held), batch)

    return run, held


def _tensorflow_rows(step: RowStep, tables: Sequence[NDArray[np.floating[Any]]]) -> tuple[Run, list[Tensor]]:
    held = [tf.Variable(table, trainable=False) for table in tables]

    def body(t: Tensor, batches: tuple[Tensor, ...]) -> tuple[Tensor, tuple[Tensor, ...]]:
        # The variables are updated in place, so the tables are not loop state.
        step(tuple(held), tuple(array[t] for array in batches))
        return t + 1, batches

    def loop(batches: tuple[Tensor, ...]) -> None:
        steps = tf.shape(batches[0])[0]
        tf.while_loop(lambda t, _: t < steps, body, (0, batches), parallel_iterations=1)

    programs: list[Any] = []

    def run(batches: Sequence[NDArray[np.generic]]) -> None:
        tensors = tuple(map(tf.convert_to_tensor, batches))
        if not programs:  # one graph for any number of steps
            specs = tuple(tf.TensorSpec([None, *tensor.shape[1:]], tensor.dtype) for tensor in tensors)
            programs.append(tf.function(loop, autograph=False).get_concrete_function(specs))
        programs[0](*tensors)

    return run, held
