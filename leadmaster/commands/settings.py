"""The settings with which a command runs."""

from __future__ import annotations

import click

from leadmaster import parts
from leadmaster.installation import credentials, embedded_server
from leadmaster.installation.data_dir import DataDir
from leadmaster.up import parent
from shared.settings import Settings, SettingsError, ignored_variables, load_settings


def command_settings() -> Settings:
    """The settings, with the secrets that `up` keeps. Raises SettingsError."""
    warn_of_ignored()
    return credentials.with_kept_secrets(load_settings(), make=False)


def service_settings(part: str) -> Settings:
    """The settings of a service, which needs a Redis: beside a running `up` the embedded one. Raises SettingsError.

    part: of `parts.NEEDED`; what it does not need is in its settings and its environment no more.
    """
    parts.shed(part)
    settings = with_running_redis(parts.settings_of(part, command_settings()))
    if not settings.redis_url:
        raise SettingsError("REDIS_URL: must be set; only `leadmaster up` starts an embedded server")
    return settings


def with_running_redis(settings: Settings) -> Settings:
    """With the address of the embedded server of a running `up`, where none is set; without any where none runs."""
    server = None if settings.redis_url else embedded_server.running(DataDir(settings.leadmaster_data_dir))
    return settings if server is None else settings.model_copy(update={"redis_url": server.url})


def warn_of_ignored() -> None:
    """Names variables that are set and have no effect, once: not again in each service of `up`."""
    names = ignored_variables()
    if names and not parent.started_by_up():
        click.echo(f"leadmaster: {', '.join(names)}: set, but no longer used; ignored", err=True)
