"""Paths of registered files: found in local folders, or downloaded and verified."""

import hashlib
import http.client
import os
import urllib.error
import urllib.request
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from keras_embed import _errors
from keras_embed._atomic import atomic_path
from keras_embed.corpora.lines import DECOMPRESSION_ERRORS, open_decompressed

_PACKAGE_DATA = Path(__file__).parent / "data"
_SUFFIXES = ("", ".gz", ".xz")
_BLOCK = 1 << 16
_TIMEOUT_SECONDS = 30
_BY_HAND = "again later, or download it by hand into the folder that KERAS_EMBED_DATA names"


@dataclass(frozen=True)
class File:
    """One file of a corpus or of a published model.

    Args:
        path: path in the folder of the corpus, without .gz or .xz: compressed copies are found too.
        url: the address to download it from, or None for a file that has to be downloaded by hand.
        sha256: checksum of the decompressed content, or None if it is not known.
    """

    path: str
    url: str | None = None
    sha256: str | None = None


class Registered(Protocol):
    """An owner of files: a corpus or a published model."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def folder(self) -> str:
        """The folder of its files; its name if empty."""

    @property
    def homepage(self) -> str:
        """Its web page."""


class _ProgressBar(Protocol):
    def update(self, current: int, *, finalize: bool | None = None) -> None: ...


def find(entry: Registered, file: File, kind: str = "datasets", progress: bool = True) -> Path:
    """Returns the path of a file, which is downloaded if it is nowhere on this machine.

    The file is searched in `KERAS_EMBED_DATA/<folder>/`, in the package, and in Keras' cache, to which it is
    downloaded.

    Args:
        entry: the owner of the file.
        file: the file.
        kind: the folder in Keras' cache, "datasets" or "models".
        progress: if True, a download shows its progress.

    Raises:
        OSError: If the file cannot be found or downloaded, or the download has a wrong checksum.
    """
    folder = entry.folder or entry.name
    root = os.environ.get("KERAS_EMBED_DATA")
    # 1. The user's own folder.
    own = Path(root).expanduser() / folder if root else None
    found = own and _in_folder(own, file)
    if found:
        _warn_of_other_content(found, file)
        return found
    # 2. The package.
    found = _in_folder(_PACKAGE_DATA, file)
    if found:
        return found
    # 3. The cache. A damaged copy is downloaded again.
    cache = _cache_folder(folder, kind)
    found = _in_folder(cache, file)
    if found and file.sha256 in (None, _sha256(found)):
        return found
    if file.url is None:
        raise FileNotFoundError(
            _errors.message(
                f"file {file.path} of {entry.name}, which has no address to download it from",
                f"no such file in {' or '.join(map(str, filter(None, (own, cache))))}",
                f"setting KERAS_EMBED_DATA to a folder that holds {folder}/{file.path}, also as .gz or .xz"
                + (f"; see {entry.homepage}" if entry.homepage else ""),
            )
        )
    # 4. The network.
    target = cache / file.path
    download(file.url, target, file.sha256, progress)
    return target


def download(url: str, target: Path, sha256: str | None = None, progress: bool = True) -> None:
    """Downloads `url` to `target`. After an error, no file is left.

    Args:
        url: http or https.
        target: the path to write. Missing folders are created.
        sha256: checksum of the decompressed content, or None.
        progress: if True, shows the progress.

    Raises:
        OSError: If the server fails or sends less than it announced, or the checksum differs.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(target) as part:
        with part.open("wb") as file:
            _fetch(url, file, progress)
        received = _sha256(part) if sha256 else None
        if received != sha256:
            raise OSError(
                _errors.message(
                    f"{url} to have the SHA-256 checksum {sha256}",
                    f"{received}, {part.stat().st_size} bytes. The download was discarded",
                    "again, in case of a transmission error; otherwise the file was changed at its source",
                )
            )


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
            _errors.message(f"{url} to exist", f"HTTP status {error.code} ({error.reason})", _BY_HAND)
        ) from error
    except (urllib.error.URLError, http.client.HTTPException, ConnectionError, TimeoutError) as error:
        received_text = f"{type(error).__name__} ({error}) after {received} bytes. The download was discarded"
        raise OSError(_errors.message(f"to download {url}", received_text, _BY_HAND)) from error
    if size is not None and received != size:
        # `http.client` does not complain about a connection that closes early.
        received_text = f"{received} bytes. The download was discarded"
        raise OSError(_errors.message(f"{size} bytes from {url}", received_text, _BY_HAND))


def _progress_bar(size: int | None, url: str) -> _ProgressBar:
    import keras  # not at the top: reading a local file does not import Keras

    print(f"Downloading {url}")
    return keras.utils.Progbar(size)


def _in_folder(folder: Path, file: File) -> Path | None:
    paths = (folder / f"{file.path}{suffix}" for suffix in _SUFFIXES)
    return next((path for path in paths if path.is_file()), None)


def _cache_folder(folder: str, kind: str) -> Path:
    home = os.environ.get("KERAS_HOME")
    return (Path(home) if home else Path.home() / ".keras") / kind / "keras_embed" / folder


def _warn_of_other_content(path: Path, file: File) -> None:
    """Warns if a user's own copy differs from the registered file; it is used as it is."""
    if file.sha256 and (received := _sha256(path)) != file.sha256:
        warnings.warn(
            _errors.message(f"{path} to have the SHA-256 checksum {file.sha256}", f"{received}; it is read as it is"),
            stacklevel=4,
        )


def _sha256(path: Path) -> str:
    """Returns the checksum of the decompressed content, so that compressed copies verify too."""
    digest = hashlib.sha256()
    try:
        with open_decompressed(path) as stream:
            while block := stream.read(_BLOCK):
                digest.update(block)
    except DECOMPRESSION_ERRORS as broken:
        return f"none, the file is truncated or damaged ({broken})"
    return digest.hexdigest()
