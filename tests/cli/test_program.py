"""Exit statuses, and errors in one line."""

import io
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import keras_embed as ke
from keras_embed.cli import demo, main
from keras_embed.cli._shared import json_line, waiting_batches

REPOSITORY = Path(__file__).resolve().parents[2]


def test_the_console_script_is_the_program():
    scripts = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]["scripts"]
    assert scripts == {"keras-embed": "keras_embed.cli:main"}


def test_the_version(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["--version"])
    assert stopped.value.code == 0
    assert capsys.readouterr().out == f"keras-embed {ke.__version__}\n"


@pytest.mark.parametrize(
    "line",
    [
        [],
        ["nothing"],
        ["tag"],
        ["tag", "m.keras", "--bogus"],
        ["tag", "m.keras", "--batch-size", "0"],
        ["tag", "m.keras", "--json", "--conll"],
        ["translate", "m.keras", "a", "--beam", "2", "--n-best", "3"],
        ["train", "tagger", "--train", "a", "--corpus", "b", "-o", "c.keras"],
        ["train", "tagger", "--train", "a", "-o", "c.h5"],
        ["train", "tagger", "--corpus", "tiny_ner", "--dev", "b", "-o", "c.keras"],
        ["train", "tagger", "--corpus", "factrueval2016", "-o", "c.keras"],
        ["train", "translator", "--corpus", "tiny_ner", "-o", "c.keras"],
        ["train", "classifier", "--train", "a", "-o", "c.keras", "--learning-rate", "-1"],
        ["embed", "-", "a.npy"],
        ["embed", "-", "a.txt", "--elmo", "elmo_tiny_en"],
        ["embed", "-", "a.npy", "--vectors", "v", "--layer", "top"],
        ["vectors", "convert", "a.txt", "b.npy"],
        ["vectors", "convert", "a.txt", "b.bin", "--dtype", "int8"],
        ["presets", "download", "nothing"],
        ["corpora", "download", "tiny_ner", "--split", "nothing"],
        ["serve", "a", "--port", "99999"],
        ["serve"],
    ],
    ids=" ".join,
)
def test_a_wrong_command_line_has_status_2_and_one_line(line, capsys, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"a text\n")))
    with pytest.raises(SystemExit) as stopped:
        main(line)
    assert stopped.value.code == 2
    out, err = capsys.readouterr()
    assert not out and err.startswith("keras-embed") and err.count("\n") == 1 and "error: " in err and "--help" in err


@pytest.mark.parametrize(
    "line",
    [
        ["tag", "nothing.keras", "a"],
        ["classify", "nothing", "a"],
        ["export", "nothing.keras", "out"],
        ["embed", "nothing.txt", "a.npy", "--elmo", "elmo_tiny_en"],
        ["vectors", "similar", "nothing.txt", "a"],
        ["train", "classifier", "--train", "nothing.tsv", "-o", "c.keras"],
        ["train", "tagger", "--corpus", "nothing", "-o", "c.keras"],
        ["corpora", "download", "nothing"],
        ["serve", "nothing", "--port", "0"],
        ["serve", "=nothing", "--port", "0"],
        ["serve", "--vectors", "nothing.txt", "--port", "0"],
    ],
    ids=" ".join,
)
def test_what_fails_has_status_1_and_one_line(line, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(line) == 1
    out, err = capsys.readouterr()
    assert not out and err.count("\n") == 1 and "error: " in err and "Received: " in err
    assert not list(tmp_path.iterdir())


def test_the_traceback_is_there_for_who_asks():
    with pytest.raises(FileNotFoundError):
        main(["vectors", "similar", "nothing.txt", "a", "--traceback"])


def test_a_reader_that_has_had_enough_is_no_failure():
    command = f"{sys.executable} -m keras_embed corpora list | head -n 1; exit ${{PIPESTATUS[0]}}"
    run = subprocess.run(["bash", "-c", command], capture_output=True, text=True, cwd=REPOSITORY)
    assert run.returncode == 0 and run.stdout.count("\n") == 1 and "Traceback" not in run.stderr


def test_lines_are_answered_as_they_come():
    """A program that waits for its answer before it writes on gets it."""
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as stream, os.fdopen(writing, "wb", buffering=0) as writer:
        batches = waiting_batches(stream, 3)
        writer.write(b"eins\n")
        assert next(batches) == ["eins"]
        writer.write(b"zwei\n\nvier")
        writer.close()
        assert [line for batch in batches for line in batch] == ["zwei", "", "vier"]


READS = """
import argparse
from keras_embed.cli import _shared
print(next(_shared.text_batches(argparse.Namespace(texts=[], input=[], batch_size=1))))
"""


def test_who_stops_while_more_may_come_ends_well(tmp_path):
    """Standard input stays open, and nobody closes it."""
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    with subprocess.Popen([sys.executable, "-c", READS], **pipes, cwd=tmp_path, env=environment, bufsize=0) as run:
        run.stdin.write(b"nobody\n")
        said = run.stdout.read() + run.stderr.read()
        assert (run.wait(), "['nobody']" in said.decode()) == (0, True), said


def test_standard_input_has_its_name_in_errors():
    code = "from keras_embed.cli import _shared as t; list(t.numbered_lines(t.standard_input()))"
    run = subprocess.run([sys.executable, "-c", code], input=b"\xff", capture_output=True, cwd=REPOSITORY)
    assert b"<stdin>, line 1: " in run.stderr


def test_what_is_read_is_not_written_to(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for name, output in (("a.jsonl", "a.npy"), ("b.npy", tmp_path / "b.npy")):
        Path(name).write_text("king\n")
        with pytest.raises(SystemExit, match="2"):
            main(["embed", name, str(output), "--vectors", "vectors.txt"])
        assert f"which would overwrite {name}" in capsys.readouterr().err and Path(name).read_text() == "king\n"


@pytest.mark.parametrize("line", [["export", "m.keras", "full"], ["demo", "--folder", "full"]], ids=" ".join)
def test_a_folder_with_other_things_is_refused_at_once(line, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(demo, "_train", lambda *arguments: pytest.fail("it trains"))
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    assert main(line) == 1
    assert "which has other content" in capsys.readouterr().err


def test_a_number_that_is_none_is_null():
    record = {"score": float("nan"), "scores": [float("-inf"), 0.5]}
    assert json_line(record) == '{"score": null, "scores": [null, 0.5]}'


def test_lines_that_are_no_text_say_where():
    with pytest.raises(ValueError, match="line 2: Expected text in UTF-8"):
        list(waiting_batches(io.BytesIO(b"good\n\xff\n"), 8))


def test_batches_are_never_longer_than_asked():
    lines = [str(number) for number in range(100)]
    batches = list(waiting_batches(io.BytesIO("\n".join(lines).encode()), 7))
    assert sum(batches, []) == lines and max(map(len, batches)) <= 7
