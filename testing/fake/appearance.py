"""What a fake page shows of where it stands, in WhatsApp Web's words."""

from __future__ import annotations

from session_worker.engine.port import StreamMode


def mode_of(*, loaded: bool, registered: bool, synced: bool) -> StreamMode:
    """Stream.mode."""
    if not loaded:
        return StreamMode.OTHER
    if not registered:
        return StreamMode.QR
    return StreamMode.MAIN if synced else StreamMode.SYNCING


def socket_of(loaded: bool, online: bool, registered: bool, code: str | None) -> str:
    """Socket.state. code: the one that is shown."""
    if not loaded:
        return "UNLAUNCHED"
    if not online:
        return "OPENING"
    if registered:
        return "CONNECTED"
    return "UNPAIRED" if code is not None else "UNPAIRED_IDLE"
