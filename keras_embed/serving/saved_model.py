"""Tasks as SavedModels: strings in, answers out, with TensorFlow alone."""

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import keras

from keras_embed._atomic import atomic_folder
from keras_embed._backend import tf, unknown_size_errors
from keras_embed._errors import message
from keras_embed._types import Features, PathLike, TFFunction, TFModule


class Exportable(Protocol):
    """A model that describes its own export; `tasks.StringTask` is one."""

    @property
    def input(self) -> Features:
        """Symbolic features, by name."""
        ...

    def check_exportable(self) -> None:
        """Raises `ValueError` if a SavedModel cannot hold the model."""
        ...

    def serving_signatures(self, module: TFModule) -> dict[str, TFFunction]:
        """Returns the signatures by name; `module` holds what they use."""
        ...

    def network_outputs(self) -> Features:
        """Returns the symbolic outputs of the network alone, by name."""
        ...

    def save(self, filepath: PathLike) -> None:
        """Writes a `.keras` file."""
        ...


def export_task(task: Exportable, path: PathLike) -> None:
    """Writes a task with its `serving_signatures` as a SavedModel.

    TensorFlow and JAX write it directly. For PyTorch, another process loads the saved task under TensorFlow; so it is
    for JAX, if a layer asks for sizes that are unknown in an exported model, as the position embeddings of Keras Hub
    do.

    Args:
        task: A task with a preprocessor.
        path: Folder to create. An existing one is replaced when the new one is complete; if writing fails, it is left
            unchanged.

    Raises:
        ValueError: If the task has no preprocessor, or steps that TensorFlow's graph cannot do.
        OSError: If the folder cannot be written, with the reason.
    """
    task.check_exportable()
    with new_file(path, "a SavedModel") as written:
        if not _written_here(task, written):
            under_tensorflow(task, written, _EXPORT)


@contextlib.contextmanager
def new_file(path: PathLike, what: str) -> Iterator[Path]:
    """Yields a temporary path to write a file or folder to, which replaces `path` at the end.

    Args:
        path: Of the file or folder.
        what: Named in the error.

    Raises:
        OSError: If it cannot be written, with the reason.
    """
    try:
        with atomic_folder(path) as written:
            yield written
    except (OSError, tf.errors.OpError) as error:
        reason = getattr(error, "message", None) or getattr(error, "strerror", None) or error
        text = message(f"to write {what} to {Path(path)}", f"{reason}", "a folder with enough free space")
        raise OSError(f"{text} The previous one is left unchanged.") from error


def _written_here(task: Exportable, path: Path) -> bool:
    """Writes the task, or returns False if this backend cannot."""
    if keras.config.backend() == "torch":
        return False
    try:
        _write(task, path)
    except unknown_size_errors():
        return False
    return True


def _write(task: Exportable, path: Path) -> None:
    module = tf.Module()
    signatures = task.serving_signatures(module)
    tf.saved_model.save(module, str(path), signatures=signatures)


_EXPORT = """
from keras_embed.serving.saved_model import export_task
export_task(task, path)
"""
_LOAD = """
import importlib, sys, keras, keras_embed.tasks
for module in sys.argv[4:]:
    importlib.import_module(module)
task, path, argument = keras.saving.load_model(sys.argv[1], compile=False), *sys.argv[2:4]
"""


def under_tensorflow(task: Exportable, path: Path, code: str, argument: str = "") -> None:
    """Writes a task in another process, with the TensorFlow backend.

    The process imports the modules of all classes that are registered with Keras, so that it can load them too.

    Args:
        task: Saved here, and loaded there.
        path: Path to write to.
        code: Lines of Python, which use `task`, `path` and `argument`.
        argument: For the code.

    Raises:
        OSError: If the process fails, with the end of its error output.
    """
    with tempfile.TemporaryDirectory() as folder:
        saved = Path(folder) / "task.keras"
        task.save(saved)
        environment = {**os.environ, "KERAS_BACKEND": "tensorflow", "PYTHONPATH": os.pathsep.join(sys.path)}
        done = subprocess.run(
            [sys.executable, "-c", _LOAD + code, str(saved), str(path), argument, *_users_modules()],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode != 0:
        raise OSError(None, f"the export under TensorFlow failed: {done.stderr.strip()[-2000:]}")


def _users_modules() -> list[str]:
    """Returns the modules of registered classes that Keras and this library do not import themselves."""
    names = {getattr(one, "__module__", None) or "" for one in keras.saving.get_custom_objects().values()}
    known = ("keras", "keras_hub", "keras_embed")
    return sorted(name for name in names if name.split(".")[0] not in known and _importable(name))


def _importable(name: str) -> bool:
    """Returns True for modules of files, and False for scripts, notebooks and modules that were removed."""
    return name != "__main__" and getattr(sys.modules.get(name), "__file__", None) is not None
