"""Helpers of the contract tests: rows, padding, models around a layer, comparisons."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

BATCH, TIME = 3, 5
MASK = np.arange(TIME)[None] < np.array([[TIME], [3], [1]])  # (B, T), True = real
RNG = np.random.default_rng(11)


def floats(*shape: int) -> np.ndarray:
    """Random float32 values."""
    return RNG.normal(size=shape).astype("float32")


def sequence(*features: int) -> np.ndarray:
    """(B, T, *features) float32."""
    return floats(BATCH, TIME, *features)


def features(vocabulary: int = 9, characters: int = 7) -> dict[str, np.ndarray]:
    """A feature dict as preprocessors make it, W = T distinct words a row and 4 characters a word."""
    ids = RNG.integers(1, vocabulary, (BATCH, TIME))
    return {
        "token_ids": np.where(MASK, ids, 0).astype("int32"),
        "casing_ids": np.where(MASK, 1 + ids % 3, 0).astype("int32"),
        "char_ids": RNG.integers(1, characters, (BATCH, TIME, 4)).astype("int32"),
        "char_index": np.where(MASK, RNG.integers(0, BATCH * TIME, (BATCH, TIME)), 0).astype("int32"),
        "elmo_ids": RNG.integers(0, 262, (BATCH, TIME, 8)).astype("int32"),
        "subword_ids": np.where(MASK[..., None], RNG.integers(0, vocabulary, (BATCH, TIME, 4)), 0).astype("int32"),
        "predicate_ids": np.where(MASK, RNG.integers(0, 2, (BATCH, TIME)), 0).astype("int32"),
        "padding_mask": MASK,
    }


def potentials(tags: int) -> np.ndarray:
    """A linear chain over `tags` tags, (B, K + 2 + T, K + 1): table, emissions, and the mask in the last column."""
    chain = np.concatenate([np.broadcast_to(floats(tags + 2, tags), (BATCH, tags + 2, tags)), sequence(tags)], 1)
    mask = np.concatenate([np.zeros((BATCH, tags + 2)), MASK], 1)
    return np.concatenate([chain, mask[..., None]], 2).astype("float32")


@dataclass(frozen=True)
class LayerRow:
    """A layer in the contract table.

    Attributes:
        name: what the test is called.
        make: makes the layer, a new one each time, from small integers.
        inputs: its first call argument, an array or a dict of arrays, batch first, time second.
        mask: (B, T), its `mask=` call argument; None where it takes none.
        real: cuts the output of an input that was padded to more than TIME steps to what must not have changed;
            None where the output has nothing of the kind.
        learns: False for layers whose output has no gradient, as decoded ids.
        tokens: whether the second axis of the output is that of the tokens, so that only real ones are compared.
        random: True for layers that draw anew at each call; of their outputs only shapes are compared.
        apply: how the layer is called, for one that takes several inputs: `(layer, inputs, mask=...)`.
    """

    name: str
    make: Callable[[], keras.layers.Layer]
    inputs: Any
    mask: np.ndarray | None = None
    real: Callable[[np.ndarray], np.ndarray] | None = lambda output: output[:, :TIME]
    learns: bool = True
    tokens: bool = True
    random: bool = False
    apply: Callable[..., Any] = lambda layer, inputs, **arguments: layer(inputs, **arguments)


@dataclass(frozen=True)
class ScoreRow:
    """A loss or a metric in the contract table: `make()` is called with, or updated by, `y_true` and `y_pred`.

    Attributes:
        name: what the test is called.
        make: makes the loss or metric, a new one each time.
        y_true: the truth, padded where padded.
        y_pred: the prediction.
        padding: what padding looks like in `y_true`; None where the score has no notion of padding.
    """

    name: str
    make: Callable[[], Any]
    y_true: np.ndarray
    y_pred: np.ndarray
    padding: int | None = -1


@keras.saving.register_keras_serializable(package="keras_embed_tests")
class NoLoss(keras.losses.Loss):
    """A zero loss for models of which only a metric is tested."""

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return keras.ops.zeros(keras.ops.shape(y_pred)[:1])


def pad_time(tree: Any, value: float = 0) -> Any:
    """The same batch with twice as many time steps."""
    padded = keras.tree.map_structure(lambda x: _pad_array(x, value), tree)
    if isinstance(tree, dict) and "char_index" in tree:
        # The table of distinct words is (B * W, C): with 2 W words per row, its rows have other indices.
        width = tree["elmo_ids" if "elmo_ids" in tree else "char_ids"].shape[1]
        rows, words = np.divmod(tree["char_index"], width)
        padded["char_index"] = _pad_array(rows * 2 * width + words, 0).astype("int32")
    return padded


def _pad_array(x: np.ndarray, value: float) -> np.ndarray:
    return np.pad(x, [(0, 0), (0, TIME)] + [(0, 0)] * (x.ndim - 2), constant_values=value)


def call(row: LayerRow, layer: keras.layers.Layer, inputs: Any = None, mask: Any = None) -> Any:
    """Calls a row's layer, eagerly or on symbolic inputs."""
    inputs = row.inputs if inputs is None else inputs
    mask = row.mask if mask is None else mask
    return row.apply(layer, inputs) if row.mask is None else row.apply(layer, inputs, mask=mask)


def symbolic(row: LayerRow, dynamic: bool) -> tuple[Any, Any]:
    """`keras.Input`s for a row's inputs and mask, with their true sizes or with open batch and time."""

    def one(x: np.ndarray, name: str) -> Any:
        shape = (None, None, *x.shape[2:]) if dynamic else x.shape
        return keras.Input(batch_shape=shape, dtype=str(x.dtype), name=name)

    mask = None if row.mask is None else one(row.mask, "mask")
    if isinstance(row.inputs, dict):
        return {name: one(x, name) for name, x in row.inputs.items()}, mask
    return one(row.inputs, "x"), mask


def model_of(row: LayerRow) -> tuple[keras.Model, Any]:
    """A Functional model with the layer in it, and the input to give it."""
    inputs, mask = symbolic(row, dynamic=True)
    output = call(row, row.make(), inputs, mask)
    if row.mask is None:
        return keras.Model(inputs, output), row.inputs
    return keras.Model({"inputs": inputs, "mask": mask}, output), {"inputs": row.inputs, "mask": row.mask}


def numpy(tree: Any) -> list[np.ndarray]:
    """The leaves of an output, as float64 or int64 arrays."""
    arrays = [keras.ops.convert_to_numpy(x) for x in keras.tree.flatten(tree)]
    return [x.astype("int64" if x.dtype.kind in "iub" else "float64") for x in arrays]


def assert_equal(actual: Any, expected: Any, tolerance: float = 1e-5) -> None:
    """Every leaf of both is the same within a tolerance."""
    actual, expected = numpy(actual), numpy(expected)
    assert len(actual) == len(expected)
    for a, e in zip(actual, expected, strict=True):
        np.testing.assert_allclose(a, e, rtol=tolerance, atol=tolerance)


def assert_same(row: LayerRow, actual: Any, expected: Any, tolerance: float = 1e-5) -> None:
    """Two outputs of a row's layer are equal; of a random layer, equally shaped."""
    if row.random:
        assert [x.shape for x in numpy(actual)] == [x.shape for x in numpy(expected)]
    else:
        assert_equal(actual, expected, tolerance)
