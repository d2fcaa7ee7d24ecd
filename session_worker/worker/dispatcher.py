"""Who is told what: routes what one part of the worker has to say into the inbox of another. Arrows run one way.

engine → acknowledging and receiving (what concerns messages) and session (what concerns the page); acknowledging →
sending; session → sending, receiving, fetching and acting; sending and receiving → session; receiving → fetching. No
part knows another: each knows its inbox, and whom to call with its word.
"""

from __future__ import annotations

import queue

from session_worker.acting import inputs as acting
from session_worker.engine.port import (
    AckSeen,
    BrowserGone,
    EngineEvent,
    LoggedOut,
    PageChanged,
    PageReloaded,
    RowsHinted,
)
from session_worker.media import inputs as fetching
from session_worker.receiving import inputs as receiving
from session_worker.sending import actions as sending_actions
from session_worker.sending import inputs as sending
from session_worker.sending.shell import Word
from session_worker.sending.uploads.upload import Failure, UploadRequest
from session_worker.session import inputs as session
from session_worker.session.channel import Channel
from shared.protocol.events import MessageInbound, MessageUpdated


class Dispatcher:
    """The inboxes, and the routes between them. Nothing here waits; every method may be called by any thread."""

    def __init__(self) -> None:
        self.acknowledging: queue.SimpleQueue[AckSeen | None] = queue.SimpleQueue()
        self.receiving: queue.SimpleQueue[receiving.Input] = queue.SimpleQueue()
        self.fetching: queue.SimpleQueue[fetching.Input] = queue.SimpleQueue()
        self.acting: queue.SimpleQueue[acting.Input] = queue.SimpleQueue()
        self.session: queue.SimpleQueue[session.Input] = queue.SimpleQueue()
        self.sending: queue.SimpleQueue[sending.Input] = queue.SimpleQueue()
        self.uploading: queue.SimpleQueue[UploadRequest | None] = queue.SimpleQueue()

    def engine_event(self, browser_run: str, event: EngineEvent) -> None:
        """What the engine of a browser run tells."""
        match event:
            # Of whatever run: it is true all the same.
            case AckSeen():
                self.acknowledging.put(event)
            case MessageInbound() | MessageUpdated():
                self.receiving.put(receiving.Told(event))
            case RowsHinted(cause):
                self.receiving.put(receiving.RowsHinted(cause))
            case PageChanged(observation):
                self.session.put(session.PageObserved(browser_run, observation))
            case LoggedOut(reason):
                self.session.put(session.LoginRemoved(browser_run, reason))
            case PageReloaded():
                self.session.put(session.PageReloaded(browser_run))
            case BrowserGone(reason):
                self.session.put(session.BrowserEnded(browser_run, reason))

    def ack_recorded(self, key: str, ack: int, refusal: str) -> None:
        """An acknowledgement is in the ledger, or a refusal was told (see `port.AckSeen`)."""
        self.sending.put(sending.Acknowledged(key, ack, refusal))

    def channel_changed(self, channel: Channel | None) -> None:
        """The session became READY, or is so no longer."""
        self.sending.put(sending.ChannelChanged(channel))
        self.receiving.put(receiving.ChannelChanged(channel))
        self.fetching.put(fetching.ChannelChanged(channel))
        self.acting.put(acting.ChannelChanged(channel))

    def word_of_sending(self, word: Word) -> None:
        """What sending wants of the session, or reports to it."""
        match word:
            case sending_actions.AskRelaunch(cause):
                self.session.put(session.RelaunchAsked(cause))
            case sending_actions.ReportRestriction(restricted_until_ms, limited_until_ms, limits):
                self.session.put(session.RestrictionTold(restricted_until_ms, limited_until_ms, limits))
            case sending_actions.ReportUnacknowledged(browser_run, recipients):
                self.session.put(session.SendsUnacknowledged(browser_run, recipients))
            case sending_actions.ReportPause(paused):
                self.session.put(session.SendingPaused(paused))

    def upload_ended(self, request: UploadRequest, result: str | Failure) -> None:
        """What came of a file that sending wanted uploaded."""
        self.sending.put(sending.UploadEnded(request, result))

    def inbound_silent(self, browser_run: str, rows: int) -> None:
        """Receiving found rows in the page's database of which no event came; 0: events come again."""
        self.session.put(session.InboundSilent(browser_run, rows))

    def media_recorded(self) -> None:
        """Receiving recorded a message that has bytes."""
        self.fetching.put(fetching.MediaRecorded())
