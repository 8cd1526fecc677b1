"""Runs the smallest setting of each benchmark; the measured times are not meaningful."""

import dataclasses
import subprocess
from types import SimpleNamespace

import keras
import numpy as np
import pytest

import keras_embed as ke
from benchmarks import __main__ as command
from benchmarks import classify, crf, elmo, import_time, machine, padding, report, tagger, tfidf, worker
from benchmarks.tagger_clock import Clock
from benchmarks.tagger_recipes import RECIPES
from benchmarks.timing import alternate

SMALL = {"word_dim": 8, "char_dim": 4, "char_filters": 4, "kernel_sizes": (2, 3), "hidden_dim": 8, "num_layers": 1}


def test_crf_agrees_with_pytorch_crf_and_float64():
    rows = [{"backend": keras.config.backend(), **row} for row in crf.measure(shapes=[(3, 6, 4)], runs=2)]
    assert {row["task"] for row in rows} == {"gradients", "decode"}
    for row in rows:
        assert row["ratio"] > 0
        if row["task"] == "gradients":
            assert row["error"] < 1e-6
            assert row["peer_error"] < 1e-5
        else:
            assert row["same_paths"]
    assert "3, 6, 4" in crf.tables(rows)


@pytest.mark.parametrize(("p90", "shown"), [(1.2, "4.0x"), (9.0, "disturbed")])
def test_crf_shows_no_ratio_where_a_side_was_disturbed(p90, shown):
    calm = {"p10": 0.25, "median": 0.25, "p90": 0.25}
    row = {"backend": "jax", "way": "jit", "shape": [1, 2, 3], "ours_ms": calm, "ratio": 4.0, "first_call_s": 1.0}
    row |= {"peer_ms": {"p10": 1.0, "median": 1.0, "p90": p90}, "error": 0.0, "peer_error": 0.0, "same_paths": True}
    table = crf.tables([{**row, "task": "gradients"}, {**row, "task": "decode"}])
    assert [line.split(" | ")[-2] for line in table.splitlines()[2:4]] == [shown] * 2


def test_crf_notices_wrong_answers():
    assert not crf.same_paths(np.array([[1, 2, 0]]), [[1, 1]])
    assert not crf.same_paths(np.array([[1, 2, 3]]), [[1, 2]])
    assert crf.same_paths(np.array([[1, 2, 0]]), [[1, 2]])
    assert crf.gradient_error([np.array([1.0, 1.1])], [np.array([1.0, 1.0])]) > 0.05


@pytest.mark.matrix
def test_elmo_agrees_with_plain_pytorch(data_dir, monkeypatch):
    monkeypatch.setenv("KERAS_EMBED_DATA", str(data_dir))
    result = {"backend": keras.config.backend(), **elmo.measure(batches=1, runs=1, **elmo.SMALL)}
    assert result["difference"] < 2e-6
    assert [row["order"] for row in result["models"]] == ["as they come", "as they come", "by length"]
    assert all(row["ratio"] > 0 for row in (*result["models"], *result["parts"]))
    table = elmo.tables([result])
    assert "| all words known |" in table and "(asked 60%)" in table


def test_functions_are_timed_in_turn():
    calls = []
    times = alternate((lambda: calls.append("A"), lambda: calls.append("B")), runs=2, least=0.0)
    assert "".join(calls) == "AAABBB" + "ABAB"
    assert all(time["p10"] <= time["median"] <= time["p90"] for time in times)


@pytest.mark.matrix
def test_tfidf_agrees_with_scikit_learn(data_dir, monkeypatch):
    monkeypatch.setenv("KERAS_EMBED_DATA", str(data_dir))
    rows = tfidf.measure(corpora=["subj", "novels"], ngrams=[(1, 1)], limit=200, runs=1)
    for row in rows:
        assert row["same_terms"] and max(row["host_error"], row["graph_error"]) < 1e-6
    sizes = tfidf.peak("ours", "mr", 200, 2)
    assert sizes["before"] > 0 and sizes["grown"] >= 0
    table = tfidf.tables(rows, [{"side": "ours", "texts": 200, "once": 1.0, "four": 1.0}])
    assert "novels, 200 texts" in table and "grown by MB" in table


@pytest.mark.matrix
@pytest.mark.slow
def test_tagger_trains_by_a_recipe(monkeypatch):
    load = ke.corpora.load
    monkeypatch.setattr(ke.corpora, "load", lambda *args, **kwargs: [part[:32] for part in load(*args, **kwargs)])
    recipe = dataclasses.replace(RECIPES["ner"], corpus="tiny_ner", epochs=2, **SMALL)
    result = tagger.train(dataclasses.asdict(recipe), minutes=5)
    assert [epoch["epoch"] for epoch in result["epochs"]] == [1, 2]
    # The average of the weights is what the epochs report, and what stays in the model.
    assert result["dev"] == pytest.approx(result["epochs"][-1]["dev"], abs=1e-6)
    assert result["tokens_per_s"] > 0
    assert "tiny_ner" in tagger.lines({**result, "threads": 1})


