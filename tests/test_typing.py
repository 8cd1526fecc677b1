"""A user's type checker sees the public surface: wrong names are errors, and results have types."""

import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]

PROGRAM = """
import keras_embed as ke

ke.nonsense
ke.layers.Nonsense
ke.Tagger
ke.layers.CRF
reveal_type(ke.corpora.load("tiny_ner"))
reveal_type(ke.Tagger.fit)
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
    for line in run.stdout.splitlines():
        if line.startswith(str(program)):
            lines.setdefault(int(line.split(":")[1]), []).append(line)
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
    assert (
        "History" in report["reveal_type(ke.Tagger.fit)"] or "keras.callbacks" in report["reveal_type(ke.Tagger.fit)"]
    )


@pytest.mark.slow
def test_a_path_is_a_path(report):
    assert "incompatible type" in report["ke.vectors.load(5)"]
