"""The way of a claimed message: a new one under a new key, or one that an earlier browser run was given. Pure."""

from __future__ import annotations

from session_worker.engine.port import Found, Handed, Outgoing
from session_worker.sending import actions as do
from session_worker.sending import state as at
from session_worker.sending.breaker import Breaker
from session_worker.sending.doubts import FIRST_REFUSED
from session_worker.sending.looking import ack_of, put_in_doubt, refuse
from session_worker.sending.rounds import (
    SendingTurn,
    channel_of,
    complete,
    idle,
    make_call,
    notice,
    prepared_of,
    run_of,
    send_backoff_ms,
)
from session_worker.turn import Log
from shared.ledger.claiming.work import Outcome, PutKey
from shared.ledger.message import Message
from shared.recipient_key import recipient_key

SHORT_LEASE_MS = 500  # until a hand-over that found too little lease is tried again
FINAL_CODES = frozenset({"NOT_ON_WHATSAPP"})
_TOO_LATE = {  # what becomes of a message that must not leave any more
    PutKey.EXPIRED: (Outcome.EXPIRED, "EXPIRED"),
    PutKey.STOPPED: (Outcome.CANCELLED, "CAMPAIGN_STOPPED"),
    PutKey.OPTED_OUT: (Outcome.FAILED, "RECIPIENT_OPTED_OUT"),
}


