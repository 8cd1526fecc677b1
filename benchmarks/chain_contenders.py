"""Loss with gradients and decoding of a linear-chain CRF, with pytorch-crf and with keras_embed."""

from collections.abc import Callable
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops

from keras_embed.functional import linear_chain


class Problem(NamedTuple):
    """A batch: float32 scores as in `linear_chain.LinearChain`, bool mask (B, T), int tags (B, T)."""

    emissions: np.ndarray
    mask: np.ndarray
    tags: np.ndarray
    transitions: np.ndarray
    start: np.ndarray
    end: np.ndarray


class Contender(NamedTuple):
    """One implementation that solves a problem.

    Attributes:
        name: name of the implementation.
        gradients: () -> (summed loss, (emissions', transitions', start', end')).
        decode: () -> the best paths, (B, T) in NumPy or a list of lists.
    """

    name: str
    gradients: Callable[[], Any]
    decode: Callable[[], Any]


def random_problem(batch: int, length: int, num_tags: int, seed: int = 0) -> Problem:
    """Returns normally distributed scores with right padding; lengths are uniform in [T/2, T], the first is T."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(length // 2, length + 1, batch)
    lengths[0] = length
    scores = [
        rng.normal(size=shape).astype("float32")
        for shape in ((batch, length, num_tags), (num_tags, num_tags), (num_tags,), (num_tags,))
    ]
    mask, tags = np.arange(length) < lengths[:, None], rng.integers(0, num_tags, (batch, length))
    return Problem(scores[0], mask, tags, *scores[1:])


def peer(problem: Problem) -> Contender:
    """Returns the implementation of pytorch-crf."""
    import torch
    import torchcrf

    crf = torchcrf.CRF(problem.start.size, batch_first=True)
    parameters = (crf.transitions, crf.start_transitions, crf.end_transitions)
    with torch.no_grad():
        for parameter, value in zip(parameters, (problem.transitions, problem.start, problem.end), strict=True):
            parameter.copy_(torch.from_numpy(value))
    emissions = torch.tensor(problem.emissions, requires_grad=True)
    mask, tags = torch.from_numpy(problem.mask), torch.from_numpy(problem.tags)

    def gradients() -> Any:
        for leaf in (emissions, *parameters):
            leaf.grad = None
        loss = -crf(emissions, tags, mask, reduction="sum")
        loss.backward()
        return loss, (emissions.grad, *(parameter.grad for parameter in parameters))

    def decode() -> Any:
        with torch.no_grad():
            return crf.decode(emissions, mask)

    return Contender("pytorch-crf", gradients, decode)


def ours(problem: Problem) -> list[Contender]:
    """Returns the implementations of keras_embed on the current backend."""
    scores = tuple(ops.convert_to_tensor(x) for x in (problem.emissions, *problem[3:]))
    mask, tags = ops.convert_to_tensor(problem.mask), ops.convert_to_tensor(problem.tags.astype("int32"))
    return {"jax": _jax, "tensorflow": _tensorflow, "torch": _torch}[keras.config.backend()](scores, mask, tags)


# Mask and tags are arguments, as in training, so that no compiler treats them as constants.
def _loss(scores: Any, mask: Any, tags: Any) -> Any:
    chain = linear_chain.LinearChain(scores[0], mask, *scores[1:])
    return ops.sum(linear_chain.negative_log_likelihood(chain, tags))


def _best_paths(scores: Any, mask: Any) -> Any:
    return linear_chain.viterbi(linear_chain.LinearChain(scores[0], mask, *scores[1:]))[0]


def _jax(scores: Any, mask: Any, tags: Any) -> list[Contender]:
    import jax

    gradients, decode = jax.jit(jax.value_and_grad(_loss)), jax.jit(_best_paths)
    return [
        Contender(
            "jit",
            lambda: jax.block_until_ready(gradients(scores, mask, tags)),
            lambda: np.asarray(decode(scores, mask)),
        )
    ]


def _tensorflow(scores: Any, mask: Any, tags: Any) -> list[Contender]:
    import tensorflow as tf

    def gradients(scores: Any, mask: Any, tags: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(scores)
            loss = _loss(scores, mask, tags)
        return loss, tape.gradient(loss, scores)

    def contender(name: str, jit_compile: bool) -> Contender:
        differentiate = tf.function(gradients, jit_compile=jit_compile)
        decode = tf.function(_best_paths, jit_compile=jit_compile)
        return Contender(name, lambda: differentiate(scores, mask, tags), lambda: decode(scores, mask).numpy())

    return [contender("graph", False), contender("graph, jit_compile", True)]


def _torch(scores: Any, mask: Any, tags: Any) -> list[Contender]:
    import torch

    leaves = tuple(score.clone().requires_grad_(True) for score in scores)

    def gradients() -> Any:
        for leaf in leaves:
            leaf.grad = None
        loss = _loss(leaves, mask, tags)
        loss.backward()
        return loss, tuple(leaf.grad for leaf in leaves)

    def decode() -> Any:
        with torch.no_grad():
            return _best_paths(leaves, mask).numpy()

    return [Contender("eager", gradients, decode)]
