"""A tenant's profile stands with the tenant; time zone and country move there from campaigns."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_NEW = (
    ("name", sa.String(length=120)),
    ("country", sa.String(length=2)),
    ("timezone", sa.String(length=64)),
    ("daily_cap", sa.Integer()),
    ("language", sa.String(length=2)),
    ("suspended_at", sa.BigInteger()),
)
_MOVED = (("country", sa.String(length=2)), ("timezone", sa.String(length=64)))


def upgrade() -> None:
    """Adds the columns and moves what campaigns had."""
    for name, kind in _NEW:
        op.add_column("tenants", sa.Column(name, kind, nullable=True))
    for name, _ in _MOVED:
        _move(name, "campaign_tenants", "tenants")
    for name, _ in _MOVED:
        op.drop_column("campaign_tenants", name)


def downgrade() -> None:
    """Moves it back; name, cap, language and suspension are lost."""
    for name, kind in _MOVED:
        op.add_column("campaign_tenants", sa.Column(name, kind, nullable=True))
    op.execute(
        "INSERT INTO campaign_tenants (cliente_id, outcomes) SELECT cliente_id, '' FROM tenants "
        "WHERE (country IS NOT NULL OR timezone IS NOT NULL) "
        "AND cliente_id NOT IN (SELECT cliente_id FROM campaign_tenants)"
    )
    for name, _ in _MOVED:
        _move(name, "tenants", "campaign_tenants")
    for name, _ in reversed(_NEW):
        op.drop_column("tenants", name)


def _move(name: str, source: str, target: str) -> None:
    op.execute(
        f"UPDATE {target} SET {name} = "
        f"(SELECT {source}.{name} FROM {source} WHERE {source}.cliente_id = {target}.cliente_id)"
    )
