"""A Transformer in NumPy, with loops over rows, heads and positions."""

import math

import numpy as np


def sinusoidal(length: int, dim: int) -> np.ndarray:
    table = np.zeros((length, dim))
    for p in range(length):
        for i in range(dim // 2):
            table[p, 2 * i] = math.sin(p / 10000 ** (2 * i / dim))
            table[p, 2 * i + 1] = math.cos(p / 10000 ** (2 * i / dim))
    return table


def rotary(x: np.ndarray, position: int) -> np.ndarray:
    """One head's vector (d,), each pair as a complex number."""
    dim = len(x)
    turned = np.empty(dim)
    for i in range(dim // 2):
        number = complex(x[2 * i], x[2 * i + 1]) * np.exp(1j * position / 10000 ** (2 * i / dim))
        turned[2 * i], turned[2 * i + 1] = number.real, number.imag
    return turned


def bucket(distance: int, buckets: int, max_distance: int, both_ways: bool) -> int:
    """Raffel et al. 2020, by cases."""
    start = 0
    if both_ways:
        buckets //= 2
        start = buckets if distance > 0 else 0
        distance = abs(distance)
    else:
        distance = max(-distance, 0)
    near = buckets // 2
    if distance < near:
        return start + distance
    part = math.log(distance / near) / math.log(max_distance / near)
    return start + min(near + int(part * (buckets - near)), buckets - 1)


def softmax(scores: np.ndarray) -> np.ndarray:
    parts = np.exp(scores - scores.max())
    return parts / parts.sum()


def norm(x: np.ndarray, layer) -> np.ndarray:
    gamma, beta = (np.asarray(w, "float64") for w in layer.get_weights())
    mean, variance = x.mean(-1, keepdims=True), x.var(-1, keepdims=True)
    return (x - mean) / np.sqrt(variance + layer.epsilon) * gamma + beta


def attention(layer, query: np.ndarray, memory: np.ndarray, may_look, turn, bias) -> tuple[np.ndarray, np.ndarray]:
    """`may_look(b, t, s)`, `turn(head vector, position)`, `bias(h, t, s)`."""
    weights = {w.name: np.asarray(w, "float64") for w in layer.weights}
    heads = layer.num_heads
    batch, steps, dim = query.shape
    width = memory.shape[1]
    size = dim // heads
    q = query @ weights["query_kernel"] + weights["query_bias"]
    k, v = memory @ weights["key_kernel"], memory @ weights["value_kernel"] + weights["value_bias"]
    context, seen = np.zeros((batch, steps, dim)), np.zeros((batch, heads, steps, width))
    for b in range(batch):
        for h in range(heads):
            part = slice(h * size, (h + 1) * size)
            for t in range(steps):
                allowed = [s for s in range(width) if may_look(b, t, s)]
                if not allowed:
                    continue
                scores = [
                    turn(q[b, t, part], t) @ turn(k[b, s, part], s) / math.sqrt(size) + bias(h, t, s) for s in allowed
                ]
                for s, weight in zip(allowed, softmax(np.array(scores)), strict=True):
                    seen[b, h, t, s] = weight
                    context[b, t, part] += weight * v[b, s, part]
    return context @ weights["output_kernel"] + weights["output_bias"], seen


def block(layer, x: np.ndarray, parts) -> np.ndarray:
    """`parts`: name -> function of vectors, in their order; pre or post normalisation."""
    for name, function in parts.items():
        if layer.norm_first:
            x = x + function(norm(x, layer.norms[name]))
        else:
            x = norm(x + function(x), layer.norms[name])
    return x


def feed_forward(layer, x: np.ndarray) -> np.ndarray:
    (w1, b1), (w2, b2) = (
        [np.asarray(w, "float64") for w in dense.get_weights()] for dense in (layer.widen, layer.narrow)
    )
    return np.maximum(x @ w1 + b1, 0) @ w2 + b2


def places(stack):
    """`(added, turn, bias)` of a stack's positions."""
    kind = type(stack.positions).__name__
    weights = [np.asarray(w, "float64") for w in stack.positions.get_weights()]

    def added(x: np.ndarray) -> np.ndarray:
        if kind == "SinusoidalPositions":
            return x + sinusoidal(x.shape[1], x.shape[2])
        return x + weights[0][: x.shape[1]] if kind == "LearnedPositions" else x

    def bias(h: int, t: int, s: int) -> float:
        if kind != "RelativePositions":
            return 0.0
        layer = stack.positions
        return weights[0][bucket(s - t, layer.num_buckets, layer.max_distance, layer.both_ways), h]

    return added, (rotary if kind == "RotaryPositions" else lambda x, _: x), bias


def encoder(stack, x: np.ndarray, mask: np.ndarray) -> np.ndarray:
    added, turn, bias = places(stack)
    x = added(x.astype("float64"))

    def may_look(b: int, t: int, s: int) -> bool:
        return mask[b, s] and (s <= t or not stack.causal)

    for layer in stack.blocks:
        x = block(
            layer,
            x,
            {
                "attention": lambda y, layer=layer: attention(layer.attention, y, y, may_look, turn, bias)[0],
                "feed_forward": lambda y, layer=layer: feed_forward(layer, y),
            },
        )
    x = norm(x, stack.norm) if stack.norm_first else x
    return np.where(mask[..., None], x, 0)


def decoder(stack, x: np.ndarray, memory: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    added, turn, bias = places(stack)
    x, memory = added(x.astype("float64")), memory.astype("float64")
    kept = []

    def to_memory(layer, y: np.ndarray) -> np.ndarray:
        output, weights = attention(
            layer.memory_attention, y, memory, lambda b, t, s: mask[b, s], lambda x, _: x, lambda *_: 0.0
        )
        kept.append(weights)
        return output

    for layer in stack.blocks:
        x = block(
            layer,
            x,
            {
                "attention": lambda y, layer=layer: attention(
                    layer.attention, y, y, lambda b, t, s: s <= t, turn, bias
                )[0],
                "memory_attention": lambda y, layer=layer: to_memory(layer, y),
                "feed_forward": lambda y, layer=layer: feed_forward(layer, y),
            },
        )
    return norm(x, stack.norm) if stack.norm_first else x, np.stack(kept, 1)
