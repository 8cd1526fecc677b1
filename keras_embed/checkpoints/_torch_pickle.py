"""PyTorch state dicts, read without PyTorch: a restricted unpickler that only creates tensors and containers."""

import io
import pickle
import struct
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from keras_embed._errors import message

StateDict: TypeAlias = dict[str, NDArray[Any]]
"""Arrays by name."""
#: What a pickle may contain: containers, numbers, strings and `_Tensor`s.
_Content: TypeAlias = object

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


def load_state_dict(path: Path) -> StateDict:
    """Loads a file that `torch.save(module.state_dict(), path)` wrote, in the old or the zip format.

    No code in the file is run: besides tensors, it may contain dicts, lists, numbers and strings.

    Raises:
        ValueError: For a file of another kind, a truncated file, and a file that refers to anything else.
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
    """A flat buffer. In the old format `numbers` are read after the pickle that refers to them."""

    dtype: str
    size: int
    numbers: NDArray[Any] = field(default_factory=lambda: np.zeros(0))


@dataclass
class _Tensor:
    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    def array(self) -> NDArray[Any]:
        """Copies the tensor to an array. A file whose tensors exceed their storage is refused."""
        numbers = self.storage.numbers
        # Every field comes from the file: check it before memory is addressed by it.
        sizes = (self.offset, *self.shape, *self.strides)
        if len(self.shape) != len(self.strides) or any(not isinstance(size, int) or size < 0 for size in sizes):
            raise ValueError(message("sizes and strides of a tensor", f"{self.shape}, {self.strides}"))
        if 0 in self.shape:
            return np.zeros(self.shape, numbers.dtype)
        last = self.offset + sum((size - 1) * stride for size, stride in zip(self.shape, self.strides, strict=True))
        if last >= len(numbers):
            raise ValueError(message(f"a tensor inside of its {len(numbers)} numbers", f"one up to number {last + 1}"))
        # Strides of NumPy are in bytes.
        strides = [stride * numbers.itemsize for stride in self.strides]
        return np.lib.stride_tricks.as_strided(numbers[self.offset :], self.shape, strides).copy()


@dataclass(frozen=True)
class _StorageType:
    dtype: str


def _rebuild_tensor(
    storage: _Storage, offset: int, shape: tuple[int, ...], strides: tuple[int, ...], *_: _Content
) -> _Tensor:
    return _Tensor(storage, offset, tuple(shape), tuple(strides))


def _rebuild_parameter(data: _Content, *_: _Content) -> _Content:
    return data


_ALLOWED: dict[tuple[str, str], Any] = {
    ("collections", "OrderedDict"): OrderedDict,
    ("torch._utils", "_rebuild_tensor"): _rebuild_tensor,
    ("torch._utils", "_rebuild_tensor_v2"): _rebuild_tensor,
    ("torch._utils", "_rebuild_parameter"): _rebuild_parameter,
    **{("torch", name): _StorageType(dtype) for name, dtype in _DTYPES.items()},
}


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: IO[bytes], storage: Callable[..., _Storage]) -> None:
        super().__init__(file, encoding="utf-8")
        self._storage = storage

    def find_class(self, module: str, name: str) -> Any:
        """Returns one of the functions and types that a state dict needs; refuses all others."""
        if (module, name) not in _ALLOWED:
            raise ValueError(
                message(
                    "only tensors, dicts and lists",
                    f"a file that asks for {module}.{name}, which is not run",
                    "to save only the model's `state_dict()`",
                )
            )
        return _ALLOWED[module, name]

    def persistent_load(self, pid: Any) -> _Storage:
        """Returns a storage by its key."""
        kind, storage_type, key, _, size, *view = pid
        if kind != "storage" or not isinstance(storage_type, _StorageType):
            raise ValueError(message("storages of numbers", repr(kind)))
        return self._storage(storage_type.dtype, str(key), int(size), *view)


def _read_zip(path: Path) -> _Content:
    with zipfile.ZipFile(path) as archive:
        pickled = next((name for name in archive.namelist() if name.endswith("/data.pkl")), None)
        if pickled is None:
            raise ValueError(message("data.pkl, which torch.save writes, in the archive", f"{archive.namelist()[:5]}"))
        root = pickled.removesuffix("data.pkl")
        order = archive.read(root + "byteorder") if root + "byteorder" in archive.namelist() else b"little"
        storages: dict[str, _Storage] = {}

        def storage(dtype: str, key: str, size: int) -> _Storage:
            if key not in storages:
                numbers = np.frombuffer(archive.read(f"{root}data/{key}"), _dtype(dtype, order == b"little"))
                storages[key] = _Storage(dtype, size, numbers)
            return storages[key]

        return _Unpickler(io.BytesIO(archive.read(pickled)), storage).load()


def _read_old(path: Path) -> _Content:
    """Reads five pickles (magic number, version, system, content, keys), then the buffer of each key."""
    storages: dict[str, _Storage] = {}
    views: list[tuple[_Storage, _Storage, int]] = []  # view, the storage that it is a part of, offset

    def storage(dtype: str, key: str, size: int, view: tuple[str, int, int] | None = None) -> _Storage:
        root = storages.setdefault(key, _Storage(dtype, size))
        if view is None:
            return root
        _, offset, length = view
        part = _Storage(dtype, length)
        views.append((part, root, offset))
        return part

    with path.open("rb") as file:
        magic, _, system, content, keys = (_Unpickler(file, storage).load() for _ in range(5))
        if magic != _MAGIC:
            raise ValueError(message("a file that torch.save wrote", "another pickle"))
        for key in keys:
            known = storages[key]
            [size] = struct.unpack("<q" if system["little_endian"] else ">q", file.read(8))
            dtype = _dtype(known.dtype, system["little_endian"])
            # Compare the size with the file before the buffer is allocated.
            left = path.stat().st_size - file.tell()
            if not 0 <= size * dtype.itemsize <= left:
                raise EOFError(f"{left} bytes of {size * dtype.itemsize} in the last storage")
            known.numbers = np.frombuffer(file.read(size * dtype.itemsize), dtype)
    # Views refer to buffers that are complete only now.
    for part, root, offset in views:
        part.numbers = root.numbers[offset : offset + part.size]
    return content


def _dtype(code: str, little_endian: bool) -> np.dtype[Any]:
    return np.dtype(("<" if little_endian else ">") + code)
