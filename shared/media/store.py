"""The store of media: `<url>/<cliente_id>/<aa>/<sha256>`, one file for the same bytes of one tenant.

A file is written under `<url>/<cliente_id>/incoming/` and then renamed, so that what has a hash for a name is whole. On
local disks it is synced before it is; an object store shows an object only once it is.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, cast

from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem

from shared.logs import get_logger
from shared.media.writing import MediaWriter

_log = get_logger(__name__)

_INCOMING = "incoming"
_PROBE = "probe"  # beside the tenants' folders
_OBJECT_STORES = {"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az"}  # no folders; making one would make a bucket
# Of a file in an object store: sent in parts of so many bytes (5 MiB is the least that S3 takes), and read in these.
# Left to itself s3fs would hold 50 MiB for each file.
_PART_BYTES, _READ_BYTES = 5 << 20, 1 << 20
_SHA256 = re.compile(r"[0-9a-f]{64}")


class StoreFailed(Exception):
    """The store can't be reached, or refuses."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file as the store lists it."""

    sha256: str
    size: int
    age_s: float  # since it was stored, or stored again


class MediaStore:
    """Made once per process, after it was forked; connects at the first use. Every method may be called by any thread.

    Methods raise StoreFailed where nothing else is said.
    """

    def __init__(self, url: str) -> None:
        """url: as fsspec takes it: a path, `s3://bucket/folder` …"""
        self._url = url
        self._opened: tuple[Any, str] | None = None

    @contextmanager
    def writing(self, cliente_id: int, max_bytes: int) -> Iterator[MediaWriter]:
        """A file for a tenant. What was not committed when the block ends is gone."""
        with _failing("open"):
            system, root = self._open()
            path = f"{root}/{cliente_id}/{_INCOMING}/{uuid.uuid4().hex}"
            self._make_folder(path)
            file = system.open(path, "wb", block_size=_PART_BYTES)

        def append(chunk: bytes) -> None:
            with _failing("write"):
                file.write(chunk)

        def commit(sha256: str, size: int) -> int:
            with _failing("commit"):
                target = self._path(cliente_id, sha256)
                self._sync(file)
                file.close()
                known = system.exists(target)
                self._make_folder(target)
                system.mv(path, target)  # over the same bytes, where they are known: they count as young again
                self._sync_folder(target)
                return 0 if known else size

        try:
            yield MediaWriter(append, commit, max_bytes)
        finally:
            with contextlib.suppress(Exception):  # what is left all the same is swept
                file.close()
            with contextlib.suppress(Exception):
                system.rm_file(path)

    def open(self, cliente_id: int, sha256: str) -> BinaryIO:
        """A tenant's file, for reading; it can be sought in. Raises FileNotFoundError too."""
        with _failing("read", FileNotFoundError):
            system, _ = self._open()
            return cast(BinaryIO, system.open(self._path(cliente_id, sha256), "rb", block_size=_READ_BYTES))

    def delete(self, cliente_id: int, sha256: str, *, older_than_s: float) -> bool:
        """Deletes a tenant's file, unless it was stored lately: somebody may be about to name it. True: it is gone."""
        with _failing("delete"):
            system, _ = self._open()
            path = self._path(cliente_id, sha256)
            try:
                if _age_s(system, path) < older_than_s:
                    return False
                system.rm_file(path)
            except FileNotFoundError:
                return True
            return True

    def files(self, cliente_id: int) -> Iterator[StoredFile]:
        """All whole files of a tenant, a few folders at a time."""
        for folder in self._names(str(cliente_id)):
            if folder == _INCOMING:
                continue
            for found in self._listed(f"{cliente_id}/{folder}"):
                sha256 = _name(found)
                if not _SHA256.fullmatch(sha256):
                    continue
                with _failing("list"), contextlib.suppress(FileNotFoundError):
                    yield StoredFile(sha256, int(found["size"]), self._listed_age_s(found))

    def tenants(self) -> list[int]:
        """Those that have files, or had."""
        return sorted(int(name) for name in self._names("") if name.isdigit())

    def sweep_incoming(self, cliente_id: int, older_than_s: float) -> int:
        """Deletes what was never committed. Returns how many files."""
        swept = 0
        for name in self._names(f"{cliente_id}/{_INCOMING}"):
            with _failing("sweep"), contextlib.suppress(FileNotFoundError):
                system, root = self._open()
                path = f"{root}/{cliente_id}/{_INCOMING}/{name}"
                if _age_s(system, path) >= older_than_s:
                    system.rm_file(path)
                    swept += 1
        return swept

    def probe(self) -> None:
        """Writes a small file, reads it back and deletes it."""
        with _failing("probe"):
            system, root = self._open()
            path, content = f"{root}/{_PROBE}/{uuid.uuid4().hex}", uuid.uuid4().bytes
            self._make_folder(path)
            try:
                system.pipe_file(path, content)
                if system.cat_file(path) != content:
                    raise StoreFailed("probe: what was read is not what was written")
            finally:
                system.rm_file(path)

    def free_bytes(self) -> int | None:
        """What the disk has room for; None: it is no disk of this machine."""
        with _failing("look"):
            system, root = self._open()
            if not isinstance(system, LocalFileSystem):
                return None
            os.makedirs(root, mode=0o700, exist_ok=True)
            return shutil.disk_usage(root).free

    def _open(self) -> tuple[Any, str]:
        if self._opened is None:
            system, root = url_to_fs(self._url, use_listings_cache=False)
            if isinstance(system, LocalFileSystem):
                os.makedirs(root, mode=0o700, exist_ok=True)
            self._opened = system, root.rstrip("/")
        return self._opened

    def _path(self, cliente_id: int, sha256: str) -> str:
        if not _SHA256.fullmatch(sha256):
            raise ValueError("no SHA-256")
        return f"{self._open()[1]}/{cliente_id}/{sha256[:2]}/{sha256}"

    def _names(self, folder: str) -> list[str]:
        return [_name(found) for found in self._listed(folder)]

    def _listed(self, folder: str) -> list[dict[str, Any]]:
        """What stands in a folder of the store; nothing where there is none."""
        with _failing("list"):
            system, root = self._open()
            try:
                return list(system.ls(f"{root}/{folder}".rstrip("/"), detail=True))
            except FileNotFoundError:
                return []

    def _listed_age_s(self, found: dict[str, Any]) -> float:
        """By what the list says, where it says so: an object store would be asked once more for each file."""
        modified = found.get("LastModified")
        if isinstance(modified, datetime):
            return time.time() - modified.timestamp()
        return _age_s(self._open()[0], found["name"])

    def _make_folder(self, path: str) -> None:
        """Where folders are things of their own."""
        system, _ = self._open()
        known_as = {system.protocol} if isinstance(system.protocol, str) else set(system.protocol)
        if known_as & _OBJECT_STORES:
            return
        system.makedirs(path.rpartition("/")[0], exist_ok=True)

    def _sync(self, file: Any) -> None:
        file.flush()
        if isinstance(self._open()[0], LocalFileSystem):
            os.fsync(file.fileno())

    def _sync_folder(self, path: str) -> None:
        if isinstance(self._open()[0], LocalFileSystem):
            descriptor = os.open(Path(path).parent, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


def _name(found: dict[str, Any]) -> str:
    return str(found["name"]).rstrip("/").rpartition("/")[2]


def _age_s(system: Any, path: str) -> float:
    """By the clocks of this machine and of the store. Raises FileNotFoundError."""
    return time.time() - float(system.modified(path).timestamp())


@contextmanager
def _failing(step: str, *answers: type[Exception]) -> Iterator[None]:
    """Whatever a file system's own library raises is one failure of the store; each has errors of its own.

    answers: what is no failure. A bucket that is not there is a file that is not found, so it has to be said.
    """
    try:
        yield
    except StoreFailed:
        raise
    except Exception as error:  # each file system has errors of its own, and no common ancestor of them
        if isinstance(error, answers):
            raise
        _log.warning("media.store_failed", step=step, reason=type(error).__name__)
        raise StoreFailed(f"{step}: {type(error).__name__}") from error
