"""Searches written out in NumPy, and small models to search."""

import itertools

import numpy as np
from keras import ops

START, END = 2, 3


def log_softmax(x):
    """Over the last axis, in float64."""
    x = np.asarray(x, "float64")
    x = x - x.max(-1, keepdims=True)
    return x - np.log(np.exp(x).sum(-1, keepdims=True))


def trigram_step(logits, attention=None):
    """A step that needs its state in order: `logits` (B, V, V, V) by the last token but one, the last, and the next.

    `attention` (B, V, S) by the last token.
    """
    logits = ops.convert_to_tensor(logits)
    vocabulary = logits.shape[-1]
    flat = ops.reshape(logits, (logits.shape[0], -1, vocabulary))

    def step(tokens, position, state):
        (before,), fixed = state
        rows = (before * vocabulary + tokens)[..., None]
        weights = (
            None if attention is None else ops.take_along_axis(ops.convert_to_tensor(attention), tokens[..., None], 1)
        )
        return ops.take_along_axis(flat, rows, axis=1), weights, ((tokens,), fixed)

    return step


def trigram_state(batch, beams):
    """Returns the initial state of `trigram_step`."""
    return (ops.full((batch, beams), START, "int32"),), ()


def log_probabilities(logits, tokens):
    """log P of each next token after `tokens`, of one row's trigram `logits` (V, V, V)."""
    before, last = ([START, START] + list(tokens))[-2:]
    return log_softmax(logits[before, last])


def penalised(log_probability, tokens, alpha, beta=0.0, attention=None, mask=None):
    """A hypothesis' score (Wu et al. 2016, equations 14 and 15), by the letter."""
    score = log_probability / ((5 + len(tokens)) ** alpha / (5 + 1) ** alpha)
    if beta:
        paid = sum(attention[token] for token in [START, *tokens[:-1]])
        score += beta * sum(np.log(min(max(paid[s], 1e-6), 1.0)) for s in range(len(paid)) if mask[s])
    return score


def beam_search(logits, beams, length, alpha=0.0, n_best=1, prefix=(), **coverage):
    """The textbook's beam search on one row, without stopping early: [(score, log-probability, tokens)]."""
    live, finished = [(0.0, ())], []
    for t in range(length):
        found = [(s + p, (*y, v)) for s, y in live for v, p in enumerate(log_probabilities(logits, y))]
        found = [(s, y) for s, y in found if y[t : t + 1] == tuple(prefix[t : t + 1]) or t >= len(prefix)]
        found.sort(key=lambda pair: -pair[0])
        finished += [(penalised(s, y, alpha, **coverage), s, y) for s, y in found[:beams] if y[-1] == END]
        live = [(s, y) for s, y in found if y[-1] != END][:beams]
    finished.sort(key=lambda found: -found[0])
    rest = sorted(((penalised(s, y, alpha, **coverage), s, y) for s, y in live), key=lambda found: -found[0])
    return (finished + rest)[:n_best]


def every_sequence(logits, length, alpha=0.0, n_best=1):
    """The best of all sequences there are, finished ones first: [(score, log-probability, tokens)]."""
    finished, rest = [], []
    tokens = range(logits.shape[-1])
    for size in range(1, length + 1):
        for y in itertools.product(tokens, repeat=size):
            if END in y[:-1] or (y[-1] != END and size < length):
                continue
            s = sum(log_probabilities(logits, y[:t])[y[t]] for t in range(size))
            (finished if y[-1] == END else rest).append((penalised(s, y, alpha), s, y))
    for found in (finished, rest):
        found.sort(key=lambda found: -found[0])
    return (finished + rest)[:n_best]


def assert_found(answer, expected, tolerance=1e-4):
    """`decode`'s answer is, row for row, [(score, log-probability, tokens)]."""
    answer = {name: ops.convert_to_numpy(tensor) for name, tensor in answer.items()}
    for row, found in enumerate(expected):
        for n, (score, log_probability, tokens) in enumerate(found):
            length = len(tokens)
            assert tuple(answer["token_ids"][row, n, :length]) == tokens, (row, n)
            assert not answer["token_ids"][row, n, length:].any()
            assert answer["lengths"][row, n] == length
            np.testing.assert_allclose(answer["scores"][row, n], score, rtol=tolerance, atol=tolerance)
            np.testing.assert_allclose(answer["log_probabilities"][row, n], log_probability, rtol=tolerance)
