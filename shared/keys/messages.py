"""Keys of messages in motion: the ledger, its indexes and counters, who may be written to and how often."""

from __future__ import annotations

from shared.keys.prefixed import Prefixed


class MessageKeys(Prefixed):
    """Keys of messages in motion."""

    __slots__ = ()

    def message(self, message_id: str) -> str:
        """Hash: one message of the ledger."""
        return f"{self.prefix}msg:{message_id}"

    @property
    def message_prefix(self) -> str:
        return f"{self.prefix}msg:"

    def open(self, cliente_id: int) -> str:
        """Sorted set: queued messages of a tenant, scored by lane and order of acceptance."""
        return f"{self.open_prefix}{cliente_id}"

    @property
    def open_prefix(self) -> str:
        return f"{self.prefix}open:"

    def in_flight(self, cliente_id: int) -> str:
        """Sorted set: messages in `sending`, scored as in `open`."""
        return f"{self.in_flight_prefix}{cliente_id}"

    @property
    def in_flight_prefix(self) -> str:
        return f"{self.prefix}inflight:"

    def held(self, cliente_id: int) -> str:
        """Sorted set: queued messages that wait for a person, since another phone was paired; scored as in `open`."""
        return f"{self.held_prefix}{cliente_id}"

    @property
    def held_prefix(self) -> str:
        return f"{self.prefix}held:"

    def claim_scan(self, cliente_id: int) -> str:
        """Hash with a time to live: where a claim's look at `open` stopped, and which recipients it found blocked."""
        return f"{self.prefix}scan:{cliente_id}"

    def upload(self, cliente_id: int, digest: str) -> str:
        """String with a time to live: what WhatsApp made of a file, a secret. digest: of login, type and file."""
        return f"{self.prefix}upload:{cliente_id}:{digest}"

    def own_number(self, cliente_id: int) -> str:
        """String: the phone that was paired last."""
        return f"{self.prefix}number:{cliente_id}"

    def counts(self, cliente_id: int) -> str:
        """Hash: messages accepted, how they ended, their bytes, how many came in; counted apart from the indexes."""
        return f"{self.counts_prefix}{cliente_id}"

    @property
    def counts_prefix(self) -> str:
        return f"{self.prefix}counts:"

    @property
    def imbalances(self) -> str:
        """Hash: cliente_id → JSON of a balance that did not add up twice in a row."""
        return f"{self.prefix}imbalances"

    def sent_today(self, cliente_id: int, day: str) -> str:
        """Counter: bulk and campaign messages that left or are leaving on one day (`20261120`) of the tenant's."""
        return f"{self.prefix}today:{cliente_id}:{day}"

    def sequence(self, cliente_id: int) -> str:
        """Counter: order of acceptance."""
        return f"{self.prefix}seq:{cliente_id}"

    def whatsapp_key_prefix(self, cliente_id: int) -> str:
        """Strings under it: WhatsApp's message key → our message id, kept as long as the message's entry."""
        return f"{self.whatsapp_keys_prefix}{cliente_id}:"

    @property
    def whatsapp_keys_prefix(self) -> str:
        return f"{self.prefix}wakey:"

    def unread(self, cliente_id: int) -> str:
        """Sorted set: ids of messages that were sent and not read yet, by sent_at; asked about after a downtime."""
        return f"{self.prefix}unread:{cliente_id}"

    def idempotency(self, cliente_id: int, digest: str) -> str:
        """String: `<body digest>:<message id>`, kept 24 h."""
        return f"{self.prefix}idem:{cliente_id}:{digest}"

    def rate(self, cliente_id: int, minute: int) -> str:
        """Counter: messages accepted in one minute."""
        return f"{self.prefix}rate:{cliente_id}:{minute}"

    def contact(self, cliente_id: int, recipient: str) -> str:
        """String with a time to live: JSON of what WhatsApp said of a number, by its recipient key."""
        return f"{self.prefix}contact:{cliente_id}:{recipient}"

    def contact_profile(self, cliente_id: int, recipient: str) -> str:
        """String with a time to live: JSON of how the owner of a number shows himself, by its recipient key."""
        return f"{self.prefix}contact_profile:{cliente_id}:{recipient}"

    def contacts_asked(self, cliente_id: int, hour: int) -> str:
        """Counter: numbers of which WhatsApp was asked in one hour."""
        return f"{self.prefix}contacts_asked:{cliente_id}:{hour}"

    def pace(self, cliente_id: int) -> str:
        """Hash: when the next message, and the next bulk or campaign message, may leave."""
        return f"{self.prefix}pace:{cliente_id}"

    def opted_out(self, cliente_id: int) -> str:
        """Set: keys of recipients that asked a tenant not to write to them; SQL is the master, this is never less."""
        return f"{self.prefix}optout:{cliente_id}"

    def addresses(self, cliente_id: int) -> str:
        """Hash: an address that WhatsApp answered, such as a LID → the number that the tenant writes to there."""
        return f"{self.prefix}addresses:{cliente_id}"

    def heard_prefix(self, cliente_id: int) -> str:
        """Strings under it, by recipient key: who wrote to a tenant within 24 h."""
        return f"{self.prefix}heard:{cliente_id}:"

    @property
    def deadlines(self) -> str:
        """Sorted set over all tenants: `<cliente_id>:<message_id>` of queued messages by expires_at."""
        return f"{self.prefix}deadlines"

    @property
    def incarnation(self) -> str:
        """String: `<incarnation id> <state>`, which life of the ledger this is: `ledger/restoring/incarnation.py`."""
        return f"{self.prefix}incarnation"
