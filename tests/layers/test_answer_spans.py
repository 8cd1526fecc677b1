"""Scores of starts and ends, position by position."""

import keras
import numpy as np
from keras import ops

from keras_embed.functional.spans import IMPOSSIBLE
from keras_embed.layers.answer_spans import SpanHead

RNG = np.random.default_rng(0)
STARTS, ENDS = RNG.normal(size=(2, 4, 3)).astype("float32"), RNG.normal(size=(2, 4, 5)).astype("float32")
MASK = np.array([[False, True, True, False], [False, False, True, True]])


def made(*inputs, **arguments):
    """A head with weights that are not zero, and these weights."""
    head = SpanHead(**arguments)
    head(*inputs)
    head.set_weights([RNG.normal(size=w.shape) for w in head.get_weights()])
    return head, {weight.path.split("/", 1)[-1]: ops.convert_to_numpy(weight) for weight in head.weights}


def test_scores_by_hand():
    head, weights = made(STARTS, ENDS)
    found = ops.convert_to_numpy(head(STARTS, ENDS, mask=MASK))
    for row in range(2):
        for place in range(4):
            for side, (x, name) in enumerate(((STARTS, "start"), (ENDS, "end"))):
                score = x[row, place] @ weights[f"{name}/kernel"][:, 0] + weights[f"{name}/bias"][0]
                expected = score if place == 0 or MASK[row, place] else IMPOSSIBLE
                np.testing.assert_allclose(found[row, side, place], expected, rtol=1e-5, atol=1e-5)


def test_learnt_scores_of_no_answer_come_first():
    head, weights = made(STARTS, learnt_none=True)
    found = ops.convert_to_numpy(head(STARTS, mask=MASK))
    assert found.shape == (2, 2, 5)
    np.testing.assert_allclose(found[:, :, 0], np.tile(weights["none"], (2, 1)), rtol=1e-6)
    np.testing.assert_array_equal(found[:, 0, 1:] == IMPOSSIBLE, ~MASK)


def test_scores_are_float32_under_mixed_precision():
    head = SpanHead(learnt_none=True, dtype="mixed_float16")
    found = head(STARTS, mask=MASK)
    assert keras.backend.standardize_dtype(found.dtype) == "float32"
    assert float(ops.min(found)) == IMPOSSIBLE


def test_frozen_weights_are_not_trained():
    head, weights = made(STARTS, learnt_none=True, trainable=False)
    assert len(weights) == 5 and not [weight.path for weight in head.weights if weight.trainable]
