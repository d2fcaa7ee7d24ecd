"""Who is calling, what they may reach, and the port through which a call finds that out. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from shared.errors import Forbidden
from shared.texts import Language

Tipo = Literal["admin", "cliente"]


@dataclass(frozen=True, slots=True)
class TokenRef:
    """Which token a user calls with."""

    user_id: int
    jti: str
    issued_at_s: int  # seconds since the epoch
    expires_at_s: int  # seconds since the epoch


@dataclass(frozen=True, slots=True)
class Principal:
    """A caller whose token or key was verified."""

    name: str  # for logs: `user:maria` or `key:crm`
    tipo: Tipo
    cliente_id: int | None  # none only for an admin
    token: TokenRef | None = None  # none: a program with a key
    key_id: int | None = None  # of that key

    @property
    def is_admin(self) -> bool:
        return self.tipo == "admin"

    def has_expired(self, now_s: int) -> bool:
        """Whether the token's time is up; a key has none."""
        return self.token is not None and self.token.expires_at_s <= now_s


@dataclass(frozen=True, slots=True)
class TenantProfile:
    """What holds for a tenant: what it does not say itself is the installation's."""

    name: str | None
    country: str  # ISO 3166, two letters: where its national numbers belong
    timezone: str  # IANA name: whose midnight begins its day
    daily_cap: int  # bulk and campaign messages a day; 0 for none
    language: Language  # of texts for people
    suspended_at: int | None  # since when nothing is accepted and sent, ms; None: it is active
    allow_groups: bool = False  # whether messages to groups are accepted


class Directory(Protocol):
    """Who and which tenants exist, as a call needs it; `accounts.directory` implements it on SQL."""

    def by_token(self, token: str, now_s: int) -> Principal:
        """The caller behind a token. Raises Unauthorized, TokenExpired."""

    def by_key(self, key: str) -> Principal:
        """The program behind an API key. Raises Unauthorized."""

    def stands(self, caller: Principal) -> bool:
        """Whether what a caller was verified by has not ended early since; asked of SQL anew."""

    def tenant_known(self, cliente_id: int) -> bool:
        """True where the tenant exists."""

    def profile(self, cliente_id: int) -> TenantProfile:
        """What holds for a tenant; the installation's where there is none of that id."""


def require_reach(caller: Principal, cliente_id: int) -> None:
    """Raises Forbidden where the tenant is another's; the answer says nothing about that tenant."""
    if not caller.is_admin and caller.cliente_id != cliente_id:
        raise Forbidden()


def require_admin(caller: Principal) -> None:
    """Raises Forbidden for everybody else."""
    if not caller.is_admin:
        raise Forbidden()
