"""Which wa-js bundle a browser run gets: the one that came with LeadMaster, or a newer one that was switched to.

Newer ones lie below the data directory, each in a folder of its version's name that is never written again; a pointer
file says which is in use, and every new browser run reads it. A session may have a pointer of its own while a bundle is
tried on it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

from session_worker.engine.port import EngineError
from shared.logs import get_logger

_log = get_logger(__name__)

PACKAGE = "@wppconnect/wa-js"
PACKAGED = "packaged"  # the name of the one in node_modules
FILE_NAME = "wppconnect-wa.js"

_IN_PACKAGE = Path("node_modules") / PACKAGE / "dist" / FILE_NAME
_NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+-]{0,63}")
_VERSION = re.compile(r"\.version\s*=\s*[\"'](\d+\.\d+\.\d+[^\"']*)[\"']")
_FLOOR = re.compile(r"\.supportedWhatsappWeb\s*=\s*[\"']([^\"']+)[\"']")
_HEAD = re.compile(r"wa-js v(\d+\.\d+\.\d+\S*)")


@dataclass(frozen=True, slots=True)
class BundleFacts:
    """What a bundle says of itself."""

    version: str  # "" where it says none
    supported: str  # the builds of WhatsApp Web that it was made for, e.g. `>=2.3000.1038792969-alpha`; "" for none


@dataclass(frozen=True, slots=True)
class Kept:
    """A bundle below the data directory, as its record says."""

    name: str  # its version
    sha256: str  # of the file
    integrity: str  # npm's word for the package it came in, e.g. `sha512-…`
    kept_at_ms: int


def facts(bundle: Path) -> BundleFacts:
    """Reads what a bundle says of itself. Raises OSError."""
    text = bundle.read_text("utf-8")
    head, version, floor = _HEAD.search(text[:1000]), _VERSION.search(text), _FLOOR.search(text)
    said = head or version
    return BundleFacts(said[1] if said else "", floor[1] if floor else "")


class BundleStore:
    """The bundles of one data directory. root: its folder `whatsapp/`."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._bundles = root / "bundles"

    def find(self, configured: Path | None, session: str = "") -> Path:
        """The bundle for a new browser run: the configured file, else what the pointers say, else the packaged one.

        session: the name of its profile's folder. A pointer to what isn't there counts as none, and is logged.
        Raises EngineError PAGE_FAILED where there is none at all, whose detail says what to do.
        """
        if configured is not None:
            return packaged_bundle(configured)
        name = (session and self._pointed(self._pointer(session))) or self.in_use()
        if name != PACKAGED:
            path = self.path(name)
            if path.is_file():
                return path
            _log.warning("bundle.missing", bundle=name)
        return packaged_bundle(None)

    def in_use(self) -> str:
        """The name of the bundle that the pointer for all sessions names."""
        return self._pointed(self._pointer("")) or PACKAGED

    def path(self, name: str) -> Path:
        """Where a bundle lies, whether it is there or not."""
        return self._bundles / name / FILE_NAME

    def kept(self) -> list[Kept]:
        """All that are below the data directory, by name; a folder without a record isn't a bundle."""
        found = []
        for record in sorted(self._bundles.glob("*/bundle.json")):
            with contextlib.suppress(OSError, ValueError, TypeError):
                found.append(Kept(**json.loads(record.read_text("utf-8"))))
        return found

    def is_whole(self, kept: Kept) -> bool:
        """Whether its file is what was put there."""
        try:
            return _digest(self.path(kept.name).read_bytes()) == kept.sha256
        except OSError:
            return False

    def keep(self, name: str, bundle: bytes, integrity: str, now_ms: int) -> Kept:
        """Puts a bundle beside the others, the file first and its record last. Raises ValueError, OSError."""
        if not _NAME.fullmatch(name) or name == PACKAGED:
            raise ValueError(f"no name for a bundle: {name}")
        made = Kept(name, _digest(bundle), integrity, now_ms)
        path = self.path(name)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(path, bundle)
        _write(path.with_name("bundle.json"), json.dumps(asdict(made)).encode())
        return made

    def drop(self, name: str) -> None:
        """Forgets a bundle that is not in use. Raises OSError."""
        if name != self.in_use() and _NAME.fullmatch(name):
            shutil.rmtree(self.path(name).parent, ignore_errors=True)

    def use(self, name: str) -> None:
        """Switches new browser runs of every session. Raises EngineError PAGE_FAILED where there is no such bundle."""
        self._point("", name)

    def try_on(self, session: str, name: str) -> None:
        """Switches new browser runs of one session. Raises as `use`."""
        self._point(session, name)

    def end_trial(self, session: str) -> None:
        """From its next browser run on the session uses what all use."""
        self._pointer(session).unlink(missing_ok=True)

    def _point(self, session: str, name: str) -> None:
        if name == PACKAGED:
            packaged_bundle(None)
        elif not any(kept.name == name and self.is_whole(kept) for kept in self.kept()):
            raise EngineError("PAGE_FAILED", f"no bundle {name} here; `leadmaster whatsapp bundles` lists them")
        self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(self._pointer(session), f"{name}\n".encode())

    def _pointer(self, session: str) -> Path:
        return self._root / (f"bundle.{session}" if session else "bundle")

    @staticmethod
    def _pointed(pointer: Path) -> str:
        try:
            name = pointer.read_text("utf-8").strip()
        except OSError:
            return ""
        return name if _NAME.fullmatch(name) else ""


def packaged_bundle(configured: Path | None) -> Path:
    """wa-js's bundle: the configured file, else that of a node_modules beside or above this package.

    Raises EngineError PAGE_FAILED, whose detail says what to do.
    """
    if configured is not None:
        candidates = [configured]
    else:
        candidates = [folder / _IN_PACKAGE for folder in (Path.cwd(), *Path(__file__).resolve().parents)]
    for path in candidates:
        if path.is_file():
            return path
    raise EngineError("PAGE_FAILED", "wa-js is not installed: run `npm ci` in LeadMaster's directory")


def _write(path: Path, content: bytes) -> None:
    """At once or not at all, and on disk before it is seen."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with draft.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
