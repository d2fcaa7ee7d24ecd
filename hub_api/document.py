"""Writes the OpenAPI document of this code: `python -m hub_api.document FILE`. Needs no server and no settings."""

from __future__ import annotations

import sys
from pathlib import Path

from pydantic import SecretStr

from hub_api.app import create_app
from hub_api.web import document
from shared.settings import Settings


def current() -> str:
    """The document as JSON text."""
    settings = Settings(redis_url="redis://localhost", database_url="sqlite://", jwt_secret=SecretStr("-" * 32))
    return document.text(create_app(settings))


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(current(), "utf-8")
