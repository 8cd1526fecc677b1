"""`EntityF1`: streaming counts against `entity_scores`, inside `fit` too."""

import keras
import numpy as np
import pytest
from keras import ops
from metrics.tagging_examples import TAGS, potentials_of

from keras_embed.metrics import EntityF1, entity_scores


def random_batches(seed, number=3, size=(20, 6)):
    rng = np.random.default_rng(seed)
    for _ in range(number):
        true = rng.integers(0, len(TAGS), size)
        true[np.arange(size[1]) >= rng.integers(1, size[1] + 1, (size[0], 1))] = -1
        yield true, np.where(rng.random(size) < 0.7, np.maximum(true, 0), rng.integers(0, len(TAGS), size))


def as_strings(batches):
    """The real tokens' tags as lists of strings: true, predicted."""
    pairs = [(t[t >= 0], p[t >= 0]) for true, predicted in batches for t, p in zip(true, predicted, strict=True)]
    return [[[TAGS[i] for i in row] for row in column] for column in zip(*pairs, strict=True)]


@pytest.mark.parametrize("mode", ["conlleval", "strict"])
def test_streaming_equals_the_whole(mode):
    batches = list(random_batches(1))
    expected = entity_scores(*as_strings(batches), mode=mode)
    metrics = {average: EntityF1(TAGS, mode=mode, average=average) for average in ("micro", "macro", "PER")}
    for metric in metrics.values():
        for true, predicted in batches:
            metric.update_state(true, predicted)
        assert metric.report() == expected
    results = {average: float(metric.result()) for average, metric in metrics.items()}
    assert results["micro"] == pytest.approx(expected["micro"]["f1"])
    assert results["macro"] == pytest.approx(expected["macro"]["f1"])
    assert results["PER"] == pytest.approx(expected["types"]["PER"]["f1"])


def test_potentials_are_decoded():
    ((true, predicted),) = random_batches(2, number=1)
    by_ids, by_potentials = EntityF1(TAGS), EntityF1(TAGS)
    by_ids.update_state(true, predicted)
    by_potentials.update_state(true, potentials_of(predicted, true >= 0))
    assert by_potentials.report() == by_ids.report()
    assert 0 < float(by_ids.result()) < 1


def test_positions_that_the_potentials_mask_do_not_count():
    metric = EntityF1(TAGS)
    metric.update_state([[1, 1]], potentials_of([[1, 1]], [[True, False]]))
    assert metric.report()["micro"]["support"] == 1


def test_rows_of_weight_zero_do_not_count():
    ((true, predicted),) = random_batches(3, number=1)
    weights = np.arange(len(true)) % 2 * 0.5
    weighted = EntityF1(TAGS)
    weighted.update_state(true, predicted, sample_weight=weights)
    assert weighted.report() == entity_scores(*as_strings([(true[1::2], predicted[1::2])]))
    weighted.reset_state()
    assert float(weighted.result()) == 0.0


def test_nothing_at_all_scores_zero():
    metric = EntityF1(TAGS, average="macro")
    metric.update_state([[-1, 0]], [[0, 0]])
    assert float(metric.result()) == 0.0
    assert metric.report()["macro"]["f1"] == 0.0


class Potentials(keras.layers.Layer):
    """A head with potentials that have no transitions."""

    def call(self, emissions):
        mask = ops.ones_like(emissions[..., :1])
        rows = ops.concatenate([emissions, mask], axis=-1)
        return ops.concatenate([ops.zeros_like(rows[:, :1]) for _ in range(len(TAGS) + 2)] + [rows], axis=1)


def emission_loss(y_true, y_pred):
    rows = y_pred[:, len(TAGS) + 2 :, :-1]
    tokens = keras.losses.sparse_categorical_crossentropy(ops.maximum(y_true, 0), rows, from_logits=True)
    return ops.mean(tokens, axis=1)  # (B,)


def test_streams_inside_fit():
    words = keras.Input((6,), dtype="int32")
    model = keras.Model(words, Potentials()(keras.layers.Embedding(9, len(TAGS))(words)))
    model.compile("adam", loss=emission_loss, metrics=[EntityF1(TAGS)], weighted_metrics=[EntityF1(TAGS, name="w")])
    ((y, _),) = random_batches(4, number=1)
    x, weights = np.random.default_rng(4).integers(0, 9, y.shape), np.arange(len(y)) % 2
    model.fit(x, y, sample_weight=weights, batch_size=8, epochs=1, verbose=0)
    logs = model.evaluate(x, y, sample_weight=weights, batch_size=8, verbose=0, return_dict=True)
    predicted = ops.convert_to_numpy(model.predict(x, verbose=0))[:, len(TAGS) + 2 :, :-1].argmax(-1)
    assert logs["entity_f1"] == pytest.approx(entity_scores(*as_strings([(y, predicted)]))["micro"]["f1"], abs=1e-6)
    odd = as_strings([(y[1::2], predicted[1::2])])
    assert logs["w"] == pytest.approx(entity_scores(*odd)["micro"]["f1"], abs=1e-6)


def test_config_round_trip():
    metric = EntityF1(TAGS, mode="strict", average="LOC", name="loc")
    rebuilt = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(metric))
    assert rebuilt.get_config() == metric.get_config()
    assert (rebuilt.average, rebuilt.mode, rebuilt.scheme, rebuilt.name) == ("LOC", "strict", "BIO", "loc")


def test_the_table():
    metric = EntityF1(TAGS)
    metric.update_state([[1, 2, 0, 3]], [[1, 2, 3, 0]])
    assert metric.table().splitlines() == [
        "2 true entities; found: 2; correct: 1.",
        "micro: precision:  50.00%; recall:  50.00%; FB1:  50.00",
        "macro: precision:  50.00%; recall:  50.00%; FB1:  50.00",
        "  LOC: precision:   0.00%; recall:   0.00%; FB1:   0.00  1",
        "  PER: precision: 100.00%; recall: 100.00%; FB1: 100.00  1",
    ]


def test_half_precision_counts_exactly():
    metric = EntityF1(TAGS, dtype="bfloat16")
    for _ in range(3):  # 360 spans: bfloat16 would stop at 256
        metric.update_state(np.ones((20, 6)), np.ones((20, 6)))
    assert metric.report()["micro"]["correct"] == 360
    assert float(metric.result()) == 1.0


def test_errors_are_sentences():
    with pytest.raises(
        ValueError, match=r"y_pred \(B, T\) tag ids or .* potentials. Received: shapes \(1, 2\) and \(1,\)"
    ):
        EntityF1(TAGS).update_state([[1, 2]], [1])
    with pytest.raises(ValueError, match=r"Received: shapes \(1, 2\) and \(1, 3\)"):
        EntityF1(TAGS).update_state([[1, 2]], [[1, 2, 3]])
    with pytest.raises(ValueError, match=r"Received: shapes \(1, 2\) and \(1, 2, 5\). Try the argmax"):
        EntityF1(TAGS).update_state([[1, 2]], np.zeros((1, 2, 5)))
    with pytest.raises(ValueError, match=r"`sample_weight` of shape \(B,\)"):
        EntityF1(TAGS).update_state([[1, 2]], [[1, 2]], sample_weight=[[1.0, 1.0]])
    with pytest.raises(ValueError, match="at least one entity type"):
        EntityF1(["O"])
    with pytest.raises(ValueError, match="`average` to be one of"):
        EntityF1(TAGS, average="ORG")
    with pytest.raises(ValueError, match="`mode` to be one of"):
        EntityF1(TAGS, mode="lenient")
    with pytest.raises(ValueError, match="a tag of BIO"):
        EntityF1(["O", "S-PER"])
