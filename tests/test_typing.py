"""A user's type checker sees the public surface: wrong names are errors, and results have types."""

import inspect
import re
import subprocess
import sys
from pathlib import Path

import keras
import pytest

import keras_embed as ke

REPOSITORY = Path(__file__).resolve().parents[1]

PROGRAM = """
import keras_embed as ke

ke.nonsense
ke.layers.Nonsense
ke.Tagger
ke.layers.CRF
reveal_type(ke.corpora.load("tiny_ner"))
ke.vectors.load(5)
"""


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """mypy's lines about a small program of a user, by line number of the program."""
    program = tmp_path_factory.mktemp("user") / "program.py"
    program.write_text(PROGRAM)
    run = subprocess.run(
        [sys.executable, "-m", "mypy", "--follow-imports=silent", str(program)],
        capture_output=True,
        text=True,
        cwd=REPOSITORY,
    )
    lines = {}
    # By the name alone: from its cache, mypy reports the folder of an earlier run.
    for number, text in re.findall(r"program\.py:(\d+): (.*)", run.stdout):
        lines.setdefault(int(number), []).append(text)
    return {PROGRAM.splitlines()[number - 1]: " ".join(texts) for number, texts in lines.items()}


@pytest.mark.slow
def test_wrong_names_are_errors(report):
    assert 'has no attribute "nonsense"' in report["ke.nonsense"]
    assert 'has no attribute "Nonsense"' in report["ke.layers.Nonsense"]


@pytest.mark.slow
def test_right_names_are_none(report):
    assert "ke.Tagger" not in report and "ke.layers.CRF" not in report


@pytest.mark.slow
def test_results_have_types(report):
    assert "Corpus" in report['reveal_type(ke.corpora.load("tiny_ner"))']
    # Keras has no types of its own, so mypy shows what comes from it as Any; the annotation is there for others.
    assert inspect.signature(ke.Tagger.fit).return_annotation is keras.callbacks.History


@pytest.mark.slow
def test_a_path_is_a_path(report):
    assert "incompatible type" in report["ke.vectors.load(5)"]
