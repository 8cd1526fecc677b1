"""Gradients of plain functions of tensors."""

import keras
import numpy as np
from keras import ops


def gradients(function, arrays):
    """Gradients of a scalar function of tensors, on the current backend."""
    backend = keras.config.backend()
    inputs = [ops.convert_to_tensor(array) for array in arrays]
    if backend == "jax":
        import jax

        return [np.asarray(g) for g in jax.jit(jax.grad(lambda xs: function(*xs)))(inputs)]
    if backend == "tensorflow":
        import tensorflow as tf

        @tf.function(jit_compile=True)
        def gradient(*xs):
            with tf.GradientTape() as tape:
                tape.watch(xs)
                value = function(*xs)
            return tape.gradient(value, xs)

        return [g.numpy() for g in gradient(*inputs)]
    leaves = [x.clone().requires_grad_(True) for x in inputs]
    function(*leaves).backward()
    return [x.grad.numpy() for x in leaves]
