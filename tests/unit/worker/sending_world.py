"""A small model of what sending acts on: ledger, pages with stores, WhatsApp's server, session. It checks the rules.

It answers every action as the real ones may: hand-overs are lost, accepted in silence or refused, acknowledgements are
late, doubled or dropped, browser runs end, logins change, Redis forgets to answer. Where a rule of sending is broken it
raises `RuleBroken`.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

from session_worker.sending import actions as do
from session_worker.sending import inputs as on
from session_worker.sending import state as at
from session_worker.sending.pace import PaceRange
from session_worker.sending.reducer import step
from session_worker.sending.rounds import MAX_HAND_OVERS, MAX_IN_DOUBT, MAX_UNACKNOWLEDGED
from session_worker.sending.uploads.upload import MAX_WAITING, Failure, File, UploadRequest
from session_worker.session.channel import Channel
from session_worker.turn import Now
from shared.ledger.claiming.work import Outcome, Pause, PutKey, Recover, Send
from shared.ledger.message import Message
from shared.ledger.script import MAX_ATTEMPTS
from shared.protocol.content import PLAIN, Content, ContentType, MediaFile
from shared.transitions.message import Lane, MessageStatus
from tests.unit.worker.sending_page import Fate, Pages, RuleBroken

RULES = at.Rules(PaceRange(0, 0, 0, 0), ack_timeout_ms=10_000, lease_left_ms=7_500)
MAX_ROUNDS = 400  # in one go, without time passing

Step = Callable[[at.State, on.Input, Now, random.Random], tuple[at.State, tuple[do.Action, ...]]]


class Fault(Enum):
    """What Redis does to one call."""

    NOT_DONE = "not done"
    NOT_ANSWERED = "done, and not answered"


@dataclass
class Entry:
    """The ledger's view of one message."""

    message_id: str
    to: str
    file: str = ""  # of one with a picture: its hash
    upload: str = ""  # persisted with its key
    status: MessageStatus = MessageStatus.QUEUED
    attempts: int = 0
    key: str | None = None
    login_id: str = ""
    browser_run: str = ""
    not_before_ms: int = 0
    next_look_ms: int = 0
    late: bool = False
    keys: set[str] = field(default_factory=set)  # ever persisted

    def message(self) -> Message:
        return Message(
            self.message_id,
            51,
            self.to,
            "hola",
            self.status,
            Lane.SINGLE,
            self.attempts,
            0,
            10**12,
            whatsapp_id=self.key,
            chat_id=None if self.key is None else "c",
            login_id=self.login_id,
            browser_run=self.browser_run,
            content=picture(self.file) if self.file else PLAIN,
            upload=self.upload,
        )


def picture(file: str) -> Content:
    return Content(ContentType.IMAGE, MediaFile(file, "image/jpeg", 1_000))


