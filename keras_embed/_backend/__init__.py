"""The one place that names a framework. Everything else speaks `keras.ops`."""

import functools
import importlib
from collections.abc import Mapping
from typing import Any

from keras_embed._backend._lazy import keras as keras
from keras_embed._backend._lazy import tf as tf
from keras_embed._backend._lazy import tf_text as tf_text
from keras_embed._backend.beams import exporting, largest, take_beams
from keras_embed._backend.quiet import import_quietly, predict_batch, without_retracing, without_warning_of
from keras_embed._backend.rows import add_rows, row_loop, take_rows
from keras_embed._errors import message

__all__ = [
    "add_rows",
    "compiled",
    "graph_function",
    "import_quietly",
    "keras",
    "largest",
    "loop",
    "open_checkpoint",
    "predict_batch",
    "row_loop",
    "scan",
    "sparse_matrix",
    "take_beams",
    "take_rows",
    "tf",
    "tf_text",
    "unknown_size_errors",
    "without_retracing",
    "without_warning_of",
    "write_checkpoint",
]


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
            dtype, the output is one tensor of the dtype of the first of them, or a tuple of tensors.
        initial: the first state.
        inputs: tuple of tensors with a common leading axis `T`.
        shape: of an output, as far as it is known beforehand; for a tuple of outputs a list of pairs, the shape and
            the dtype's name of each.

    Returns:
        `(outputs, final)`: `(T, *output)`, or a tuple of these, and the state that left the last step.
    """
    several = isinstance(shape, list)
    name = keras.config.backend()
    if name == "jax":
        final, outputs = importlib.import_module("jax").lax.scan(lambda *args: step(*args)[::-1], initial, inputs)
        return outputs, final
    specs = shape if several else [(shape, keras.backend.standardize_dtype(initial[0].dtype))]
    unrolled = _torch_loop if name == "torch" else _tensorflow_loop
    outputs, final = unrolled(lambda *args: _as_tuple(*step(*args)), initial, inputs, specs)
    return (outputs if several else outputs[0]), final


def _as_tuple(output: Any, state: Any) -> tuple[Any, Any]:
    return (output if isinstance(output, tuple) else (output,)), state


def _torch_loop(step: Any, state: Any, inputs: Any, specs: Any) -> tuple[Any, Any]:
    torch = importlib.import_module("torch")
    steps = []
    for x in zip(*(tensor.unbind(0) for tensor in inputs), strict=True):
        outputs, state = step(state, x)
        steps.append(outputs)
    if not steps:
        return tuple(keras.ops.zeros((0, *shape), dtype) for shape, dtype in specs), state
    return tuple(torch.stack(outputs) for outputs in zip(*steps, strict=True)), state


def _tensorflow_loop(step: Any, initial: Any, inputs: Any, specs: Any) -> tuple[Any, Any]:
    length = inputs[0].shape[0] if inputs[0].shape[0] is not None else tf.shape(inputs[0])[0]

    def array(tensor: Any) -> Any:
        return tf.TensorArray(tensor.dtype, size=length, element_shape=tensor.shape[1:]).unstack(tensor)

    arrays = [array(tensor) for tensor in inputs]  # the gradient of `tensor[t]` would be as large as the tensor

    def body(t: Any, state: Any, written: Any) -> Any:
        outputs, state = step(state, tuple(a.read(t) for a in arrays))
        return t + 1, state, tuple(a.write(t, x) for a, x in zip(written, outputs, strict=True))

    empty = tuple(tf.TensorArray(dtype, size=length, element_shape=shape) for shape, dtype in specs)
    _, final, written = tf.while_loop(
        lambda t, *_: t < length, body, (0, initial, empty), maximum_iterations=length, parallel_iterations=1
    )
    return tuple(a.stack() for a in written), final


def write_at(cache: Any, position: Any, entry: Any) -> Any:
    """A cache with a new entry at one place of its third axis; TensorFlow and XLA do it in place.

    Args:
        cache: (B, H, L, K, d).
        position: int32 scalar, below L.
        entry: (B, H, K, d).
    """
    name = keras.config.backend()
    if name == "jax":
        update = importlib.import_module("jax").lax.dynamic_update_index_in_dim
        return update(cache, entry.astype(cache.dtype), position, 2)
    if name == "torch":
        torch = importlib.import_module("torch")
        place = torch.as_tensor(position, device=cache.device).reshape(1).long()
        return cache.index_copy(2, place, entry.to(cache.dtype)[:, :, None])
    batch, heads, length, beams, dim = tf.unstack(tf.shape(cache))
    rows = tf.range(batch * heads) * length + tf.cast(position, tf.int32)  # of the cache as a list of slabs
    slabs = tf.reshape(cache, (batch * heads * length, beams * dim))
    entries = tf.reshape(tf.cast(entry, cache.dtype), (batch * heads, beams * dim))
    written = tf.reshape(tf.tensor_scatter_nd_update(slabs, rows[:, None], entries), tf.shape(cache))
    return tf.ensure_shape(written, cache.shape)


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


def write_checkpoint(prefix: str, arrays: Mapping[str, Any]) -> None:
    """Writes named arrays as a TensorFlow checkpoint, `prefix.index` and `prefix.data-00000-of-00001`."""
    names = sorted(arrays)
    tensors = [tf.constant(arrays[name]) for name in names]
    tf.raw_ops.SaveV2(prefix=prefix, tensor_names=names, shape_and_slices=[""] * len(names), tensors=tensors)


def graph_function(model: Any, polymorphic_shapes: dict[str, str], held: Any = None) -> tuple[Any, Any]:
    """A Keras model as a function of TensorFlow tensors, for a SavedModel.

    Args:
        model: takes a dict of tensors.
        polymorphic_shapes: JAX's names for the dynamic axes of each input. Axes of one name are equal: without that,
            every unknown axis gets a symbol of its own and no two inputs fit together.
        held: what an earlier call gave for a model of the same variables in the same order; they are saved once.

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
    variables = held or [
        tf.Variable(keras.ops.convert_to_numpy(v), trainable=False, name=v.name) for v in model.variables
    ]
    order = {id(variable): place for place, variable in enumerate(model.variables)}
    places = [order[id(v)] for v in (*model.trainable_variables, *model.non_trainable_variables)]

    def pure(values: Any, features: Any) -> Any:
        with exporting():
            return model.stateless_call(values[:count], values[count:], features, training=False)[0]

    converted = jax2tf.convert(pure, polymorphic_shapes=[None, polymorphic_shapes], with_gradient=False)
    return lambda features: converted([variables[place] for place in places], features), variables


def unknown_size_errors() -> tuple[type[Exception], ...]:
    """What is raised where a network that is written with `graph_function` asks how long an axis is, and nobody knows.

    TensorFlow asks when the model is run.
    """
    if keras.config.backend() != "jax":
        return ()
    return (importlib.import_module("jax.errors").InconclusiveDimensionOperation,)
