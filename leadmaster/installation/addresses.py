"""Where this installation's servers are reached from its own machine."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from shared.settings import Settings

FLOWER_HOST = "127.0.0.1"  # whatever HUB_BIND says: its pages can stop workers
FLOWER_USER = "leadmaster"


def hub_address(settings: Settings) -> str:
    """The hub's URL."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.hub_bind, settings.hub_bind)
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.hub_port}/"


def flower_address(settings: Settings) -> str:
    """Flower's URL."""
    return f"http://{FLOWER_HOST}:{settings.flower_port}/"


def database_place(settings: Settings) -> str:
    """The database: SQLite's file, or the server's URL without its password."""
    url = urlsplit(settings.sqlalchemy_url)
    if url.scheme.startswith("sqlite"):
        return short_path(Path(settings.sqlalchemy_url.removeprefix("sqlite:///")))
    return f"{url.scheme}://{url.hostname or ''}{url.path}"


def media_place(settings: Settings) -> str:
    """Where received media lie: a directory, or a URL without its password."""
    url = urlsplit(settings.media_location)
    if not url.scheme:
        return short_path(Path(settings.media_location))
    return f"{url.scheme}://{url.hostname or ''}{url.path}"


def short_path(path: Path) -> str:
    """A path as people read it: without the current directory where it lies below that."""
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


def listening(settings: Settings) -> list[tuple[str, str, int]]:
    """The variable, address and port of each server that other machines or people reach."""
    found = [("HUB_PORT", settings.hub_bind, settings.hub_port), ("FLOWER_PORT", FLOWER_HOST, settings.flower_port)]
    if settings.legacy_port is not None:
        found.append(("LEGACY_PORT", settings.hub_bind, settings.legacy_port))
    return found
