"""Span counts by array operations compared with counts in Python."""

from collections import Counter

import keras
import numpy as np
import pytest
from keras import ops

from keras_embed.functional.spans import count_spans
from keras_embed.text import SCHEMES, spans
from keras_embed.text.tag_schemes import span_tables

PREFIXES = {"IOB1": "BI", "BIO": "BI", "BIOES": "BIES", "BIOUL": "BIUL", "BMES": "BMES"}
TAGS = {s: ["O", *(f"{p}-{t}" for t in "XY" for p in PREFIXES[s])] for s in SCHEMES}


def compiled(function):
    """Compiles the function with XLA on TensorFlow and JAX; PyTorch runs eagerly."""
    if keras.backend.backend() == "jax":
        import jax

        return jax.jit(function)
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        return tf.function(function, jit_compile=True)
    return function


def by_hand(true, predicted, mask, tags, scheme, strict):
    """Counts each sentence's spans in Python, without the masked tokens."""
    counts = [Counter(), Counter(), Counter()]
    for row in range(len(true)):
        keep = np.flatnonzero(mask[row])
        sought = set(spans([tags[true[row, t]] for t in keep], scheme, strict))
        guess = [tags[predicted[row, t]] if predicted[row, t] >= 0 else "O" for t in keep]
        found = set(spans(guess, scheme, strict))
        for counter, entities in zip(counts, (sought & found, sought, found), strict=True):
            counter.update(span.type for span in entities)
    return [[counter[type_] for counter in counts] for type_ in ("X", "Y")]


def batch(rng, num_tags, size=(300, 7)):
    """Returns random tags, most of them invalid in the scheme, predictions similar to them, and masks with holes."""
    true = rng.integers(0, num_tags, size)
    predicted = np.where(rng.random(size) < 0.75, true, rng.integers(0, num_tags, size))
    mask = rng.random(size) < rng.choice([0.5, 0.9, 1.0], (size[0], 1))
    mask &= np.arange(size[1]) < rng.integers(0, size[1] + 1, (size[0], 1))
    return np.where(mask, true, -1), predicted, mask


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_counts_equal_those_by_hand(scheme, strict):
    *tables, types = span_tables(TAGS[scheme], scheme, strict)
    true, predicted, mask = batch(np.random.default_rng(5), len(TAGS[scheme]))
    counts = ops.convert_to_numpy(count_spans(true, predicted, mask, *tables, num_types=len(types)))
    assert counts.dtype == np.int32
    expected = by_hand(true, predicted, mask, TAGS[scheme], scheme, strict)
    assert counts.tolist() == expected
    assert min(map(min, expected)) > 10


@pytest.mark.parametrize("strict", [False, True])
def test_compiled_equals_eager(strict):
    *tables, _ = span_tables(TAGS["BIOES"], "BIOES", strict)

    def run(true, predicted, mask):
        return count_spans(true, predicted, mask, *tables, num_types=2)

    case = batch(np.random.default_rng(6), len(TAGS["BIOES"]), (40, 6))
    given = compiled(run)(*map(ops.convert_to_tensor, case))
    assert ops.convert_to_numpy(given).tolist() == by_hand(*case, TAGS["BIOES"], "BIOES", strict)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="the other backends know every shape")
def test_unknown_shapes():
    import tensorflow as tf

    *tables, _ = span_tables(TAGS["BIO"], "BIO")
    ids, mask = tf.TensorSpec([None, None], tf.int32), tf.TensorSpec([None, None], tf.bool)

    @tf.function(input_signature=[ids, ids, mask])
    def run(true, predicted, mask):
        return count_spans(true, predicted, mask, *tables, num_types=2)

    for size in [(3, 5), (1, 1), (2, 9)]:
        true, predicted, mask = batch(np.random.default_rng(7), 5, size)
        expected = by_hand(true, predicted, mask, TAGS["BIO"], "BIO", False)
        given = run(true.astype("int32"), predicted.astype("int32"), mask)
        assert given.numpy().tolist() == expected


def test_padding_changes_nothing():
    """Rows with padding give the counts of the same rows without it."""
    *tables, _ = span_tables(TAGS["BIO"], "BIO")
    true, predicted, mask = batch(np.random.default_rng(8), 5)
    mask[:, 4:] = False
    expected = by_hand(true[:, :4], predicted[:, :4], mask[:, :4], TAGS["BIO"], "BIO", False)
    assert ops.convert_to_numpy(count_spans(true, predicted, mask, *tables, num_types=2)).tolist() == expected


@pytest.mark.parametrize("size", [(1, 1), (3, 1)])
def test_small_batches(size):
    *tables, _ = span_tables(TAGS["BIO"], "BIO")
    for real in (False, True):
        tags, mask = np.full(size, 1), np.full(size, real)
        counts = ops.convert_to_numpy(count_spans(tags, tags, mask, *tables, num_types=2))
        assert counts.tolist() == [[tags.size * real] * 3, [0, 0, 0]]


def test_a_negative_prediction_is_outside():
    *tables, _ = span_tables(TAGS["BIO"], "BIO")
    counts = count_spans([[1], [1], [1]], [[1], [-1], [-100]], [[True]] * 3, *tables, num_types=2)
    assert ops.convert_to_numpy(counts).tolist() == [[1, 3, 1], [0, 0, 0]]
