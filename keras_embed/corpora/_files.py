"""From a registered file to a path on this machine: folders first, then a verified download."""

import contextlib
import hashlib
import http.client
import os
import urllib.error
import urllib.request
import uuid
import warnings
from pathlib import Path
from typing import IO, Any, Protocol

from keras_embed import _errors
from keras_embed.corpora._lines import BROKEN, open_decompressed
from keras_embed.corpora.entry import File

_SHIPPED = Path(__file__).parent / "data"
_SUFFIXES = ("", ".gz", ".xz")
_BLOCK = 1 << 16
_TIMEOUT_SECONDS = 30


class Registered(Protocol):
    """What has files: a corpus, or a published model."""

    @property
    def name(self) -> str:
        """Its name, and that of its folder."""

    @property
    def homepage(self) -> str:
        """Where to read more."""


def find(entry: Registered, file: File, kind: str = "datasets", progress: bool = True) -> Path:
    """The file's path: in `KERAS_EMBED_DATA/<folder>/`, in the package, in Keras' cache, or downloaded to the cache.

    Args:
        entry: whose file it is.
        file: what is registered of it.
        kind: the folder in Keras' cache, "datasets" or "models".
        progress: whether a download shows how far it is.

    Raises:
        OSError: if it is nowhere and cannot be fetched, or what comes is not the file that was registered.
    """
    own = _own_folder(entry)
    found = own and _in_folder(own, file)
    if found:
        _warn_if_other(found, file)
        return found
    found = _in_folder(_SHIPPED, file)
    if found:
        return found
    cache = _cache_folder(entry, kind)
    found = _in_folder(cache, file)
    if found and file.sha256 in (None, _sha256(found)):
        return found
    if file.url is None:
        raise FileNotFoundError(
            _errors.message(
                f"file {file.path} of {entry.name}, which has no address to fetch it from",
                f"no such file in {' or '.join(map(str, filter(None, (own, cache))))}",
                f"setting KERAS_EMBED_DATA to a folder that holds {_folder(entry)}/{file.path}, also as .gz or .xz"
                + (f"; see {entry.homepage}" if entry.homepage else ""),
            )
        )
    target = cache / file.path
    download(file.url, target, file.sha256, progress)
    return target


def download(url: str, target: Path, sha256: str | None = None, progress: bool = True) -> None:
    """Fetches `url` to `target`. Either the whole, verified file is there afterwards, or nothing.

    Args:
        url: http or https.
        target: the path to write. Its folder is made where it is missing.
        sha256: checksum of the decompressed content, or None.
        progress: whether to show how far it is.

    Raises:
        OSError: if the server fails or sends less than it announced, or the checksum is another.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.{uuid.uuid4().hex}.part")
    try:
        with part.open("wb") as file:
            _fetch(url, file, progress)
        received = _sha256(part) if sha256 else None
        if received != sha256:
            raise OSError(
                _errors.message(
                    f"{url} to have the SHA-256 checksum {sha256}",
                    f"{received}, {part.stat().st_size} bytes. Nothing was kept",
                    "again, in case the transfer went wrong; if it stays, the file was changed at its source",
                )
            )
        os.replace(part, target)
    finally:
        with contextlib.suppress(FileNotFoundError):
            part.unlink()


def _fetch(url: str, file: IO[bytes], progress: bool) -> None:
    size: int | None = None
    received = 0
    try:
        with urllib.request.urlopen(url, timeout=_TIMEOUT_SECONDS) as response:
            length = response.headers.get("Content-Length")
            size = int(length) if length else None
            bar = _progress_bar(size, url) if progress else None
            while block := response.read(_BLOCK):
                file.write(block)
                received += len(block)
                if bar is not None:
                    bar.update(received)
            if bar is not None:
                bar.update(received, finalize=True)
    except urllib.error.HTTPError as error:
        raise OSError(
            _errors.message(f"{url} to be there", f"HTTP status {error.code} ({error.reason})", _BY_HAND)
        ) from error
    except (urllib.error.URLError, http.client.HTTPException, ConnectionError, TimeoutError) as error:
        raise OSError(
            _errors.message(
                f"to fetch {url}",
                f"{type(error).__name__} ({error}) after {received} bytes. Nothing was kept",
                _BY_HAND,
            )
        ) from error
    if size is not None and received != size:
        raise OSError(
            _errors.message(f"{size} bytes from {url}", f"{received} bytes, then the end. Nothing was kept", _BY_HAND)
        )


_BY_HAND = "again later, or fetch it by hand into the folder that KERAS_EMBED_DATA names"


def _progress_bar(size: int | None, url: str) -> Any:
    import keras  # here, so that reading a file never loads it

    print(f"Downloading {url}")
    return keras.utils.Progbar(size)


def _in_folder(folder: Path, file: File) -> Path | None:
    paths = (folder / f"{file.path}{suffix}" for suffix in _SUFFIXES)
    return next((path for path in paths if path.is_file()), None)


def _folder(entry: Registered) -> str:
    return getattr(entry, "folder", "") or entry.name


def _own_folder(entry: Registered) -> Path | None:
    folder = os.environ.get("KERAS_EMBED_DATA")
    return Path(folder).expanduser() / _folder(entry) if folder else None


def _cache_folder(entry: Registered, kind: str) -> Path:
    home = os.environ.get("KERAS_HOME")
    return (Path(home) if home else Path.home() / ".keras") / kind / "keras_embed" / _folder(entry)


def _warn_if_other(path: Path, file: File) -> None:
    """The user's own copy is the user's choice; that it is another one should not stay unsaid."""
    if file.sha256 and (received := _sha256(path)) != file.sha256:
        warnings.warn(
            _errors.message(f"{path} to have the SHA-256 checksum {file.sha256}", f"{received}; it is read as it is"),
            stacklevel=4,
        )


def _sha256(path: Path) -> str:
    """Checksum of the decompressed content, so that a compressed copy verifies alike."""
    digest = hashlib.sha256()
    try:
        with open_decompressed(path) as stream:
            while block := stream.read(_BLOCK):
                digest.update(block)
    except BROKEN as broken:
        return f"none, the file is truncated or damaged ({broken})"
    return digest.hexdigest()
