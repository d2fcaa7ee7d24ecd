"""Users: made, changed and ended by admins over REST and by the command line; found at login."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from hub_api.accounts.audit import trail
from hub_api.accounts.models import User
from hub_api.accounts.passwords import Passwords
from hub_api.accounts.reach import check_reach
from hub_api.accounts.tenants.service import ensure_tenant
from hub_api.accounts.tokens.service import end_all
from hub_api.accounts.tokens.signed import TokenUser
from hub_api.database import Database
from hub_api.principal import TokenRef
from hub_api.web.cliente_id import MAX_CLIENTE_ID
from shared.errors import InvalidCredentials, InvalidState, NotFound, ValidationFailed
from shared.instant import now_ms, to_iso

MIN_PASSWORD = 8
MAX_PASSWORD = 256
_ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Account:
    """A user as kept, without the password. Times are milliseconds since the epoch."""

    id: int
    usuario: str
    tipo: str
    cliente_id: int | None
    created_at: int
    disabled_at: int | None

    @property
    def disabled(self) -> bool:
        return self.disabled_at is not None

    @property
    def for_token(self) -> TokenUser:
        return TokenUser(self.id, self.usuario, self.tipo, self.cliente_id)

    def to_object(self) -> dict[str, object]:
        """What admins see."""
        return {
            "id": self.id,
            "usuario": self.usuario,
            "tipo": self.tipo,
            "cliente_id": self.cliente_id,
            "created_at": to_iso(self.created_at),
            "disabled": self.disabled,
            "disabled_at": to_iso(self.disabled_at),
        }


def add_user(
    database: Database,
    usuario: str,
    password: str,
    tipo: str,
    cliente_id: int | None = None,
    who: str = trail.COMMAND_LINE,
) -> Account:
    """Adds a user, and with it its tenant. tipo: `admin` or `cliente`; a `cliente` needs a cliente_id.

    Raises ValidationFailed (also where the name is taken) and InvalidClienteId.
    """
    name = usuario.strip()
    if not 1 <= len(name) <= 100 or not name.isprintable():
        raise ValidationFailed(details={"usuario": "1 to 100 printable characters"})
    check_reach(tipo, cliente_id)
    hashed = _hashed(password, "password")
    try:
        with database.writing() as session:
            user = User(usuario=name, password_hash=hashed, tipo=tipo, cliente_id=cliente_id, created_at=now_ms())
            session.add(user)
            if cliente_id is not None:
                ensure_tenant(session, cliente_id, who)
            session.flush()
            trail.note(session, who, "user.create", cliente_id, f"user:{name}", tipo=tipo)
            return account_of(user)
    except IntegrityError:
        raise ValidationFailed(details={"usuario": "already taken"}) from None


def listed(database: Database, after: int, limit: int) -> list[Account]:
    """Users by their ids, those after one."""
    statement = select(User).where(User.id > after).order_by(User.id).limit(limit)
    with database.reading() as session:
        return [account_of(user) for user in session.scalars(statement)]


def find_user(database: Database, usuario: str) -> Account | None:
    """The user of that name."""
    with database.reading() as session:
        user = session.scalar(select(User).where(User.usuario == usuario))
        return None if user is None else account_of(user)


def user_of(session: Session, user_id: int) -> Account | None:
    """The user of that id."""
    user = session.get(User, user_id) if user_id <= MAX_CLIENTE_ID else None
    return None if user is None else account_of(user)


def user_reaching(database: Database, cliente_id: int) -> Account | None:
    """A user who may call for a tenant and isn't disabled: an admin where there is one, else the tenant's own."""
    with database.reading() as session:
        usable = select(User).where(User.disabled_at.is_(None)).order_by(User.tipo, User.id)
        user = session.scalar(usable.where((User.tipo == _ADMIN) | (User.cliente_id == cliente_id)).limit(1))
        return None if user is None else account_of(user)


def verify(database: Database, passwords: Passwords, usuario: str, password: str) -> Account:
    """The user behind name and password, in the same time for unknown names. Raises InvalidCredentials."""
    with database.reading() as session:
        user = session.scalar(select(User).where(User.usuario == usuario))
        account = None if user is None else account_of(user)
        stored = None if user is None else user.password_hash
    if not passwords.matches(stored, password) or account is None or account.disabled:
        raise InvalidCredentials()
    return account


def set_password(
    database: Database,
    usuario: str,
    password: str,
    who: str = trail.COMMAND_LINE,
    *,
    keep: TokenRef | None = None,
    field: str = "password",
) -> Account:
    """A new password; the user's tokens end, but for the one with which it asked. field: named where it is no good.

    Raises NotFound, ValidationFailed.
    """
    hashed = _hashed(password, field)
    with database.writing() as session:
        user = _found(session, usuario)
        user.password_hash = hashed
        end_all(session, user.id, keep)
        trail.note(session, who, "user.password", user.cliente_id, f"user:{usuario}")
        return account_of(user)


def set_disabled(database: Database, usuario: str, disabled: bool, who: str = trail.COMMAND_LINE) -> Account:
    """Disables a user, whose tokens end, or enables it again; does nothing where it is so.

    Raises NotFound; InvalidState for the last admin.
    """
    with database.writing() as session:
        user = _found(session, usuario)
        if (user.disabled_at is not None) == disabled:
            return account_of(user)
        if disabled:
            _require_another_admin(session, user)
            end_all(session, user.id)
        user.disabled_at = now_ms() if disabled else None
        what = "user.disable" if disabled else "user.enable"
        trail.note(session, who, what, user.cliente_id, f"user:{usuario}")
        return account_of(user)


def delete_user(database: Database, usuario: str, who: str = trail.COMMAND_LINE) -> None:
    """Deletes a user, whose tokens end. Raises NotFound; InvalidState for the last admin."""
    with database.writing() as session:
        user = _found(session, usuario)
        _require_another_admin(session, user)
        end_all(session, user.id)
        session.delete(user)
        trail.note(session, who, "user.delete", user.cliente_id, f"user:{usuario}")


def account_of(user: User) -> Account:
    """A row as others may see it."""
    return Account(user.id, user.usuario, user.tipo, user.cliente_id, user.created_at, user.disabled_at)


def _found(session: Session, usuario: str) -> User:
    user = session.scalar(select(User).where(User.usuario == usuario))
    if user is None:
        raise NotFound()
    return user


def _require_another_admin(session: Session, user: User) -> None:
    """Raises InvalidState where nobody would be left to manage accounts. Locks admins, so that two can't both go."""
    if user.tipo != _ADMIN or user.disabled_at is not None:
        return
    usable = select(User.id).where(User.tipo == _ADMIN, User.disabled_at.is_(None)).order_by(User.id).with_for_update()
    others: Sequence[int] = [one for one in session.scalars(usable) if one != user.id]
    if not others:
        raise InvalidState(details={"usuario": "the last admin"})


def _hashed(password: str, field: str) -> str:
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise ValidationFailed(details={field: f"{MIN_PASSWORD} to {MAX_PASSWORD} characters"})
    return Passwords().hash(password)
