"""What the page's events mean: translates the bridge's into the port's and keeps what outlives a navigation.

Pure: no browser, no clock, no I/O. What a stream mode means to a session is not for this file to say.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from session_worker.engine.heard import Heard
from session_worker.engine.playwright_adapter.change_facts import deletion_of, edit_of, reaction_of, vote_of
from session_worker.engine.playwright_adapter.message_facts import Facts, canonical_digits, message_of
from session_worker.engine.port import (
    AckSeen,
    EngineEvent,
    Found,
    Limits,
    LoggedOut,
    MissingName,
    Observation,
    PageChanged,
    PageReloaded,
    ProbeReport,
    RowsHinted,
    StreamMode,
)
from shared.builds.verdict import Capability

_READ = 3  # WhatsApp counts further (played, peer); for us that is read
_REFUSED = -1  # … and knows several ways to refuse
_COPY_REFUSED = -2  # the bridge's own word
# What was heard, by the word that it is told with; the facts stand under the same word.
_HEARD: Mapping[str, Callable[[Facts], Heard | None]] = {
    "message": message_of,
    "edit": edit_of,
    "deletion": deletion_of,
    "reaction": reaction_of,
    "vote": vote_of,
}
_LOGOUT_REASONS_BY_CODE = {"3": "account_locked"}


class PageInterpreter:
    """Follows one page through its navigations.

    A problem that the page told once (a ban, a locked account, broken storage) stays in every observation until the
    device is linked anew. A logout is told once per pairing, though page and address both tell it.
    """

    def __init__(self) -> None:
        self._problem: str | None = None
        self._registered = False
        self._logout_reason: str | None = None
        self._logout_told = False
        self._documents = 0

    def events(self, told: Mapping[str, Any]) -> list[EngineEvent]:
        """What one bridge event means to a session; may be nothing."""
        kind = told["kind"]
        if kind == "observation":
            return [PageChanged(self.observation(told["observation"]))]
        if kind == "ack":
            ack = int(told["ack"])
            return [AckSeen(str(told["key"]), ack if ack == _COPY_REFUSED else clamped_ack(ack), str(told["refusal"]))]
        if kind in _HEARD:
            heard = _HEARD[kind](told[kind])
            return [] if heard is None else [heard]
        if kind == "rows":
            return [RowsHinted(str(told["cause"]))]
        if kind == "problem":
            self._problem = str(told["code"])
        elif kind == "logout_reason":
            self._logout_reason = str(told["reason"])
        elif kind == "logged_out":
            return self._logged_out()
        elif kind == "document":
            return self._new_document(str(told["address"]))
        return []

    def navigated(self, url: str) -> list[EngineEvent]:
        """What a navigation of the top frame means: WhatsApp's page leaves for `post_logout=1` when it was unlinked."""
        query = parse_qs(urlsplit(url).query)
        if not _is_logout(url):
            return []
        code = query.get("logout_reason", [""])[0]
        if self._logout_reason is None and code in _LOGOUT_REASONS_BY_CODE:
            self._logout_reason = _LOGOUT_REASONS_BY_CODE[code]
        return self._logged_out()

    def observation(self, told: Mapping[str, Any]) -> Observation:
        """The page's own observation in the port's words."""
        registered = bool(told["registered"])
        if registered and not self._registered:
            self._logout_told, self._logout_reason = False, None
            self._problem = None
        self._registered = registered
        number = _own_number(told["own_number"])
        return Observation(
            loaded=bool(told["loaded"]),
            registered=registered,
            mode=_mode(str(told["mode"])),
            socket=str(told["socket"]),
            online=bool(told["online"]),
            code=told["code"],
            code_expires_at_ms=told["code_expires_at_ms"],
            phone_number=number,
            push_name=told["push_name"],
            pairing_id=pairing_id(number, told["identity_key"]),
            web_version=told["web_version"],
            progress=int(told["progress"]),
            problem=self._problem or told["problem"],
        )

    def _new_document(self, url: str) -> list[EngineEvent]:
        """The first document is ours; every other is the page's own doing."""
        self._documents += 1
        return [PageReloaded()] if self._documents > 1 and not _is_logout(url) else []

    def _logged_out(self) -> list[EngineEvent]:
        if self._logout_told:
            return []
        self._logout_told = True
        return [LoggedOut(self._logout_reason or "unknown")]


def pairing_id(number: str | None, identity_key: str | None) -> str | None:
    """Names one pairing: a digest of the phone's number and the public half of this device's identity key.

    WhatsApp Web makes that key before it shows a code, keeps it in the same IndexedDB as the login, has the phone sign
    it while linking and wipes it at a logout. So the name lives and dies with the login itself, in one place: it is
    there after a restart or kill -9 if and only if the login is, and a phone linked anew gets another. A random value
    in a file of ours could outlive a lost login, or miss one that was stored just before a kill.
    """
    if number is None or identity_key is None:
        return None
    return hashlib.sha256(f"{number}:{identity_key}".encode()).hexdigest()[:24]


def probe_report(told: Mapping[str, Any]) -> ProbeReport:
    """The bridge's own report in the port's words."""
    return ProbeReport(
        web_version=told["web_version"],
        wa_js_version=told["wa_js_version"],
        age_ms=int(told["age_ms"]),
        full_ready_ms=told["full_ready_ms"],
        missing=tuple(
            MissingName(str(one["name"]), Capability(one["capability"]), str(one["fault"]), bool(one["has_fallback"]))
            for one in told["missing"]
        ),
        complaints=tuple(str(one) for one in told["complaints"]),
    )


def _is_logout(url: str) -> bool:
    return parse_qs(urlsplit(url).query).get("post_logout") == ["1"]


def clamped_ack(ack: int) -> int:
    """WhatsApp's ack in the port's range."""
    return max(_REFUSED, min(ack, _READ))


def found(told: Mapping[str, Any]) -> Found:
    """A message of the page's database in the port's words."""
    return Found(clamped_ack(int(told["ack"])), bool(told["unsent"]), bool(told["revoked"]))


def limits(told: Mapping[str, Any]) -> Limits:
    """What WhatsApp allows, in the port's words."""
    allowed = told["new_chats_allowed"]
    return Limits(
        time_lock_until_ms=int(told["time_lock_until_ms"]),
        new_chats_allowed=None if allowed is None else int(allowed),
        new_chats_used=int(told["new_chats_used"]),
        cycle_ends_ms=int(told["cycle_ends_ms"]),
    )


def _own_number(told: str | None) -> str | None:
    """The linked phone's canonical digits."""
    return None if told is None else canonical_digits(told)


def _mode(word: str) -> StreamMode:
    try:
        return StreamMode(word)
    except ValueError:
        return StreamMode.OTHER
