"""Standard streams and pipes as services, cron and shells have them; one bad item among many; options of tables."""

import argparse
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import keras_embed as ke
from keras_embed.cli import main
from keras_embed.cli._shared import answered
from keras_embed.cli.program import parser
from keras_embed.cli.train import _read_sentences, _read_texts

REPOSITORY = Path(__file__).resolve().parents[2]
VECTORS = "3 2\nsun 1 0\nmoon 0.8 0.6\ntea 0 1\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The working directory, with vectors and texts."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "v.txt").write_text(VECTORS)
    (tmp_path / "in.txt").write_text("sun moon\ntea\n")
    return tmp_path


def shell(line, folder, **environment):
    """Runs a line of bash, in which `$P` is the program."""
    variables = {**os.environ, "PYTHONPATH": str(REPOSITORY), "P": f"{sys.executable} -m keras_embed", **environment}
    return subprocess.run(["bash", "-c", line], capture_output=True, text=True, cwd=folder, env=variables, timeout=100)


def given(monkeypatch, content):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))


@pytest.mark.parametrize(
    ("line", "status", "words"),
    [
        ("$P vectors similar v.txt <&-", 1, "standard input to be open"),
        ("$P vectors similar v.txt sun >&-", 1, "standard output to be open"),
        ("$P vectors similar v.txt sun 2>&-", 0, "0.8000\tmoon"),
        ("$P vectors similar v.txt nothing 2>&-", 1, ""),
        ("$P vectors convert v.txt v.bin >&- 2>&- <&-", 0, ""),
    ],
)
def test_closed_streams(line, status, words, folder):
    run = shell(line, folder)
    assert run.returncode == status and words in run.stdout + run.stderr, run
    assert "Traceback" not in run.stderr and "NoneType" not in run.stderr


