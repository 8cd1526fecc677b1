"""Batches of similar length."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from keras_embed._backend import tf
from keras_embed.preprocessors.batching import batched_dataset, padded_batch, similar_length_batches


@given(st.lists(st.integers(0, 60), min_size=1, max_size=50), st.integers(1, 9), st.booleans())
def test_every_sentence_is_in_one_batch_and_all_but_one_are_full(lengths, batch_size, shuffled):
    batches = similar_length_batches(lengths, batch_size, np.random.default_rng(0) if shuffled else None)
    assert sorted(np.concatenate(batches)) == list(range(len(lengths)))
    assert sum(len(batch) < batch_size for batch in batches) <= 1


def test_neighbours_in_length_share_a_batch():
    lengths = list(range(1, 101))
    for batch in similar_length_batches(lengths, 10, np.random.default_rng(1)):
        assert max(lengths[i] for i in batch) - min(lengths[i] for i in batch) < 35


def test_every_epoch_has_its_own_order_and_the_same_sentences():
    words = tf.ragged.constant([[str(i)] * (1 + i % 3) for i in range(20)])
    dataset = batched_dataset((words, tf.range(20)), batch_size=4, seed=3)
    epochs = [[batch.numpy().tolist() for _, batch in dataset] for _ in range(2)]
    assert len(dataset) == len(epochs[0]) == 5
    assert epochs[0] != epochs[1]
    assert sorted(sum(epochs[0], [])) == sorted(sum(epochs[1], [])) == list(range(20))


def test_rows_are_filled_up_to_a_power_of_two():
    rows = padded_batch(tf.ragged.constant([["a"], ["b", "c"], [], ["d"]]), np.array([1, 0, 3]))
    assert rows.to_list() == [[b"b", b"c"], [b"a"], [b"d"], []]
