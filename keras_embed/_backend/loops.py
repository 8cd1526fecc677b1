"""Recurrences over a leading axis, with gradients on every backend."""

import functools
import importlib
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from keras_embed._backend.frameworks import keras, tf
from keras_embed._types import Shape, Tensor

_P = ParamSpec("_P")
_R = TypeVar("_R")
#: `(state, inputs at t) -> (output, state)`; state and inputs are tuples of tensors.
Step = Callable[[tuple[Tensor, ...], tuple[Tensor, ...]], tuple[Any, tuple[Tensor, ...]]]
#: Shape and dtype of each output of a step.
Specs = list[tuple[Shape, str]]


def compiled(static: tuple[int, ...] = ()) -> Callable[[Callable[_P, _R]], Callable[_P, _R]]:
    """Decorates a function of tensors that loops: on JAX, compiled once for each shape and cached between eager calls.

    The body of a loop is a new closure in every call, so without this JAX would compile it each time a layer is called
    outside of `fit` or `predict`. The other backends run the function unchanged.

    Args:
        static: positions of the arguments that are not tensors.
    """

    def decorate(function: Callable[_P, _R]) -> Callable[_P, _R]:
        programs: dict[str, Callable[..., _R]] = {}

        @functools.wraps(function)
        def wrapper(*args: _P.args, **kwargs: _P.kwargs) -> _R:
            if keras.config.backend() != "jax":
                return function(*args, **kwargs)
            if "jax" not in programs:
                programs["jax"] = importlib.import_module("jax").jit(function, static_argnums=static)
            return programs["jax"](*args, **kwargs)

        return wrapper

    return decorate


def scan(
    step: Callable[[Tensor, tuple[Tensor, ...]], Tensor], initial: Tensor, inputs: tuple[Tensor, ...]
) -> tuple[Tensor, Tensor]:
    """Runs a recurrence over the leading axis and returns the state *before* each step.

    Returning the states before each step, and not the last one, lets JAX export the loop with symbolic lengths.

    Args:
        step: `(state, inputs at t) -> state`, one tensor in, one of the same shape and dtype out.
        initial: the first state.
        inputs: as in `loop`.

    Returns:
        `(states, final)`: the states that entered each step `(T, *state)`, and the state after the last one.
    """
    states, (final,) = loop(lambda state, x: (state[0], (step(state[0], x),)), (initial,), inputs, initial.shape)
    return states, final


def loop(
    step: Step, initial: tuple[Tensor, ...], inputs: tuple[Tensor, ...], shape: Shape | Specs
) -> tuple[Any, tuple[Tensor, ...]]:
    """Runs a recurrence over the leading axis with outputs; differentiable on all backends, under XLA too.

    Args:
        step: `(state, tuple of inputs at t) -> (output, state)`. The state is a tuple of tensors with constant shapes
            and dtypes; the output is one tensor with the dtype of the first of them, or a tuple of tensors.
        initial: the first state.
        inputs: tensors with a common leading axis `T`.
        shape: shape of an output, as far as it is known beforehand; for a tuple of outputs a list of pairs, the shape
            and the dtype's name of each.

    Returns:
        `(outputs, final)`: `(T, *output)`, or a tuple of these, and the state after the last step.
    """
    several = isinstance(shape, list)
    name = keras.config.backend()
    if name == "jax":
        # `lax.scan` wants (state, output), and is differentiable by itself.
        final, outputs = importlib.import_module("jax").lax.scan(lambda *args: step(*args)[::-1], initial, inputs)
        return outputs, final
    specs: Specs = shape if isinstance(shape, list) else [(shape, _dtype(initial[0]))]
    unrolled = _torch_loop if name == "torch" else _tensorflow_loop
    outputs, final = unrolled(lambda *args: _as_tuple(*step(*args)), initial, inputs, specs)
    return (outputs if several else outputs[0]), final


def _dtype(x: Tensor) -> str:
    return str(keras.backend.standardize_dtype(x.dtype))


def _as_tuple(output: Any, state: tuple[Tensor, ...]) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
    return (output if isinstance(output, tuple) else (output,)), state


def _torch_loop(
    step: Step, state: tuple[Tensor, ...], inputs: tuple[Tensor, ...], specs: Specs
) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
    torch = importlib.import_module("torch")
    steps = []
    for x in zip(*(tensor.unbind(0) for tensor in inputs), strict=True):
        outputs, state = step(state, x)
        steps.append(outputs)
    if not steps:  # T = 0: nothing to stack
        return tuple(keras.ops.zeros((0, *shape), dtype) for shape, dtype in specs), state
    return tuple(torch.stack(outputs) for outputs in zip(*steps, strict=True)), state


def _tensorflow_loop(
    step: Step, initial: tuple[Tensor, ...], inputs: tuple[Tensor, ...], specs: Specs
) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
    length = inputs[0].shape[0] if inputs[0].shape[0] is not None else tf.shape(inputs[0])[0]

    def array(tensor: Tensor) -> Any:
        return tf.TensorArray(tensor.dtype, size=length, element_shape=tensor.shape[1:]).unstack(tensor)

    arrays = [array(tensor) for tensor in inputs]  # the gradient of `tensor[t]` would be as large as the tensor

    def body(t: Tensor, state: tuple[Tensor, ...], written: tuple[Any, ...]) -> tuple[Any, ...]:
        outputs, state = step(state, tuple(a.read(t) for a in arrays))
        return t + 1, state, tuple(a.write(t, x) for a, x in zip(written, outputs, strict=True))

    empty = tuple(tf.TensorArray(dtype, size=length, element_shape=shape) for shape, dtype in specs)
    # XLA needs a static bound on the iterations to differentiate the loop.
    _, final, written = tf.while_loop(
        lambda t, *_: t < length, body, (0, initial, empty), maximum_iterations=length, parallel_iterations=1
    )
    return tuple(a.stack() for a in written), final
