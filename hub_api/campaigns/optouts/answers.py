"""Answers once who asked to be left alone."""

from __future__ import annotations

import hashlib

from sqlalchemy import select, update

from hub_api.campaigns.models import OptOut
from hub_api.campaigns.tenants.service import rules
from hub_api.messages.service import SendRequest, send_text
from hub_api.services import Services
from shared.errors import LeadMasterError, RecipientOptedOut
from shared.instant import now_ms
from shared.logs import get_logger
from shared.recipient_key import recipient_key

_log = get_logger(__name__)
_AT_ONCE = 100


class Answers:
    """Methods raise redis.RedisError and sqlalchemy.exc.SQLAlchemyError; what broke off is repeated, and sent once."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def send_due(self) -> int:
        """Sends what is due as single messages; returns how many were accepted."""
        accepted = 0
        for cliente_id, number, answer, inbound in self._due():
            request = SendRequest(to="+" + number, text=answer, wake=True, message_id=answer_id(cliente_id, inbound))
            try:
                send_text(self._services, cliente_id, request, now_ms())
                accepted += 1
            except RecipientOptedOut:
                pass  # it was written more than a day ago
            except LeadMasterError as error:
                _log.warning("optout.answer_waits", cliente_id=cliente_id, code=error.code)
                continue
            with self._services.database.writing() as session:
                session.execute(
                    update(OptOut)
                    .where(OptOut.cliente_id == cliente_id, OptOut.recipient_key == recipient_key(number))
                    .values(answer_to=None)
                )
        return accepted

    def _due(self) -> list[tuple[int, str, str, str]]:
        """Tenant, number, the text of the answer and the inbound message that it answers."""
        statement = select(OptOut).where(OptOut.answer_to.is_not(None)).limit(_AT_ONCE)
        with self._services.database.reading() as session:
            return [
                (
                    row.cliente_id,
                    row.number,
                    rules(session, row.cliente_id, self._services.settings).answer,
                    row.answer_to or "",
                )
                for row in session.scalars(statement)
            ]


def answer_id(cliente_id: int, whatsapp_id: str) -> str:
    """The id of the one answer to a message that asked to be left alone."""
    return "A" + hashlib.sha256(f"{cliente_id}/{whatsapp_id}".encode()).hexdigest()[:25].upper()
