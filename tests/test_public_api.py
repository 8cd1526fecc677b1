"""The public surface: what it names, that it is documented, and that it stays lazy."""

import ast
import dataclasses
import importlib
import inspect
import os
import subprocess
import sys
from pathlib import Path

import keras
import pytest

import keras_embed as ke

PACKAGE = Path(ke.__file__).parent
ROOMS = sorted(path.parent.name for path in PACKAGE.glob("[!_]*/__init__.py"))
SURFACE = [
    (room, name) for room in ROOMS for name in getattr(importlib.import_module(f"keras_embed.{room}"), "__all__", ())
]


def python(code: str, **environment: str) -> str:
    """Runs code in a new process and returns what it printed."""
    run = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        cwd=PACKAGE.parent,
    )
    assert run.returncode == 0, run.stderr
    return run.stdout.strip()


def test_the_package_names_every_room_and_task():
    room = importlib.import_module("keras_embed.tasks")
    things = {name: getattr(room, name) for name in room.__all__}
    tasks = [name for name, thing in things.items() if inspect.isclass(thing) and issubclass(thing, keras.Model)]
    assert ke.__all__ == sorted([*ROOMS, *tasks])
    for name in ke.__all__:
        getattr(ke, name)
    assert set(ke.__all__) <= set(dir(ke))


def test_the_version_is_written_once_more_in_pyproject_and_equal():
    assert f'version = "{ke.__version__}"' in (PACKAGE.parent / "pyproject.toml").read_text()
    assert f"## [{ke.__version__}]" in (PACKAGE.parent / "CHANGELOG.md").read_text()


def test_a_name_that_is_not_there_says_so():
    with pytest.raises(AttributeError, match="no attribute 'Tager'"):
        ke.Tager  # noqa: B018


@pytest.mark.parametrize("room", ROOMS)
def test_all_is_sorted_and_equals_what_the_room_imports(room):
    tree = ast.parse((PACKAGE / room / "__init__.py").read_text())
    imported = {
        alias.asname or alias.name
        for node in ast.walk(tree)  # imports for type checkers included
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("keras_embed")
        for alias in node.names
    }
    defined = {node.name for node in tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    public = sorted(name for name in imported | defined if not name.startswith("_"))
    assert ast.get_docstring(tree), f"the room {room} says nothing about itself"
    assert list(importlib.import_module(f"keras_embed.{room}").__all__) == public


@pytest.mark.parametrize(("room", "name"), SURFACE, ids=lambda value: value)
def test_every_public_name_is_documented(room, name):
    thing = getattr(importlib.import_module(f"keras_embed.{room}"), name)
    if not (inspect.isclass(thing) or inspect.isroutine(thing) or inspect.ismodule(thing)):
        return  # a constant: the comment beside it explains it
    document = inspect.getdoc(thing) or ""
    assert document.strip(), f"{room}.{name} has no docstring"
    if inspect.isclass(thing):
        assert "Args:" in document or "Attributes:" in document or not _parameters(thing), f"{room}.{name}: no Args"
        record = issubclass(thing, tuple) or dataclasses.is_dataclass(thing)
        assert "Example" in document or record, f"{room}.{name}: no Example"


def _parameters(thing: type) -> list[str]:
    """The names that a caller may pass; what goes on to the base class by `**kwargs` is documented there."""
    try:
        parameters = inspect.signature(thing).parameters.values()
    except ValueError:
        return []
    return [p.name for p in parameters if p.kind not in {p.VAR_KEYWORD, p.VAR_POSITIONAL}]


def test_importing_the_package_is_cheap():
    seconds = python(
        "import keras, time; start = time.perf_counter(); import keras_embed; print(time.perf_counter() - start)"
    )
    assert float(seconds.splitlines()[-1]) < 0.2


@pytest.mark.parametrize("module", ["keras_embed", "keras_embed.text", "keras_embed.tokenizers", "keras_embed.corpora"])
def test_importing_does_not_import_tensorflow(module):
    """Not even where Keras' own backend is TensorFlow: strings and files need no framework."""
    code = f"import {module}, sys; print([m for m in ('tensorflow', 'jax', 'torch') if m in sys.modules])"
    assert python(code, KERAS_BACKEND=keras.config.backend()) == "[]"


def test_importing_every_room_keeps_the_other_frameworks_out():
    """Under JAX and PyTorch, layers, losses and metrics work without TensorFlow being imported."""
    rooms = [f"keras_embed.{room}" for room in ("functional", "layers", "losses", "metrics")]
    code = f"import {', '.join(rooms)}, sys; print('tensorflow' in sys.modules)"
    backend = keras.config.backend()
    assert python(code, KERAS_BACKEND=backend).splitlines()[-1] == str(backend == "tensorflow")
