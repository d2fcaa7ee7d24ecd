"""What callers get of the older calls, for the document. `success` is what callers of the replaced system read."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel

from hub_api.pairing.objects import QrCode
from hub_api.sessions.objects import SessionObject, SessionStatusName


class OlderSession(SessionObject):
    success: Literal[True]


class OlderQr(BaseModel):
    """`qr`: a picture as a data URL, where there is a code."""

    ok: Literal[True]
    success: Literal[True]
    status: Literal["QR_AVAILABLE", "NO_QR"]
    qr: str | None = None


class OlderQrCode(QrCode):
    success: Literal[True]


class OlderChange(BaseModel):
    ok: Literal[True]
    success: Literal[True]
    message: str
    state: SessionStatusName
    cliente_id: int
    alreadyConnected: bool


class SentData(BaseModel):
    success: Literal[True]
    cliente_id: int
    to: str
    messageId: str | None
    timestamp: str | None


class OlderSent(BaseModel):
    ok: Literal[True]
    success: Literal[True]
    message: str
    data: SentData


class OlderSessions(BaseModel):
    ok: Literal[True]
    success: Literal[True]
    sessions: list[str]
    count: int


class OlderMessage(BaseModel):
    id: str
    destinatario: str
    estado: Literal["pendiente", "enviado", "error"]
    fecha: str | None
