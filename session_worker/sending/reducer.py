"""Deciding of sending: `step(state, input, now, rng)` says what follows, as data. Pure.

A round runs from `_begin_round` to `idle`: where the browser run is new it is begun; what an interrupted step left is
taken up; each message in doubt is looked at; one message is claimed and sent, or recovered. Every call to the ledger or
the page ends a step, and its answer begins the next one. A round does not wait for a hand-over, nor for what WhatsApp
says to it: both are awaited beside it, of a few messages to different recipients at a time.
"""

from __future__ import annotations

import random
from dataclasses import replace

from session_worker.sending import actions as do
from session_worker.sending import inputs as on
from session_worker.sending import state as at
from session_worker.sending.attempts import (
    close_breaker,
    end_awaiting,
    give_back,
    hand_over_ended,
    key_answered,
    not_sent,
    persist_key,
    recover,
    recovered,
    send,
    take_ack,
    take_up_upload,
    upload_found,
)
from session_worker.sending.looking import (
    begin_look,
    drop_doubt,
    keep_doubt,
    look_on,
    put_in_doubt,
    refused,
    treat_doubt,
)
from session_worker.sending.rounds import (
    SELF_NOTIFY_MS,
    SendingTurn,
    caught_up,
    complete,
    idle,
    look_again_ms,
    make_call,
    notice,
    pause_or_catch_up,
    prepared_of,
    run_of,
    take_limits,
    warn_of_hand_over,
)
from session_worker.sending.uploads.upload import Waiting, ended
from session_worker.session.channel import Channel
from session_worker.turn import Now
from shared.ledger.claiming.work import Outcome, Pause, Recover, Send
from shared.ledger.message import Message


def step(state: at.State, event: on.Input, now: Now, rng: random.Random) -> tuple[at.State, tuple[do.Action, ...]]:
    """One input. Returns the state after it and what is to be done, in order; a call, if any, comes last.

    Raises AssertionError for an answer to a call that was not made.
    """
    turn = SendingTurn(state, now, rng)
    _take(turn, event)
    return turn.state, tuple(turn.actions)


def _take(turn: SendingTurn, event: on.Input) -> None:  # noqa: PLR0912, PLR0915
    # One table, a row for each input in each phase: it is long because it is whole.
    steady_ms = turn.now.steady_ms
    match turn.state.phase, event:
        case at.Ended(), _:
            pass
        # At any time.
        case _, on.Notified():
            notice(turn)
        case _, on.RecycleAsked(cause):
            turn.change(recycle=cause)
            notice(turn)
        case _, on.StopAsked():
            turn.change(stopping=True)
            notice(turn)
        case _, on.ChannelChanged(channel):
            _change_channel(turn, channel)
        case _, on.Acknowledged(key, ack, refusal):
            _hear_ack(turn, key, ack, refusal)
        case _, on.HandOverEnded(key, how, code):
            hand_over_ended(turn, key, how, code)
        case _, on.UploadEnded(request, result):
            turn.change(uploads=ended(turn.state.uploads, request, result))
            notice(turn)
        case _, on.CutShort(retry_ms):
            turn.change(cut_short=True, to_look=())
            idle(turn, retry_ms)
        # In time.
        case at.Idle(), on.TimePassed() if steady_ms >= (turn.state.wakes_at_ms or 0):
            _begin_round(turn)
        case _, on.TimePassed():
            pass
        # A new browser run, and what an interrupted step left.
        case at.Beginning(channel), on.RunBegun(held, unread):
            _begun(turn, channel, held, unread)
        case at.FindingStrays(), on.InFlightRead(messages):
            _take_up_strays(turn, messages)
        case at.RequeueingStray(rest), on.Completed():
            _requeue_strays(turn, rest)
        # Looking at what is in doubt.
        case at.Looking(key), on.LookedUp(found):
            treat_doubt(turn, key, found)
        case at.Looking(key), on.EngineFailed():
            keep_doubt(turn, replace(turn.state.doubts[key], look_at_ms=steady_ms + look_again_ms(turn)))
            look_on(turn)
        case at.Resending(), on.SentAgain():
            look_on(turn)
        case at.Resending(key), on.EngineFailed(code):
            warn_of_hand_over(turn, turn.state.doubts[key].message, code)
            look_on(turn)
        case at.RecordingDoubt(key), on.AckRecorded():
            drop_doubt(turn, key)
        case at.GivingUpDoubt(key), on.Completed():
            turn.warn("message.became_uncertain", message_id=turn.state.doubts[key].message.message_id)
            drop_doubt(turn, key)
        case at.Refusing(message, refusal, doubt_key), on.Completed():
            refused(turn, message, refusal, doubt_key)
        # A claim, and the way of a new message.
        case at.AskingLimits(), on.LimitsTold(limits):
            take_limits(turn, limits)
        case at.AskingLimits(), on.EngineFailed():
            take_limits(turn, None)
        case at.Claiming(), on.Claimed(Pause(retry_ms)):
            pause_or_catch_up(turn, retry_ms)
        case at.Claiming(), on.Claimed(Send(message)):
            send(turn, Waiting(message))
        case at.FindingUpload(waiting), on.UploadFound(upload):
            upload_found(turn, waiting, upload)
        case at.Preparing(message), on.KeyMade(prepared):
            close_breaker(turn)
            persist_key(turn, at.Attempt(message, prepared, first=True))
        case at.Preparing(message), on.EngineFailed(code, detail):
            not_sent(turn, message, code, detail)
        case at.PersistingKey(attempt), on.KeyAnswered(answer):
            key_answered(turn, attempt, answer)
        # Recovery: an earlier browser run was given this message under a key.
        case at.Claiming(), on.Claimed(Recover(message)):
            recover(turn, message)
        case at.Recovering(attempt), on.LookedUp(found):
            recovered(turn, attempt, found)
        case at.Recovering(attempt), on.EngineFailed(code):
            complete(turn, at.Finishing(), attempt.message, Outcome.LATER, code, again_in_ms=look_again_ms(turn))
        case at.Adopting(attempt), on.Completed():
            put_in_doubt(turn, attempt.message, attempt.prepared, first=False)
            idle(turn, 0)
        # Receipts that came while no page listened.
        case at.CatchingUp(key), on.LookedUp(found):
            caught_up(turn, key, found)
        case at.CatchingUp(_, pause_ms), on.EngineFailed(code):
            turn.info("receipts.not_read", code=code)
            turn.change(unread=())
            idle(turn, pause_ms)
        # The end of a round.
        case at.Finishing(), on.AckRecorded():
            idle(turn, 0)
        case at.Finishing(log), on.Completed(status):
            if log is not None:
                turn.actions.append(replace(log, fields={**log.fields, "status": status}))
            idle(turn, 0)
        case phase, answer:
            raise AssertionError(f"{type(answer).__name__} is no answer while {type(phase).__name__}")


