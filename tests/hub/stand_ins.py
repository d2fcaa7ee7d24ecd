"""Credentials of the hub's tests."""

from __future__ import annotations

PASSWORD = "una clave larga"
SECRET = "s" * 32
