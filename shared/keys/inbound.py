"""Keys of what comes in: what is recorded, how far it was read, which bytes are to be fetched."""

from __future__ import annotations

from shared.keys.prefixed import Prefixed


class InboundKeys(Prefixed):
    """Keys of what comes in."""

    __slots__ = ()

    def inbound_seen_prefix(self, cliente_id: int) -> str:
        """Strings under it, for 7 days: what was recorded or went out; see `shared.ledger.identity`."""
        return f"{self.prefix}inseen:{cliente_id}:"

    def row_cursors(self, cliente_id: int) -> str:
        """Hash: login id → how far the page's database was read, `<row id> <since, ms>`; at first for texts alone."""
        return f"{self.prefix}incursor:text:{cliente_id}"

    def placeholders(self, cliente_id: int) -> str:
        """Sorted set: WhatsApp's keys of messages that came in and can't be read yet, by when they were written."""
        return f"{self.prefix}inopen:{cliente_id}"

    def recorded_until(self, cliente_id: int) -> str:
        """String: when the latest inbound message that SQL had was written, in ms; put back into an empty Redis."""
        return f"{self.prefix}inuntil:{cliente_id}"

    def media_due(self, cliente_id: int) -> str:
        """Sorted set: WhatsApp's keys of messages whose bytes are to be fetched, by when that is tried next."""
        return f"{self.prefix}inmedia:due:{cliente_id}"

    def media_pending(self, cliente_id: int) -> str:
        """Hash: WhatsApp's key → JSON of where the bytes are and what came of fetching them so far."""
        return f"{self.prefix}inmedia:pending:{cliente_id}"

    def media_used(self, cliente_id: int) -> str:
        """Counter: bytes that a tenant's received media take; the hub counts them anew."""
        return f"{self.prefix}inmedia:used:{cliente_id}"
