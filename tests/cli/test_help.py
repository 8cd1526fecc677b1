"""What `--help` shows, and that its examples run as they stand."""

import argparse
import contextlib
import io
import shlex
import sys

import command_world
import keras
import pytest

from keras_embed.cli import demo, main, serve
from keras_embed.cli.program import parser
from keras_embed.tasks import StringTask, TextClassifier
from keras_embed.tasks._text_writer import TextWriter


def leaves(found, name=""):
    """(name, parser) of every command."""
    groups = [action for action in found._actions if isinstance(action, argparse._SubParsersAction)]
    if not groups:
        yield name.strip(), found
    for group in groups:
        for word, inner in group.choices.items():
            yield from leaves(inner, f"{name} {word}")


COMMANDS = dict(leaves(parser()))
EXAMPLES = [
    (name, line.strip())
    for name, found in COMMANDS.items()
    for line in (found.epilog or "").removeprefix("examples:\n").splitlines()
]
READERS = ("tag", "classify", "translate", "export", "embed")


def test_the_commands_are_those_of_the_design():
    assert set(COMMANDS) == {
        *READERS,
        *("train tagger", "train classifier", "train translator", "serve", "demo"),
        *("vectors similar", "vectors analogy", "vectors convert"),
        *("presets list", "presets download", "corpora list", "corpora download"),
    }


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_a_help_with_examples(name, capsys):
    with pytest.raises(SystemExit) as stopped:
        main([*name.split(), "--help"])
    assert stopped.value.code == 0
    text = capsys.readouterr().out
    assert "examples:" in text and f"keras-embed {name}" in text
    assert all(action.help for action in COMMANDS[name]._actions if action.option_strings), name


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """With models, texts and vectors."""
    if keras.config.backend() != "tensorflow":
        pytest.skip("the examples run on TensorFlow; tests/cli/test_answers.py runs the commands on all backends")
    made = tmp_path_factory.mktemp("examples")
    command_world.fill(made)
    return made


@pytest.mark.slow
@pytest.mark.parametrize(("name", "line"), EXAMPLES, ids=lambda value: value.removeprefix("keras-embed "))
def test_examples_run(name, line, folder, monkeypatch):
    monkeypatch.chdir(folder)
    for task in (TextClassifier, StringTask, TextWriter):
        for method in ("fit", "evaluate"):  # tests/cli/test_train.py trains
            monkeypatch.setattr(task, method, lambda *arguments, **more: {})
    monkeypatch.setattr(demo, "demo", lambda *arguments: print(arguments))  # `make demo` runs it
    monkeypatch.setattr(serve, "serve", lambda *arguments: print(arguments))  # tests/serving runs it
    status, output = shell(line, monkeypatch)
    assert status == 0
    assert output or name == "vectors convert" or name == "embed"


def shell(line, monkeypatch):
    """Runs `cat FILE | keras-embed ...` and `keras-embed ... < FILE`; gives status and output."""
    source, bar, command = line.rpartition(" | ")
    command, sign, file = command.partition(" < ")
    file = source.removeprefix("cat ") if bar else file
    program, *arguments = shlex.split(command)
    assert program == "keras-embed"
    if bar or sign:
        with open(file, "rb") as stream:
            content = stream.read()
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    with contextlib.redirect_stdout(io.StringIO()) as output:
        status = main(arguments)
    return status, output.getvalue()
