"""Smallest setting of the benchmark of translators; outputs are tested, times are not meaningful."""

import keras
import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the peers are written in PyTorch")

from benchmarks import translation_peers, translation_speed, translation_written_out  # noqa: E402
from keras_embed.losses import SmoothedCrossentropy  # noqa: E402

SIDES = {
    "transformer": ["keras_embed", "PyTorch, nn.Transformer", "PyTorch, JoeyNMT's way", "PyTorch with a cache"],
    "recurrent": ["keras_embed", "PyTorch, a loop"],
}


@pytest.mark.parametrize("model", ["transformer", "recurrent"])
def test_all_sides_translate_the_same(model):
    rows = translation_speed.measure(models=[model], tasks=["greedy", "beam"], runs=1, **translation_speed.SMALL)
    for task in ("greedy", "beam"):
        sides = [row["side"] for row in rows if row["task"] == task]
        assert sides[: len(SIDES[model])] == SIDES[model]
    assert all(row["same"] == 1.0 and row["ratio"] > 0 for row in rows)
    rows = [{"backend": keras.config.backend(), **row} for row in rows]
    table = translation_speed.table(rows)
    assert "| beam 5, sentences/s | PyTorch" in table and "| 100% |" in table
    assert len(translation_speed.by_task(rows).splitlines()) == 2 + len({row["side"] for row in rows})


def test_all_sides_train_on_the_same_loss():
    ours = translation_speed.Ours("transformer", 50, translation_speed.SMALL["transformer"], 6, "auto")
    work = translation_speed.Work("train", 50, 3, 5)
    labels = np.where(np.arange(5) < np.array([[5], [2], [4]]), work.labels, -1)
    logits = keras.ops.convert_to_numpy(ours.backbone(work.features)["logits"])
    expected = float(SmoothedCrossentropy(translation_peers.SMOOTHING)(labels, logits))
    for peer in (translation_peers.PlainTransformer, translation_written_out.WrittenOut):
        model = peer(ours.weights(), 2, dropout=0.0)
        model.prepare()
        assert model.train_step(work.source, work.target, work.tensor(labels)) == pytest.approx(expected, rel=1e-5)


def test_training_is_timed():
    rows = translation_speed.measure(models=["recurrent"], tasks=["train"], runs=1, **translation_speed.SMALL)
    assert [row["side"] for row in rows] == SIDES["recurrent"]
    assert all(row["rate"] > 0 and "same" not in row for row in rows)


def test_wrong_answers_are_noticed():
    class Side:
        def __init__(self, answer):
            self.answer = np.array(answer)

        def greedy(self, work):
            return self.answer

    sides = {"keras_embed": Side([[4, 5], [6, 7]]), "peer": Side([[4, 5], [6, 8]])}
    work = translation_speed.Work("greedy", 9, 2, 2)
    assert translation_speed.timed(work, sides, runs=1)[1]["same"] == 0.5
