"""The page that WHATSAPP_WEB_VERSION pins: a saved file, or one of those that the npm package `wa-version` keeps.

The package is optional: 42 MB to fetch, 300 MB on disk, the pages of the last two months. A saved page has no code of
its own, it names the site's files; so a pin lives as long as WhatsApp serves those and accepts their build.
"""

from __future__ import annotations

import re
from pathlib import Path

from session_worker.engine.port import EngineError
from session_worker.engine.versions.builds import order

PACKAGE = "@wppconnect/wa-version"

_PAGES = Path("node_modules") / PACKAGE / "html"
_VERSION = re.compile(r"\d+\.\d+\.\d+(-[a-z]+)?")


def find_page(pin: str, whatsapp_dir: Path | None) -> Path:
    """The file of the page that `pin` names: a version, whose suffix such as `-alpha` may be left out, or a path.

    whatsapp_dir: where this installation keeps what is WhatsApp's. Raises EngineError PIN_NOT_FOUND, whose detail says
    what to do.
    """
    if not _VERSION.fullmatch(pin):
        path = Path(pin)
        if path.is_file():
            return path
        raise EngineError("PIN_NOT_FOUND", f"WHATSAPP_WEB_VERSION: no version, and no file: {pin}")
    folders = [folder for folder in _page_folders(whatsapp_dir) if folder.is_dir()]
    for folder in folders:
        found = folder / f"{pin}.html"
        if found.is_file():
            return found
        with_suffix = sorted(folder.glob(f"{pin}-*.html"))
        if with_suffix:
            return with_suffix[0]
    if not folders:
        raise EngineError("PIN_NOT_FOUND", f"WHATSAPP_WEB_VERSION: {PACKAGE} is not installed: {install(whatsapp_dir)}")
    newest = max((version for folder in folders for version in _versions(folder)), key=order, default="none")
    raise EngineError(
        "PIN_NOT_FOUND",
        f"WHATSAPP_WEB_VERSION: {PACKAGE} as installed has no {pin}, its newest is {newest}: choose another, or "
        f"{install(whatsapp_dir)}",
    )


def install(whatsapp_dir: Path | None) -> str:
    """The command that brings the pages, for a person."""
    place = "" if whatsapp_dir is None else f"--prefix {whatsapp_dir} "
    return f"npm install {place}{PACKAGE}@latest"


def kept_versions(whatsapp_dir: Path | None) -> list[str]:
    """Every version whose page is on this machine, the oldest first."""
    found = {version for folder in _page_folders(whatsapp_dir) for version in _versions(folder)}
    return sorted(found, key=order)


def _page_folders(whatsapp_dir: Path | None) -> list[Path]:
    """Where the package's pages may lie: below the data directory, and beside or above this package."""
    kept = [] if whatsapp_dir is None else [whatsapp_dir]
    return [folder / _PAGES for folder in (*kept, Path.cwd(), *Path(__file__).resolve().parents)]


def _versions(folder: Path) -> list[str]:
    return [path.stem for path in folder.glob("*.html") if _VERSION.fullmatch(path.stem)]
