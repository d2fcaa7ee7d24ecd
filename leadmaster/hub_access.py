"""The running hub, called by an operator at the machine: with a short-lived token for a user who reaches the tenant."""

from __future__ import annotations

from contextlib import closing

from hub_api.accounts.tokens.service import issue_token
from hub_api.accounts.users.service import user_reaching
from hub_api.database import Database, migrate
from leadmaster.hub_caller import Caller
from leadmaster.installation.addresses import hub_address
from shared.settings import Settings, SettingsError

_TOKEN_S = 3_600


def signed_in(settings: Settings, cliente_id: int) -> Caller:
    """A caller of the hub for that tenant; to be closed. Raises SettingsError where nobody may call for the tenant."""
    migrate(settings.sqlalchemy_url)
    with closing(Database(settings.sqlalchemy_url)) as database:
        user = user_reaching(database, cliente_id)
        if user is None:
            raise SettingsError(f"nobody may call for {cliente_id}: add a user with `leadmaster user add`")
        token = issue_token(database, settings, user.for_token, _TOKEN_S)
    caller = Caller(hub_address(settings), "leadmaster")
    caller.bear(token)
    return caller