def _change_channel(turn: SendingTurn, channel: Channel | None) -> None:
    # A page without a connection can't send: what is pending has had the time to only from here on.
    doubts = {key: replace(doubt, pending_since_ms=turn.now.steady_ms) for key, doubt in turn.state.doubts.items()}
    turn.change(channel=channel, doubts=doubts)
    if channel is None or channel.browser_run != turn.state.begun_run:
        end_awaiting(turn)
    if channel is not None:
        notice(turn)


def _hear_ack(turn: SendingTurn, key: str, ack: int, refusal: str) -> None:
    if ack == 0:
        return  # pending says nothing
    if key in turn.state.awaiting:
        take_ack(turn, key, ack, refusal)
    elif key in turn.state.doubts:
        turn.change(acks={**turn.state.acks, key: ack})
        notice(turn)


def _begin_round(turn: SendingTurn) -> None:
    turn.change(notified=False)
    end_awaiting(turn, turn.now.steady_ms)
    state, channel = turn.state, turn.state.channel
    if state.stopping and state.awaiting:
        idle(turn, SELF_NOTIFY_MS)  # what was handed over comes to its end first
    elif state.stopping:
        if not give_back(turn):
            turn.change(phase=at.Ended())
    elif channel is None:
        idle(turn, SELF_NOTIFY_MS)
    elif state.recycle and not (state.awaiting or state.uploads):
        turn.change(recycle="")
        turn.do(do.AskRelaunch(state.recycle))
        idle(turn, 1_000)
    elif not channel.phone_number:
        # What waits may be meant for another phone: until the page says whose it is, nothing leaves.
        turn.info("sender.waits_for_own_number")
        idle(turn, SELF_NOTIFY_MS)
    elif channel != state.begun:
        _begin(turn, channel)
    else:
        _look_for_strays(turn)


def _begin(turn: SendingTurn, channel: Channel) -> None:
    """Another browser run, or the same one with another phone."""
    state = turn.state
    if channel.browser_run != state.begun_run:
        # What the old one had in doubt comes back from the ledger as recoveries.
        tried = {key: doubt for key, doubt in state.doubts.items() if doubt.stuck or doubt.resends}
        former = {**state.former, **tried}
        turn.change(doubts={}, acks={}, told_unacknowledged=0, former=former, breaker=state.breaker.on_new_page())
    # What waited for an upload is found in the ledger: unclaimed by another run, or a stray of this one.
    turn.change(uploads={}, cut_short=state.cut_short or bool(state.uploads))
    make_call(turn, at.Beginning(channel), do.BeginRun(channel.phone_number))


def _begun(turn: SendingTurn, channel: Channel, held: int, unread: tuple[Message, ...]) -> None:
    if held:
        turn.warn("messages.held", count=held)
    # Here, not when it was called: where Redis goes away in between, all of it is done again.
    turn.change(begun=channel, unread=unread)
    _look_for_strays(turn)


def _look_for_strays(turn: SendingTurn) -> None:
    if turn.state.cut_short:
        make_call(turn, at.FindingStrays(), do.ReadInFlight())
    else:
        _go_on(turn)


def _go_on(turn: SendingTurn) -> None:
    if not take_up_upload(turn):
        begin_look(turn)


def _take_up_strays(turn: SendingTurn, messages: tuple[Message, ...]) -> None:
    """What this run claimed and lost sight of, as an answer did not arrive: no later claim returns it."""
    followed = turn.state.followed
    strays = [one for one in messages if one.browser_run == run_of(turn) and one.message_id not in followed]
    for message in strays:
        turn.warn("message.taken_up", message_id=message.message_id, keyed=message.whatsapp_id is not None)
        prepared = prepared_of(message)
        if prepared is not None:
            put_in_doubt(turn, message, prepared, first=False)
    _requeue_strays(turn, tuple(message for message in strays if prepared_of(message) is None))


def _requeue_strays(turn: SendingTurn, messages: tuple[Message, ...]) -> None:
    """Without a key nothing can have gone out."""
    if messages:
        stray, *rest = messages
        complete(turn, at.RequeueingStray(tuple(rest)), stray, Outcome.QUEUED, "ENGINE_FAILED")
    else:
        turn.change(cut_short=False)
        _go_on(turn)
