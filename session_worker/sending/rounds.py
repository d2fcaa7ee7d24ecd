"""The frame of sending: a round begins and ends, a call is made, a message is claimed. Pure."""

from __future__ import annotations

import random

from session_worker.engine.port import Found, Limits, Prepared
from session_worker.sending import actions as do
from session_worker.sending import state as at
from session_worker.sending.doubts import InDoubt, is_overdue
from session_worker.sending.uploads.upload import MAX_WAITING, waiting_in
from session_worker.session.channel import Channel
from session_worker.turn import Turn
from shared.ledger.claiming.work import Outcome
from shared.ledger.message import Message
from shared.process.backoff import Backoff
from shared.recipient_key import recipient_key

SELF_NOTIFY_MS = 3_000  # the owner asks by itself this often: a lost notification costs seconds, never a message
MAX_IN_DOUBT = 3  # more than that which should have ended: no further ones are claimed until they have
MAX_UNACKNOWLEDGED = 8  # handed over and without an answer, awaited or in doubt: no further ones are claimed
MAX_HAND_OVERS = 2  # at a time: the next message is claimed and gets its key while the page takes the last one
MIN_UNACKNOWLEDGED = 3  # people whose messages stay without an answer: it is not theirs, it is the page's
SEND_BACKOFF = Backoff(first_s=2.0, max_s=60.0, steady_s=0.0)

SendingTurn = Turn[at.State, do.Action]


def notice(turn: SendingTurn) -> None:
    """A round is wanted: now, or as soon as the present one has ended."""
    turn.change(notified=True)
    if isinstance(turn.state.phase, at.Idle):
        idle(turn, 0)


def idle(turn: SendingTurn, wait_ms: int) -> None:
    """The round has ended. Others are heard before the next one, even where it is due at once."""
    turn.change(phase=at.Idle(turn.now.steady_ms + (0 if turn.state.notified else wait_ms)))


def begin_claim(turn: SendingTurn) -> None:
    """The next message, unless too many are in doubt; before it WhatsApp's limits, where it is time to ask."""
    state, now = turn.state, turn.now.steady_ms
    overdue = _overdue(turn)
    paused = len(overdue) > MAX_IN_DOUBT
    if paused and not state.told_paused:
        turn.warn("sender.paused", in_doubt=len(overdue))
    turn.change(told_paused=paused)
    # One page that hears nothing is replaced; where the next one hears nothing either, it is the build.
    recipients = len({recipient_key(doubt.message.to) for doubt in overdue if doubt.resends})
    unacknowledged = recipients if recipients >= MIN_UNACKNOWLEDGED else 0
    if unacknowledged != state.told_unacknowledged:
        turn.change(told_unacknowledged=unacknowledged)
        turn.do(do.ReportUnacknowledged(run_of(turn), unacknowledged))
    waits_ms = state.breaker.waits_ms(now)
    if paused or not _has_room(turn) or state.recycle:
        idle(turn, 1_000)
    elif waits_ms:
        idle(turn, min(SELF_NOTIFY_MS, waits_ms))
    elif now >= state.limits_due_ms:
        make_call(turn, at.AskingLimits(), do.AskLimits(run_of(turn)))
    else:
        claim(turn)


def may_send(turn: SendingTurn) -> bool:
    """Whether a message that is claimed already may go on to its key."""
    waits = turn.state.breaker.waits_ms(turn.now.steady_ms) > 0
    return not waits and len(_overdue(turn)) <= MAX_IN_DOUBT and _has_room(turn)


def _overdue(turn: SendingTurn) -> list[InDoubt]:
    state, now = turn.state, turn.now.steady_ms
    return [doubt for doubt in state.doubts.values() if is_overdue(doubt, now, state.rules.patience)]


def _has_room(turn: SendingTurn) -> bool:
    """Whether one more may be handed over: at once, as its lease was looked at when its key was persisted."""
    awaiting, doubts = turn.state.awaiting.values(), turn.state.doubts
    hand_overs = sum(not awaited.handed for awaited in awaiting)
    return len(awaiting) + len(doubts) < MAX_UNACKNOWLEDGED and hand_overs < MAX_HAND_OVERS


