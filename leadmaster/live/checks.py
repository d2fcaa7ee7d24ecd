"""How each step of the checklist is carried out: what is asked of the session, and what is asked of the person."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from leadmaster.live.findings import CodeLife, Finding, Verdict, of_codes, of_linking
from leadmaster.live.person import Person, Skipped
from leadmaster.live.session import LiveSession
from leadmaster.whatsapp.versions import served_build
from session_worker.engine.versions.builds import is_supported
from session_worker.engine.versions.bundles import BundleStore, facts
from session_worker.worker.memory import tree_pss_mib
from session_worker.worker.process_title import workers
from shared.instant import from_iso, now_ms
from shared.settings import Settings

_CODE_S, _CODES_S, _LINK_S, _READY_S = 120.0, 95.0, 300.0, 240.0
_DELIVERED_S, _RECEIVED_S, _SETTLED_S, _DOWN_S, _UNLINKED_S = 60.0, 180.0, 180.0, 60.0, 120.0
_WENT_OUT = ("sent", "delivered", "read")


@dataclass(frozen=True, slots=True)
class Live:
    """What the steps work with. to: the second phone, canonical digits. mark: stands in each text that is sent."""

    settings: Settings
    cliente_id: int
    session: LiveSession
    person: Person
    to: str
    mark: str


def new_mark() -> str:
    """By which the person tells the texts of this run from others."""
    return f"LeadMaster {secrets.token_hex(2)}"


def site(live: Live) -> Finding:
    """Asks the site for its build."""
    build = served_build(live.settings.whatsapp_web_url)
    if build is None:
        return Finding(Verdict.OTHERWISE, ("it names no build, or does not answer",))
    said = facts(BundleStore(live.settings.whatsapp_dir).find(live.settings.wa_js_path, f"cliente_{live.cliente_id}"))
    good = is_supported(build, said.supported) is not False
    seen = (f"serves {build}", f"wa-js {said.version} is made for {said.supported or 'it does not say'}")
    return Finding(Verdict.AS_ASSUMED if good else Verdict.OTHERWISE, seen)


def code(live: Live) -> Finding:
    """Watches codes being replaced."""
    _skip_if_linked(live)
    live.session.connect()
    if not live.session.until(lambda: live.session.status()["qr_string"], _CODE_S):
        return _unexpected(live, "no code was shown")
    lives: list[CodeLife] = []
    shown, since, told_s = "", time.monotonic(), 0.0
    deadline = time.monotonic() + _CODES_S

    def two_replaced() -> bool:
        nonlocal shown, since, told_s
        answer = live.session.status()
        now_code = str(answer["qr_string"] or "")
        if now_code and now_code != shown:
            now = time.monotonic()
            if shown:
                lives.append(CodeLife(told_s, now - since))
            shown, since = now_code, now
            told_s = ((from_iso(str(answer["qr_expires_at"])) if answer["qr_expires_at"] else 0) - now_ms()) / 1000
        return len(lives) >= 2

    try:
        live.session.until(two_replaced, deadline - time.monotonic(), may_skip=True)
    except Skipped:
        if not lives:
            raise
    return of_codes(lives)


def link(live: Live) -> Finding:
    """Draws codes until the phone has scanned one and the session is READY."""
    _skip_if_linked(live)
    live.session.connect()
    drawn = ""

    def is_linked() -> bool:
        nonlocal drawn
        answer = live.session.status()
        shown = str(answer["qr_string"] or "")
        if shown and shown != drawn:
            drawn = shown
            live.person.screen.code(live.session.draw_code().rstrip("\n").splitlines())
        return live.session.is_ready()

    if not live.session.until(is_linked, _LINK_S, may_skip=True):
        return _unexpected(live, "not READY")
    return of_linking(live.session.trace)


def send(live: Live) -> Finding:
    """Sends one, follows its receipts, asks what the phone shows."""
    message_id = live.session.send(live.to, f"{live.mark} · 1")
    live.session.until(lambda: live.session.message(message_id)["status"] in ("delivered", "read"), _DELIVERED_S)
    message = live.session.message(message_id)
    seen = [_after("sent", message, "sent_at"), _after("delivered", message, "delivered_at")]
    copies = live.person.count(f"How many times does the second phone show “{live.mark} · 1”?")
    good = message["status"] in ("delivered", "read") and copies == 1
    return Finding(Verdict.AS_ASSUMED if good else Verdict.OTHERWISE, (*seen, f"{copies} copies"))


def receive(live: Live) -> Finding:
    """Waits for a message from the second phone."""
    before = set(live.session.received())
    new: dict[str, str] | None = live.session.until(lambda: _new(live, before), _RECEIVED_S, may_skip=True)
    if not new:
        return _unexpected(live, "nothing was recorded")
    return Finding(Verdict.AS_ASSUMED, (_sender(next(iter(new.values())), live.to),))


def unseen(live: Live) -> Finding:
    """Answers, and asks what the second phone shows of it."""
    message_id = live.session.send(live.to, f"{live.mark} · 2")
    if not live.session.until(lambda: live.session.settled(message_id), _SETTLED_S):
        return _unexpected(live, "the answer was not sent")
    ticks = live.person.is_so("Does the second phone show blue ticks under what it wrote?")
    online = live.person.is_so("Does it show the first phone's account as online, or did it just now?")
    seen = (f"blue ticks: {_yes(ticks)}", f"online: {_yes(online)}")
    return Finding(Verdict.OTHERWISE if ticks or online else Verdict.AS_ASSUMED, seen)


def down(live: Live) -> Finding:
    """Ends the browser, has two messages written, starts it again."""
    before = set(live.session.received())
    with _browser_down(live):
        live.person.confirm("The browser is down. On the second phone, write two messages to the first")
    came_back = _start_browser(live)
    new = live.session.until(lambda: len(_new(live, before)) >= 2, _RECEIVED_S)
    count = len(_new(live, before))
    good = came_back.verdict is Verdict.AS_ASSUMED and new
    return Finding(Verdict.AS_ASSUMED if good else Verdict.OTHERWISE, (*came_back.facts, f"{count} of 2 recorded"))


def restart(live: Live) -> Finding:
    """Restarts the browser in the midst of a send."""
    message_id = live.session.send(live.to, f"{live.mark} · 3")
    live.session.restart()
    message: dict[str, Any] | None = live.session.until(lambda: live.session.settled(message_id), _SETTLED_S)
    live.session.until(live.session.is_ready, _READY_S)
    status = message["status"] if message else "open"
    copies = live.person.count(f"How many times does the second phone show “{live.mark} · 3”?")
    good = status in _WENT_OUT and copies == 1
    return Finding(Verdict.AS_ASSUMED if good else Verdict.OTHERWISE, (f"status {status}", f"{copies} copies"))


def revoked(live: Live) -> Finding:
    """Has a message deleted while no browser runs."""
    message_id = live.session.send(live.to, f"{live.mark} · 4")
    if not live.session.until(lambda: live.session.settled(message_id), _SETTLED_S):
        return _unexpected(live, "the message was not sent")
    with _browser_down(live):
        live.person.confirm(f"The browser is down. On the first phone, delete “{live.mark} · 4” for everyone")
    came_back = _start_browser(live)
    again = live.person.is_so("Does the second phone show it again?")
    status = live.session.message(message_id)["status"]
    good = not again and status in _WENT_OUT and came_back.verdict is Verdict.AS_ASSUMED
    seen = (*came_back.facts, f"status {status}", f"sent again: {_yes(again)}")
    return Finding(Verdict.AS_ASSUMED if good else Verdict.OTHERWISE, seen)


def memory(live: Live) -> Finding:
    """Measures the worker and all below it."""
    try:
        store_id = (live.settings.profiles_dir / "store_id").read_text("ascii").strip()
    except OSError:
        store_id = ""
    pids = [worker.pid for worker in workers(store_id) if worker.cliente_id == live.cliente_id]
    if not pids:
        return Finding(Verdict.SKIPPED, ("its worker is not on this machine",))
    mib = tree_pss_mib(pids[0])
    limit = live.settings.session_memory_limit_mib
    good = not limit or mib < limit
    return Finding(Verdict.AS_ASSUMED if good else Verdict.OTHERWISE, (f"{mib} MiB of {limit}",))


def unlink(live: Live) -> Finding:
    """Waits for the phone to remove the device."""
    began = time.monotonic()

    def is_noticed() -> bool:
        return bool(live.session.status()["status"] == "QR_REQUIRED")

    if not live.session.until(is_noticed, _UNLINKED_S, may_skip=True):
        return _unexpected(live, "no new code is shown")
    told = any(moment.error_code == "LOGGED_OUT" for moment in live.session.trace)
    seen = (f"a new code {time.monotonic() - began:.0f} s after it was asked for", f"LOGGED_OUT told: {_yes(told)}")
    return Finding(Verdict.AS_ASSUMED if told else Verdict.OTHERWISE, seen)


CHECKS: dict[str, Callable[[Live], Finding]] = {
    "site": site,
    "code": code,
    "link": link,
    "send": send,
    "receive": receive,
    "unseen": unseen,
    "down": down,
    "restart": restart,
    "revoked": revoked,
    "memory": memory,
    "unlink": unlink,
}
NEED_READY = frozenset(CHECKS) - {"site", "code", "link"}


def _skip_if_linked(live: Live) -> None:
    """Raises Skipped."""
    if live.session.is_ready():
        raise Skipped


@contextmanager
def _browser_down(live: Live) -> Iterator[None]:
    """Ends the browser; whoever leaves by an exception leaves a session that is started again."""
    live.session.end()
    try:
        live.session.until(live.session.is_down, _DOWN_S)
        yield
    except BaseException:  # Ctrl-C as well; it is raised on
        live.session.connect()
        raise


def _start_browser(live: Live) -> Finding:
    """As assumed where the session is READY again and asked for no code."""
    began, past = time.monotonic(), len(live.session.trace)
    live.session.connect()
    ready = live.session.until(live.session.is_ready, _READY_S)
    asked = any(moment.status == "QR_REQUIRED" for moment in live.session.trace[past:])
    seen = (f"READY after {time.monotonic() - began:.0f} s" if ready else "not READY again", f"new code: {_yes(asked)}")
    return Finding(Verdict.AS_ASSUMED if ready and not asked else Verdict.OTHERWISE, seen)


def _new(live: Live, before: set[str]) -> dict[str, str]:
    return {key: sender for key, sender in live.session.received().items() if key not in before}


def _sender(sender: str, expected: str) -> str:
    if sender.endswith("@lid"):
        return "its sender is a LID, no number is known"
    return "its sender is the second phone's number" if sender == expected else "its sender is another number"


def _unexpected(live: Live, what: str) -> Finding:
    answer = live.session.status()
    error = str(answer["last_error_code"] or "no error")
    return Finding(Verdict.OTHERWISE, (what, f"status {answer['status']}", error))


def _after(name: str, message: dict[str, Any], field: str) -> str:
    if not message[field]:
        return f"not {name}"
    return f"{name} after {(from_iso(str(message[field])) - from_iso(str(message['accepted_at']))) / 1000:.1f} s"


def _yes(seen: bool) -> str:
    return "yes" if seen else "no"
