"""What is in doubt: each round looks at it, first at what WhatsApp told by itself, then at the page. Pure."""

from __future__ import annotations

from dataclasses import replace

from session_worker.engine.port import Found, Prepared
from session_worker.sending import actions as do
from session_worker.sending import state as at
from session_worker.sending.doubts import Heard, InDoubt, Remedy, hear, judge
from session_worker.sending.rounds import (
    SendingTurn,
    begin_claim,
    complete,
    idle,
    make_call,
    report,
    run_of,
    send_backoff_ms,
)
from shared.ledger.claiming.work import Outcome
from shared.ledger.message import Message

STALE_ADDRESS = "421"  # the chat is addressed otherwise by now: the next key is made for its present address


def put_in_doubt(turn: SendingTurn, message: Message, prepared: Prepared, *, first: bool) -> None:
    """The key stands and no acknowledgement came in time. first: given to one page only."""
    now, former = turn.now.steady_ms, turn.state.former.get(prepared.key)
    doubt = InDoubt(message, prepared, look_at_ms=now, first=first, pending_since_ms=now)
    if former is not None:
        doubt = replace(doubt, copies_refused=former.copies_refused, resends=former.resends, stuck=former.stuck)
    keep_doubt(turn, doubt)
    turn.warn("message.in_doubt", message_id=message.message_id, in_doubt=len(turn.state.doubts))


def begin_look(turn: SendingTurn) -> None:
    """Every message in doubt is looked at once."""
    turn.change(to_look=tuple(turn.state.doubts))
    look_on(turn)


def look_on(turn: SendingTurn) -> None:
    """The next message in doubt that this round has not looked at; after the last one, a claim."""
    while turn.state.to_look:
        key, *rest = turn.state.to_look
        turn.change(to_look=tuple(rest))
        if _look_at(turn, key):
            return
    begin_claim(turn)


def _look_at(turn: SendingTurn, key: str) -> bool:
    """First what WhatsApp told by itself, then the page. True: a call is under way."""
    acks = dict(turn.state.acks)
    doubt, heard = hear(turn.state.doubts[key], acks.pop(key, None))
    if doubt.copies_refused > turn.state.doubts[key].copies_refused:
        turn.warn("message.copy_refused", message_id=doubt.message.message_id, times=doubt.copies_refused)
    turn.change(acks=acks)
    keep_doubt(turn, doubt)
    match heard:
        case Heard.SENT:
            _forget(turn, key)
            return False
        case Heard.REFUSED:
            refuse(turn, doubt.message, "", key)
        case Heard.UNCERTAIN:
            complete(turn, at.GivingUpDoubt(key), doubt.message, Outcome.UNCERTAIN, "REFUSED_BY_WHATSAPP")
        case Heard.NOTHING if doubt.look_at_ms > turn.now.steady_ms:
            return False
        case Heard.NOTHING:
            make_call(turn, at.Looking(key), do.LookUp(run_of(turn), doubt.prepared))
    return True


def treat_doubt(turn: SendingTurn, key: str, found: Found | None) -> None:
    """Does what the page's answer asks for."""
    doubt, remedy = judge(turn.state.doubts[key], found, turn.now.steady_ms, turn.state.rules.patience)
    keep_doubt(turn, doubt)
    message_id = doubt.message.message_id
    match remedy:
        case Remedy.WAIT:
            look_on(turn)
        case Remedy.RECORD if found is not None:
            make_call(turn, at.RecordingDoubt(key), do.RecordAck(key, ack_of(found)))
        case Remedy.RESEND:
            turn.info("message.resent", message_id=message_id, times=doubt.resends)
            make_call(turn, at.Resending(key), do.Resend(run_of(turn), doubt.prepared))
        case Remedy.RELAUNCH_LOST:
            turn.warn("message.lost_by_page", message_id=message_id)
            turn.do(do.AskRelaunch("MESSAGE_LOST_BY_PAGE"))
            look_on(turn)
        case Remedy.RELAUNCH_STUCK:
            turn.warn("message.stuck", message_id=message_id, times=doubt.stuck)
            turn.do(do.AskRelaunch("MESSAGE_STUCK"))
            look_on(turn)
        case Remedy.GIVE_UP:
            complete(turn, at.GivingUpDoubt(key), doubt.message, Outcome.UNCERTAIN, "OUTCOME_UNKNOWN")


def ack_of(found: Found) -> int:
    """The acknowledgement that it amounts to: what was deleted for everyone had been sent."""
    return max(1, found.ack)


def drop_doubt(turn: SendingTurn, key: str) -> None:
    """It is known what became of it."""
    _forget(turn, key)
    look_on(turn)


def keep_doubt(turn: SendingTurn, doubt: InDoubt) -> None:
    """Puts it in, or in the place of what was known of the same key."""
    turn.change(doubts={**turn.state.doubts, doubt.prepared.key: doubt})


def _forget(turn: SendingTurn, key: str) -> None:
    doubts, former = dict(turn.state.doubts), dict(turn.state.former)
    doubts.pop(key, None)
    former.pop(key, None)
    turn.change(doubts=doubts, former=former)


def refuse(turn: SendingTurn, message: Message, refusal: str, doubt_key: str | None) -> None:
    """WhatsApp's server said no, and nothing went out: final, unless another key may be right. refusal: its code."""
    phase, code = at.Refusing(message, refusal, doubt_key), "REFUSED_BY_WHATSAPP"
    if refusal == STALE_ADDRESS:
        again_in_ms = send_backoff_ms(message.attempts, turn.rng)
        complete(turn, phase, message, Outcome.QUEUED, code, again_in_ms=again_in_ms)
    else:
        complete(turn, phase, message, Outcome.FAILED, code)


def refused(turn: SendingTurn, message: Message, refusal: str, doubt_key: str | None) -> None:
    """WhatsApp is asked for its limits; where it names none, a series of refusals means a restriction."""
    restriction = turn.state.restriction.after(refused=True, now_ms=turn.now.wall_ms)
    turn.change(restriction=restriction, limits_due_ms=turn.now.steady_ms)
    active = restriction.active(turn.now.wall_ms)
    if active:
        report(turn)
    turn.warn("message.refused", message_id=message.message_id, refusal=refusal, restricted=active)
    if doubt_key is None:
        idle(turn, 0)
    else:
        drop_doubt(turn, doubt_key)
