"""Training that changes a few rows of big tables in each step."""

import importlib
from typing import Any

from keras_embed._backend._lazy import keras, tf


def take_rows(table: Any, places: Any) -> Any:
    """Rows of a table, inside a step of `row_loop`. (V, ...) and int `places` (N...) -> (N..., ...)"""
    name = keras.config.backend()
    if name == "jax":
        return table.at[places].get(mode="promise_in_bounds")
    if name == "torch":
        return importlib.import_module("torch").nn.functional.embedding(places, table)
    return tf.gather(table, places)


def add_rows(table: Any, places: Any, rows: Any) -> Any:
    """Adds `rows` to a table at `places`, inside a step of `row_loop`; rows of one place all count.

    Returns:
        the table, which is changed in place.
    """
    name = keras.config.backend()
    if name == "jax":
        return table.at[places].add(rows, mode="promise_in_bounds")
    if name == "torch":
        return table.index_add_(0, places.reshape(-1), rows.reshape(-1, *table.shape[1:]))
    return table.scatter_add(tf.IndexedSlices(rows, places))


def row_loop(step: Any, tables: Any) -> tuple[Any, Any]:
    """Training that changes a few rows of big tables in each step, as one compiled loop over many batches.

    A dense gradient of a table would cost the whole table in each step. Here a step costs its rows: JAX compiles one
    program that owns the tables (their buffers are donated), TensorFlow runs one graph on variables, PyTorch adds in
    place.

    Args:
        step: `(tables, batch) -> tables`, by `take_rows` and `add_rows`.
        tables: arrays to start from.

    Returns:
        `(run, read)`: `run(batches)` makes a step for each entry of the leading axis of a tuple of arrays;
        `read(number)` gives a table as a NumPy array.
    """
    name = keras.config.backend()
    rows = {"jax": _jax_rows, "torch": _torch_rows, "tensorflow": _tensorflow_rows}[name]
    run, tables = rows(step, tables)
    return run, lambda number: keras.ops.convert_to_numpy(tables[number])


def _jax_rows(step: Any, tables: Any) -> tuple[Any, list[Any]]:
    jax = importlib.import_module("jax")
    held = [jax.numpy.array(table) for table in tables]

    def loop(tables: Any, batches: Any) -> Any:
        return jax.lax.scan(lambda tables, batch: (step(tables, batch), None), tables, batches)[0]

    program = jax.jit(loop, donate_argnums=0)

    def run(batches: Any) -> None:
        held[:] = program(tuple(held), batches)

    return run, held


def _torch_rows(step: Any, tables: Any) -> tuple[Any, list[Any]]:
    torch = importlib.import_module("torch")
    held = [keras.ops.convert_to_tensor(table).clone() for table in tables]

    def run(batches: Any) -> None:
        with torch.no_grad():
            for batch in zip(*map(keras.ops.convert_to_tensor, batches), strict=True):
                step(tuple(held), batch)

    return run, held


def _tensorflow_rows(step: Any, tables: Any) -> tuple[Any, list[Any]]:
    held = [tf.Variable(table, trainable=False) for table in tables]

    def body(t: Any, batches: Any) -> tuple[Any, Any]:
        step(tuple(held), tuple(array[t] for array in batches))
        return t + 1, batches

    def loop(batches: Any) -> None:
        steps = tf.shape(batches[0])[0]
        tf.while_loop(lambda t, _: t < steps, body, (0, batches), parallel_iterations=1)

    programs: list[Any] = []

    def run(batches: Any) -> None:
        tensors = tuple(map(tf.convert_to_tensor, batches))
        if not programs:  # one graph, for any number of steps
            specs = tuple(tf.TensorSpec([None, *tensor.shape[1:]], tensor.dtype) for tensor in tensors)
            programs.append(tf.function(loop, autograph=False).get_concrete_function(specs))
        programs[0](*tensors)

    return run, held
