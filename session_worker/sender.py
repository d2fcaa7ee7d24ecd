"""The way of a message from the ledger to WhatsApp (DESIGN, steps 3 to 6): one at a time, on a thread of its own."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import redis

from session_worker import recovery
from session_worker.channel import Channel
from session_worker.engine.port import EngineError, Prepared
from session_worker.pace_range import PaceRange
from session_worker.restriction import Restriction
from session_worker.session import Session
from shared.instant import now_ms
from shared.ledger.ledger import Ledger
from shared.ledger.message import Message
from shared.ledger.work import LeaseLost, Outcome, Pause, PutKey, Recover, Send
from shared.logs import get_logger
from shared.sessions.lease import Lease

_log = get_logger(__name__)

SELF_RING_S = 3.0  # the owner asks by itself this often: a lost bell costs seconds, never a message
FIRST_REFUSED = -1  # see `AckSeen`
LOOK_AGAIN_MS = 5_000
STUCK_MS = 25_000  # READY, and still pending: this page waits in vain
UNSENT_MS = 10_000  # READY, and still pending on the page after it: that one does not send it by itself either
MOST_IN_DOUBT = 3  # more than that pauses the session's sends
MOST_REFUSALS = 3  # of later copies of one key: a further one, and it is uncertain
MOST_UNREAD = 500  # messages asked about after a downtime
FINAL_CODES = frozenset({"NOT_ON_WHATSAPP"})


@dataclass(slots=True)
class _InDoubt:
    message: Message
    prepared: Prepared
    look_at_ms: int
    first: bool  # given to one page only: its refusal of the first copy says that nothing went out
    pending_since_ms: int  # a page that holds it at ack 0 sends it by itself: from here on it has had the time to
    refusals: int = 0  # of copies
    asked_again: int = 0  # how often this page was handed the key once more


class Sender:
    """Claims, sends and settles while the session is READY.

    on_lost: called where the ledger says that the lease is no longer the caller's.
    """

    def __init__(
        self,
        *,
        ledger: Ledger,
        lease: Lease,
        session: Session,
        pace: PaceRange,
        ack_timeout_s: float,
        lease_left_ms: int,
        restricted_until_ms: int,
        on_lost: Callable[[str], None],
        rng: random.Random,
    ) -> None:
        self._ledger = ledger
        self._lease = lease
        self._session = session
        self._pace = pace
        self._ack_timeout_s = ack_timeout_s
        self._lease_left_ms = lease_left_ms
        self._on_lost = on_lost
        self._rng = rng
        self._bell = threading.Event()
        self._stop = threading.Event()
        self._acks: dict[str, int] = {}
        self._awaited: str | None = None
        self._ack_heard = threading.Condition()
        self._in_doubt: dict[str, _InDoubt] = {}
        self._boot = ""
        self._unread: list[Message] = []  # sent and not read yet, when this browser run began
        self._cut_short = False  # a step ended in the middle: the ledger may hold what nobody here follows
        self._paused_at = 0.0
        self._recycle = threading.Event()
        self._restriction = Restriction(restricted_until_ms)
        self._thread = threading.Thread(target=self._run, name="sender", daemon=True)

    # What other threads call.

    def start(self) -> None:
        self._thread.start()

    def ring(self) -> None:
        """There may be something to do."""
        self._bell.set()

    def recycle(self) -> None:
        """Asks for a new browser between two messages."""
        self._recycle.set()
        self._bell.set()

    def stop(self, timeout_s: float) -> bool:
        """Finishes the send in hand and claims no more. True: it ended in time."""
        self._stop.set()
        self._bell.set()
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def ack_recorded(self, key: str, ack: int) -> None:
        """An acknowledgement of `key` is in the ledger (ack >= 1), or was a refusal (-1, -2; see `AckSeen`)."""
        with self._ack_heard:
            if key == self._awaited or key in self._in_doubt:
                self._acks[key] = ack
                self._ack_heard.notify_all()
        if key in self._in_doubt:
            self._bell.set()

    # The sender's thread.

    def _run(self) -> None:
        while not self._stop.is_set():
            self._bell.clear()
            try:
                wait_s = self._work_once()
            except LeaseLost:
                self._on_lost("the ledger knows another owner")
                return
            except redis.RedisError as error:
                _log.warning("sender.waits_for_redis", error=type(error).__name__)
                self._cut_short, wait_s = True, 1.0
            except Exception:  # noqa: BLE001
                # The thread's edge: a defect must neither end the tenant's sends silently nor spin.
                _log.exception("sender.defect")
                self._cut_short, wait_s = True, 5.0
            if wait_s > 0:
                self._bell.wait(wait_s)

    def _work_once(self) -> float:
        """One claim and what follows. Returns how long to wait for the bell, in seconds."""
        channel = self._session.channel()
        if channel is None:
            for doubt in self._in_doubt.values():
                doubt.pending_since_ms = now_ms()  # a page without a connection can't send
            return SELF_RING_S
        if self._recycle.is_set():
            self._recycle.clear()
            self._session.relaunch("MEMORY")
            return 1.0
        if channel.boot != self._boot:
            self._begin_run(channel)
        if self._cut_short:
            self._take_up_strays(channel)
        self._look_at_doubts(channel)
        if len(self._in_doubt) > MOST_IN_DOUBT:
            self._pause_for_doubts()
            return 1.0
        now = now_ms()
        bulk_allowed = not self._restriction.active(now)
        pace = self._pace.draw(self._rng, now)
        work = self._ledger.claim_next(self._lease, channel.boot, now, pace, bulk_allowed=bulk_allowed)
        match work:
            case Pause(retry_ms):
                if self._catch_up_receipts(channel):
                    return 0.0
                soonest = SELF_RING_S if retry_ms is None else min(SELF_RING_S, max(retry_ms, 1) / 1000)
                return min(soonest, 1.0) if self._in_doubt else soonest
            case Send(message):
                self._send(channel, message)
            case Recover(message):
                self._recover(channel, message)
        return 0.0

    def _begin_run(self, channel: Channel) -> None:
        """A new browser run: what the old one had in doubt comes back from the ledger as recoveries."""
        with self._ack_heard:
            self._in_doubt.clear()
            self._acks.clear()
        self._session.report_in_doubt(0)
        held = 0
        if channel.phone_number:
            held = self._ledger.hold_for_another_phone(self._lease, channel.phone_number, now_ms())
        if held:
            _log.warning("messages.held", count=held)
        self._unread = self._ledger.unread(self._lease.cliente_id, MOST_UNREAD)
        self._boot = channel.boot  # last: where Redis went away in between, all of it is done again

    def _take_up_strays(self, channel: Channel) -> None:
        """What this run claimed and lost sight of, as Redis's answer did not arrive: no later claim returns it."""
        followed = {doubt.message.message_id for doubt in self._in_doubt.values()}
        for message in self._ledger.in_flight(self._lease.cliente_id):
            if message.boot != channel.boot or message.message_id in followed:
                continue
            _log.warning("message.taken_up", message_id=message.message_id, keyed=message.whatsapp_id is not None)
            if message.chat_id is not None and message.whatsapp_id is not None:
                self._doubt(message, Prepared(message.chat_id, message.whatsapp_id), first=False)
            else:
                now = now_ms()
                self._ledger.settle(
                    self._lease, message, Outcome.QUEUED, code="ENGINE_FAILED", now_ms=now, again_at_ms=now
                )
        self._cut_short = False

    def _catch_up_receipts(self, channel: Channel) -> bool:
        """Receipts that came while no page listened are read off the page, latest first, while nothing is to be sent.

        One message a call. False: none is left to ask about.
        """
        if not self._unread:
            return False
        message = self._unread.pop()
        if message.epoch != channel.epoch or not message.chat_id or not message.whatsapp_id:
            return True
        try:
            ack = channel.engine.acknowledgement(Prepared(message.chat_id, message.whatsapp_id))
        except EngineError as error:
            _log.info("receipts.not_read", code=error.code)
            self._unread.clear()
            return False
        if ack is not None and ack >= 1:
            self._ledger.acknowledge(self._lease.cliente_id, message.whatsapp_id, ack, now_ms())
        return True

    def _send(self, channel: Channel, message: Message) -> None:
        try:
            prepared = channel.engine.prepare(message.to)
        except EngineError as error:
            self._settle_certain(message, error)
            return
        if self._put_key(channel, message, prepared):
            self._hand_over(channel, message, prepared, first=True)

    def _settle_certain(self, message: Message, error: EngineError) -> None:
        """Before the key stands every failure is certain: nothing went out."""
        outcome = Outcome.FAILED if error.code in FINAL_CODES else Outcome.QUEUED
        now = now_ms()
        status = self._ledger.settle(
            self._lease,
            message,
            outcome,
            code=error.code,
            now_ms=now,
            again_at_ms=now + recovery.send_backoff_ms(message.attempts, self._rng),
        )
        _log.info(
            "message.not_sent", message_id=message.message_id, code=error.code, detail=error.detail, status=status
        )

    def _put_key(self, channel: Channel, message: Message, prepared: Prepared) -> bool:
        answer = self._ledger.put_key(
            self._lease,
            message,
            whatsapp_id=prepared.key,
            chat_id=prepared.chat_id,
            epoch=channel.epoch,
            boot=channel.boot,
            now_ms=now_ms(),
            lease_left_ms=self._lease_left_ms,
        )
        if answer is PutKey.LOST:
            raise LeaseLost(self._lease.cliente_id)
        if answer is PutKey.SHORT:
            now = now_ms()
            # One that already went out under this key must keep it: queued again it would be given another.
            outcome = Outcome.QUEUED if message.whatsapp_id is None else Outcome.LATER
            self._ledger.settle(self._lease, message, outcome, code="ENGINE_FAILED", now_ms=now, again_at_ms=now + 500)
        if answer is PutKey.LATE:
            self._settle_late(message)
        return answer is PutKey.OK

    def _settle_late(self, message: Message) -> None:
        """A campaign's message that must not leave any more. Without a key the next claim ends it, and says why.

        With one, an earlier page may have sent it, though the present one does not know it: a person looks into it.
        """
        now = now_ms()
        if message.whatsapp_id is None:
            self._ledger.settle(
                self._lease, message, Outcome.QUEUED, code="CAMPAIGN_STOPPED", now_ms=now, again_at_ms=now
            )
        else:
            self._ledger.settle(self._lease, message, Outcome.UNCERTAIN, code="OUTCOME_UNKNOWN", now_ms=now)
        _log.info("message.late", message_id=message.message_id, keyed=message.whatsapp_id is not None)

    def _hand_over(self, channel: Channel, message: Message, prepared: Prepared, *, first: bool) -> None:
        with self._ack_heard:
            self._awaited = prepared.key
        try:
            channel.engine.hand_over(prepared, message.text)
        except EngineError as error:
            _log.warning("message.hand_over_failed", message_id=message.message_id, code=error.code)
        ack = self._await_ack(prepared.key)
        self._take_ack(message, prepared, ack, first=first)

    def _await_ack(self, key: str) -> int | None:
        deadline = time.monotonic() + self._ack_timeout_s
        with self._ack_heard:
            while key not in self._acks:
                left = deadline - time.monotonic()
                if left <= 0 or self._session.channel() is None:
                    break
                self._ack_heard.wait(min(left, 0.5))
            self._awaited = None
            return self._acks.pop(key, None)

    def _take_ack(self, message: Message, prepared: Prepared, ack: int | None, *, first: bool) -> None:
        if ack is not None and ack >= 1:
            self._restriction.record(refused=False, now_ms=now_ms())
            _log.info("message.sent", message_id=message.message_id, attempts=message.attempts)
        elif ack == FIRST_REFUSED and first:
            self._refused(message)
        else:
            self._doubt(message, prepared, first=first)

    def _refused(self, message: Message) -> None:
        """WhatsApp's server said no: final, and a series of it means that the number is restricted."""
        now = now_ms()
        self._ledger.settle(self._lease, message, Outcome.FAILED, code="REFUSED_BY_WHATSAPP", now_ms=now)
        self._restriction.record(refused=True, now_ms=now)
        if self._restriction.active(now):
            self._session.report_restriction(self._restriction.until_ms)
        _log.warning("message.refused", message_id=message.message_id, restricted=self._restriction.active(now))

    # In doubt: the key stands and no acknowledgement came in time.

    def _doubt(self, message: Message, prepared: Prepared, *, first: bool) -> None:
        now = now_ms()
        with self._ack_heard:
            self._in_doubt[prepared.key] = _InDoubt(message, prepared, now, first, now)
        self._session.report_in_doubt(len(self._in_doubt))
        _log.warning("message.in_doubt", message_id=message.message_id, in_doubt=len(self._in_doubt))

    def _look_at_doubts(self, channel: Channel) -> None:
        for key, doubt in list(self._in_doubt.items()):
            with self._ack_heard:
                ack = self._acks.pop(key, None)
            if ack is None or (ack < 0 and not self._refused_for_good(doubt, ack)):
                if doubt.look_at_ms > now_ms():
                    continue
                try:
                    ack = channel.engine.acknowledgement(doubt.prepared)
                except EngineError:
                    doubt.look_at_ms = now_ms() + LOOK_AGAIN_MS
                    continue
                if ack is None:
                    # The page lost it. The same key may go again only after this page, which may still hold the
                    # send, is closed: the new run finds it as a recovery.
                    _log.warning("message.lost_by_page", message_id=doubt.message.message_id)
                    self._session.relaunch("MESSAGE_LOST_BY_PAGE")
                    doubt.look_at_ms = now_ms() + LOOK_AGAIN_MS
                    continue
                if ack >= 1:
                    self._ledger.acknowledge(self._lease.cliente_id, key, ack, now_ms())
                elif ack == 0:
                    doubt.look_at_ms = now_ms() + LOOK_AGAIN_MS
                    if now_ms() - doubt.pending_since_ms > (STUCK_MS if doubt.first else UNSENT_MS):
                        self._unstick(channel, doubt)
                    continue
                else:
                    doubt.look_at_ms = now_ms() + (LOOK_AGAIN_MS << min(doubt.asked_again, 4))
                    self._hand_over_again(channel, doubt)
                    continue
            with self._ack_heard:
                del self._in_doubt[key]
            self._session.report_in_doubt(len(self._in_doubt))

    def _refused_for_good(self, doubt: _InDoubt, ack: int) -> bool:
        """Of a later copy it is not: the server may have an earlier one, and only the same key asks it.

        A server that has it acknowledges a further copy; one that has not takes it now, or refuses it again.
        """
        if ack == FIRST_REFUSED and doubt.first:
            self._refused(doubt.message)
            return True
        doubt.refusals += 1
        _log.warning("message.copy_refused", message_id=doubt.message.message_id, times=doubt.refusals)
        if doubt.refusals <= MOST_REFUSALS:
            return False
        self._ledger.settle(self._lease, doubt.message, Outcome.UNCERTAIN, code="REFUSED_BY_WHATSAPP", now_ms=now_ms())
        _log.warning("message.uncertain", message_id=doubt.message.message_id)
        return True

    def _unstick(self, channel: Channel, doubt: _InDoubt) -> None:
        """A new page is told what this one missed, without another copy; only then the same key goes once more."""
        _log.warning("message.stuck", message_id=doubt.message.message_id, first=doubt.first)
        if doubt.first:
            self._session.relaunch("MESSAGE_STUCK")
        else:
            doubt.pending_since_ms = now_ms() + (UNSENT_MS << min(doubt.asked_again, 4))
            self._hand_over_again(channel, doubt)

    def _hand_over_again(self, channel: Channel, doubt: _InDoubt) -> None:
        doubt.first = False
        doubt.asked_again += 1
        try:
            channel.engine.hand_over(doubt.prepared, doubt.message.text)
        except EngineError as error:
            _log.warning("message.hand_over_failed", message_id=doubt.message.message_id, code=error.code)

    def _pause_for_doubts(self) -> None:
        """Too many in doubt: sends stop, and the page that answers none of them is closed once a minute."""
        now = time.monotonic()
        if now - self._paused_at > 60:
            self._paused_at = now
            _log.warning("sender.paused", in_doubt=len(self._in_doubt))
            self._session.relaunch("TOO_MANY_IN_DOUBT")

    # Recovery: an earlier browser run was given this message under a key.

    def _recover(self, channel: Channel, message: Message) -> None:
        if message.chat_id is None or message.whatsapp_id is None:
            raise AssertionError("the ledger recovers only messages with a key")
        prepared = Prepared(message.chat_id, message.whatsapp_id)
        now = now_ms()
        if message.epoch != channel.epoch:
            self._ledger.settle(self._lease, message, Outcome.UNCERTAIN, code="OUTCOME_UNKNOWN", now_ms=now)
            _log.warning("message.uncertain", message_id=message.message_id)
            return
        try:
            ack = channel.engine.acknowledgement(prepared)
        except EngineError as error:
            self._ledger.settle(
                self._lease, message, Outcome.LATER, code=error.code, now_ms=now, again_at_ms=now + LOOK_AGAIN_MS
            )
            return
        _log.info("message.recovering", message_id=message.message_id, found=ack)
        if ack is None:
            if self._put_key(channel, message, prepared):
                self._hand_over(channel, message, prepared, first=False)
        elif ack >= 1:
            self._ledger.acknowledge(self._lease.cliente_id, prepared.key, ack, now)
        else:
            self._ledger.settle(self._lease, message, Outcome.ADOPT, code="", now_ms=now, boot=channel.boot)
            self._doubt(message, prepared, first=False)
