"""The command line: its commands, and the process's edge, where what the operator did wrong becomes one line."""

from __future__ import annotations

import os

import click

from leadmaster.commands import accounts, campaigns, machine, services, webhooks, whatsapp
from leadmaster.installation.data_dir import DataDirBusy
from leadmaster.up import parent
from shared.errors import LeadMasterError
from shared.settings import SettingsError

_USAGE = 2  # the exit status for a bad setting or argument


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="leadmaster", message="LeadMaster %(version)s")
def cli() -> None:
    """A WhatsApp gateway for many tenants: a hub, queues, and one browser session per tenant."""


for subject in (machine, services, accounts, campaigns, whatsapp, webhooks):
    for command in subject.COMMANDS:
        cli.add_command(command)


def main() -> None:
    """Runs the command that was called; its result is the exit status. Refused input is one line and status 2."""
    os.umask(0o077)  # logins, secrets and messages are the owner's alone
    parent.end_with_parent()
    try:
        status = cli.main(prog_name="leadmaster", standalone_mode=False)
    except click.Abort:
        status = 130
    except click.UsageError as error:
        error.show()
        status = _USAGE
    except click.ClickException as error:
        status = _refuse(error.message)
    except (SettingsError, DataDirBusy) as error:
        status = _refuse(str(error))
    except LeadMasterError as error:
        status = _refuse(_explain(error))
    except PermissionError as error:
        status = _refuse(f"{error.filename}: {error.strerror}")
    raise SystemExit(status)


def _refuse(text: str) -> int:
    click.echo(f"leadmaster: {text}", err=True)
    return _USAGE


def _explain(error: LeadMasterError) -> str:
    details = "; ".join(f"{name}: {value}" for name, value in (error.details or {}).items())
    return f"{error.code}: {details}" if details else str(error)
