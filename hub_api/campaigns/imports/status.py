"""The life of an import. Pure.

uploading ──▶ queued ──▶ running ──▶ done
    └────────────┴──────────┴──────▶ failed, cancelled
"""

from __future__ import annotations

from enum import StrEnum


class ImportStatus(StrEnum):
    UPLOADING = "uploading"  # its list is not there as a whole
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"  # what came in before stays
    CANCELLED = "cancelled"  # by a person; what came in before stays


WAITING = (ImportStatus.QUEUED, ImportStatus.RUNNING)  # for the job, or its next step
OPEN = (ImportStatus.UPLOADING, *WAITING)
