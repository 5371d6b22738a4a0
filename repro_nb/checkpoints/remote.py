"""Checkpoints that lie elsewhere: object stores and web servers, read as streams through fsspec."""

from __future__ import annotations

import importlib
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import IO, Any
from urllib.parse import urlsplit

from repro_nb.checkpoints.remote_errors import changed, missing_package, told
from repro_nb.errors import CheckpointError, UsageError

__all__ = [
    "Place",
    "RemoteFile",
    "check_no_etag",
    "is_remote",
    "locate",
    "open_remote",
    "shown",
]

BLOCK = 8 * 1024 * 1024
"""Bytes that are asked for at once; the next block is on its way while one is hashed."""
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")  # one letter is a drive of Windows
_WEB = ("http", "https")
_VERSION_KEYS = (
    *("size", "ETag", "VersionId", "version_id", "generation", "etag"),
    *("LastModified", "Last-Modified", "mtime", "updated", "created"),
)
"""What stores tell about the version of an object; compared with itself, and never taken for a digest."""
_ETAG = re.compile(r'"?[0-9a-fA-F]{32}-[0-9]{1,5}"?|".*"|W/".*"')
_UNTIMED = 24 * 3600
"""Seconds that one file may take from a web server that keeps sending; aiohttp's own limit is five minutes."""
_SILENCE = 60
"""Seconds that a web server may keep silent."""


def is_remote(path: str | os.PathLike[str]) -> bool:
    """Whether `path` is an address such as ``s3://bucket/model.pth``, and no path of this machine."""
    return isinstance(path, str) and _SCHEME.match(path) is not None