@dataclass
class World(Pages):
    """Everything around sending."""

    step: Step = step
    now_ms: int = 1_000_000
    state: at.State = field(default_factory=lambda: at.State(RULES))
    rng: random.Random = field(default_factory=lambda: random.Random(5))
    entries: dict[str, Entry] = field(default_factory=dict)
    relaunch_wanted: bool = False
    fault: Fault | None = None
    key_answer: PutKey = PutKey.OK
    bulk_allowed: bool = True  # in the latest claim
    reported: do.ReportRestriction | None = None
    tried: int = 0  # messages that a page was to make a key for
    begun: list[do.BeginRun] = field(default_factory=list)
    completed: list[do.Complete] = field(default_factory=list)
    paused: list[bool] = field(default_factory=list)  # as told to the session
    unacknowledged: list[int] = field(default_factory=list)  # as told to the session
    uploading: list[UploadRequest] = field(default_factory=list)
    uploads_begun: int = 0
    handing: list[do.HandOver] = field(default_factory=list)  # hand-overs that are under way
    hand_overs_last: bool = False  # they take until this is over
    young: dict[tuple[str, str], str] = field(default_factory=dict)  # uploads by login and file

    # What happens.

    def accept(self, to: str = "", file: str = "") -> None:
        """to: by default somebody to whom nothing was written yet."""
        message_id = str(len(self.entries))
        self.entries[message_id] = Entry(message_id, to or f"54911{message_id}", file)
        self.tell(on.Notified())

    def launch(self) -> None:
        """A new browser run of the present login becomes READY."""
        self.lose_connection()
        self.runs += 1
        self.relaunch_wanted = False
        self.channel = Channel(f"run-{self.runs}", self.login_id, "5491150000051")
        self.tell(on.ChannelChanged(self.channel))

    def lose_connection(self) -> None:
        if self.channel is not None:
            self.channel = None
            self.tell(on.ChannelChanged(None))

    def reconnect(self) -> None:
        """The same browser run is READY again."""
        if self.channel is None and self.runs:
            self.channel = Channel(f"run-{self.runs}", self.login_id, "5491150000051")
            self.tell(on.ChannelChanged(self.channel))

    def change_login(self) -> None:
        self.lose_connection()
        self.login_id = f"login-{self.runs + 2}"
        self.launch()

    def tell_acks(self, times: int) -> None:
        """Acknowledgements arrive: `times` times each, 0 for never."""
        told, self.told = self.told, []
        for key, ack in told * times:
            if ack >= 1:
                self._acknowledge(key, ack)  # the recorder's part
            self.tell(on.Acknowledged(key, ack, self.refusal if ack < 0 else ""))

    def end_uploads(self, code: str = "") -> None:
        """What the pages upload comes to its end. code: why it did not work; "" where it did."""
        uploading, self.uploading = self.uploading, []
        for request in uploading:
            lives = self.channel is not None and request.browser_run == self.channel.browser_run
            if lives and not code:
                upload = self.young[request.login_id, request.file.sha256] = f"upload of {request.file.sha256}"
                self.tell(on.UploadEnded(request, upload))
            else:
                self.tell(on.UploadEnded(request, Failure(code or "PAGE_FAILED")))

    def forget_uploads(self) -> None:
        """Redis was emptied and restored from SQL, which keeps none of them."""
        self.young = {}
        for entry in self.entries.values():
            entry.upload = ""

    def pass_time(self, ms: int) -> None:
        end_ms = self.now_ms + ms
        for _ in range(MAX_ROUNDS):
            wakes_at_ms = self.state.wakes_at_ms
            if wakes_at_ms is None or wakes_at_ms > end_ms:
                break
            self.now_ms = max(self.now_ms, wakes_at_ms)
            self.tell(on.TimePassed())
            if self.relaunch_wanted:
                self.launch()
        else:
            raise RuleBroken("sending spins")
        self.now_ms = end_ms

    def calm_down(self) -> None:
        """Everything works from here on, for long enough that everything ends."""
        self.fate, self.fault, self.key_answer = Fate.ACKNOWLEDGED, None, PutKey.OK
        self.hand_over_fails = self.page_silent = self.makes_no_keys = self.hand_overs_last = False
        self.launch()
        for _ in range(80):
            if not self._open():
                return
            self.send_pending()
            self.tell_acks(1)
            self.end_uploads()
            self.pass_time(10_000)
        raise RuleBroken(f"never ended: {self._open()}")

    def _open(self) -> list[Entry]:
        return [entry for entry in self.entries.values() if entry.status in (_S.QUEUED, _S.SENDING)]

    # The shell's part.

    def tell(self, event: on.Input) -> None:
        answer: on.Input | None = event
        while answer is not None:
            self.state, actions = self.step(self.state, answer, Now(self.now_ms, self.now_ms), self.rng)
            calls = [action for action in actions if isinstance(action, do.Call)]
            if len(calls) > 1 or (calls and actions[-1] is not calls[0]):
                raise RuleBroken("a step makes one call at most, as its last action")
            begun = [one.request for one in actions if isinstance(one, do.BeginUpload)]
            self.uploading += begun
            self.uploads_begun += len(begun)
            if any(isinstance(action, do.AskRelaunch) for action in actions):
                self.relaunch_wanted = True
            self.unacknowledged += [one.recipients for one in actions if isinstance(one, do.ReportUnacknowledged)]
            self.paused += [one.paused for one in actions if isinstance(one, do.ReportPause)]
            self.reported = next((one for one in actions if isinstance(one, do.ReportRestriction)), self.reported)
            self.handing += [one for one in actions if isinstance(one, do.HandOver)]
            if any(one.prepared.key not in self.persisted for one in self.handing):
                raise RuleBroken("handed over before it was persisted")
            if sum(not one.handed for one in self.state.awaiting.values()) > MAX_HAND_OVERS:
                raise RuleBroken("too many hand-overs at a time")
            answer = self._answer(calls[0]) if calls else None
        self._check_followed()
        while self.handing and not self.hand_overs_last:
            self.tell(self.hand_over(self.handing.pop(0)))

    def _answer(self, call: do.Call) -> on.Answer:
        if isinstance(call, do.PageCall):
            self.tried += isinstance(call, do.Prepare)
            return self.answer_of_page(call)
        fault, self.fault = self.fault, None
        if fault is Fault.NOT_DONE:
            return on.CutShort(1_000)
        answer = self._ledger(call)
        return on.CutShort(1_000) if fault is Fault.NOT_ANSWERED else answer

    # The ledger.

    def _ledger(self, call: do.LedgerCall) -> on.Answer:
        match call:
            case do.BeginRun():
                self.begun.append(call)
                sent = tuple(entry.message() for entry in self.entries.values() if entry.status is _S.SENT)
                return on.RunBegun(0, sent)
            case do.ReadInFlight():
                return on.InFlightRead(tuple(entry.message() for entry in self._in_flight()))
            case do.FindUpload(login_id, content):
                return on.UploadFound(self.young.get((login_id, File.of(content).sha256), ""))
            case do.Claim(browser_run, _, bulk_allowed, media_allowed):
                self.bulk_allowed = bulk_allowed
                if (
                    len([one for one in self._in_flight() if not one.key and one.browser_run == browser_run])
                    > MAX_WAITING
                ):
                    raise RuleBroken("too many wait for an upload")
                overdue_ms = RULES.patience.overdue_ms
                overdue = [
                    one for one in self.state.doubts.values() if self.now_ms - one.pending_since_ms >= overdue_ms
                ]
                if len(overdue) > MAX_IN_DOUBT:
                    raise RuleBroken("a claim with too many in doubt")
                given = [one for one in self._in_flight() if one.key and one.browser_run == browser_run]
                if len(given) >= MAX_UNACKNOWLEDGED:
                    raise RuleBroken("a claim with too many without an answer")
                return on.Claimed(self._claim(browser_run, media_allowed=media_allowed))
            case do.PersistKey():
                return on.KeyAnswered(self._persist_key(call))
            case do.Complete():
                self.completed.append(call)
                return on.Completed(self._complete(call))
            case do.RecordAck(key, ack):
                stored = self._store.get(key)
                if stored is None or not (stored.revoked or stored.ack == ack >= 1):
                    raise RuleBroken(f"ack {ack} recorded, which the page does not show")
                self._acknowledge(key, ack)
                return on.AckRecorded()

    def _in_flight(self) -> list[Entry]:
        return [entry for entry in self.entries.values() if entry.status is _S.SENDING]

    def _claim(self, browser_run: str, *, media_allowed: bool) -> Send | Recover | Pause:
        blocked = set[str]()
        for entry in self._in_flight():
            if entry.browser_run == browser_run:
                blocked.add(entry.to)
            elif entry.key is None:
                entry.status, entry.browser_run = _S.QUEUED, ""
            elif entry.next_look_ms <= self.now_ms:
                return Recover(entry.message())
            else:
                blocked.add(entry.to)
        for entry in self.entries.values():
            if entry.status is not _S.QUEUED or entry.to in blocked:
                continue
            if entry.not_before_ms > self.now_ms or (entry.file and not media_allowed):
                blocked.add(entry.to)
                continue
            entry.status, entry.browser_run, entry.key = _S.SENDING, browser_run, None
            entry.attempts += 1
            return Send(entry.message())
        return Pause(None)

    def _persist_key(self, call: do.PersistKey) -> PutKey:
        entry = self.entries[call.message.message_id]
        answer, self.key_answer = self.key_answer, PutKey.OK
        if entry.status is not _S.SENDING:
            return PutKey.GONE
        if answer is PutKey.GONE:
            entry.status = _S.CANCELLED  # by somebody else, meanwhile
        elif answer in (PutKey.EXPIRED, PutKey.STOPPED, PutKey.OPTED_OUT):
            entry.late = True
        elif answer is PutKey.OK:
            if entry.key is not None and entry.login_id != call.login_id:
                raise RuleBroken("a key of another login")
            entry.key, entry.login_id, entry.browser_run = call.prepared.key, call.login_id, call.browser_run
            entry.keys.add(call.prepared.key)
            entry.upload = call.message.upload
            self.persisted[call.prepared.key] = entry.upload
            if entry.upload != (f"upload of {entry.file}" if entry.file else ""):
                raise RuleBroken("a key without the file's upload")
            if any(one.key for one in self._in_flight() if one is not entry and one.to == entry.to):
                raise RuleBroken("two under way to one recipient")
            if len(entry.keys) > 1:
                raise RuleBroken(f"a second key for message {entry.message_id}, whose first may live")
        return answer

    def _complete(self, call: do.Complete) -> str:
        entry = self.entries[call.message.message_id]
        if entry.status is not _S.SENDING:
            return "gone"
        match call.outcome:
            case Outcome.LATER:
                entry.next_look_ms = call.again_at_ms
            case Outcome.ADOPT:
                entry.browser_run = call.browser_run
            case Outcome.QUEUED | Outcome.RETURNED:
                if self.server & entry.keys or (entry.key is not None and call.code != "REFUSED_BY_WHATSAPP"):
                    raise RuleBroken("queued again, though its key may live")
                entry.keys.clear()
                entry.status, entry.not_before_ms, entry.browser_run = _S.QUEUED, call.again_at_ms, ""
                if call.outcome is Outcome.RETURNED:
                    entry.attempts -= 1
                elif entry.attempts >= MAX_ATTEMPTS:
                    entry.status = _S.FAILED
            case _:
                if call.outcome is not Outcome.UNCERTAIN and self.server & entry.keys:
                    raise RuleBroken("ended for certain, though the server has it")
                if call.outcome in (Outcome.EXPIRED, Outcome.CANCELLED) and not entry.late:
                    raise RuleBroken("ended as too late, which it is not")
                entry.status = MessageStatus(call.outcome.value)
        return entry.status.value

    def _acknowledge(self, key: str, ack: int) -> None:
        if key not in self.server or ack < 1:
            raise RuleBroken("sent without an acknowledgement")
        for entry in self.entries.values():
            if key in entry.keys:
                entry.status = _S.SENT

    def _check_followed(self) -> None:
        """What this run has claimed is on its way, in doubt, or looked for in the next round."""
        state = self.state
        if state.cut_short or not isinstance(state.phase, at.Idle):
            return
        followed = {doubt.message.message_id for doubt in state.doubts.values()}
        followed |= {one.message.message_id for upload in state.uploads.values() for one in upload.waiting}
        followed |= {awaited.attempt.message.message_id for awaited in state.awaiting.values()}
        for entry in self._in_flight():
            ours = entry.browser_run == state.begun_run and entry.next_look_ms == 0
            if ours and entry.message_id not in followed:
                raise RuleBroken(f"nobody follows message {entry.message_id}")


_S = MessageStatus
