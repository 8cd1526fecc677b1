"""Smallest setting of the benchmark of cached features; the measured times are not meaningful."""

import pytest

from benchmarks import feature_cache

SMALL = {"hidden_dim": 4, "projection_dim": 2, "filters": ((1, 2),), "char_dim": 2, "max_characters": 10}


@pytest.mark.matrix
def test_three_ways_learn_the_same_sentences(data_dir, monkeypatch):
    monkeypatch.setenv("KERAS_EMBED_DATA", str(data_dir))
    row = feature_cache.measure(sentences=6, epochs=2, hidden_dim=2, batch_size=6, elmo=SMALL)
    assert row["sentences"] == 6
    assert row["losses"]["cache"] == pytest.approx(row["losses"]["encoder"], rel=1e-3)
    assert set(row["seconds"]) == set(feature_cache.WAYS)
    assert row["bytes"] > row["tokens"] * 3 * 4 * 2  # layers, values, bytes of a value
    assert "of the head's speed" in feature_cache.table([{"backend": "jax", **row}])
