"""Keras models as TensorFlow graph functions, and TensorFlow checkpoints."""

import importlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from keras_embed._backend.beams import exporting
from keras_embed._backend.frameworks import keras, tf
from keras_embed._errors import message
from keras_embed._types import Features

if TYPE_CHECKING:
    from keras import Model


def graph_function(
    model: "Model", polymorphic_shapes: dict[str, str], held: list[Any] | None = None
) -> tuple[Callable[[Features], Any], list[Any]]:
    """Converts a Keras model to a function of TensorFlow tensors, for a SavedModel.

    Args:
        model: takes a dict of tensors.
        polymorphic_shapes: JAX's names for the dynamic axes of each input. Axes with the same name are equal; without
            names, every unknown axis gets its own symbol and no two inputs fit together.
        held: the variables that an earlier call returned for a model with the same variables in the same order, so
            that they are saved once.

    Returns:
        The function, and the variables that a `tf.Module` must track so that they are saved.

    Raises:
        ValueError: If the backend is PyTorch, which cannot export to a SavedModel.
    """
    name = keras.config.backend()
    if name == "tensorflow":
        # Track the variables and not the model: TensorFlow 1 clients restore only what they find by name.
        return lambda features: model(features, training=False), [variable.value for variable in model.variables]
    if name != "jax":
        raise ValueError(message("a backend that exports to a SavedModel: tensorflow or jax", name))
    jax2tf = importlib.import_module("jax.experimental.jax2tf")
    count = len(model.trainable_variables)
    # The exported variables are TensorFlow's own copies of JAX's arrays.
    variables = held or [
        tf.Variable(keras.ops.convert_to_numpy(v), trainable=False, name=v.name) for v in model.variables
    ]
    # `stateless_call` wants trainable variables first; `variables` has the order of `model.variables`.
    position = {id(variable): index for index, variable in enumerate(model.variables)}
    order = [position[id(v)] for v in (*model.trainable_variables, *model.non_trainable_variables)]

    def pure(values: list[Any], features: Features) -> Any:
        with exporting():
            return model.stateless_call(values[:count], values[count:], features, training=False)[0]

    # Variables have static shapes (None); only the features have dynamic axes.
    converted = jax2tf.convert(pure, polymorphic_shapes=[None, polymorphic_shapes], with_gradient=False)
    return lambda features: converted([variables[index] for index in order], features), variables


def unknown_size_errors() -> tuple[type[Exception], ...]:
    """Returns the errors raised if a network asks for the size of a dynamic axis while `graph_function` traces it.

    Empty on TensorFlow, which resolves sizes when the model runs.
    """
    if keras.config.backend() != "jax":
        return ()
    return (importlib.import_module("jax.errors").InconclusiveDimensionOperation,)


def open_checkpoint(prefix: str) -> Any:
    """Returns a `tf.train.CheckpointReader`."""
    return tf.train.load_checkpoint(prefix)


def write_checkpoint(prefix: str, arrays: Mapping[str, NDArray[np.generic]]) -> None:
    """Writes named arrays as a TensorFlow checkpoint, `prefix.index` and `prefix.data-00000-of-00001`."""
    names = sorted(arrays)
    tensors = [tf.constant(arrays[name]) for name in names]
    tf.raw_ops.SaveV2(prefix=prefix, tensor_names=names, shape_and_slices=[""] * len(names), tensors=tensors)
