"""Folders and archives of a published model."""

import contextlib
import os
import re
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from keras_embed._errors import message

Place = str | os.PathLike[str]
_INDEX = ".index"


@contextlib.contextmanager
def opened(place: Place) -> Iterator[Path]:
    """A folder as it is, or that of an unpacked zip or tar archive, which is gone afterwards.

    Raises:
        FileNotFoundError: if there is nothing.
        ValueError: for a file that is neither.
    """
    path = existing(place)
    if path.is_dir():
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="keras_embed") as folder:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                archive.extractall(folder)
        elif tarfile.is_tarfile(path):
            with tarfile.open(path) as archive:
                archive.extractall(folder, filter="data")
        else:
            raise ValueError(message("a folder, or a zip or tar archive of one", str(path)))
        yield Path(folder)


def existing(place: Place) -> Path:
    """The path of something that is there."""
    if isinstance(place, str) and "://" in place:
        raise ValueError(message("a path on this machine", place, "`checkpoints.load_published`, or to download it"))
    path = Path(place).expanduser()
    if not path.exists():
        raise FileNotFoundError(message("a file or folder", f"{path}, which is not there"))
    return path


def is_archive(path: Path) -> bool:
    """Whether `opened` would unpack it."""
    return path.is_file() and (zipfile.is_zipfile(path) or tarfile.is_tarfile(path))


def find_file(folder: Path, *patterns: str) -> Path:
    """The file that fits the first pattern that any file fits, however deep.

    Raises:
        FileNotFoundError: if none fits.
        ValueError: if several fit the same pattern.
    """
    for pattern in patterns:
        found = sorted(path for path in folder.rglob(pattern) if path.is_file())
        if len(found) > 1:
            names = ", ".join(str(path.relative_to(folder)) for path in found)
            raise ValueError(message(f"one file {pattern} in {folder}", names, "to name the file itself"))
        if found:
            return found[0]
    names = ", ".join(sorted(path.name for path in folder.rglob("*") if path.is_file())[:10])
    raise FileNotFoundError(message(f"a file {' or '.join(patterns)} in {folder}", names or "an empty folder"))


@contextlib.contextmanager
def opened_checkpoint(place: Place) -> Iterator[tuple[Path, Path]]:
    """The folder of a TensorFlow checkpoint, and the index among its files.

    Args:
        place: the prefix of a checkpoint's files (`model.ckpt-935588`), or a folder or archive that holds one.

    Raises:
        ValueError: for anything else, and where there are several checkpoints and none is named as the newest.
        OSError: if there is nothing.
    """
    index = Path(f"{place}{_INDEX}").expanduser()
    if index.is_file():
        yield index.parent, index
        return
    path = existing(place)
    if not path.is_dir() and not is_archive(path):
        expected = "the prefix of a checkpoint, a folder or an archive"
        raise ValueError(message(expected, str(path), f"{str(path).removesuffix(_INDEX)!r}"))
    with opened(path) as folder:
        yield folder, _newest(folder)


def beside(folder: Path, index: Path, name: str) -> Path:
    """Where a file of this name is, or would be: next to a checkpoint's index, else in the folder above, however deep.

    Args:
        folder: what `opened_checkpoint` gave.
        index: that too.
        name: of the file.
    """
    deeper = sorted(folder.rglob(name)) if folder != index.parent else []
    return next((path for path in (index.parent / name, *deeper) if path.is_file()), folder / name)


def _newest(folder: Path) -> Path:
    """The only checkpoint, or the one that the file `checkpoint` names."""
    for state in sorted(folder.rglob("checkpoint")):
        if named := re.search(r'^model_checkpoint_path: "(.*)"', state.read_text("utf-8"), re.MULTILINE):
            newest = state.parent / f"{Path(named[1]).name}{_INDEX}"
            if newest.is_file():
                return newest
    return find_file(folder, f"*{_INDEX}")