def take_limits(turn: SendingTurn, limits: Limits | None) -> None:
    """limits: None where WhatsApp could not be asked; then what it said before holds."""
    before = turn.state.restriction
    after = before if limits is None else before.told(limits)
    turn.change(restriction=after, limits_due_ms=turn.now.steady_ms + after.ask_again_ms)
    if after != before:
        limited = after.limited_until_ms > turn.now.wall_ms
        turn.info("limits.told", limited=limited, new_chats_left=after.limits.new_chats_left)
        report(turn)
    claim(turn)


def report(turn: SendingTurn) -> None:
    """Tells the session until when bulk and campaigns wait."""
    restriction = turn.state.restriction
    turn.do(do.ReportRestriction(restriction.inferred_until_ms, restriction.limited_until_ms, restriction.limits))


def claim(turn: SendingTurn) -> None:
    """Asks the ledger for the next message."""
    state, now = turn.state, turn.now
    pace = state.rules.pace.draw(turn.rng, now.wall_ms)
    bulk_allowed = not state.restriction.active(now.wall_ms)
    media_allowed = len(waiting_in(state.uploads)) < MAX_WAITING
    make_call(turn, at.Claiming(), do.Claim(run_of(turn), pace, bulk_allowed, media_allowed))


def pause_or_catch_up(turn: SendingTurn, retry_ms: int | None) -> None:
    """Nothing to send: receipts are caught up, latest first, one message a round."""
    pause_ms = SELF_NOTIFY_MS if retry_ms is None else min(SELF_NOTIFY_MS, max(retry_ms, 1))
    if turn.state.doubts:
        pause_ms = min(pause_ms, 1_000)
    login_id = channel_of(turn).login_id
    *unread, latest = turn.state.unread or (None,)
    while latest is not None and (latest.login_id != login_id or prepared_of(latest) is None):
        *unread, latest = unread or (None,)
    turn.change(unread=tuple(unread))
    prepared = None if latest is None else prepared_of(latest)
    if prepared is None:
        idle(turn, pause_ms)
    else:
        make_call(turn, at.CatchingUp(prepared.key, pause_ms), do.LookUp(run_of(turn), prepared))


def caught_up(turn: SendingTurn, key: str, found: Found | None) -> None:
    """found: as the page has it; the next round begins at once, for a message to send goes first."""
    if found is not None and found.ack >= 1:
        make_call(turn, at.Finishing(), do.RecordAck(key, found.ack))
    else:
        idle(turn, 0)


def make_call(turn: SendingTurn, phase: at.Phase, call: do.Call) -> None:
    """Makes a call whose answer `phase` waits for."""
    turn.change(phase=phase)
    turn.do(call)


def complete(
    turn: SendingTurn,
    phase: at.Phase,
    message: Message,
    outcome: Outcome,
    code: str,
    *,
    again_in_ms: int = 0,
    browser_run: str = "",
) -> None:
    """Ends an attempt without an acknowledgement."""
    again_at_ms = turn.now.wall_ms + again_in_ms
    make_call(turn, phase, do.Complete(message, outcome, code, again_at_ms, browser_run))


def channel_of(turn: SendingTurn) -> Channel:
    """The channel of this round: it changes only between rounds."""
    if turn.state.channel is None:
        raise AssertionError("a round needs a channel")
    return turn.state.channel


def run_of(turn: SendingTurn) -> str:
    """The browser run of this round."""
    return channel_of(turn).browser_run


def prepared_of(message: Message) -> Prepared | None:
    """The key that stands in the ledger, if any."""
    if message.chat_id is None or message.whatsapp_id is None:
        return None
    return Prepared(message.chat_id, message.whatsapp_id)


def look_again_ms(turn: SendingTurn) -> int:
    """How long until a page that did not answer is asked again."""
    return turn.state.rules.patience.look_again_ms


def send_backoff_ms(attempts: int, rng: random.Random) -> int:
    """The wait before a message whose attempt certainly failed is tried again: 2 s doubling, at most 60 s."""
    return round(1000 * SEND_BACKOFF.delay_s(max(1, attempts)) * rng.uniform(0.8, 1.2))


def warn_of_hand_over(turn: SendingTurn, message: Message, code: str) -> None:
    """The page may have taken the message all the same: nothing else follows from this."""
    turn.warn("message.hand_over_failed", message_id=message.message_id, code=code)
