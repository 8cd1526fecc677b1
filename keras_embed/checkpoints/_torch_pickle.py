"""State dicts of PyTorch, read without PyTorch: a pickle that may name tensors and nothing else."""

import io
import pickle
import struct
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from keras_embed._errors import message

_MAGIC = 0x1950A86A20F9469CFC6C
_DTYPES = {
    "DoubleStorage": "f8",
    "FloatStorage": "f4",
    "HalfStorage": "f2",
    "LongStorage": "i8",
    "IntStorage": "i4",
    "ShortStorage": "i2",
    "CharStorage": "i1",
    "ByteStorage": "u1",
    "BoolStorage": "?",
}


def load_state_dict(path: Path) -> dict[str, Any]:
    """Name -> array of a file that `torch.save(module.state_dict(), path)` wrote, in the old or the zip form.

    Nothing in the file is run: beside tensors of numbers it may hold dicts, lists, numbers and strings.

    Raises:
        ValueError: for a file of another kind, a truncated one, and one that names anything else.
    """
    try:
        content = _read_zip(path) if zipfile.is_zipfile(path) else _read_old(path)
        if not isinstance(content, dict):
            raise ValueError(message("a state dict", f"{type(content).__name__}"))
        return {str(name): value.array() for name, value in content.items() if isinstance(value, _Tensor)}
    except (pickle.UnpicklingError, EOFError, struct.error, KeyError, IndexError, AttributeError, TypeError) as error:
        expected = "a state dict that torch.save wrote"
        raise ValueError(f"{path}: {message(expected, f'{type(error).__name__}: {error}')}") from error
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


@dataclass
class _Storage:
    """Numbers in a row; `numbers` come after the pickle that names them."""

    dtype: str
    size: int
    numbers: Any = None


@dataclass
class _Tensor:
    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    def array(self) -> Any:
        """The tensor as an array of its own. A file that points outside of its numbers is refused."""
        numbers = self.storage.numbers
        sizes = (self.offset, *self.shape, *self.strides)
        if len(self.shape) != len(self.strides) or any(not isinstance(size, int) or size < 0 for size in sizes):
            raise ValueError(message("sizes and strides of a tensor", f"{self.shape}, {self.strides}"))
        if 0 in self.shape:
            return np.zeros(self.shape, numbers.dtype)
        last = self.offset + sum((size - 1) * stride for size, stride in zip(self.shape, self.strides, strict=True))
        if last >= len(numbers):
            raise ValueError(message(f"a tensor inside of its {len(numbers)} numbers", f"one up to number {last + 1}"))
        strides = [stride * numbers.itemsize for stride in self.strides]
        return np.lib.stride_tricks.as_strided(numbers[self.offset :], self.shape, strides).copy()


@dataclass(frozen=True)
class _StorageType:
    dtype: str


def _rebuild_tensor(storage: Any, offset: int, shape: Any, strides: Any, *_: Any) -> _Tensor:
    return _Tensor(storage, offset, tuple(shape), tuple(strides))


def _rebuild_parameter(data: Any, *_: Any) -> Any:
    return data


_ALLOWED: dict[tuple[str, str], Any] = {
    ("collections", "OrderedDict"): OrderedDict,
    ("torch._utils", "_rebuild_tensor"): _rebuild_tensor,
    ("torch._utils", "_rebuild_tensor_v2"): _rebuild_tensor,
    ("torch._utils", "_rebuild_parameter"): _rebuild_parameter,
    **{("torch", name): _StorageType(dtype) for name, dtype in _DTYPES.items()},
}


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: Any, storage: Callable[..., Any]) -> None:
        super().__init__(file, encoding="utf-8")
        self._storage = storage

    def find_class(self, module: str, name: str) -> Any:
        """Only what a state dict needs."""
        if (module, name) not in _ALLOWED:
            raise ValueError(
                message(
                    "tensors, dicts and lists alone",
                    f"a file that asks for {module}.{name}, which is not run",
                    "to save the model's `state_dict()` and nothing else",
                )
            )
        return _ALLOWED[module, name]

    def persistent_load(self, pid: Any) -> Any:
        """A storage, by its key."""
        kind, storage_type, key, _, size, *view = pid
        if kind != "storage" or not isinstance(storage_type, _StorageType):
            raise ValueError(message("storages of numbers", repr(kind)))
        return self._storage(storage_type.dtype, str(key), int(size), *view)


def _read_zip(path: Path) -> Any:
    with zipfile.ZipFile(path) as archive:
        pickled = next((name for name in archive.namelist() if name.endswith("/data.pkl")), None)
        if pickled is None:
            raise ValueError(message("data.pkl, which torch.save writes, in the archive", f"{archive.namelist()[:5]}"))
        root = pickled.removesuffix("data.pkl")
        order = archive.read(root + "byteorder") if root + "byteorder" in archive.namelist() else b"little"
        storages: dict[str, _Storage] = {}

        def storage(dtype: str, key: str, size: int) -> _Storage:
            if key not in storages:
                numbers = np.frombuffer(archive.read(f"{root}data/{key}"), _endian(dtype, order == b"little"))
                storages[key] = _Storage(dtype, size, numbers)
            return storages[key]

        return _Unpickler(io.BytesIO(archive.read(pickled)), storage).load()


def _read_old(path: Path) -> Any:
    """Five pickles (a magic number, a version, the machine, the content, keys), then the numbers of each key."""
    storages: dict[str, _Storage] = {}
    views: list[tuple[_Storage, _Storage, int]] = []

    def storage(dtype: str, key: str, size: int, view: Any = None) -> _Storage:
        root = storages.setdefault(key, _Storage(dtype, size))
        if view is None:
            return root
        _, offset, length = view
        part = _Storage(dtype, length)
        views.append((part, root, offset))
        return part

    with path.open("rb") as file:
        magic, _, machine, content, keys = (_Unpickler(file, storage).load() for _ in range(5))
        if magic != _MAGIC:
            raise ValueError(message("a file that torch.save wrote", "another pickle"))
        for key in keys:
            known = storages[key]
            [size] = struct.unpack("<q" if machine["little_endian"] else ">q", file.read(8))
            dtype = _endian(known.dtype, machine["little_endian"])
            data = file.read(size * dtype.itemsize)
            if len(data) != size * dtype.itemsize:
                raise EOFError(f"{len(data)} bytes of {size * dtype.itemsize} in the last storage")
            known.numbers = np.frombuffer(data, dtype)
    for part, root, offset in views:
        part.numbers = root.numbers[offset : offset + part.size]
    return content


def _endian(dtype: str, little: bool) -> Any:
    return np.dtype(("<" if little else ">") + dtype)