def check_no_etag(expected: str) -> None:
    """Refuse what a store calls an ETag: of an upload in parts it is no digest of the content.

    Raises:
        UsageError: `expected` is an ETag.
    """
    if _ETAG.fullmatch(expected):
        raise UsageError(
            f"{expected} is an ETag, which is no digest of the content",
            hint="Give the digest that `repro-nb checkpoint hash` prints.",
        )


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a checkpoint lies: an object or a folder of them.

    Attributes:
        address: The address as it may be shown: without a password, or the query that signs an address of the web.
        filesystem: The fsspec file system.
        path: What the file system calls it.
    """

    address: str
    filesystem: Any
    path: str

    @property
    def name(self) -> str:
        """The last part of its path."""
        path = urlsplit(self.path).path if self.on_the_web else self.path
        return PurePosixPath(path).name

    @property
    def on_the_web(self) -> bool:
        """Whether a web server has it, which knows no folders."""
        return "http" in self.filesystem.protocol

    def is_folder(self) -> bool:
        """Whether it is a folder of objects; an address of the web never is.

        Raises:
            CheckpointError: It is not there, or may not be read.
        """
        if self.on_the_web:
            return False
        with told(self.address):
            return bool(self.filesystem.info(self.path)["type"] == "directory")

    def version(self) -> Mapping[str, object]:
        """What tells this version of the object from another one.

        Raises:
            CheckpointError: It is not there, or may not be read.
        """
        with told(self.address):
            return _version(self.filesystem.info(self.path))

    def below(self) -> dict[str, Mapping[str, object]]:
        """The version of each object in the folder, by its name relative to it.

        Raises:
            CheckpointError: It cannot be listed.
        """
        with told(self.address):
            found = self.filesystem.find(self.path, detail=True)
        prefix = f"{self.path.rstrip('/')}/"
        return {
            name.removeprefix(prefix): _version(info)
            for name, info in found.items()
            if not name.endswith("/")  # how some programs mark an empty folder
        }

    @contextmanager
    def open(self) -> Iterator[RemoteFile]:
        """Open the object for reading.

        Raises:
            CheckpointError: It is not there, or may not be read.
        """
        version = self.version()
        with told(self.address):
            stream = self.filesystem.open(self.path, "rb", **_reading(self.on_the_web))
        with stream:
            yield RemoteFile(self, stream, version)

    def child(self, name: str) -> Place:
        """The object called `name` in the folder."""
        return Place(
            address=f"{self.address.rstrip('/')}/{name}",
            filesystem=self.filesystem,
            path=f"{self.path.rstrip('/')}/{name}",
        )


class RemoteFile:
    """An object that is being read.

    Args:
        place: Where it lies.
        stream: Its content.
        version: What told its version when it was opened.
    """

    def __init__(self, place: Place, stream: IO[bytes], version: Mapping[str, object]) -> None:
        self.place = place
        self._stream = stream
        self._version = version

    @property
    def size(self) -> int | None:
        """Its length in bytes; None where the server does not tell."""
        size = self._version.get("size")
        return size if isinstance(size, int) else None

    def blocks(self, limit: int = 1024 * 1024) -> Iterator[memoryview]:
        """Its content from the start, at most `limit` bytes at a time.

        Raises:
            CheckpointError: It cannot be read to its end.
            FileChangedError: Another content was put in its place meanwhile.
        """
        count = 0
        while data := self._read(limit):
            count += len(data)
            yield memoryview(data)
        if self.size is not None and count != self.size:
            raise changed(self.place.address, f"{count:,} bytes came, not {self.size:,}")
        self.check_unchanged()

    def check_unchanged(self) -> None:
        """Ask the store whether the object is still the one that was opened.

        Raises:
            FileChangedError: It is another one.
        """
        if self.place.version() != self._version:
            raise changed(self.place.address, "another version is there now")

    def _read(self, limit: int) -> bytes:
        with told(self.place.address):
            return self._stream.read(limit)


def locate(address: str) -> Place:
    """The place that `address` names; nothing is read.

    Raises:
        UsageError: The address cannot be used, or a package for it is not installed.
    """
    match = _SCHEME.match(address)
    if match is None or "::" in address:
        raise UsageError(
            "this is no address of one store", where=address, hint="Give one like s3://bucket/name."
        )
    scheme = match[1].lower()
    if scheme in ("file", "local"):
        raise UsageError(
            "this address names a file of this machine", where=address, hint="Give its path."
        )
    if scheme in _WEB and urlsplit(address).path.endswith("/"):
        raise UsageError(
            "a web server has no folders",
            where=shown(address),
            hint="Give the address of one file.",
        )
    try:
        core = importlib.import_module("fsspec.core")
        filesystem, path = core.url_to_fs(address, **_options(scheme))
    except ImportError as error:
        raise missing_package(scheme, address, error) from error
    except ValueError as error:
        raise UsageError(f"there is no store of this kind: {error}", where=address) from error
    return Place(address=shown(address), filesystem=filesystem, path=path)


@contextmanager
def open_remote(address: str) -> Iterator[RemoteFile]:
    """Open an object for reading; it is streamed, and never in memory as a whole.

    Args:
        address: Such as ``s3://bucket/model.pth``, ``gs://…``, ``https://…`` or ``memory://…``.

    Raises:
        CheckpointError: It is not there, is a folder, or may not be read.
        UsageError: The address cannot be used, or a package for it is not installed.
    """
    place = locate(address)
    if place.is_folder():
        raise CheckpointError("this is a folder", where=address)
    with place.open() as file:
        yield file


def shown(path: str | os.PathLike[str]) -> str:
    """How a path or address is written where others read it: without a password, or the query that signs an address."""
    text = os.fspath(path)
    if not is_remote(text):
        return text
    plain = re.sub(r"//[^/@]*@", "//", text)
    return re.split(r"[?#]", plain)[0] if text.lower().startswith(_WEB) else plain


def _reading(on_the_web: bool) -> dict[str, Any]:
    if on_the_web:
        return {"block_size": 0}  # one request: not every server has byte ranges
    return {
        "block_size": BLOCK,
        "cache_type": "background",
        "cache_options": {"maxblocks": 2},
    }


def _options(scheme: str) -> dict[str, Any]:
    """How a file system is made: it must not answer from what it remembers."""
    fresh: dict[str, Any] = {"use_listings_cache": False, "skip_instance_cache": True}
    if scheme not in _WEB:
        return fresh
    timeout = importlib.import_module("aiohttp").ClientTimeout
    return {
        **fresh,
        "headers": {"Accept-Encoding": "identity"},  # the file's own bytes, not a packed form
        "client_kwargs": {"timeout": timeout(total=_UNTIMED, sock_read=_SILENCE)},
    }


def _version(info: Mapping[str, Any]) -> dict[str, object]:
    return {key: info[key] for key in _VERSION_KEYS if info.get(key) is not None}
