"""Brute force: attention over a memory with loops over batch, query and step, in float64 NumPy."""

import numpy as np


def each_score(function, query, keys):
    """(B, Q, S): function(q, k) of each query and each step; keys (B, S, U), or (B, Q, S, U)."""
    batch, queries, steps = query.shape[0], query.shape[1], keys.shape[-2]
    scores = np.zeros((batch, queries, steps))
    for b in range(batch):
        for q in range(queries):
            for s in range(steps):
                key = keys[b, q, s] if keys.ndim == 4 else keys[b, s]
                scores[b, q, s] = function(query[b, q].astype("float64"), key.astype("float64"))
    return scores


def additive(vector, gain=None):
    """The score v^T tanh(q + k) of two projected vectors, or g v^T / |v| tanh(q + k)."""
    scaled = vector if gain is None else gain * vector / np.linalg.norm(vector)
    return lambda query, key: scaled @ np.tanh(query + key)


def softmax(scores, mask):
    """(B, Q, S) over the steps that mask (B, S) or (B, Q, S) calls real."""
    weights = np.zeros(scores.shape)
    for b, q in np.ndindex(scores.shape[:2]):
        real = [s for s in range(scores.shape[2]) if (mask[b, q, s] if mask.ndim == 3 else mask[b, s])]
        if real:
            best = max(scores[b, q, s] for s in real)
            total = sum(np.exp(scores[b, q, s] - best) for s in real)
            for s in real:
                weights[b, q, s] = np.exp(scores[b, q, s] - best) / total
    return weights


def contexts(weights, values):
    """(B, Q, M)."""
    summed = np.zeros((*weights.shape[:2], values.shape[-1]))
    for b, q, s in np.ndindex(weights.shape):
        summed[b, q] += weights[b, q, s] * values[b, s]
    return summed


def in_window(centre, mask, window):
    """bool (B, Q, S): real steps at most `window` away from the centre (B, Q), counting real steps only."""
    inside = np.zeros((*centre.shape, mask.shape[1]), bool)
    for b, q in np.ndindex(centre.shape):
        for position, s in enumerate(np.flatnonzero(mask[b])):
            inside[b, q, s] = abs(position - centre[b, q]) <= window
    return inside


def gaussian(centre, mask, sigma):
    """(B, Q, S), 0 at padding."""
    factors = np.zeros((*centre.shape, mask.shape[1]))
    for b, q in np.ndindex(centre.shape):
        for position, s in enumerate(np.flatnonzero(mask[b])):
            factors[b, q, s] = np.exp(-((position - centre[b, q]) ** 2) / (2 * sigma**2))
    return factors


def monotonic(scores, previous, mask):
    """(B, Q, S): the probability to stop at a step, summed over all steps to start from, each way walked alone."""
    weights = np.zeros(scores.shape)
    for b, q, start in np.ndindex(scores.shape):
        still = previous[b, q, start]
        for s in range(start, scores.shape[2]):
            stop = 1 / (1 + np.exp(-np.float64(scores[b, q, s]))) if mask[b, s] else 0.0
            weights[b, q, s] += still * stop
            still *= 1 - stop
    return weights


def walk(scores, mask):
    """Returns the position of hard monotonic attention at each step, None after the end: Raffel et al., algorithm 1.

    Args:
        scores: (T, S), of one query after the other. mask: (S,).
    """
    place, places = 0, []
    for row in scores:
        if place is not None:
            stops = [s for s in range(place, len(mask)) if mask[s] and row[s] > 0]
            place = stops[0] if stops else None
        places.append(place)
    return places


def convolved(weights, kernel):
    """(B, Q, S, F): filters (k, F), k odd, over weights (B, Q, S) with zeros around them."""
    size, filters = kernel.shape
    features = np.zeros((*weights.shape, filters))
    for b, q, s in np.ndindex(weights.shape):
        for offset in range(size):
            source = s + offset - size // 2
            if 0 <= source < weights.shape[2]:
                features[b, q, s] += weights[b, q, source] * kernel[offset]
    return features
