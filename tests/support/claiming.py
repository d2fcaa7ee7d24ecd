"""Taking messages from the ledger as a session's owner does: the one claim helper, and the key that follows a claim."""

from __future__ import annotations

from shared.instant import now_ms
from shared.ledger.claiming.work import Login, Pace, Pause, PutKey, Recover, Send
from shared.ledger.ledger import Ledger
from shared.ledger.message import Message
from shared.sessions.lease import Lease

NO_PACE = Pace(0, 0)


def next_work(
    ledger: Ledger,
    lease: Lease,
    *,
    at_ms: int | None = None,
    browser_run: str = "b1",
    pace: Pace = NO_PACE,
    bulk_allowed: bool = True,
) -> Send | Recover | Pause:
    """What the ledger gives the owner to do. at_ms: the moment of the claim, now where none is given.

    Raises LeaseLost.
    """
    return ledger.claiming.claim_next(lease, browser_run, _moment(at_ms), pace, bulk_allowed=bulk_allowed)


def claim(
    ledger: Ledger, lease: Lease, *, at_ms: int | None = None, browser_run: str = "b1", pace: Pace = NO_PACE
) -> Message:
    """The next message to send, now `sending`. Raises AssertionError where there is none."""
    work = next_work(ledger, lease, at_ms=at_ms, browser_run=browser_run, pace=pace)
    assert isinstance(work, Send), work
    return work.message


def whatsapp_id_of(message: Message) -> str:
    """The key that a message gets where a test names none."""
    return f"true_{message.message_id}"


def put_key(
    ledger: Ledger,
    lease: Lease,
    message: Message,
    *,
    whatsapp_id: str = "",
    chat_id: str = "x@c.us",
    at_ms: int | None = None,
    browser_run: str = "b1",
    lease_left_ms: int = 1_000,
) -> PutKey:
    """Persists WhatsApp's key of a claimed message. whatsapp_id: `whatsapp_id_of` the message where none is given."""
    return ledger.claiming.put_key(
        lease,
        message,
        Login("e", browser_run),
        whatsapp_id=whatsapp_id or whatsapp_id_of(message),
        chat_id=chat_id,
        now_ms=_moment(at_ms),
        lease_left_ms=lease_left_ms,
    )


def stored(ledger: Ledger, message_id: str) -> Message:
    """A message as the ledger has it. Raises AssertionError where it has none."""
    message = ledger.entries.read(message_id)
    assert message is not None, f"the ledger has no {message_id}"
    return message


def _moment(at_ms: int | None) -> int:
    return now_ms() if at_ms is None else at_ms
