"""Answers once who asked to be left alone."""

from __future__ import annotations

from sqlalchemy import select, update

from hub_api.campaigns import tenant
from hub_api.campaigns.models import OptOut
from hub_api.campaigns.releasing.message_id import answer_id
from hub_api.messages.service import SendRequest, send_text
from hub_api.services import Services
from shared.errors import LeadMasterError, RecipientOptedOut
from shared.instant import now_ms
from shared.logs import get_logger

_log = get_logger(__name__)
_AT_ONCE = 100


class Answers:
    """Methods raise redis.RedisError and sqlalchemy.exc.SQLAlchemyError; what broke off is repeated, and sent once."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def send_due(self) -> int:
        """Sends what is due as single messages; returns how many were accepted."""
        with self._services.database.reading() as session:
            due = [
                (
                    row.cliente_id,
                    row.number,
                    row.answer_to,
                    tenant.rules(session, row.cliente_id, self._services.settings),
                )
                for row in session.scalars(select(OptOut).where(OptOut.answer_to.is_not(None)).limit(_AT_ONCE))
            ]
        accepted = 0
        for cliente_id, number, inbound, rules in due:
            order = SendRequest(
                to="+" + number, text=rules.answer, wake=True, message_id=answer_id(cliente_id, inbound or "")
            )
            try:
                send_text(self._services, cliente_id, order, now_ms())
                accepted += 1
            except RecipientOptedOut:
                pass  # it was written more than a day ago
            except LeadMasterError as error:
                _log.warning("optout_answer_waits", cliente_id=cliente_id, code=error.code)
                continue
            with self._services.database.writing() as session:
                session.execute(
                    update(OptOut)
                    .where(OptOut.cliente_id == cliente_id, OptOut.number == number)
                    .values(answer_to=None)
                )
        return accepted
