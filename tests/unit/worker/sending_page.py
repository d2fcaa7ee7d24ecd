"""A small model of the pages that sending acts on and of the server behind them. It checks the rules of sends."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from session_worker.engine.port import Found, Handed, Limits, Prepared
from session_worker.sending import actions as do
from session_worker.sending import inputs as on
from session_worker.session.channel import Channel


class RuleBroken(AssertionError):
    """A rule that sending must keep, whatever happens."""


class Fate(Enum):
    """What becomes of a hand-over."""

    ACKNOWLEDGED = "acknowledged"
    SILENT = "silent"  # the server takes it, the acknowledgement never reaches the page by itself
    PENDING = "pending"  # the page keeps it and sends it once it can
    NETWORK = "network"  # the page keeps it and gives up on it
    LOST = "lost"  # the page does not even keep it
    REFUSED = "refused"


@dataclass
class Stored:
    """A message in the database of a login's pages."""

    ack: int = 0
    browser_run: str = ""  # whose page sends it while it has no ack; "" for none
    revoked: bool = False


@dataclass
class Pages:
    """One tenant's browser runs, one after the other, and what their database and the server keep."""

    server: set[str] = field(default_factory=set)  # keys it took
    stores: dict[str, dict[str, Stored]] = field(default_factory=dict)  # by login, then by key
    told: list[tuple[str, int]] = field(default_factory=list)  # acknowledgements on their way
    answered: dict[tuple[str, str], Found | None] = field(default_factory=dict)  # by run and key: what its page said
    given: set[tuple[str, str]] = field(default_factory=set)  # runs and keys that were handed over to them
    runs: int = 0
    login_id: str = "login-1"
    channel: Channel | None = None
    fate: Fate = Fate.ACKNOWLEDGED
    hand_over_fails: bool = False  # it happens all the same
    page_silent: bool = False
    makes_no_keys: bool = False  # though it is READY
    made: int = 0
    limits: Limits = field(default_factory=Limits)
    refusal: str = ""  # the code of what the server refuses
    asked_limits: int = 0
    persisted: dict[str, str] = field(default_factory=dict)  # keys that stood in the ledger, and their uploads

    # What happens.

    def lose_store(self) -> None:
        """The page forgets every message."""
        self.stores[self.login_id] = {}

    def send_pending(self) -> None:
        """The page that took them sends what it could not send before. A later page does not, as the real one."""
        for key, stored in self._store.items():
            if stored.ack == 0 and stored.browser_run == self._run:
                self._take(key)

    def revoke(self) -> None:
        """The owner deletes for everyone, on the phone, what went out."""
        for key in self.server & self._store.keys():
            self._store[key].revoked = True

    # The page.

    @property
    def _store(self) -> dict[str, Stored]:
        return self.stores.setdefault(self.login_id, {})

    @property
    def _run(self) -> str:
        return f"run-{self.runs}"

    def answer_of_page(self, call: do.PageCall) -> on.Answer:
        dead = self.channel is None or call.browser_run != self.channel.browser_run
        if dead or (self.page_silent and not isinstance(call, do.Resend)):
            return on.EngineFailed("PAGE_FAILED")
        match call:
            case do.Prepare() if self.makes_no_keys:
                return on.EngineFailed("ENGINE_FAILED")
            case do.Prepare():
                self.made += 1
                return on.KeyMade(Prepared("c", f"key-{self.made}"))
            case do.AskLimits():
                self.asked_limits += 1
                return on.LimitsTold(self.limits)
            case do.LookUp(browser_run, prepared):
                found = self.answered[browser_run, prepared.key] = self._look_up(prepared.key)
                return on.LookedUp(found)
            case do.Resend(browser_run, prepared):
                self._check_resend(browser_run, prepared.key)
                self._send(prepared.key)
                return on.EngineFailed("PAGE_FAILED") if self.hand_over_fails else on.SentAgain()

    def hand_over(self, call: do.HandOver) -> on.HandOverEnded:
        key = call.prepared.key
        if self.channel is not None and call.browser_run != self.channel.browser_run:
            return on.HandOverEnded(key, None, "PAGE_FAILED")
        self._check_hand_over(call.browser_run, key)
        if call.outgoing.upload != self.persisted[key]:
            raise RuleBroken("handed over with another upload than the one that was persisted")
        known = key in self._store
        if not known:
            self._send(key)
        if self.hand_over_fails:
            return on.HandOverEnded(key, None, "PAGE_FAILED")
        return on.HandOverEnded(key, Handed.KNOWN if known else Handed.TAKEN)

    def _look_up(self, key: str) -> Found | None:
        stored = self._store.get(key)
        if stored is None:
            return None
        if stored.revoked:
            return Found(1, revoked=True)
        return Found(stored.ack, unsent=stored.ack < 0 or (stored.ack == 0 and stored.browser_run != self._run))

    def _send(self, key: str) -> None:
        """What the page does with a message that it was handed, or told to send again."""
        copy = key in self._store
        if key in self.server and self.fate is not Fate.REFUSED:
            self._take(key)  # a server that has it acknowledges a further copy
            return
        match self.fate:
            case Fate.ACKNOWLEDGED:
                self._take(key)
            case Fate.SILENT:
                self.server.add(key)
                self._store[key] = Stored(0, self._run)
            case Fate.PENDING:
                self._store[key] = Stored(0, self._run)
            case Fate.NETWORK:
                self._store[key] = Stored(0)
            case Fate.REFUSED:
                self._store[key] = Stored(-1)
                self.told.append((key, -2 if copy or key in self.server else -1))

    def _take(self, key: str) -> None:
        self.server.add(key)
        self._store[key] = Stored(1, self._run)
        self.told.append((key, 1))

    # The rules.

    def _check_resend(self, browser_run: str, key: str) -> None:
        """Only what this very page has said to hold unsent, since it was last told to send it."""
        found = self.answered.pop((browser_run, key), None)
        if found is None or not found.unsent:
            raise RuleBroken(f"{key} sent again on {browser_run}, which did not say that it holds it unsent")
        self._check_not_revoked(key)

    def _check_hand_over(self, browser_run: str, key: str) -> None:
        if (browser_run, key) in self.given:
            raise RuleBroken(f"{key} handed over twice on {browser_run}")
        self.given.add((browser_run, key))
        self._check_not_revoked(key)

    def _check_not_revoked(self, key: str) -> None:
        stored = self._store.get(key)
        if stored is not None and stored.revoked:
            raise RuleBroken(f"{key} sent again, which the owner deleted for everyone")
