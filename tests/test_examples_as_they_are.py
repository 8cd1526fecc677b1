"""Each example as a reader starts it: without arguments, on its small default, in its own process."""

import os
import re
import runpy
import subprocess
import sys
from collections import Counter

import keras
import pytest

from benchmarks import worker

SCRIPTS = sorted((worker.REPOSITORY / "examples").glob("[0-9]*.py"))
#: Seconds of the processor on one thread: twice the minute of docs/examples.md, for slower machines.
LIMIT = 120

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(keras.config.backend() != "tensorflow", reason="tests/test_examples.py has the other backends"),
]


def processor_seconds():
    times = os.times()
    return times.children_user + times.children_system


def check_transfer(script, shown):
    """ELMo helps; and without it, a tagger is better than one that gives every word the commonest tag."""
    corpora = runpy.run_path(str(script))["load"](None, 1)
    found = re.findall(r"^(.+): ([\d.]+)% with a frozen ELMo, ([\d.]+)% without$", shown, re.MULTILINE)
    assert [task for task, *_ in found] == list(corpora)
    for task, *scores in found:
        tags = Counter(tag for row in corpora[task][1].tags for tag in row)
        [(commonest, times)] = tags.most_common(1)
        chance = 0 if commonest == "O" else 100 * times / tags.total()  # names are scored by F1
        with_elmo, without = map(float, scores)
        assert with_elmo > without > chance, task


def check_answers(_, shown):
    """Checks for better answers than guessing between the two locations or objects of each text."""
    assert float(re.search(r"'exact_match': ([\d.]+)", shown)[1]) > 50


def check_pairs(_, shown):
    """More than two standard deviations of the correlation of so many pairs by chance."""
    held_out = int(re.search(r"(\d+) held out", shown)[1])
    assert float(re.search(r"held-out pairs: (\S+)", shown)[1]) > 2 / held_out**0.5


#: What tells that an example has learnt something.
LEARNT = {"04_transfer_from_elmo": check_transfer, "08_answers": check_answers, "09_pairs": check_pairs}


#: The one that `make test` runs; the others train for up to a minute each, and run in `make test-all`.
QUICKEST = "06_one_word_two_contexts"


@pytest.mark.parametrize(
    "script",
    [pytest.param(path, marks=() if path.stem == QUICKEST else pytest.mark.matrix) for path in SCRIPTS],
    ids=lambda script: script.stem,
)
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
        assert str(picture.relative_to(tmp_path).parts[0]) in run.stdout  # prints their paths
    if script.stem in LEARNT:
        LEARNT[script.stem](script, run.stdout)
