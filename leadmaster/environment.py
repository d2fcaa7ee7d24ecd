"""Settings as environment variables, so that every part sees exactly what `up` saw."""

from __future__ import annotations

from enum import Enum
from pathlib import Path

from pydantic import SecretStr

from shared.settings import Settings


def as_environment(settings: Settings) -> dict[str, str]:
    """Every setting under its variable's name. `Settings` read from them again equals `settings`."""
    return {name.upper(): _text(getattr(settings, name)) for name in type(settings).model_fields}


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return ",".join(_text(item) for item in value)
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, Path):
        return str(value)
    return str(value)
