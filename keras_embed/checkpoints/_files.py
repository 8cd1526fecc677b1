"""Files of published models: folders, archives, TensorFlow checkpoints, and named arrays."""

import contextlib
import difflib
import re
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from keras_embed._errors import message
from keras_embed._types import PathLike

FloatArray: TypeAlias = NDArray[np.float32]
_INDEX = ".index"


# --- folders and archives ---


@contextlib.contextmanager
def opened(path_like: PathLike) -> Iterator[Path]:
    """Opens a folder, or the temporary folder of an unpacked zip or tar archive.

    Raises:
        FileNotFoundError: If there is no such path.
        ValueError: If the file is not an archive.
    """
    path = existing(path_like)
    if path.is_dir():
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="keras_embed") as folder:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                archive.extractall(folder)
        elif tarfile.is_tarfile(path):
            with tarfile.open(path) as archive:
                archive.extractall(folder, filter="data")  # refuses paths outside of the folder
        else:
            raise ValueError(message("a folder, or a zip or tar archive of one", str(path)))
        yield Path(folder)


def existing(path_like: PathLike) -> Path:
    """Returns an existing path."""
    if isinstance(path_like, str) and "://" in path_like:
        advice = "`checkpoints.load_published`, or to download it"
        raise ValueError(message("a path on this machine", path_like, advice))
    path = Path(path_like).expanduser()
    if not path.exists():
        raise FileNotFoundError(message("a file or folder", f"{path}, which does not exist"))
    return path


def is_archive(path: Path) -> bool:
    """Returns True if `opened` unpacks the file."""
    return path.is_file() and (zipfile.is_zipfile(path) or tarfile.is_tarfile(path))


def find_file(folder: Path, *patterns: str) -> Path:
    """Finds a file in a folder and its subfolders by the first pattern that matches any file.

    Raises:
        FileNotFoundError: If no pattern matches.
        ValueError: If several files match the same pattern.
    """
    for pattern in patterns:
        found = sorted(path for path in folder.rglob(pattern) if path.is_file())
        if len(found) > 1:
            names = ", ".join(str(path.relative_to(folder)) for path in found)
            raise ValueError(message(f"one file {pattern} in {folder}", names, "the path of one of these files"))
        if found:
            return found[0]
    names = ", ".join(sorted(path.name for path in folder.rglob("*") if path.is_file())[:10])
    raise FileNotFoundError(message(f"a file {' or '.join(patterns)} in {folder}", names or "an empty folder"))


@contextlib.contextmanager
def opened_checkpoint(path_like: PathLike) -> Iterator[tuple[Path, Path]]:
    """Opens the folder of a TensorFlow checkpoint; yields the folder and the checkpoint's index file.

    Args:
        path_like: the prefix of a checkpoint's files (`model.ckpt-935588`), or a folder or archive that contains one.

    Raises:
        ValueError: For any other file, and for several checkpoints without a file `checkpoint` that names the latest.
        OSError: If there is no such path.
    """
    # A prefix is not a file itself: `model.ckpt` stands for `model.ckpt.index` and its data.
    index = Path(f"{path_like}{_INDEX}").expanduser()
    if index.is_file():
        yield index.parent, index
        return
    path = existing(path_like)
    if not path.is_dir() and not is_archive(path):
        expected = "the prefix of a checkpoint, a folder or an archive"
        raise ValueError(message(expected, str(path), f"{str(path).removesuffix(_INDEX)!r}"))
    with opened(path) as folder:
        yield folder, _latest_index(folder)


def beside(folder: Path, index: Path, name: str) -> Path:
    """Returns the path of a file next to a checkpoint's index, or else anywhere in the folder.

    Args:
        folder: the folder that `opened_checkpoint` yielded.
        index: the index that it yielded.
        name: the name of the file.

    Returns:
        The path, or `folder / name` if there is no such file.
    """
    # TF-Hub modules have the index in `variables/`, and other files above it.
    deeper = sorted(folder.rglob(name)) if folder != index.parent else []
    return next((path for path in (index.parent / name, *deeper) if path.is_file()), folder / name)


def _latest_index(folder: Path) -> Path:
    """Returns the index of the only checkpoint, or of the one that a file `checkpoint` names."""
    for state in sorted(folder.rglob("checkpoint")):
        if named := re.search(r'^model_checkpoint_path: "(.*)"', state.read_text("utf-8"), re.MULTILINE):
            latest = state.parent / f"{Path(named[1]).name}{_INDEX}"
            if latest.is_file():
                return latest
    return find_file(folder, f"*{_INDEX}")


# --- arrays ---

_Size: TypeAlias = tuple[int, ...]


class Arrays:
    """The named arrays of a file, which are read one by one and checked.

    Args:
        source: the file, for error messages.
        shapes: name -> shape.
        read: returns the array of a name.
        names: requested name -> name in the file, if they differ.
    """

    def __init__(
        self,
        source: PathLike,
        shapes: Mapping[str, _Size],
        read: Callable[[str], ArrayLike],
        names: Mapping[str, str] | None = None,
    ) -> None:
        self.source = str(source)
        self._shapes = dict(shapes)
        self._read = read
        self._names = dict(names) if names is not None else {name: name for name in shapes}
        self._taken: set[str] = set()

    def __contains__(self, name: str) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def shape(self, name: str) -> _Size:
        """Returns the shape of an array.

        Raises:
            ValueError: If there is no such array.
        """
        if name not in self._names:
            near = difflib.get_close_matches(name, self._names, n=3) or sorted(self._names)[:3]
            received = f"{len(self._names)} others" + (f", such as {', '.join(near)}" if near else "")
            raise ValueError(f"{self.source}: {message(f'an array {name}', received)}")
        return tuple(self._shapes[self._names[name]])

    def take(self, name: str, shape: _Size) -> FloatArray:
        """Reads an array as float32.

        Raises:
            ValueError: If it is missing or has another shape, with the file, the name and both shapes.
        """
        # The shape is compared before the array is read.
        found = self.shape(name)
        if found != tuple(shape):
            expected = f"{self._names[name]} of shape {tuple(shape)}"
            text = message(expected, f"shape {found}", "the options that belong to these weights")
            raise ValueError(f"{self.source}: {text}")
        self._taken.add(name)
        return np.asarray(self._read(self._names[name]), dtype="float32")

    def number(self, template: str) -> int:
        """Counts the arrays `template.format(0)`, `template.format(1)`..."""
        number = 0
        while template.format(number) in self:
            number += 1
        return number

    def check_all_taken(self) -> None:
        """Raises `ValueError` if an array was not read: the settings are then those of a smaller model."""
        left = sorted(set(self._names) - self._taken)
        if left:
            received = f"{len(left)} more: {', '.join(left[:4])}"
            text = message(
                "no weights besides those of the options", received, "the options that belong to these weights"
            )
            raise ValueError(f"{self.source}: {text}")
