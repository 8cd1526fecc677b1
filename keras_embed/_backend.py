"""The one place that names a framework. Everything else speaks `keras.ops`."""

import functools
import importlib
from types import ModuleType
from typing import Any

from keras_embed._checks import message


class _LazyModule:
    """A module imported at its first use, so that importing this library never imports TensorFlow."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._module: ModuleType | None = None

    def __getattr__(self, attribute: str) -> Any:
        if self._module is None:
            self._module = importlib.import_module(self._name)
        return getattr(self._module, attribute)


keras: Any = _LazyModule("keras")
tf: Any = _LazyModule("tensorflow")
tf_text: Any = _LazyModule("tensorflow_text")


def compiled(static: tuple[int, ...] = ()) -> Any:
    """Decorates a function of tensors that loops: on JAX, one program for each shape, kept between eager calls.

    A loop's body is a new closure in every call, so without this JAX would compile it every time that a layer is
    called outside of `fit` or `predict`. The other backends run the function as it is.

    Args:
        static: positions of the arguments that are no tensors.
    """

    def decorate(function: Any) -> Any:
        programs: dict[str, Any] = {}

        @functools.wraps(function)
        def wrapper(*args: Any) -> Any:
            if keras.config.backend() != "jax":
                return function(*args)
            if "jax" not in programs:
                programs["jax"] = importlib.import_module("jax").jit(function, static_argnums=static)
            return programs["jax"](*args)

        return wrapper

    return decorate


def scan(step: Any, initial: Any, inputs: Any) -> tuple[Any, Any]:
    """A recurrence over the leading axis that keeps the state *before* each step: so JAX can export symbolic lengths.

    Args:
        step: `(state, inputs at t) -> state`, one tensor in, one of the same shape and dtype out.
        initial: the first state.
        inputs: as of `loop`.

    Returns:
        `(states, final)`: the states that entered each step `(T, *state)`, and the state that left the last one.
    """
    states, (final,) = loop(lambda state, x: (state[0], (step(state[0], x),)), (initial,), inputs, initial.shape)
    return states, final


def loop(step: Any, initial: Any, inputs: Any, shape: Any) -> tuple[Any, Any]:
    """A recurrence over the leading axis with outputs, and with gradients on all backends, under XLA too.

    Args:
        step: `(state, tuple of inputs at t) -> (output, state)`; the state is a tuple of tensors that keep shape and
            dtype, the output is one tensor of the dtype of the first of them.
        initial: the first state.
        inputs: tuple of tensors with a common leading axis `T`.
        shape: of an output, as far as it is known beforehand.

    Returns:
        `(outputs, final)`: `(T, *output)`, and the state that left the last step.
    """
    name = keras.config.backend()
    if name == "jax":
        final, outputs = importlib.import_module("jax").lax.scan(lambda *args: step(*args)[::-1], initial, inputs)
        return outputs, final
    if name == "torch":
        torch = importlib.import_module("torch")
        outputs, state = [], initial
        for x in zip(*(tensor.unbind(0) for tensor in inputs), strict=True):
            output, state = step(state, x)
            outputs.append(output)
        return (torch.stack(outputs) if outputs else initial[0].new_zeros((0, *shape))), state
    length = inputs[0].shape[0] if inputs[0].shape[0] is not None else tf.shape(inputs[0])[0]

    def array(tensor: Any) -> Any:
        return tf.TensorArray(tensor.dtype, size=length, element_shape=tensor.shape[1:]).unstack(tensor)

    arrays = [array(tensor) for tensor in inputs]  # the gradient of `tensor[t]` would be as large as the tensor

    def body(t: Any, state: Any, outputs: Any) -> Any:
        output, state = step(state, tuple(a.read(t) for a in arrays))
        return t + 1, state, outputs.write(t, output)

    empty = tf.TensorArray(initial[0].dtype, size=length, element_shape=shape)
    _, final, outputs = tf.while_loop(
        lambda t, *_: t < length, body, (0, initial, empty), maximum_iterations=length, parallel_iterations=1
    )
    return outputs.stack(), final


def sparse_matrix(places: Any, values: Any, shape: tuple[int, int]) -> Any:
    """A sparse matrix as `keras.ops` takes it, on TensorFlow and JAX; Keras has none on PyTorch.

    Args:
        places: int64 (N, 2), rows and columns, row after row, each place once.
        values: tensor (N,).
        shape: of the matrix.
    """
    if keras.config.backend() == "jax":
        bcoo = importlib.import_module("jax.experimental.sparse").BCOO
        return bcoo((values, places), shape=shape, indices_sorted=True, unique_indices=True)
    return tf.SparseTensor(places, values, shape)


def open_checkpoint(prefix: str) -> Any:
    """A reader of a TensorFlow checkpoint."""
    return tf.train.load_checkpoint(prefix)


def graph_function(model: Any, polymorphic_shapes: dict[str, str]) -> tuple[Any, Any]:
    """A Keras model as a function of TensorFlow tensors, for a SavedModel.

    Args:
        model: takes a dict of tensors.
        polymorphic_shapes: JAX's names for the dynamic axes of each input. Axes of one name are equal: without that,
            every unknown axis gets a symbol of its own and no two inputs fit together.

    Returns:
        the function, and what a `tf.Module` must hold for its variables to be saved.

    Raises:
        ValueError: on PyTorch, which has no way into a SavedModel.
    """
    name = keras.config.backend()
    if name == "tensorflow":
        # The variables and not the model: a client of TensorFlow 1's kind restores only what it finds by name.
        return lambda features: model(features, training=False), [variable.value for variable in model.variables]
    if name != "jax":
        raise ValueError(message("a backend with a way into a SavedModel: tensorflow or jax", name))
    jax2tf = importlib.import_module("jax.experimental.jax2tf")
    count = len(model.trainable_variables)
    variables = [tf.Variable(keras.ops.convert_to_numpy(v), trainable=False, name=v.name) for v in model.variables]
    order = {id(variable): place for place, variable in enumerate(model.variables)}
    places = [order[id(v)] for v in (*model.trainable_variables, *model.non_trainable_variables)]

    def pure(values: Any, features: Any) -> Any:
        return model.stateless_call(values[:count], values[count:], features, training=False)[0]

    converted = jax2tf.convert(pure, polymorphic_shapes=[None, polymorphic_shapes], with_gradient=False)
    return lambda features: converted([variables[place] for place in places], features), variables


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
