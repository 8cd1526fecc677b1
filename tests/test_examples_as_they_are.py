"""Each example as a reader starts it: without arguments, on its small default, in a process of its own."""

import os
import subprocess
import sys

import keras
import pytest

from benchmarks import worker

SCRIPTS = sorted((worker.REPOSITORY / "examples").glob("[0-9]*.py"))
#: Seconds of the processor on one thread. They are to take a minute; machines differ.
LIMIT = 120

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(keras.config.backend() != "tensorflow", reason="tests/test_examples.py has the other backends"),
]


def processor_seconds():
    times = os.times()
    return times.children_user + times.children_system


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_it_ends_with_a_picture_in_good_time(script, tmp_path):
    variables = {**os.environ, "PYTHONPATH": str(worker.REPOSITORY)}
    before = processor_seconds()
    run = subprocess.run(
        [sys.executable, script], cwd=tmp_path, env=variables, timeout=590, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr[-2000:]
    assert "Traceback" not in run.stdout + run.stderr
    assert processor_seconds() - before < LIMIT
    pictures = list(tmp_path.rglob("*.png"))
    assert pictures
    for picture in pictures:
        assert picture.read_bytes().startswith(b"\x89PNG")
        assert str(picture.relative_to(tmp_path).parts[0]) in run.stdout  # it says where they are
