"""How the stand-in behaves: delays, switches and the page's weight. Changed at run time through the control API."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace

from simulator.errors import BadRequest

BUILD = re.compile(r"\d+\.\d+\.\d+")
"""How a build of WhatsApp Web is written; the last number is its revision."""


_MEDIA_LIMIT = 16 << 20
_DOCUMENT_LIMIT = 2000 << 20
"""What WhatsApp Web has in its code; its server may raise them."""


@dataclass(frozen=True, slots=True)
class Settings:
    """One immutable set of settings; `changed` gives the next one.

    Attributes:
        qr_first_ms: life of a device's first QR code.
        qr_next_ms: life of each further code.
        qr_count: codes handed out before the page goes idle.
        pairing_code_ms: life of a code for linking with a phone number.
        sync_ms: from the scan to MAIN.
        resume_ms: a linked page becomes MAIN no sooner than this after its start; what it missed arrives then.
        ack_ms: the server's ack (1) after a send.
        delivered_ms: the recipient's device has it (ack 2), after the server accepted it.
        read_ms: the recipient has read it (ack 3), after the server accepted it.
        auto_read: recipients read by themselves.
        dedupe: a second copy of an id isn't shown to the recipient again.
        page_resends: the page sends what is left at ack 0 again by itself, also after a reload; the real one doesn't.
        resend_ms: how often such a page looks for messages left at ack 0.
        reconnect_ms: how long a page waits before it tries to connect again.
        startup_events: what a page takes in while it starts is told by events too; the real one is silent then.
        reload_above: with more messages waiting than that, an open page reloads itself and takes them in as it starts.
        resent_ms: how long the phone takes to send again what a page has an empty placeholder of.
        web_version: the build that is served; pages that have another one are told so when they ask.
        update_hard: they are told to reload, not just that there is a newer one.
        hard_reload_ms: how long a page that is told to reload waits.
        version_poll_ms: how often a page asks; milliseconds, every half hour on the real site.
        refused_versions: builds that are refused at the login; their pages reload at once.
        missing: names that a build lacks, by build: "Module", "Module.export" or "Module.export.member".
        history_messages: how many recent messages a newly linked device is given.
        modules: dummy modules registered besides the real ones.
        heap_mb: ballast in the page's JavaScript heap.
        edit_window_s: how long what was sent can be written anew.
        revoke_window_s: how long it can be deleted for everyone.
        upload_in_worker: WhatsApp's switch by which uploads go into a web worker; there they never answer.
        upload_limits: bytes of one upload, by media type, where they differ from WhatsApp's own.
        reencode_images: pages make smaller JPEGs of pictures, as the real one does; else they keep the bytes.
        not_on_whatsapp_prefix: numbers that begin so aren't on WhatsApp; empty for none.
    """

    qr_first_ms: int = 60_000
    qr_next_ms: int = 20_000
    qr_count: int = 6
    pairing_code_ms: int = 180_000
    sync_ms: int = 1_000
    resume_ms: int = 1_200
    ack_ms: int = 20
    delivered_ms: int = 300
    read_ms: int = 1_500
    auto_read: bool = True
    dedupe: bool = True
    page_resends: bool = False
    resend_ms: int = 5_000
    reconnect_ms: int = 500
    startup_events: bool = False
    reload_above: int = 1_000
    resent_ms: int = 100
    web_version: str = "2.3000.1044822804"
    update_hard: bool = False
    hard_reload_ms: int = 60_000
    version_poll_ms: int = 1_800_000
    refused_versions: list[str] = field(default_factory=list)
    missing: dict[str, list[str]] = field(default_factory=dict)
    history_messages: int = 500
    modules: int = 0
    heap_mb: int = 0
    edit_window_s: int = 1_200
    revoke_window_s: int = 216_000
    upload_in_worker: bool = False
    upload_limits: dict[str, int] = field(default_factory=dict)
    reencode_images: bool = False
    not_on_whatsapp_prefix: str = ""

    def changed(self, changes: Mapping[str, object]) -> Settings:
        """Return these settings with some of them changed.

        Raises:
            BadRequest: an unknown name, a wrong type or a negative figure.
        """
        known = {field.name: getattr(self, field.name) for field in fields(self)}
        for name, value in changes.items():
            if name not in known:
                raise BadRequest(f"unknown setting: {name}")
            if type(value) is not type(known[name]):
                raise BadRequest(f"{name} must be of type {type(known[name]).__name__}")
            if isinstance(value, int) and value < 0:
                raise BadRequest(f"{name} must not be negative")
        _check_builds(changes)
        _check_limits(changes)
        return replace(self, **changes)  # type: ignore[arg-type]

    def upload_limit(self, media_type: str) -> int:
        """Return how many bytes one upload of a type may have."""
        default = _DOCUMENT_LIMIT if media_type == "document" else _MEDIA_LIMIT
        return self.upload_limits.get(media_type, default)

    def as_dict(self) -> dict[str, object]:
        """Return the settings as a JSON object."""
        return asdict(self)

    def for_page(self) -> dict[str, object]:
        """Return the settings that a page acts on by itself."""
        return {
            "sync_ms": self.sync_ms,
            "resume_ms": self.resume_ms,
            "page_resends": self.page_resends,
            "resend_ms": self.resend_ms,
            "reconnect_ms": self.reconnect_ms,
            "startup_events": self.startup_events,
            "reload_above": self.reload_above,
            "version_poll_ms": self.version_poll_ms,
            "hard_reload_ms": self.hard_reload_ms,
            "edit_window_s": self.edit_window_s,
            "upload_in_worker": self.upload_in_worker,
            "upload_limits": self.upload_limits,
            "reencode_images": self.reencode_images,
        }


def _check_limits(changes: Mapping[str, object]) -> None:
    """Refuse limits that aren't numbers of bytes by type. Raises BadRequest."""
    limits = changes.get("upload_limits")
    sizes = list(limits.values()) if isinstance(limits, dict) else []
    if not all(type(size) is int and size > 0 for size in sizes):
        raise BadRequest("upload_limits has a number of bytes for each media type")


def _check_builds(changes: Mapping[str, object]) -> None:
    """Refuse what isn't a build or a list of names where one has to stand. Raises BadRequest."""
    missing = changes.get("missing")
    refused = changes.get("refused_versions")
    lists = list(missing.values()) if isinstance(missing, dict) else []
    if isinstance(refused, list):
        lists.append(refused)
    if not all(isinstance(names, list) and all(isinstance(name, str) for name in names) for names in lists):
        raise BadRequest("refused_versions is a list of builds, missing has a list of names for each build")
    builds = list(missing) if isinstance(missing, dict) else []
    builds += [changes["web_version"]] if "web_version" in changes else []
    builds += refused if isinstance(refused, list) else []
    if not all(BUILD.fullmatch(str(build)) for build in builds):
        raise BadRequest("a build is three numbers with dots between, as 2.3000.1044822804")
