"""wa-js from npm: fetched by npm itself, from the registry that npm is set to, and checked against its word."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from session_worker.engine.versions.bundles import FILE_NAME, PACKAGE

_TIMEOUT_S = 180.0
_MEMBER = f"package/dist/{FILE_NAME}"
_MAX_BYTES = 64 * 1024**2  # of one file in the package; a bundle has half a megabyte


class PackageRefused(Exception):
    """The package can't be had, or is not what it should be. Its text is for people."""


@dataclass(frozen=True, slots=True)
class Package:
    """One version of wa-js as npm packs it."""

    version: str
    integrity: str  # of the packed file, `sha512-…`
    bundle: bytes = field(repr=False)


def fetch(wanted: str) -> Package:
    """A version or tag (`4.6.1`, `latest`) from npm, or a packed file of it (`….tgz`). Raises PackageRefused."""
    if wanted.endswith(".tgz"):
        return unpack(Path(wanted))
    npm = _npm()
    told = _ask(npm, ["view", f"{PACKAGE}@{wanted}", "version", "dist.integrity", "--json"], Path.cwd())
    if not isinstance(told, dict) or not told.get("dist.integrity"):
        raise PackageRefused(f"{PACKAGE}@{wanted} names no single version; give one, e.g. 4.6.0")
    version, integrity = str(told["version"]), str(told["dist.integrity"])
    with tempfile.TemporaryDirectory(prefix="leadmaster-npm-") as folder:
        command = ["pack", f"{PACKAGE}@{version}", "--json", "--ignore-scripts", "--pack-destination", folder]
        _ask(npm, command, Path(folder))
        packed = sorted(Path(folder).glob("*.tgz"))
        if len(packed) != 1:
            raise PackageRefused(f"npm packed no {PACKAGE}@{version}")
        package = unpack(packed[0])
    if package.integrity != integrity or package.version != version:
        raise PackageRefused(
            f"what came for {PACKAGE}@{version} is not what the registry says it is ({package.integrity}, not "
            f"{integrity}); nothing was changed"
        )
    return package


def unpack(packed: Path) -> Package:
    """Reads version and bundle out of a packed file; nothing is extracted. Raises PackageRefused."""
    try:
        digest = hashlib.sha512(packed.read_bytes()).digest()
        with tarfile.open(packed, "r:gz") as archive:
            manifest = json.loads(_member(archive, "package/package.json"))
            bundle = _member(archive, _MEMBER)
    except (OSError, EOFError, ValueError, KeyError, tarfile.TarError) as error:
        raise PackageRefused(f"{packed}: no packed {PACKAGE} ({type(error).__name__})") from error
    if not isinstance(manifest, dict) or manifest.get("name") != PACKAGE:
        raise PackageRefused(f"{packed}: another package than {PACKAGE}")
    return Package(str(manifest.get("version", "")), f"sha512-{base64.b64encode(digest).decode()}", bundle)


def _member(archive: tarfile.TarFile, name: str) -> bytes:
    """Raises KeyError where there is no such file, ValueError where it is too large."""
    info = archive.getmember(name)
    if info.size > _MAX_BYTES:
        raise ValueError(name)
    file = archive.extractfile(info)
    if file is None:
        raise KeyError(name)
    return file.read()


def _npm() -> str:
    """npm of this machine, or the one that set-up put beside Python. Raises PackageRefused."""
    found = shutil.which("npm", path=_path())
    if found is None:
        raise PackageRefused(
            "npm is not installed here: install it, or run `npm pack @wppconnect/wa-js` elsewhere and give the file"
        )
    return found


def _path() -> str:
    return os.pathsep.join((os.environ.get("PATH", os.defpath), str(Path(sys.executable).parent)))


def _ask(npm: str, arguments: list[str], folder: Path) -> Any:
    """What npm says, as JSON. Raises PackageRefused."""
    try:
        done = subprocess.run(
            [npm, *arguments],
            cwd=folder,
            env={**os.environ, "PATH": _path()},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_S,
            check=False,
        )
        told = json.loads(done.stdout or "null")
    except (OSError, subprocess.TimeoutExpired, ValueError) as error:
        raise PackageRefused(f"npm {arguments[0]} did not answer ({type(error).__name__})") from error
    if done.returncode != 0:
        problem = told.get("error") if isinstance(told, dict) else None
        reason = problem.get("summary") if isinstance(problem, dict) else done.stderr.strip()[-300:]
        raise PackageRefused(f"npm {arguments[0]}: {reason or f'exit {done.returncode}'}")
    return told
