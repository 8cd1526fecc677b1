"""A recurrent decoder with attention in plain NumPy: one row, one step after the other."""

import keras
import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def softmax(x):
    e = np.exp(x - x.max())
    return e / e.sum()


def numpy(weight):
    return keras.ops.convert_to_numpy(weight).astype("float64")


def cell_step(cell, x, states):
    """One step of a Keras cell for one row."""
    kernel, recurrent, bias = numpy(cell.kernel), numpy(cell.recurrent_kernel), numpy(cell.bias)
    h, kind = states[0], type(cell).__name__
    if kind == "SimpleRNNCell":
        h = np.tanh(x @ kernel + h @ recurrent + bias)
        return h, [h]
    if kind == "LSTMCell":
        i, f, g, o = np.split(x @ kernel + h @ recurrent + bias, 4)
        c = sigmoid(f) * states[1] + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        return h, [h, c]
    xz, xr, xg = np.split(x @ kernel + bias[0], 3)
    hz, hr, hg = np.split(h @ recurrent + bias[1], 3)
    z = sigmoid(xz + hz)
    h = z * h + (1 - z) * np.tanh(xg + sigmoid(xr + hr) * hg)
    return h, [h]


def attend(attention, query, memory):
    """Context and weights over real steps (S, M), for Bahdanau's attention or Luong's general one."""
    if type(attention).__name__ == "BahdanauAttention":
        keys = memory @ numpy(attention.key.kernel) + numpy(attention.key.bias)
        scores = np.tanh(query @ numpy(attention.query.kernel) + keys) @ numpy(attention.vector)
    else:
        scores = (memory @ numpy(attention.key.kernel)) @ query
    a = softmax(scores)
    return a @ memory, a


def decode(decoder, x, memory, states):
    """Outputs (T, D) and weights (T, S) of one row without padding; states: a list for each cell."""
    outputs, weights = [], []
    width = decoder.output_dim(0 if memory is None else memory.shape[-1])
    fed = np.zeros(width if decoder.feeds_output else 0)
    for x_t in x:
        context = np.zeros(0)
        if decoder.attention is not None and decoder.attend_with == "previous":
            fed, a = attend(decoder.attention, states[-1][0], memory)
            context = fed
        h = np.concatenate([x_t, fed])
        for number, cell in enumerate(decoder.cells):
            h, states[number] = cell_step(cell, h, states[number])
        if decoder.attention is not None and decoder.attend_with == "present":
            context, a = attend(decoder.attention, h, memory)
        y = np.concatenate([context, h])
        if decoder.attentional_dim is not None:
            y = np.tanh(y @ numpy(decoder.kernel))
        if decoder.feeds_output:
            fed = y
        outputs.append(y)
        if decoder.attention is not None:
            weights.append(a)
    return np.array(outputs), np.array(weights)
