"""Files that grow row by row, and appear when they are complete."""

import contextlib
import io
import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np

from keras_embed._errors import message


class RowFile:
    """A `.npy` file of float32 (N, D), of which no more than what is appended is in memory.

    Args:
        path: the file; it appears when the `with` block ends well.

    Example:
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "rows.npy"
    >>> with RowFile(path) as rows:
    ...     rows.append(np.ones((2, 3)))
    ...     rows.append(np.zeros((1, 3)))
    >>> np.load(path).shape, np.load(path).dtype.name
    ((3, 3), 'float32')
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.count = 0
        self.width = 0

    def __enter__(self) -> "RowFile":
        self._stack = contextlib.ExitStack()
        self._file: IO[bytes] = self._stack.enter_context(replacing(self._path))
        return self

    def __exit__(self, *error: Any) -> bool | None:
        if error[0] is None:
            self._write_header()
        return self._stack.__exit__(*error)

    def append(self, rows: Any) -> None:
        """Adds rows (n, D)."""
        rows = np.ascontiguousarray(rows, "<f4")
        if not self.width:
            self.width = rows.shape[1]
            self._write_header()
        if rows.shape[1] != self.width:
            raise ValueError(message(f"rows of {self.width} numbers", f"{rows.shape[1]}"))
        self._file.write(rows.tobytes())
        self.count += len(rows)

    def _write_header(self) -> None:
        """NumPy leaves room in it for a greater number of rows."""
        header = io.BytesIO()
        shape = {"descr": "<f4", "fortran_order": False, "shape": (self.count, self.width)}
        np.lib.format.write_array_header_1_0(header, shape)
        self._file.seek(0)
        self._file.write(header.getvalue())
        self._file.seek(0, os.SEEK_END)

    @staticmethod
    @contextlib.contextmanager
    def beside(path: Path) -> Iterator[IO[str]]:
        """The text file `<name>.jsonl` of `<name>.npy`, likewise whole or not at all."""
        with replacing(path.with_suffix(".jsonl")) as file:
            text = io.TextIOWrapper(file, encoding="utf-8", write_through=True)
            yield text
            text.flush()
            text.detach()


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Any]:
    """A file to write; it takes its name, and the place of what had it, when the block ends well."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{uuid.uuid4().hex}.part")
    try:
        with part.open("w+b") as file:
            yield file
        os.replace(part, path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            part.unlink()
