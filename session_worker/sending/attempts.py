"""The way of a claimed message: a new one under a new key, or one that an earlier browser run was given. Pure."""

from __future__ import annotations

from dataclasses import replace

from session_worker.engine.port import Found, Handed, Outgoing
from session_worker.sending import actions as do
from session_worker.sending import state as at
from session_worker.sending.breaker import Breaker
from session_worker.sending.doubts import FIRST_REFUSED
from session_worker.sending.looking import ack_of, put_in_doubt, refuse
from session_worker.sending.pace import NO_TYPING, typing_before
from session_worker.sending.rounds import (
    SendingTurn,
    channel_of,
    complete,
    idle,
    look_again_ms,
    make_call,
    may_send,
    notice,
    prepared_of,
    run_of,
    send_backoff_ms,
    warn_of_hand_over,
)
from session_worker.sending.uploads.upload import (
    Failure,
    File,
    Upload,
    UploadRequest,
    Waiting,
    take,
    waiting_in,
)
from session_worker.turn import Log
from shared.ledger.claiming.work import Outcome, PutKey
from shared.ledger.message import Message
from shared.protocol.content import MEDIA_TYPES
from shared.recipient_key import recipient_key

SHORT_LEASE_MS = 500  # until a hand-over that found too little lease is tried again
STORE_AWAY_MS = 15_000  # until a file is asked for again whose store can't be reached
FINAL_CODES = frozenset({"NOT_ON_WHATSAPP", "NOT_IN_GROUP", "MEDIA_REFUSED", "MEDIA_GONE"})
MAX_UPLOAD_MS = 600_000  # so long a message with a key, whose file is uploaded anew, is left alone
_TOO_LATE = {  # what becomes of a message that must not leave any more
    PutKey.EXPIRED: (Outcome.EXPIRED, "EXPIRED"),
    PutKey.STOPPED: (Outcome.CANCELLED, "CAMPAIGN_STOPPED"),
    PutKey.OPTED_OUT: (Outcome.FAILED, "RECIPIENT_OPTED_OUT"),
}


def send(turn: SendingTurn, waiting: Waiting) -> None:
    """A claimed message, or one that goes again under its key. What has a file is uploaded first."""
    content = waiting.message.content
    if content.type in MEDIA_TYPES:
        find = do.FindUpload(channel_of(turn).login_id, content)
        make_call(turn, at.FindingUpload(waiting), find)
    else:
        _send(turn, waiting)


def _send(turn: SendingTurn, waiting: Waiting) -> None:
    message, prepared = waiting.message, waiting.prepared
    if prepared is None:
        longest_s = turn.state.rules.typing_s
        typing = typing_before(message, longest_s, turn.rng) if longest_s else NO_TYPING
        make_call(turn, at.Preparing(message), do.Prepare(run_of(turn), message.to, typing))
    else:
        persist_key(turn, at.Attempt(message, prepared, first=False))


def _with_upload(waiting: Waiting, upload: str) -> Waiting:
    return replace(waiting, message=replace(waiting.message, upload=upload))


def upload_found(turn: SendingTurn, waiting: Waiting, upload: str) -> None:
    """upload: a young one; "" where there is none, and the page is to make one. Others leave meanwhile."""
    if upload:
        _send(turn, _with_upload(waiting, upload))
        return
    message = waiting.message
    request = UploadRequest(run_of(turn), channel_of(turn).login_id, message.content)
    known = turn.state.uploads.get(request.file)
    if known is None:
        known = Upload(request)
        turn.do(do.BeginUpload(request))
        turn.info("message.uploads", message_id=message.message_id)
    turn.change(uploads={**turn.state.uploads, request.file: known.with_waiting(waiting)})
    if waiting.prepared is None:
        idle(turn, 0)
    else:
        complete(turn, at.Finishing(), message, Outcome.LATER, "", again_in_ms=MAX_UPLOAD_MS)


