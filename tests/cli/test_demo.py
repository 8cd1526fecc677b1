"""The command line, with a stand-in for the trained tagger; `make demo` runs the real one."""

import subprocess
import sys
from pathlib import Path

import pytest

from keras_embed.cli import demo, main

REPOSITORY = Path(__file__).resolve().parents[2]

EXPORT = """
import sys
import tensorflow as tf

class Served(tf.Module):
    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="text")])
    def serve(self, text):
        tokens = tf.strings.split(text)
        dense = tokens.to_tensor("")
        first = tf.zeros_like(text, tf.int32)[:, None]
        return {
            "tokens": dense,
            "tags": tf.fill(tf.shape(dense), "O"),
            "token_scores": tf.ones(tf.shape(dense)),
            "lengths": tf.cast(tokens.row_lengths(), tf.int32),
            "span_starts": tf.concat([first, first - 1], 1),
            "span_ends": tf.concat([first + 1, first - 1], 1),
            "span_types": tf.fill([tf.size(text), 2], "PER"),
            "span_scores": tf.fill([tf.size(text), 2], 0.5),
        }

served = Served()
tf.saved_model.save(served, sys.argv[1], signatures={"serving_default": served.serve})
"""


@pytest.mark.slow
def test_a_saved_model_is_asked_in_a_new_process(tmp_path):
    subprocess.run([sys.executable, "-c", EXPORT, str(tmp_path)], check=True, capture_output=True)
    outputs = demo.serve(tmp_path, ["Zoë met Leo .", "Nobody"])
    assert list(demo.tagged_lines(outputs)) == ["[Zoë PER 0.50] met Leo .", "[Nobody PER 0.50]"]


@pytest.mark.slow
def test_a_saved_model_that_is_not_there_says_so(tmp_path):
    with pytest.raises(RuntimeError, match="to load and run"):
        demo.serve(tmp_path / "nothing", ["Zoë"])


def test_colours_are_for_terminals():
    outputs = {
        "tokens": [["Ada", ""]],
        "lengths": [1],
        "span_starts": [[0]],
        "span_ends": [[1]],
        "span_types": [["PER"]],
        "span_scores": [[1.0]],
    }
    assert list(demo.tagged_lines(outputs, colours=True)) == ["\x1b[36m[Ada PER 1.00]\x1b[0m"]


def test_help_and_wrong_commands(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["--help"])
    assert stopped.value.code == 0
    assert "demo" in capsys.readouterr().out
    with pytest.raises(SystemExit) as stopped:
        main(["demo", "--corpus", "nothing"])
    assert stopped.value.code == 2


def test_it_runs_as_a_module():
    run = subprocess.run(
        [sys.executable, "-m", "keras_embed", "demo", "--help"], capture_output=True, text=True, cwd=REPOSITORY
    )
    assert run.returncode == 0, run.stderr
    assert "--corpus" in run.stdout
