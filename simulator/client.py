"""A synchronous client of the control API, for tests, demos and benchmarks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self

import httpx

JsonObject = dict[str, Any]


class ControlError(Exception):
    """The simulator refused a request.

    Attributes:
        code: as in the answer's `error`.
        status: HTTP status.
    """

    def __init__(self, code: str, message: str, status: int) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.status = status


class SimulatorClient:
    """The control API of one simulator; every method raises `ControlError` when the simulator refuses."""

    def __init__(self, base_url: str, timeout_seconds: float = 30.0) -> None:
        self._http = httpx.Client(base_url=base_url, timeout=timeout_seconds)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections to the simulator."""
        self._http.close()

    def health(self) -> JsonObject:
        """Return `{"ok", "phones", "pages_online"}`."""
        return self._object("GET", "/control/health")

    def put_phone(self, number: str, name: str | None = None, *, lid: bool | None = None) -> JsonObject:
        """Create a phone, or change what is given of it."""
        return self._object("POST", "/control/phones", {"number": number, "name": name, "lid": lid})

    def phones(self) -> list[JsonObject]:
        """List all phones."""
        return self._list("GET", "/control/phones")

    def phone(self, number: str) -> JsonObject:
        """Return one phone with its linked devices."""
        return self._object("GET", f"/control/phones/{number}")

    def devices(self) -> list[JsonObject]:
        """List linked devices and waiting pages; a waiting one has `auth_code`."""
        return self._list("GET", "/control/devices")

    def scan(self, number: str, qr: str | None = None, *, ref: str | None = None, device_id: str | None = None) -> str:
        """Let a phone scan a code (full text, ref alone, or whatever a device shows); return the device's id."""
        body = {"qr": qr, "ref": ref, "device_id": device_id}
        wanted = {name: value for name, value in body.items() if value is not None}
        return str(self._object("POST", f"/control/phones/{number}/scan", wanted)["device_id"])

    def enter_pairing_code(self, number: str, code: str) -> str:
        """Type a pairing code on a phone; return the device's id."""
        return str(self._object("POST", f"/control/phones/{number}/pairing-code", {"code": code})["device_id"])

    def log_out(self, number: str, device_id: str | None = None) -> list[str]:
        """Log a device out on the phone, or all of them; return the ids."""
        answer = self._object("POST", f"/control/phones/{number}/logout", {"device_id": device_id})
        return [str(one) for one in answer["logged_out"]]

    def inbound(self, number: str, sender: str, body: str) -> JsonObject:
        """Let a contact write to a phone; return `{"id", "key", "seq"}`."""
        return self._object("POST", f"/control/phones/{number}/inbound", {"from": sender, "body": body})

    def lead(self, number: str, sender: str, body: str, ctwa_context: JsonObject | None = None) -> JsonObject:
        """Let somebody who came from an ad write; pages get an empty placeholder until they ask the phone."""
        given = {"from": sender, "body": body, "ctwa_context": ctwa_context}
        return self._object("POST", f"/control/phones/{number}/lead", given)

    def put_limits(self, number: str, **limits: int | str | None) -> JsonObject:
        """Say how much a phone may write to new chats; return all of it.

        limits: `time_lock_ends`, `cycle_ends` (seconds since the epoch), `enforcement_type`, `total_quota`,
        `used_quota`; None lifts the lock (`time_lock_ends`) or the cap (`total_quota`).
        """
        return self._object("PUT", f"/control/phones/{number}/limits", dict(limits))

    def own(self, number: str, to: str, body: str) -> JsonObject:
        """Write on the phone itself; return `{"id", "key", "seq"}`."""
        return self._object("POST", f"/control/phones/{number}/own", {"to": to, "body": body})

    def receive(
        self,
        number: str,
        sender: str,
        type: str = "chat",
        text: str | None = None,
        *,
        group: str | None = None,
        from_me: bool = False,
        quotes: str | None = None,
        size: int | None = None,
        media: str | None = None,
        silent: bool = False,
        placeholder: bool = False,
        tells_number: bool = False,
        **fields: object,
    ) -> JsonObject:
        """Let a message of any type come in; return `{"id", "key", "seq"}`, and `media` where it has bytes.

        sender: a number; of what the owner writes (`from_me`), that of the chat. type: WhatsApp's word; what such a
        message carries is filled in. text: what is written, over media their caption. group: a wid. quotes: a key.
        size: of bytes to be made; media: an id of `put_media` instead. silent: stored without any event. placeholder:
        empty until the page asks the phone. tells_number: the page learns the number behind a LID. fields: by
        WhatsApp's names.
        """
        given = {
            "from": sender,
            "type": type,
            "text": text,
            "group": group,
            "from_me": from_me,
            "quotes": quotes,
            "size": size,
            "media": media,
            "silent": silent,
            "placeholder": placeholder,
            "tells_number": tells_number,
            "fields": fields,
        }
        return self._object("POST", f"/control/phones/{number}/receive", given)

    def react(
        self,
        number: str,
        key: str,
        emoji: str,
        *,
        sender: str | None = None,
        from_me: bool = False,
        silent: bool = False,
    ) -> JsonObject:
        """Let somebody (in a chat of two the contact) put an emoji to a message; an empty one takes it back."""
        given = {"key": key, "emoji": emoji, "from": sender, "from_me": from_me, "silent": silent}
        return self._object("POST", f"/control/phones/{number}/react", given)

    def vote(
        self,
        number: str,
        key: str,
        options: Sequence[str | int],
        *,
        sender: str | None = None,
        from_me: bool = False,
        silent: bool = False,
    ) -> JsonObject:
        """Let somebody vote in a poll: all that is chosen now, by name or place; none takes the vote back."""
        given = {"key": key, "options": list(options), "from": sender, "from_me": from_me, "silent": silent}
        return self._object("POST", f"/control/phones/{number}/vote", given)

    def edit(self, number: str, key: str, text: str, *, silent: bool = False) -> JsonObject:
        """Let who wrote a message write it anew; return `{"id", "key"}` of the edit."""
        return self._object("POST", f"/control/phones/{number}/edit", {"key": key, "text": text, "silent": silent})

    def revoke(self, number: str, key: str, *, by_admin: bool = False, silent: bool = False) -> JsonObject:
        """Let who wrote a message delete it for everyone; return `{"id", "key"}`, what it goes by from now on."""
        given = {"key": key, "by_admin": by_admin, "silent": silent}
        return self._object("POST", f"/control/phones/{number}/revoke", given)

    def put_media(self, content: bytes, mimetype: str) -> JsonObject:
        """Keep bytes for messages; return them as `media` does."""
        response = self._http.post("/control/media", content=content, headers={"Content-Type": mimetype})
        return self._checked(response).json()  # type: ignore[no-any-return]

    def media(self, media: str) -> JsonObject:
        """Return what is known of a message's bytes, how often they were uploaded and downloaded too."""
        return self._object("GET", f"/control/media/{media}")

    def media_content(self, media: str) -> bytes:
        """Return a message's bytes."""
        return self._request("GET", f"/control/media/{media}/content", None, None).content

    def expire_media(self, media: str, *, on_phone: bool = True) -> JsonObject:
        """Let WhatsApp lose a message's bytes; on_phone: the phone still has them."""
        return self._object("PUT", f"/control/media/{media}", {"gone": True, "on_phone": on_phone})

    def upload_again(self, media: str) -> JsonObject:
        """Let the phone upload a message's bytes again."""
        return self._object("POST", f"/control/media/{media}/upload")

    def read(self, number: str, to: str, *, reader: str | None = None) -> int:
        """Let a contact (in a group all, or `reader`) read all that a phone sent there; return how much that was."""
        given = {"to": to, "from": reader}
        return int(self._object("POST", f"/control/phones/{number}/read", given)["read"])

    def messages(
        self, number: str, *, to: str | None = None, after_seq: int = 0, limit: int | None = None
    ) -> list[JsonObject]:
        """List a phone's messages in order of acceptance."""
        query = {"to": to, "after_seq": after_seq, "limit": limit}
        return self._list("GET", f"/control/phones/{number}/messages", query=query)

    def chats(self, number: str) -> list[JsonObject]:
        """List a phone's chats, the most recent first."""
        return self._list("GET", f"/control/phones/{number}/chats")

    def record(self, after_seq: int = 0) -> list[JsonObject]:
        """List the messages of all phones in order of acceptance."""
        return self._list("GET", "/control/record", query={"after_seq": after_seq})

    def record_csv(self, after_seq: int = 0) -> str:
        """Return the record of all phones as CSV."""
        return self._request("GET", "/control/record", None, {"after_seq": after_seq, "format": "csv"}).text

    def counts(self) -> dict[str, dict[str, int]]:
        """Return per phone: accepted, copies, recipient_copies, delivered, read, inbound."""
        return self._object("GET", "/control/counts")

    def put_number(
        self,
        number: str,
        *,
        exists: bool | None = None,
        lid: bool | None = None,
        name: str | None = None,
        picture: str | None = None,
        hides_picture: bool | None = None,
        business: bool | None = None,
    ) -> JsonObject:
        """Say what is special about a number; what is None stays as it was.

        picture: an id of `put_media`, "" for none.
        """
        given = {"exists": exists, "lid": lid, "name": name, "picture": picture}
        given |= {"hides_picture": hides_picture, "business": business}
        return self._object("PUT", f"/control/numbers/{number}", given)

    def add_group(
        self,
        subject: str,
        members: Sequence[str] | Mapping[str, str],
        *,
        id: str | None = None,
        lid: bool = False,
        description: str = "",
        announce: bool = False,
    ) -> JsonObject:
        """Make a group of these numbers, or of roles by number; return it with its `id`.

        Roles: `member`, `admin`, `superadmin`. lid: its members go by LIDs. announce: only admins write.
        """
        given = {"subject": subject, "members": _members(members), "id": id, "lid": lid}
        return self._object("POST", "/control/groups", given | {"description": description, "announce": announce})

    def change_group(
        self, id: str, *, members: Sequence[str] | Mapping[str, str] | None = None, **changes: str | bool
    ) -> JsonObject:
        """Change what is named of a group (`subject`, `description`, `lid`, `announce`, `restrict`); return it."""
        given: JsonObject = dict(changes) if members is None else {**changes, "members": _members(members)}
        return self._object("PUT", f"/control/groups/{id}", given)

    def groups(self) -> list[JsonObject]:
        """List all groups."""
        return self._list("GET", "/control/groups")

    def settings(self) -> JsonObject:
        """Return the settings."""
        return self._object("GET", "/control/settings")

    def put_settings(self, **changes: object) -> JsonObject:
        """Change settings; return all of them."""
        return self._object("PUT", "/control/settings", dict(changes))

    def add_fault(
        self,
        kind: str,
        *,
        phone: str | None = None,
        device: str | None = None,
        value: int | str | None = None,
        duration_ms: int | None = None,
        count: int | None = None,
    ) -> str:
        """Let something go wrong for a device, a phone's devices or all; return the fault's id."""
        target: object = "all"
        if device is not None:
            target = {"device": device}
        elif phone is not None:
            target = {"phone": phone}
        body = {"target": target, "kind": kind, "value": value, "duration_ms": duration_ms, "count": count}
        return str(self._object("POST", "/control/faults", body)["id"])

    def faults(self) -> list[JsonObject]:
        """List the faults in force."""
        return self._list("GET", "/control/faults")

    def lift_faults(self, fault_id: str | None = None) -> list[str]:
        """Lift one fault, or all of them; return the ids."""
        path = "/control/faults" if fault_id is None else f"/control/faults/{fault_id}"
        return [str(one) for one in self._object("DELETE", path)["lifted"]]

    def _object(self, method: str, path: str, body: JsonObject | None = None) -> JsonObject:
        answer: JsonObject = self._request(method, path, body, None).json()
        return answer

    def _list(self, method: str, path: str, query: JsonObject | None = None) -> list[JsonObject]:
        answer: list[JsonObject] = self._request(method, path, None, query).json()
        return answer

    def _request(self, method: str, path: str, body: JsonObject | None, query: JsonObject | None) -> httpx.Response:
        params = {name: value for name, value in (query or {}).items() if value is not None}
        return self._checked(self._http.request(method, path, json=body, params=params))

    def _checked(self, response: httpx.Response) -> httpx.Response:
        if response.is_error:
            problem = response.json()
            raise ControlError(problem["error"], problem["message"], response.status_code)
        return response


def _members(members: Sequence[str] | Mapping[str, str]) -> object:
    return dict(members) if isinstance(members, Mapping) else list(members)
