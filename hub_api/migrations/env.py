"""Alembic's environment: runs on the connection that `hub_api.database.migrate` hands over."""

from __future__ import annotations

from alembic import context

from hub_api.database import Base
from hub_api.subjects import import_models

import_models()

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    transaction_per_migration=False,
)
context.run_migrations()
