"""Smallest setting of the benchmark of readers; the measured times are not meaningful."""

import numpy as np
import pytest

from benchmarks import vectors_io


def test_readers_agree():
    pytest.importorskip("gensim", reason="needs the optional gensim")
    result = vectors_io.measure(rows=300, dim=4, wanted=20, runs=1, gensim_runs=1)
    assert [row["same"] for row in result["rows"]] == [True] * 4
    assert "300 x 4" in vectors_io.tables(result)
    assert "25x" in vectors_io.tables(result)


def test_other_vectors_are_noticed(tmp_path):
    from keras_embed import vectors

    words = vectors_io.write(tmp_path / "a.txt", 30, 3)
    ours, theirs = vectors.load(tmp_path / "a.txt"), vectors_io.plain_loop(tmp_path / "a.txt")
    assert list(ours.words) == words == list(theirs)
    assert vectors_io.agree(ours, theirs)
    theirs[words[3]] = np.zeros(3)
    assert not vectors_io.agree(ours, theirs)
    assert list(vectors_io.plain_loop(tmp_path / "a.txt", {words[5]})) == [words[5]]
