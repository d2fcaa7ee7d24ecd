"""Secrets that `leadmaster up` makes on its first start, one file each under `<data>/secrets`, mode 0600."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from pydantic import SecretStr

from shared.settings import Settings

JWT_SECRET = "jwt_secret"
FLOWER_PASSWORD = "flower_password"
REDIS_PASSWORD = "redis_password"


def secret_path(data_dir: Path, name: str) -> Path:
    """Where the secret `name` is kept."""
    return data_dir / "secrets" / name


def read_secret(data_dir: Path, name: str) -> str | None:
    """The kept secret, or None where none was made."""
    try:
        return secret_path(data_dir, name).read_text("ascii").strip() or None
    except FileNotFoundError:
        return None


def read_or_make_secret(data_dir: Path, name: str, length: int = 48) -> str:
    """The kept secret, made (of `length` random bytes, URL-safe) and kept where there was none. Raises OSError."""
    kept = read_secret(data_dir, name)
    if kept is not None:
        return kept
    path = secret_path(data_dir, name)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = secrets.token_urlsafe(length)
    partial = path.with_name(f"{name}.{os.getpid()}.partial")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(made + "\n")
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
    return made


def with_kept_secrets(settings: Settings, *, make: bool) -> Settings:
    """Settings whose JWT_SECRET and FLOWER_PASSWORD, where not set, come from the data directory.

    make: make those that are missing; else they stay unset.
    """
    data_dir = settings.leadmaster_data_dir
    changes: dict[str, object] = {}
    for name, length in ((JWT_SECRET, 48), (FLOWER_PASSWORD, 18)):  # the fields are called the same
        if getattr(settings, name) is None:
            value = read_or_make_secret(data_dir, name, length) if make else read_secret(data_dir, name)
            changes[name] = SecretStr(value) if value is not None else None
    return settings.model_copy(update=changes)
