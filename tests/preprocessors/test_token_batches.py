import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from keras_embed.preprocessors.batching import BatchShape, TokenBatches

RNG = np.random.default_rng(3)
SOURCES = [RNG.integers(4, 50, RNG.integers(1, 12)) for _ in range(60)]
TARGETS = [np.concatenate([[100 + number], RNG.integers(4, 50, RNG.integers(0, 12))]) for number in range(60)]


def pairs_in(batches):
    """(source, target) as tuples, of the rows that something is learnt from, after checking the rest of the batch."""
    found = []
    for features, labels in batches:
        encoder, encoder_mask = features["encoder_token_ids"], features["encoder_padding_mask"]
        decoder, decoder_mask = features["decoder_token_ids"], features["decoder_padding_mask"]
        assert encoder.dtype == decoder.dtype == labels.dtype == np.int32
        assert encoder_mask.dtype == decoder_mask.dtype == bool
        assert ((encoder != 0) == encoder_mask).all() and ((decoder != 0) == decoder_mask).all()
        learnt = (labels >= 0).any(axis=1)
        assert ((labels >= 0) == decoder_mask)[learnt].all()
        for row in np.flatnonzero(learnt):
            source, target = encoder[row][encoder_mask[row]], labels[row][decoder_mask[row]]
            assert source[-1] == target[-1] == 3 and decoder[row, 0] == 2
            assert (decoder[row, 1:][decoder_mask[row, 1:]] == target[:-1]).all()
            found.append((tuple(source[:-1]), tuple(target[:-1])))
    return found


EXPECTED = sorted((tuple(source), tuple(target)) for source, target in zip(SOURCES, TARGETS, strict=True))


@given(
    st.sampled_from([{"batch_tokens": 30}, {"batch_tokens": 1}, {"batch_size": 7}, {"batch_size": 500}]),
    st.integers(1, 6),
    st.sampled_from([None, 3]),
)
def test_an_epoch_is_every_pair_once_in_the_announced_shapes(size, max_shapes, seed):
    batches = TokenBatches(SOURCES, TARGETS, **size, seed=seed, max_shapes=max_shapes)
    for _ in range(2):
        epoch = list(batches)
        assert len(epoch) == len(batches) == batches.num_batches
        assert sorted(pairs_in(epoch)) == EXPECTED and batches.num_pairs == 60
        shapes = {BatchShape(*features["encoder_token_ids"].shape, labels.shape[1]) for features, labels in epoch}
        assert shapes == set(batches.shapes) and len(shapes) <= max_shapes
        cells = sum(features["encoder_token_ids"].size + labels.size for features, labels in epoch)
        assert batches.padding_share == pytest.approx(1 - sum(len(s) + len(t) + 2 for s, t in EXPECTED) / cells)


def test_a_seed_shuffles_anew_every_epoch_and_alike_again():
    def epochs(seed):
        batches = TokenBatches(SOURCES, TARGETS, batch_size=8, seed=seed)
        return [pairs_in(batches) for _ in range(2)]

    first, second = epochs(1)
    assert first != second and epochs(1) == [first, second] and epochs(2)[0] != first
    assert epochs(None)[0] == epochs(None)[1]


def test_rows_that_fill_a_batch_are_pairs_again_without_labels():
    batches = TokenBatches(SOURCES[:5], TARGETS[:5], batch_size=3, max_shapes=1)
    (first, _), (features, labels) = batches
    assert batches.shapes[0].rows == 3 and (labels[2] == -1).all() and (labels[1] >= 0).any()
    assert (features["encoder_token_ids"][2] == features["encoder_token_ids"][0]).all()


def test_shapes_of_other_batches():
    train = TokenBatches(SOURCES, TARGETS, batch_tokens=60, max_shapes=3)
    same = TokenBatches(SOURCES[:9], TARGETS[:9], batch_tokens=60, shapes=train.shapes)
    assert set(same.shapes) <= set(train.shapes) and len(pairs_in(same)) == 9
    longer = TokenBatches([*SOURCES[:9], [5] * 99], [*TARGETS[:9], [5] * 99], batch_tokens=60, shapes=train.shapes)
    assert set(longer.shapes) - set(train.shapes) == {BatchShape(1, 100, 100)} and len(pairs_in(longer)) == 10


def test_long_pairs_are_left_out_with_a_warning():
    with pytest.warns(UserWarning, match=r"2 of 3 pairs are longer than \(3, 3\): left out"):
        batches = TokenBatches([[4], [4] * 3, [4]], [[4], [4], [4] * 3], batch_size=1, max_lengths=(3, 3))
    assert pairs_in(batches) == [((4,), (4,))] and batches.num_pairs == 1
    with pytest.raises(ValueError, match=r"Expected at least one pair of lengths up to \(1, 1\). Received: 1 pairs"):
        TokenBatches([[4]], [[4]], batch_size=1, max_lengths=(1, 1))


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, "Expected either `batch_tokens` or `batch_size`"),
        ({"batch_size": 2, "batch_tokens": 3}, "Expected either `batch_tokens` or `batch_size`"),
        ({"batch_size": 0}, "Expected `batch_size` to be a positive integer"),
        ({"batch_size": 1, "max_shapes": 0}, "Expected `max_shapes` to be a positive integer"),
    ],
)
def test_errors(settings, expected):
    with pytest.raises(ValueError, match=expected):
        TokenBatches(SOURCES, TARGETS, **settings)
    with pytest.raises(ValueError, match="at least one pair"):
        TokenBatches([], [], batch_size=2)


def test_dataset():
    batches = TokenBatches(SOURCES, TARGETS, batch_tokens=60, seed=4)
    dataset = batches.dataset()
    assert int(dataset.cardinality()) == len(batches)
    assert sorted(pairs_in(dataset.as_numpy_iterator())) == EXPECTED
