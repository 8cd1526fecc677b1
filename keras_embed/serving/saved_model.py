"""Strings in, answers out, in one SavedModel that needs nothing but TensorFlow."""

import contextlib
import functools
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras

from keras_embed._backend import tf, unknown_size_errors
from keras_embed._errors import message


def export_task(task: Any, path: Any) -> None:
    """Writes a task as a SavedModel; see `export_tagger` and `export_classifier` for what is in it.

    From TensorFlow and JAX it is written directly; from PyTorch, by another process that loads the saved task under
    TensorFlow. So it is from JAX, where a layer asks for sizes that an exported model does not know, as the position
    embeddings of Keras Hub do.

    Args:
        task: a task with a preprocessor.
        path: folder to make. It appears when it is complete, and then replaces what stood there; where writing fails,
            what stood there is untouched.

    Raises:
        ValueError: for a task without preprocessor, or one with steps that TensorFlow's graph cannot do.
        OSError: where the folder cannot be written, with the reason.
    """
    task.check_preprocessor()
    checked(task)
    with in_place(Path(path), "a SavedModel") as written:
        if not _written_here(task, written):
            under_tensorflow(task, written, _EXPORT)


@contextlib.contextmanager
def in_place(path: Path, what: str) -> Iterator[Path]:
    """A path to write to; what stands there in the end replaces what stood at `path`.

    Args:
        path: of a file or a folder; the folder around it is made where it is missing.
        what: is written.

    Raises:
        OSError: where it cannot be written, with the reason.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as folder:
            written = Path(folder) / f"written{path.suffix}"
            yield written
            _replace(written, path)
    except (OSError, tf.errors.OpError) as error:
        reason = getattr(error, "message", None) or getattr(error, "strerror", None) or error
        expected = f"to write {what} to {path}"
        raise OSError(
            message(expected, f"{reason}", "a folder with enough free space") + " What stood there before is untouched."
        ) from error


@functools.singledispatch
def served(task: Any, module: Any) -> dict[str, Any]:
    """The signatures of a task, name to `tf.function`.

    Args:
        task: one of the tasks that a function is registered for.
        module: `tf.Module` that is given whatever the functions need to be saved.
    """
    raise TypeError(message("a task that can be served", f"{type(task).__name__}"))


@functools.singledispatch
def checked(task: Any) -> None:
    """Raises `ValueError` for a task that a SavedModel cannot hold."""


def _replace(new: Path, path: Path) -> None:
    if path.exists():
        old = new.parent / "replaced"
        os.replace(path, old)
    os.replace(new, path)


def _written_here(task: Any, path: Path) -> bool:
    """Writes it, unless this backend cannot."""
    if keras.config.backend() == "torch":
        return False
    try:
        _write(task, path)
    except unknown_size_errors():
        return False
    return True


def _write(task: Any, path: Path) -> None:
    module = tf.Module()
    signatures = served(task, module)
    tf.saved_model.save(module, str(path), signatures=signatures)


_EXPORT = """
from keras_embed.serving.saved_model import export_task
export_task(task, path)
"""
_ELSEWHERE = """
import sys, keras, keras_embed.tasks
task, path, argument = keras.saving.load_model(sys.argv[1], compile=False), *sys.argv[2:]
"""


def under_tensorflow(task: Any, path: Path, code: str, argument: str = "") -> None:
    """Writes a task by a process that has the TensorFlow backend.

    Args:
        task: is saved, and loaded there.
        path: to write.
        code: lines of Python, which find `task`, `path` and `argument`.
        argument: for the code.

    Raises:
        OSError: where the process fails, with its last words.
    """
    with tempfile.TemporaryDirectory() as folder:
        saved = Path(folder) / "task.keras"
        task.save(saved)
        environment = {**os.environ, "KERAS_BACKEND": "tensorflow", "PYTHONPATH": os.pathsep.join(sys.path)}
        done = subprocess.run(
            [sys.executable, "-c", _ELSEWHERE + code, str(saved), str(path), argument],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode != 0:
        raise OSError(None, f"the export under TensorFlow failed: {done.stderr.strip()[-2000:]}")
