"""JSON Web Tokens of users. Pure: the clock and the secrets are handed in."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jwt

from hub_api.principal import Principal, TokenRef
from hub_api.web.cliente_id import MAX_CLIENTE_ID
from shared.errors import TokenExpired, Unauthorized

_ALGORITHM = "HS256"
_CLAIMS = ["sub", "usuario", "tipo", "iat", "exp", "jti"]
_MAX_LENGTH = 4_096  # characters
_CLOCK_SKEW_S = 60
_LAST_S = 253_402_300_799  # the end of the year 9999


@dataclass(frozen=True, slots=True)
class TokenUser:
    """Whom a token is for."""

    id: int
    usuario: str
    tipo: str
    cliente_id: int | None


@dataclass(frozen=True, slots=True)
class Verified:
    """A token whose signature and claims are good."""

    token: TokenRef
    principal: Principal


def issue(user: TokenUser, secret: str, now_s: int, ttl_s: int) -> str:
    """A signed token. ttl_s: seconds it is good for."""
    claims: dict[str, Any] = {
        "sub": str(user.id),
        "usuario": user.usuario,
        "tipo": user.tipo,
        "cliente_id": user.cliente_id,
        "iat": now_s,
        "exp": now_s + ttl_s,
        "jti": uuid.uuid4().hex,
    }
    return jwt.encode(claims, secret, algorithm=_ALGORITHM)


def verify(token: str, secrets: Sequence[str], now_s: int) -> Verified:
    """What a token says that was signed with one of the secrets.

    Raises TokenExpired, and Unauthorized for any other fault.
    """
    if len(token) > _MAX_LENGTH:
        raise Unauthorized()
    verified = _read(_decoded(token, secrets))
    if verified.token.issued_at_s > now_s + _CLOCK_SKEW_S:
        raise Unauthorized()
    if verified.token.expires_at_s <= now_s:
        raise TokenExpired()
    return verified


def user_name(usuario: str) -> str:
    """A user's name as a caller's."""
    return f"user:{usuario}"


def _decoded(token: str, secrets: Sequence[str]) -> dict[str, Any]:
    options: Any = {"require": _CLAIMS, "verify_exp": False, "verify_iat": False, "verify_nbf": False}
    for secret in secrets:
        try:
            return jwt.decode(token, secret, algorithms=[_ALGORITHM], options=options)
        except (jwt.PyJWTError, ValueError):
            continue
    raise Unauthorized()


def _read(claims: dict[str, Any]) -> Verified:
    subject, usuario, tipo, cliente_id = claims["sub"], claims["usuario"], claims["tipo"], claims.get("cliente_id")
    good = (
        isinstance(subject, str)
        and subject.isascii()
        and subject.isdigit()
        and len(subject) < 19
        and isinstance(usuario, str)
        and isinstance(claims["jti"], str)
        and _whole(claims["iat"])
        and _whole(claims["exp"], _LAST_S)
        and ((tipo == "admin" and cliente_id is None) or _whole(cliente_id, MAX_CLIENTE_ID))
    )
    if not good or tipo not in ("admin", "cliente"):
        raise Unauthorized()
    reference = TokenRef(int(subject), claims["jti"], claims["iat"], claims["exp"])
    principal = Principal(user_name(usuario), tipo, cliente_id, reference)
    return Verified(reference, principal)


def _whole(value: object, maximum: int = 2**53) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= maximum