def not_sent(turn: SendingTurn, message: Message, code: str, detail: str) -> None:
    """Before the key stands every failure is certain: nothing went out."""
    log = Log("info", "message.not_sent", {"message_id": message.message_id, "code": code, "detail": detail})
    finishing = at.Finishing(log)
    if code in FINAL_CODES:
        complete(turn, finishing, message, Outcome.FAILED, code)
        return
    before = turn.state.breaker
    breaker = before.after_failure(recipient_key(message.to), turn.now.steady_ms)
    turn.change(breaker=breaker)
    if breaker.paused:
        if not before.paused:
            turn.do(do.ReportPause(paused=True))
        turn.warn("sender.makes_no_keys", code=code, pause_s=breaker.pause_ms // 1000, tries=breaker.failed_probes)
        complete(turn, finishing, message, Outcome.RETURNED, code, again_in_ms=breaker.passed_over_ms)
    else:
        again_in_ms = send_backoff_ms(message.attempts, turn.rng)
        complete(turn, finishing, message, Outcome.QUEUED, code, again_in_ms=again_in_ms)


def close_breaker(turn: SendingTurn) -> None:
    """The page made a key."""
    if turn.state.breaker.paused:
        turn.info("sender.makes_keys_again", tries=turn.state.breaker.failed_probes)
        turn.do(do.ReportPause(paused=False))
    turn.change(breaker=Breaker())


def persist_key(turn: SendingTurn, attempt: at.Attempt) -> None:
    """The key first, the hand-over then: from here on no failure is certain."""
    channel, lease_left_ms = channel_of(turn), turn.state.rules.lease_left_ms
    call = do.PersistKey(channel.browser_run, channel.login_id, attempt.message, attempt.prepared, lease_left_ms)
    make_call(turn, at.PersistingKey(attempt), call)


def key_answered(turn: SendingTurn, attempt: at.Attempt, answer: PutKey) -> None:
    """Hands over where the key stands; else says what becomes of the message."""
    message = attempt.message
    keyed = message.whatsapp_id is not None  # by an earlier browser run
    match answer:
        case PutKey.OK:
            outgoing = Outgoing(message.whole_text(), message.content, message.upload)
            make_call(turn, at.HandingOver(attempt), do.HandOver(run_of(turn), attempt.prepared, outgoing))
        case PutKey.SHORT:
            # One that already went out under this key must keep it: queued again it would be given another.
            outcome = Outcome.LATER if keyed else Outcome.RETURNED
            complete(turn, at.Finishing(), message, outcome, "ENGINE_FAILED", again_in_ms=SHORT_LEASE_MS)
        case PutKey.EXPIRED | PutKey.STOPPED | PutKey.OPTED_OUT:
            # Without a key nothing can have gone out. With one, an earlier page may have sent it, though the present
            # one does not know it: a person decides.
            outcome, code = (Outcome.UNCERTAIN, "OUTCOME_UNKNOWN") if keyed else _TOO_LATE[answer]
            late = at.Finishing(Log("info", "message.late", {"message_id": message.message_id, "keyed": keyed}))
            complete(turn, late, message, outcome, code)
        case PutKey.GONE:
            idle(turn, 0)
        case PutKey.LOST:
            turn.do(do.LoseLease())
            turn.change(phase=at.Ended())


def handed_over(turn: SendingTurn, attempt: at.Attempt, how: Handed) -> None:
    """A key that the page knew before is an answer: what became of it is looked up."""
    if how is Handed.KNOWN:
        turn.warn("message.known_to_page", message_id=attempt.message.message_id)
        put_in_doubt(turn, attempt.message, attempt.prepared, first=False)
        idle(turn, 0)
    else:
        await_ack(turn, attempt)


def await_ack(turn: SendingTurn, attempt: at.Attempt) -> None:
    """Others go on meanwhile: the ledger gives out nothing to this recipient until it is known what became of it."""
    awaited = at.Awaited(attempt, turn.now.steady_ms + turn.state.rules.ack_timeout_ms)
    turn.change(awaiting={**turn.state.awaiting, attempt.prepared.key: awaited})
    idle(turn, 0)


def take_ack(turn: SendingTurn, key: str, ack: int, refusal: str) -> None:
    """An awaited one was answered. refusal: WhatsApp's code."""
    attempt = _no_longer_awaited(turn, key)
    message = attempt.message
    if ack >= 1:
        turn.change(restriction=turn.state.restriction.after(refused=False, now_ms=turn.now.wall_ms))
        turn.info("message.acknowledged", message_id=message.message_id, attempts=message.attempts)
        notice(turn)
    elif ack == FIRST_REFUSED and attempt.first:
        refuse(turn, message, refusal, None)
    else:
        put_in_doubt(turn, message, attempt.prepared, first=attempt.first)
        notice(turn)


def end_awaiting(turn: SendingTurn, until_ms: int | None = None) -> None:
    """What is awaited until then, or all of it, is in doubt."""
    over = [key for key, awaited in turn.state.awaiting.items() if until_ms is None or awaited.until_ms <= until_ms]
    for key in over:
        attempt = _no_longer_awaited(turn, key)
        put_in_doubt(turn, attempt.message, attempt.prepared, first=attempt.first)


def _no_longer_awaited(turn: SendingTurn, key: str) -> at.Attempt:
    awaiting = dict(turn.state.awaiting)
    awaited = awaiting.pop(key)
    turn.change(awaiting=awaiting)
    return awaited.attempt


def recover(turn: SendingTurn, message: Message) -> None:
    """Asks the page, which holds what it was given under the same login, before anything else."""
    prepared = prepared_of(message)
    if prepared is None:
        raise AssertionError("the ledger recovers only messages with a key")
    if message.login_id != channel_of(turn).login_id:
        # Another login's page can't be asked: a person looks into it.
        log = Log("warning", "message.became_uncertain", {"message_id": message.message_id})
        complete(turn, at.Finishing(log), message, Outcome.UNCERTAIN, "OUTCOME_UNKNOWN")
    else:
        attempt = at.Attempt(message, prepared, first=False)
        make_call(turn, at.Recovering(attempt), do.LookUp(run_of(turn), prepared))


def recovered(turn: SendingTurn, attempt: at.Attempt, found: Found | None) -> None:
    """found: as the page has it; None where it does not have the message."""
    ack, revoked = (None, False) if found is None else (found.ack, found.revoked)
    turn.info("message.recovering", message_id=attempt.message.message_id, found=ack, revoked=revoked)
    if found is None:
        persist_key(turn, attempt)  # the same key, by the usual way
    elif found.revoked or found.ack >= 1:
        make_call(turn, at.Finishing(), do.RecordAck(attempt.prepared.key, ack_of(found)))
    else:
        complete(turn, at.Adopting(attempt), attempt.message, Outcome.ADOPT, "", browser_run=run_of(turn))
