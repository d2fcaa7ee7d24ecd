"""Which number an address means, and what is learned of that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import redis
from sqlalchemy import Select, func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from hub_api.recipients.models import RecipientAddress, UnattributedOptOut
from hub_api.services import Services
from shared.instant import now_ms
from shared.logs import get_logger
from shared.recipient_key import address_of, recipient_key

_log = get_logger(__name__)

Address = tuple[int, str]  # (cliente_id, address)


def number_of(session: Session, cliente_id: int, address: str) -> str | None:
    """The number that a tenant writes to at this address; None where no answer of WhatsApp's told it."""
    row = session.get(RecipientAddress, (cliente_id, address))
    return None if row is None else row.number


def keep(session: Session, numbers: Mapping[Address, str], at_ms: int) -> None:
    """Keeps what was learned, within the caller's transaction: the latest number stands."""
    if not numbers:
        return
    known = {(row.cliente_id, row.address): row for row in session.scalars(_among(list(numbers)))}
    for (cliente_id, address), number in numbers.items():
        row = known.get((cliente_id, address))
        if row is None:
            session.add(RecipientAddress(cliente_id=cliente_id, address=address, number=number, at=at_ms))
        elif row.number != number:
            row.number, row.at, row.joined = number, at_ms, 0
    session.flush()


def learn(services: Services, cliente_id: int, number: str, chat_id: str) -> None:
    """Keeps which chat WhatsApp answered for a number, where the number does not say it. Never raises."""
    address = address_of(chat_id)
    if not address or address == recipient_key(number):
        return
    try:
        services.ledger.addresses.learn({(cliente_id, address): number})
        with services.database.writing() as session:
            keep(session, {(cliente_id, address): number}, now_ms())
    except (redis.RedisError, SQLAlchemyError) as error:  # what was asked is answered all the same
        _log.warning("address.not_kept", cliente_id=cliente_id, reason=type(error).__name__)


def unattributed(session: Session, cliente_id: int) -> int:
    """How many asked a tenant not to be written to without anybody knowing who they are."""
    statement = select(func.count()).where(UnattributedOptOut.cliente_id == cliente_id)
    return session.scalar(statement) or 0


def _among(addresses: Sequence[Address]) -> Select[RecipientAddress]:
    tenants = {cliente_id for cliente_id, _ in addresses}
    names = {address for _, address in addresses}
    return select(RecipientAddress).where(RecipientAddress.cliente_id.in_(tenants), RecipientAddress.address.in_(names))
