"""What the page shows, and what it means: the traps of wa-js's own flags."""

from __future__ import annotations

from dataclasses import replace

import pytest

from session_worker.engine.port import Observation, StreamMode
from session_worker.session.reading import Reading, read
from shared.transitions.session import SessionEvent

OPEN = Observation(loaded=True, registered=True, mode=StreamMode.MAIN, socket="CONNECTED", online=True)
AT_CODE = Observation(loaded=True, registered=False, mode=StreamMode.QR, socket="UNPAIRED", online=True, code="2@abc")


@pytest.mark.parametrize(
    ("seen", "reading"),
    [
        (OPEN, Reading(SessionEvent.OPENED)),
        (AT_CODE, Reading(SessionEvent.CODE_SHOWN)),
        (replace(AT_CODE, code=None), None),
        (replace(AT_CODE, socket="UNPAIRED_IDLE"), Reading(SessionEvent.CODE_IDLE)),
        (replace(OPEN, loaded=False), None),
        (replace(AT_CODE, loaded=False), Reading(SessionEvent.CODE_SHOWN)),
        (replace(AT_CODE, loaded=False, code=None), None),
        (replace(OPEN, mode=StreamMode.SYNCING), Reading(SessionEvent.LINKED)),
        (replace(OPEN, socket="PAIRING"), Reading(SessionEvent.LINKED)),
        (replace(OPEN, online=False), Reading(SessionEvent.CONNECTION_LOST)),
        (replace(OPEN, socket="OPENING"), Reading(SessionEvent.CONNECTION_LOST)),
        (replace(OPEN, mode=StreamMode.OFFLINE), Reading(SessionEvent.CONNECTION_LOST)),
        (replace(OPEN, mode=StreamMode.CONFLICT), Reading(SessionEvent.CONFLICT, "TAKEN_OVER")),
        (replace(OPEN, mode=StreamMode.TOS_BLOCK), Reading(SessionEvent.FAILED, "ACCOUNT_BANNED")),
        (replace(OPEN, mode=StreamMode.PROXYBLOCK), Reading(SessionEvent.FAILED, "PROXY_BLOCKED")),
        (replace(OPEN, problem="STORAGE_FAILED"), Reading(SessionEvent.FAILED, "STORAGE_FAILED")),
    ],
)
def test_reading(seen: Observation, reading: Reading | None) -> None:
    assert read(seen) == reading


def test_main_at_the_qr_screen_is_not_ready() -> None:
    # wa-js says "main ready" there too: only a registered device can be READY
    seen = replace(OPEN, registered=False, code="2@abc")
    assert read(seen) == Reading(SessionEvent.CODE_SHOWN)