def test_output_that_holds_ascii_only(folder):
    (folder / "v.txt").write_text("naïve 1 0\ncafé 1 0.1\n", encoding="utf-8")
    ascii_only = {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    run = shell("echo naïve | $P vectors similar v.txt --json --top 1", folder, **ascii_only)
    assert run.returncode == 0 and json.loads(run.stdout)["answers"][0]["word"] == "café"
    assert run.stdout.isascii() and "Characters that ascii lacks" in run.stderr


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
def test_a_named_pipe_is_read_once(folder):
    run = shell("mkfifo pipe; cat in.txt > pipe & $P embed pipe out.npy --vectors v.txt --split blanks", folder)
    assert run.returncode == 0, run.stderr
    np.testing.assert_allclose(np.load(folder / "out.npy"), [[0.9, 0.3], [0, 1]], rtol=1e-6)


def test_a_home_directory_in_paths(folder, monkeypatch, capsys):
    monkeypatch.setenv("HOME", str(folder))
    assert main(["vectors", "convert", "~/v.txt", "~/new/v.bin"]) == 0
    assert main(["vectors", "similar", "~/new/v.bin", "sun", "--top", "1"]) == 0
    assert capsys.readouterr().out == "0.8000\tmoon\n" and not (folder / "~").exists()


def test_texts_in_another_encoding(folder, capsys):
    (folder / "in.txt").write_text("sun\ntea\n", encoding="utf-16")
    (folder / "le.txt").write_text("sun\ntea\n", encoding="utf-16-le")
    for line in (["in.txt"], ["le.txt", "--encoding", "utf-16-le"]):
        assert main(["embed", *line[:1], "out.npy", "--vectors", "v.txt", "--split", "blanks", *line[1:]]) == 0
        assert np.load("out.npy").tolist() == [[1, 0], [0, 1]]
    with pytest.raises(SystemExit, match="2"):
        main(["embed", "in.txt", "out.npy", "--vectors", "v.txt", "--encoding", "klingon"])
    assert "expected an encoding such as utf-8" in capsys.readouterr().err


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_an_unknown_word_among_many(form, folder, monkeypatch, capsys):
    given(monkeypatch, b"sun\nqqq\nmoon\n\ntea\n")
    assert main(["vectors", "similar", "v.txt", "--top", "1", *form]) == 1
    out, err = capsys.readouterr()
    if form:
        assert [json.loads(line)["words"] for line in out.splitlines()] == [["sun"], ["moon"], ["tea"]]
    assert out.count("\n") == 3 and "no answer to 'qqq'" in err and "none to 1 of them" in err


def test_a_text_without_an_answer_among_many(capsys):
    def answer(texts):
        if "bad" in texts:
            raise ValueError("Expected a good text.")
        return [text.upper() for text in texts]

    options = argparse.Namespace(
        texts=["a", "b", "bad", "c"], input=[], batch_size=3, parser=argparse.ArgumentParser("p")
    )
    batches = answered(options, answer)
    assert [next(batches), next(batches)] == [[("a", "A"), ("b", "B")], [("c", "C")]]
    with pytest.raises(ValueError, match="an answer to each of 4 items. Received: none to 1"):
        next(batches)
    assert "p: error: no answer to 'bad': Expected a good text." in capsys.readouterr().err
    options.texts = ["bad"]
    with pytest.raises(ValueError, match="a good text"):
        list(answered(options, answer))


def options_of(*words):
    return parser().parse_args(["train", *words, "--train", "x", "-o", "m.keras"])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("Fine; film\tgood\nDull\tbad\n", ["--no-header"]),
        ("Fine; film\tgood\nDull\tbad\n", ["--separator", "tab"]),
        ("Fine; film\tgood\nDull\tbad\n", ["--separator", "\\t"]),
        ("text;label\n'Fine; film';good\nDull;bad\n".replace("'", '"'), []),
        ('label,text\ngood,"Fine; film"\nbad,Dull\n', ["--text", "text", "--label", "label"]),
        ('label,text\ngood,"Fine; film"\nbad,Dull\n', ["--text", "1", "--label", "0", "--header"]),
        (
            '{"text": "Fine; film", "label": "good"}\n{"text": "Dull", "label": "bad"}\n',
            ["--text", "text", "--label", "label"],
        ),
    ],
)
@pytest.mark.parametrize("name", ["table.CSV", "table.tsv", "table"])
@pytest.mark.filterwarnings("ignore:.*is taken for a header")
def test_what_a_table_is_does_not_depend_on_its_suffix(content, words, name, folder):
    for encoding in ("utf-8", "utf-16", "cp1252"):
        (folder / name).write_text(content, encoding=encoding)
        options = options_of("classifier", *words, "--encoding", encoding)
        assert list(_read_texts(options, name)) == [("Fine; film", "good"), ("Dull", "bad")]


@pytest.mark.parametrize("name", ["a.conllu", "a.CONLLU", "a.txt"])
def test_what_a_column_file_is_does_not_depend_on_its_suffix(name, folder, monkeypatch):
    rest = "\t_" * 6
    (folder / name).write_text(f"# newdoc\n1\tDogs\tdog\tNOUN{rest}\n2\tbark\tbark\tVERB{rest}\n")
    assert _read_sentences(options_of("tagger"), name).tags == [["NOUN", "VERB"]]
    (folder / name).write_text("Ada|B-PER\n")
    assert _read_sentences(options_of("tagger", "--separator", "|"), name).tags == [["B-PER"]]
    (folder / name).write_text("% a remark\nAda B-PER\n")
    assert _read_sentences(options_of("tagger", "--comment", "% "), name).tags == [["B-PER"]]
    with pytest.raises(ValueError, match=f"{name}, line 1: Expected 10 columns"):
        _read_sentences(options_of("tagger", "--format", "conllu"), name)
    given(monkeypatch, b"Ada B-PER\n")
    assert _read_sentences(options_of("tagger"), "-").tags == [["B-PER"]]


def test_schemes_are_those_of_the_library():
    actions = {action.dest: action for action in options_of("tagger").parser._actions}
    assert actions["scheme"].choices == (*ke.text.SCHEMES, "none")
