"""The one wait helper, under the name by which tests know it."""

from __future__ import annotations

from testing.waiting import until

__all__ = ["until"]
