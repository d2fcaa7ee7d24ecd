"""Linking a device to a phone: QR codes that rotate and expire, and codes typed on the phone."""

from __future__ import annotations

import asyncio
import base64
import secrets
from collections import OrderedDict
from collections.abc import Callable

from simulator.errors import BadRequest, Conflict, Expired, NotFound
from simulator.settings import Settings
from simulator.world.devices import Connection
from simulator.world.phones import Phone

_CODE_LETTERS = "123456789ABCDEFGHJKLMNPQRSTVWXYZ"
_CODE_LENGTH = 8
_REMEMBERED = 5000
_LINKING_SECONDS = 15.0


def new_ref() -> str:
    """Return a new reference for a QR code, of the shape the real ones have."""
    return "2@" + base64.b64encode(secrets.token_bytes(96)).decode()


class Pairing:
    """The codes on show and those that have been."""

    def __init__(self, settings: Callable[[], Settings], changed: Callable[[], None]) -> None:
        self._settings = settings
        self._changed = changed
        self._refs: dict[str, Connection] = {}
        self._codes: dict[str, tuple[Connection, str, float]] = {}
        self._spent: OrderedDict[str, None] = OrderedDict()

    def start(self, connection: Connection) -> None:
        """Hand QR codes to a waiting page, one after the other, beginning anew."""
        self.stop(connection)
        connection.ref_cycle = asyncio.get_running_loop().create_task(self._cycle(connection))

    def stop(self, connection: Connection) -> None:
        """Hand out no more codes; those on show are void."""
        if connection.ref_cycle is not None:
            connection.ref_cycle.cancel()
            connection.ref_cycle = None
        self._spend_ref(connection)
        for code in [code for code, (holder, _, _) in self._codes.items() if holder is connection]:
            self._spend(code)
            del self._codes[code]

    def code_for(self, connection: Connection, number: str) -> str:
        """Return a new code for linking this page with the phone of that number."""
        code = "".join(secrets.choice(_CODE_LETTERS) for _ in range(_CODE_LENGTH))
        deadline = asyncio.get_running_loop().time() + self._settings().pairing_code_ms / 1000
        self._codes[code] = (connection, number, deadline)
        self._changed()
        return code

    def by_qr(self, text: object) -> Connection:
        """Return the page that shows a QR code, given its full text or its ref alone.

        Raises:
            BadRequest: not a code at all.
            Expired: the code has been replaced.
            NotFound: no page shows it.
        """
        if not isinstance(text, str) or not text:
            raise BadRequest("a QR code is a non-empty string")
        ref = text.split(",", 1)[0]
        connection = self._refs.get(ref)
        if connection is None:
            if ref in self._spent:
                raise Expired("this QR code has expired")
            raise NotFound("no page shows this QR code")
        if "," in text and text != connection.auth_code:
            raise NotFound("no page shows this QR code: its keys differ")
        return connection

    def by_code(self, code: object, number: str) -> Connection:
        """Return the page that asked for a typed code.

        Raises:
            BadRequest: not a code at all.
            Expired: the code has timed out.
            NotFound: no page asked for it, or not for this phone.
        """
        if not isinstance(code, str) or not code:
            raise BadRequest("a pairing code is a non-empty string")
        plain = code.replace("-", "").replace(" ", "").upper()
        found = self._codes.get(plain)
        if found is None:
            if plain in self._spent:
                raise Expired("this pairing code has expired")
            raise NotFound("no page asked for this pairing code")
        connection, wanted, deadline = found
        if wanted != number:
            raise NotFound("this pairing code was made for another number")
        if asyncio.get_running_loop().time() > deadline:
            raise Expired("this pairing code has expired")
        return connection

    async def link(self, connection: Connection, phone: Phone, own_lid: str, token: str) -> None:
        """Tell a page that it is linked and wait until it has stored its login.

        Raises:
            Conflict: the page is being linked already, went away, or didn't answer.
        """
        if connection.linking is not None:
            raise Conflict("this device is being linked already")
        self.stop(connection)
        linking = asyncio.get_running_loop().create_future()
        connection.linking = linking
        connection.send(
            {"push": "pair", "number": phone.number, "name": phone.name, "lid": own_lid, "token": token},
        )
        try:
            await asyncio.wait_for(asyncio.shield(linking), _LINKING_SECONDS)
        except (TimeoutError, asyncio.CancelledError) as error:
            if isinstance(error, asyncio.CancelledError) and not linking.cancelled():
                raise
            raise Conflict("the page didn't finish linking") from None
        finally:
            connection.linking = None

    async def _cycle(self, connection: Connection) -> None:
        settings = self._settings()
        for index in range(settings.qr_count):
            self._spend_ref(connection)
            ref = new_ref()
            lifetime = settings.qr_first_ms if index == 0 else settings.qr_next_ms
            self._refs[ref] = connection
            connection.ref = ref
            connection.send({"push": "ref", "ref": ref, "ttl_ms": lifetime})
            self._changed()
            await asyncio.sleep(lifetime / 1000)
        self._spend_ref(connection)
        connection.send({"push": "ref_idle"})
        self._changed()

    def _spend_ref(self, connection: Connection) -> None:
        if connection.ref is not None:
            self._refs.pop(connection.ref, None)
            self._spend(connection.ref)
            connection.ref = None

    def _spend(self, code: str) -> None:
        self._spent[code] = None
        while len(self._spent) > _REMEMBERED:
            self._spent.popitem(last=False)
