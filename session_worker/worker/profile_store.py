"""The folder of browser profiles a host mounts, known by an id file: only such hosts may claim its sessions."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ProfileStore:
    root: Path  # holds cliente_<id>/
    store_id: str

    def profile_dir(self, cliente_id: int) -> Path:
        return self.root / f"cliente_{cliente_id}"

    def lock_path(self, cliente_id: int) -> Path:
        """Beside the profile, so that wiping a profile keeps its lock."""
        return self.root / f"cliente_{cliente_id}.lock"

    def progress_path(self, cliente_id: int) -> Path:
        """Of how far the session's owners have come in sending; see `shared/ledger/claiming/progress.py`."""
        return self.root / f"cliente_{cliente_id}.progress"


def open_store(root: Path) -> ProfileStore:
    """Opens the store, making folder and id at the first time (mode 0700). Raises OSError."""
    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = root / "store_id"
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        return ProfileStore(root, path.read_text("ascii").strip())
    store_id = secrets.token_hex(8)
    with os.fdopen(descriptor, "w") as file:
        file.write(store_id + "\n")
        file.flush()
        os.fsync(file.fileno())
    return ProfileStore(root, store_id)
