"""Batches of tags and of potentials for tests of metrics."""

import sys
from types import ModuleType
from typing import NamedTuple

import numpy as np
from keras import ops

import keras_embed.functional

TAGS = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]


class _Chain(NamedTuple):
    emissions: object
    mask: object


def potentials_of(tags, mask):
    """Potentials (B, K + 2 + T, K + 1) without transitions whose best path is `tags`."""
    num_tags, tags, mask = len(TAGS), np.asarray(tags), np.asarray(mask)
    emissions = 3.0 * np.eye(num_tags)[np.maximum(tags, 0)]  # (B, T, K)
    rows = np.concatenate([emissions, mask[..., None].astype(float)], axis=-1)  # (B, T, K + 1)
    table = np.zeros((len(tags), num_tags + 2, num_tags + 1))
    return np.concatenate([table, rows], axis=1).astype("float32")


def stand_in_for_linear_chain(monkeypatch):
    """A `linear_chain` that knows of emissions alone, enough for `potentials_of`. Nothing where the real one exists."""
    try:
        from keras_embed.functional import linear_chain  # noqa: F401
    except ImportError:
        module = ModuleType("keras_embed.functional.linear_chain")

        def unpack(potentials):
            rows = potentials[:, potentials.shape[-1] + 1 :]
            return _Chain(rows[..., :-1], rows[..., -1] > 0.5)

        def viterbi(chain):
            best = ops.cast(ops.argmax(chain.emissions, axis=-1), "int32")
            return ops.where(chain.mask, best, 0), ops.sum(chain.emissions, axis=(1, 2))

        module.unpack, module.viterbi = unpack, viterbi
        monkeypatch.setitem(sys.modules, module.__name__, module)
        monkeypatch.setattr(keras_embed.functional, "linear_chain", module, raising=False)
