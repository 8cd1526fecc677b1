"""From probabilities to labels, in TensorFlow graph code."""

from collections.abc import Sequence
from typing import Any

from keras_embed._backend import tf


def classified_labels(probabilities: Any, classes: Sequence[str], thresholds: Any = None) -> dict[str, Any]:
    """Answers of a classifier as dense tensors that any client can read.

    Args:
        probabilities: (B, K) float32.
        classes: K strings.
        thresholds: (K,) probabilities from which on a text has a label; None where it has exactly one, the most
            probable.

    Returns:
        dict:
            `probabilities` (B, K) float32, and `classes` (B, K) string, the same names in each row.
            With one label a text: `label` (B,) string and `probability` (B,) float32.
            With any number: `labels` (B, M) string, the most probable first, "" as padding, `label_probabilities`
            (B, M) float32, and `num_labels` (B,) int32.
    """
    names = tf.constant(list(classes))
    size = tf.shape(probabilities)[0]
    answer = {"probabilities": probabilities, "classes": tf.tile(names[None], [size, 1])}
    if thresholds is None:
        best = tf.argmax(probabilities, axis=1)
        return {**answer, "label": tf.gather(names, best), "probability": tf.reduce_max(probabilities, axis=1)}
    order = tf.argsort(probabilities, axis=1, direction="DESCENDING", stable=True)  # (B, K)
    ranked = tf.gather(probabilities, order, batch_dims=1)
    # Labels that the text has come first: each class has a threshold of its own.
    chosen = ranked >= tf.gather(tf.constant(thresholds, tf.float32), order)
    front = tf.argsort(tf.cast(~chosen, tf.int32), axis=1, stable=True)
    count = tf.reduce_sum(tf.cast(chosen, tf.int32), axis=1)
    width = tf.reduce_max(tf.concat([count, [0]], axis=0))
    mask = tf.sequence_mask(count, width)
    first = tf.gather(order, front, batch_dims=1)[:, :width]
    scores = tf.gather(ranked, front, batch_dims=1)[:, :width]
    return {
        **answer,
        "labels": tf.where(mask, tf.gather(names, first), ""),
        "label_probabilities": tf.where(mask, scores, 0.0),
        "num_labels": count,
    }
