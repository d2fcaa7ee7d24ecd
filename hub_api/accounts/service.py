"""Users and API keys: made by the command line and by admins, checked at login."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from hub_api.accounts.models import ApiKey, Tenant, User
from hub_api.accounts.passwords import Passwords
from hub_api.accounts.tokens import TokenUser, issue
from hub_api.database import Database
from hub_api.principal import Principal
from hub_api.web.cliente_id import MAX_CLIENTE_ID
from shared.errors import InvalidClienteId, InvalidCredentials, ValidationFailed
from shared.instant import now_ms
from shared.settings import Settings, SettingsError

MIN_PASSWORD = 8
MAX_PASSWORD = 256
_KEY_PREFIX = "lm_"


@dataclass(frozen=True, slots=True)
class Account:
    """A user as kept, without the password."""

    id: int
    usuario: str
    tipo: str
    cliente_id: int | None
    disabled: bool

    @property
    def for_token(self) -> TokenUser:
        return TokenUser(self.id, self.usuario, self.tipo, self.cliente_id)


def add_user(database: Database, usuario: str, password: str, tipo: str, cliente_id: int | None = None) -> Account:
    """Adds a user, and with it its tenant. tipo: `admin` or `cliente`; a `cliente` needs a cliente_id.

    Raises ValidationFailed (also where the name is taken) and InvalidClienteId.
    """
    name = usuario.strip()
    if not 1 <= len(name) <= 100 or not name.isprintable():
        raise ValidationFailed(details={"usuario": "1 to 100 printable characters"})
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise ValidationFailed(details={"password": f"{MIN_PASSWORD} to {MAX_PASSWORD} characters"})
    _check_reach(tipo, cliente_id)
    hashed = Passwords().hash(password)
    try:
        with database.writing() as session:
            user = User(usuario=name, password_hash=hashed, tipo=tipo, cliente_id=cliente_id, created_at=now_ms())
            session.add(user)
            if cliente_id is not None:
                ensure_tenant(session, cliente_id)
            session.flush()
            return _account(user)
    except IntegrityError:
        raise ValidationFailed(details={"usuario": "already taken"}) from None


def find_user(database: Database, usuario: str) -> Account | None:
    """The user of that name."""
    with database.reading() as session:
        user = session.scalar(select(User).where(User.usuario == usuario))
        return None if user is None else _account(user)


def user_by_id(database: Database, user_id: int) -> Account | None:
    """The user of that id."""
    if user_id > MAX_CLIENTE_ID:
        return None
    with database.reading() as session:
        user = session.get(User, user_id)
        return None if user is None else _account(user)


def user_reaching(database: Database, cliente_id: int) -> Account | None:
    """A user who may call for a tenant and isn't disabled: an admin where there is one, else the tenant's own."""
    with database.reading() as session:
        usable = select(User).where(User.disabled_at.is_(None)).order_by(User.tipo, User.id)
        user = session.scalar(usable.where((User.tipo == "admin") | (User.cliente_id == cliente_id)).limit(1))
        return None if user is None else _account(user)


def verify(database: Database, passwords: Passwords, usuario: str, password: str) -> Account:
    """The user behind name and password, in the same time for unknown names. Raises InvalidCredentials."""
    with database.reading() as session:
        user = session.scalar(select(User).where(User.usuario == usuario))
        account = None if user is None else _account(user)
        stored = None if user is None else user.password_hash
    if not passwords.matches(stored, password) or account is None or account.disabled:
        raise InvalidCredentials()
    return account


def issue_token(settings: Settings, user: Account, ttl_s: int | None = None) -> str:
    """A token for a user, good for `ttl_s` or settings.jwt_ttl_seconds. Raises SettingsError without a JWT_SECRET."""
    return issue(user.for_token, jwt_secret(settings), now_ms() // 1000, ttl_s or settings.jwt_ttl_seconds)


def jwt_secret(settings: Settings) -> str:
    """The secret tokens are signed with. Raises SettingsError where none is set."""
    if settings.jwt_secret is None:
        raise SettingsError("JWT_SECRET: must be set, at least 32 bytes")
    return settings.jwt_secret.get_secret_value()


def add_api_key(database: Database, label: str, tipo: str, cliente_id: int | None = None) -> str:
    """Makes a key for a program and returns it; only its digest is kept. Raises ValidationFailed, InvalidClienteId."""
    if not 1 <= len(label) <= 100 or not label.isprintable():
        raise ValidationFailed(details={"label": "1 to 100 printable characters"})
    _check_reach(tipo, cliente_id)
    key = _KEY_PREFIX + secrets.token_urlsafe(32)
    with database.writing() as session:
        session.add(ApiKey(digest=key_digest(key), label=label, tipo=tipo, cliente_id=cliente_id, created_at=now_ms()))
        if cliente_id is not None:
            ensure_tenant(session, cliente_id)
    return key


def find_api_key(database: Database, key: str) -> Principal | None:
    """Whom a key stands for; None where it is unknown or revoked."""
    with database.reading() as session:
        found = session.scalar(select(ApiKey).where(ApiKey.digest == key_digest(key)))
        if found is None or found.revoked_at is not None:
            return None
        return Principal(f"key:{found.label}", "admin" if found.tipo == "admin" else "cliente", found.cliente_id)


def key_digest(key: str) -> str:
    """What is kept of a key. Keys are random, so a plain digest is enough."""
    return hashlib.sha256(key.encode()).hexdigest()


def add_tenant(database: Database, cliente_id: int) -> None:
    """Makes a tenant known; does nothing where it is."""
    with database.writing() as session:
        ensure_tenant(session, cliente_id)


def ensure_tenant(session: Session, cliente_id: int) -> None:
    """Makes a tenant known within the caller's transaction."""
    if session.get(Tenant, cliente_id) is None:
        session.add(Tenant(cliente_id=cliente_id, created_at=now_ms()))


def tenant_exists(database: Database, cliente_id: int) -> bool:
    """True where a user, a key or an admin's call created it."""
    with database.reading() as session:
        return session.get(Tenant, cliente_id) is not None


def tenants(database: Database) -> list[int]:
    """Every known tenant, in order."""
    with database.reading() as session:
        return list(session.scalars(select(Tenant.cliente_id).order_by(Tenant.cliente_id)))


def _check_reach(tipo: str, cliente_id: int | None) -> None:
    if tipo not in ("admin", "cliente"):
        raise ValidationFailed(details={"tipo": "admin or cliente"})
    if (cliente_id is None and tipo == "cliente") or (cliente_id is not None and not 1 <= cliente_id <= MAX_CLIENTE_ID):
        raise InvalidClienteId(details={"cliente_id": "a positive integer"})


def _account(user: User) -> Account:
    return Account(user.id, user.usuario, user.tipo, user.cliente_id, user.disabled_at is not None)