@pytest.mark.parametrize(("limit", "seconds", "epochs"), [(10.0, 3.0, 3), (10.0, 6.0, 1), (10.0, 12.0, 1)])
def test_the_clock_stops_before_the_time_is_over(monkeypatch, limit, seconds, epochs):
    now = [0.0]
    monkeypatch.setattr("benchmarks.tagger_clock.time.perf_counter", lambda: now[0])
    clock = Clock(limit, tokens=600, metric="f1")
    clock.set_model(SimpleNamespace(stop_training=False))
    clock.on_train_begin()
    while not clock.model.stop_training:
        clock.on_epoch_begin(len(clock.epochs))
        now[0] += seconds - 1
        clock.on_train_batch_end(0)
        late = clock.model.stop_training
        clock.on_test_begin()
        now[0] += 1
        clock.on_epoch_end(len(clock.epochs), {"loss": 1.0, "val_f1": 0.5})
    assert len(clock.epochs) == epochs
    assert clock.epochs[-1]["tokens_per_s"] == (None if late else round(600 / (seconds - 1)))


def test_recipes_score_on_dev_and_never_read_the_test_part():
    assert {recipe.corpus for recipe in RECIPES.values()} == {"ud_english_ewt", "wnut17"}
    for path in (worker.REPOSITORY / "benchmarks").glob("*.py"):
        if path.name != "spans.py":  # which chooses on the validation part, and scores the test part once
            assert '"test"' not in path.read_text(), path.name


def test_padding_is_measured_on_every_kind_of_score():
    result = padding.measure(corpus="tiny_ner", sentences=8, **SMALL)
    assert set(result["difference"]) == {"emissions", "marginals", "token scores", "span scores"}
    assert max(result["difference"].values()) < padding.ASKED
    assert result["same_tags"]
    assert result["spans"] > 0
    assert result["lengths"][1] == 2 * result["lengths"][0]
    assert padding.table([{"backend": "any", **result}]).splitlines()[-1].split(" | ")[3] == str(result["spans"])


def test_padding_that_leaks_is_noticed(monkeypatch):
    monkeypatch.setattr("keras_embed.backbones.recurrent.readable", keras.ops.ones_like)
    result = padding.measure(corpus="tiny_ner", sentences=8, **SMALL)
    assert min(result["difference"][name] for name in ("emissions", "marginals", "token scores")) > 1e-3


@pytest.mark.matrix
@pytest.mark.slow
def test_imports_are_timed_in_new_processes():
    seconds = import_time.measure(keras.config.backend(), runs=1, warm_ups=0)
    assert 0 < seconds["beyond"] < seconds["both"]
    assert keras.config.backend() in import_time.table({keras.config.backend(): seconds})


@pytest.mark.slow
def test_a_worker_has_its_own_backend_and_cap():
    seen = worker.call("tests.test_benchmarks:surroundings", "jax", threads=1)
    assert seen == ["jax", "1"]


def surroundings():
    """Returns the environment of a worker."""
    import os

    return [os.environ["KERAS_BACKEND"], os.environ["OMP_NUM_THREADS"]]


def test_a_worker_that_fails_says_so():
    with pytest.raises(subprocess.CalledProcessError):
        worker.call("benchmarks.nothing:here", "jax")


def test_results_name_the_machine(tmp_path, monkeypatch):
    monkeypatch.setattr(report, "FOLDER", tmp_path)
    assert '"cpu"' in report.save("any", {"a": 1.0}).read_text()
    assert "keras 3" in machine.markdown(machine.describe())
    assert report.table([{"a": 1.23456, "b": True}]).splitlines()[-1] == "| 1.23 | yes |"


def test_the_command_lists_the_benchmarks(capsys):
    assert command.main([]) == 0
    listed = capsys.readouterr().out
    assert all(name in listed for name in command.NAMES)
    assert command.main(["nothing"]) == 2
    assert "Expected the name of a benchmark" in capsys.readouterr().err


@pytest.mark.matrix
def test_classifiers_are_tested_on_the_same_folds(data_dir):
    rows = classify.measure("mr", list(classify.KINDS), count=2, limit=200, neural_folds=1)
    assert [len(row["accuracy"]) for row in rows] == [2, 2, 2, 2, 2, 1, 1]
    assert all(0.4 < np.mean(row["accuracy"]) <= 1 for row in rows[:5])
    assert "79.3" in classify.table(rows)


def test_folds_are_stratified_and_hold_every_text_once():
    labels = ["a"] * 23 + ["b"] * 41
    parts = classify.folds(labels, 5, seed=1)
    assert sorted(np.concatenate(parts)) == list(range(64))
    for part in parts:
        counts = [sum(labels[row] == name for row in part) for name in "ab"]
        assert 4 <= counts[0] <= 5 and 8 <= counts[1] <= 9
