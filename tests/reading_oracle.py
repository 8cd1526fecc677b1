"""ESIM, BiDAF and BCN text by text, word by word, in float64 NumPy: no batch, no padding, no mask."""

import numpy as np
from keras import ops


def numpy(x):
    return ops.convert_to_numpy(x).astype("float64")


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def softmax(scores):
    weights = np.exp(scores - np.max(scores, initial=-np.inf))
    return weights / weights.sum()


def relu(x):
    return np.maximum(x, 0)


def lstm(layer, x):
    """(T, H) of one direction, from the weights of a `keras.layers.LSTM`."""
    kernel, recurrent, bias = (numpy(weight) for weight in layer.weights)
    hidden = cell = np.zeros(len(recurrent))
    outputs = []
    for vector in x:
        i, f, c, o = np.split(vector @ kernel + hidden @ recurrent + bias, 4)
        cell = sigmoid(f) * cell + sigmoid(i) * np.tanh(c)
        hidden = sigmoid(o) * np.tanh(cell)
        outputs.append(hidden)
    return np.array(outputs).reshape(len(x), -1) if len(x) else np.zeros((0, len(recurrent)))


def both_ways(layer, x):
    """(T, 2 H) of a `keras.layers.Bidirectional`."""
    return np.concatenate([lstm(layer.forward_layer, x), lstm(layer.backward_layer, x[::-1])[::-1]], axis=1)


def dense(layer, x):
    kernel, *bias = (numpy(weight) for weight in layer.weights)
    return x @ kernel + (bias[0] if bias else 0)


def mixture(scores, values):
    """sum_j softmax_j(s_j) v_j; zeros where there is nothing."""
    return softmax(scores) @ values if len(values) else np.zeros(values.shape[-1])


def mean(x):
    return x.mean(0) if len(x) else np.zeros(x.shape[1])


def greatest(x):
    return x.max(0) if len(x) else np.zeros(x.shape[1])


def rows(parts, width):
    return np.array(parts).reshape(-1, width)


def esim(model, first, second):
    """`pooled_output` of a pair; each text is a pair too, vectors at the input and at the output."""
    layer = model.get_layer
    a, b = (np.concatenate([both_ways(layer("encoder"), x), beside], 1) for x, beside in (first, second))
    pooled = []
    for here, there in ((a, b), (b, a)):
        compared = []
        for x in here:
            found = mixture(np.array([x @ y for y in there]), there)
            compared.append(np.concatenate([x, found, x - found, x * found]))
        x = both_ways(layer("composition"), relu(dense(layer("projection"), rows(compared, 4 * a.shape[1]))))
        pooled += [mean(x), greatest(x)]
    x = np.concatenate(pooled)
    for number in range(len(model.hidden_dims)):
        x = np.tanh(dense(layer(f"hidden_{number}"), x))
    return x


def highway(layer, x):
    gate = sigmoid(dense(layer.gate, x))
    return gate * relu(dense(layer.transform, x)) + (1 - gate) * x


def flow(layer, context, question, product):
    kernel = numpy(layer.kernel)[:, 0]
    scores = np.array([[kernel @ np.concatenate([h, u, h * u]) for u in question] for h in context])
    scores = scores.reshape(len(context), len(question))
    asked = len(context) and len(question)
    asked_for = mixture(scores.max(1), context) if asked else np.zeros(context.shape[1])
    attended = []
    for h, row in zip(context, scores, strict=True):
        found = mixture(row, question)
        attended.append(np.concatenate([h, found, h * found, asked_for * (h if product == "context" else found)]))
    return rows(attended, 4 * context.shape[1])


def bidaf(model, question, context):
    """Start and end of one context."""
    layer = model.get_layer
    texts = []
    for x, beside in (context, question):
        for number in range(model.num_highway):
            x = highway(layer(f"highway_{number}"), x)
        texts.append(np.concatenate([both_ways(layer("encoder"), x), beside], 1))
    if not model.self_attention:
        attended = flow(layer("attention"), *texts, "context")
        x = attended
        for number in range(model.num_layers):
            x = both_ways(layer(f"start_{number}"), x)
        end = both_ways(layer("end"), x)
        return np.concatenate([attended, x], 1), np.concatenate([attended, end], 1)
    x = relu(dense(layer("attention_projection"), flow(layer("attention"), *texts, "query")))
    y, kernel = both_ways(layer("modelling"), x), numpy(layer("self_attention").kernel)[:, 0]
    attended = []
    for i, h in enumerate(y):
        others = np.delete(y, i, 0)
        found = mixture(np.array([kernel @ np.concatenate([h, u, h * u]) for u in others]), others)
        attended.append(np.concatenate([h, found, h * found]))
    x = x + relu(dense(layer("self_projection"), rows(attended, 3 * y.shape[1])))
    start = x
    for number in range(model.num_layers):
        start = both_ways(layer(f"start_{number}"), start)
    return start, both_ways(layer("end"), np.concatenate([x, start], 1))


def bcn(model, x, beside):
    """`pooled_output` of one text; moving averages of the normalisation as they are."""
    layer = model.get_layer
    x = both_ways(layer("encoder"), relu(dense(layer("feed_forward"), x)))
    found = rows([mixture(np.array([h @ u for u in x]), x) for h in x], x.shape[1])
    x = both_ways(layer("integrator"), np.concatenate([x, x - found, x * found], 1))
    x = np.concatenate([x, beside], 1)
    weighed = mixture(dense(layer("weigh"), x)[:, 0], x)
    x = np.concatenate([greatest(x), mean(x), -greatest(-x), weighed])
    for number in range(len(model.maxout_dims)):
        gamma, beta, average, variance = (numpy(weight) for weight in layer(f"normalization_{number}").weights)
        x = gamma * (x - average) / np.sqrt(variance + layer(f"normalization_{number}").epsilon) + beta
        maxout = layer(f"maxout_{number}")
        x = dense(maxout.pieces, x).reshape(maxout.units, maxout.num_pieces).max(1)
    return x