def take_up_upload(turn: SendingTurn) -> bool:
    """Goes on with a message whose upload has ended, one a round. True: a call is under way."""
    for file, upload in turn.state.uploads.items():
        if upload.result is None or (isinstance(upload.result, str) and not may_send(turn)):
            continue
        waiting, rest = take(turn.state.uploads, file)
        turn.change(uploads=rest)
        if isinstance(upload.result, Failure):
            _not_uploaded(turn, waiting, upload.result)
        else:
            _send(turn, _with_upload(waiting, upload.result))
        return True
    return False


def give_back(turn: SendingTurn) -> bool:
    """At a stop: what waits for an upload is queued again. True: a call is under way."""
    for waiting in waiting_in(turn.state.uploads):
        _, rest = take(turn.state.uploads, File.of(waiting.message.content))
        turn.change(uploads=rest)
        if waiting.prepared is None:  # one that has a key is looked up by whoever comes next
            complete(turn, at.Finishing(), waiting.message, Outcome.RETURNED, "ENGINE_FAILED")
            return True
    return False


def _not_uploaded(turn: SendingTurn, waiting: Waiting, failure: Failure) -> None:
    """Without a key nothing can have gone out; with one an earlier page may have sent it."""
    message, code = waiting.message, failure.code
    fields = {"message_id": message.message_id, "code": code, "detail": failure.detail}
    finishing = at.Finishing(Log("info", "message.not_uploaded", fields))
    match code in FINAL_CODES, waiting.prepared is not None:
        case True, True:
            complete(turn, finishing, message, Outcome.UNCERTAIN, "OUTCOME_UNKNOWN")
        case True, False:
            complete(turn, finishing, message, Outcome.FAILED, code)
        case False, True:
            complete(turn, finishing, message, Outcome.LATER, code, again_in_ms=look_again_ms(turn))
        case False, False if code == "MEDIA_STORE_UNREACHABLE":
            complete(turn, finishing, message, Outcome.RETURNED, code, again_in_ms=STORE_AWAY_MS)
        case _:
            again_in_ms = send_backoff_ms(message.attempts, turn.rng)
            complete(turn, finishing, message, Outcome.QUEUED, code, again_in_ms=again_in_ms)


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
            turn.do(do.HandOver(run_of(turn), attempt.prepared, outgoing))
            _await_ack(turn, attempt)
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


def _await_ack(turn: SendingTurn, attempt: at.Attempt) -> None:
    """Others go on meanwhile: the ledger gives out nothing to this recipient until it is known what became of it."""
    rules = turn.state.rules
    awaited = at.Awaited(attempt, turn.now.steady_ms + rules.lease_left_ms + rules.ack_timeout_ms)
    turn.change(awaiting={**turn.state.awaiting, attempt.prepared.key: awaited})
    idle(turn, 0)


def hand_over_ended(turn: SendingTurn, key: str, how: Handed | None, code: str) -> None:
    """From here on its acknowledgement has its time. A key that the page knew before is an answer: it is looked up."""
    awaited = turn.state.awaiting.get(key)
    if awaited is None:
        return  # it was answered meanwhile, or is in doubt
    message = awaited.attempt.message
    if how is Handed.KNOWN:
        turn.warn("message.known_to_page", message_id=message.message_id)
        put_in_doubt(turn, message, _no_longer_awaited(turn, key).prepared, first=False)
    else:
        if how is None:
            warn_of_hand_over(turn, message, code)
        until_ms = turn.now.steady_ms + turn.state.rules.ack_timeout_ms
        handed = replace(awaited, until_ms=until_ms, handed=True)
        turn.change(awaiting={**turn.state.awaiting, key: handed})
    notice(turn)


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
    if found is None and (attempt.message.upload or attempt.message.content.type not in MEDIA_TYPES):
        persist_key(turn, attempt)  # the same key, by the usual way
    elif found is None:
        send(turn, Waiting(attempt.message, attempt.prepared))  # what was uploaded is forgotten
    elif found.revoked or found.ack >= 1:
        make_call(turn, at.Finishing(), do.RecordAck(attempt.prepared.key, ack_of(found)))
    else:
        complete(turn, at.Adopting(attempt), attempt.message, Outcome.ADOPT, "", browser_run=run_of(turn))
