"""Tokens: issuing them, and the two ways in which they end early: one by logging out, all of a user by a change."""

from __future__ import annotations

import hashlib

from sqlalchemy import delete
from sqlalchemy.orm import Session

from hub_api.accounts.models import EndedTokens, RevokedToken
from hub_api.accounts.tokens.signed import TokenUser, issue
from hub_api.database import Database
from hub_api.principal import TokenRef
from shared.instant import now_ms
from shared.settings import Settings, SettingsError


def issue_token(database: Database, settings: Settings, user: TokenUser, ttl_s: int | None = None) -> str:
    """A token for a user, good for `ttl_s` or settings.jwt_ttl_seconds. Raises SettingsError without a JWT_SECRET.

    It counts from now on also where the user's earlier ones were ended within this second.
    """
    with database.reading() as session:
        ended = session.get(EndedTokens, user.id)
        before_s = 0 if ended is None else ended.before_s
    now_s = max(_now_s(), before_s)
    return issue(user, signing_secrets(settings)[0], now_s, ttl_s or settings.jwt_ttl_seconds)


def signing_secrets(settings: Settings) -> tuple[str, ...]:
    """The secret that signs, then the one that is still accepted. Raises SettingsError where none is set."""
    if settings.jwt_secret is None:
        raise SettingsError("JWT_SECRET: must be set, at least 32 bytes")
    accepted = (settings.jwt_secret, settings.jwt_secret_previous)
    return tuple(secret.get_secret_value() for secret in accepted if secret is not None)


def revoke(session: Session, token: TokenRef) -> None:
    """One token no longer counts, within the caller's transaction; forgets those that ran out."""
    session.execute(delete(RevokedToken).where(RevokedToken.until_s < _now_s()))
    session.merge(RevokedToken(digest=_digest(token.jti), until_s=token.expires_at_s))


def end_all(session: Session, user_id: int, keep: TokenRef | None = None) -> None:
    """What was issued to a user until now no longer counts, but for one, within the caller's transaction."""
    kept = None if keep is None else _digest(keep.jti)
    session.merge(EndedTokens(user_id=user_id, before_s=_now_s() + 1, kept=kept))


def has_ended(session: Session, token: TokenRef) -> bool:
    """True where a token that is otherwise good was ended early."""
    digest = _digest(token.jti)
    if session.get(RevokedToken, digest) is not None:
        return True
    ended = session.get(EndedTokens, token.user_id)
    return ended is not None and token.issued_at_s < ended.before_s and digest != ended.kept


def _digest(jti: str) -> str:
    return hashlib.sha256(jti.encode("utf-8", "surrogatepass")).hexdigest()


def _now_s() -> int:
    return now_ms() // 1000
