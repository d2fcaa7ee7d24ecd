"""Users, keys and tenants of the hub, and the trail of changes: `user`, `key`, `tenant`, `token`, `audit`."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Any

import click

from leadmaster.commands.settings import command_settings, with_running_redis

_cliente_id = click.option("--cliente-id", type=click.IntRange(min=1), help="The tenant.")
_password_stdin = click.option(
    "--password-stdin", is_flag=True, help="Read the password from the first line of standard input."
)
_tipo = click.Choice(["admin", "cliente"])


def _work(command: str, *arguments: Any, **named: Any) -> Any:
    from hub_api.subjects import for_command_line  # noqa: PLC0415

    return for_command_line(command)(with_running_redis(command_settings()), *arguments, **named)


@click.group()
def user() -> None:
    """Users of the hub."""


@user.command("add")
@click.argument("usuario")
@click.option("--tipo", type=_tipo, required=True)
@click.option("--cliente-id", type=click.IntRange(min=1), help="The tenant; required for `cliente`.")
@_password_stdin
def add_user(usuario: str, tipo: str, cliente_id: int | None, password_stdin: bool) -> None:
    """Add the user USUARIO, and with it its tenant."""
    if tipo == "cliente" and cliente_id is None:
        raise click.UsageError("--cliente-id is required for --tipo cliente")
    made = _work("user add", usuario, _password(password_stdin), tipo, cliente_id)
    tenant = "" if cliente_id is None else f", cliente_id {cliente_id}"
    click.echo(f"added {made['usuario']} ({tipo}{tenant})")


@user.command("list")
def list_users() -> None:
    """List the users."""
    _table(_work("user list"), ("usuario", "tipo", "cliente_id", "created_at", "disabled_at"))


@user.command("disable")
@click.argument("usuario")
def disable_user(usuario: str) -> None:
    """Let USUARIO in no more; its tokens end within a second."""
    _work("user disable", usuario, disabled=True)
    click.echo(f"disabled {usuario}")


@user.command("enable")
@click.argument("usuario")
def enable_user(usuario: str) -> None:
    """Let USUARIO in again."""
    _work("user disable", usuario, disabled=False)
    click.echo(f"enabled {usuario}")


@user.command("password")
@click.argument("usuario")
@_password_stdin
def set_password(usuario: str, password_stdin: bool) -> None:
    """Give USUARIO a new password; its tokens end within a second."""
    _work("user password", usuario, _password(password_stdin))
    click.echo(f"changed the password of {usuario}")


@click.group()
def key() -> None:
    """API keys of programs."""


@key.command("add")
@click.argument("name")
@_cliente_id
@click.option("--tipo", type=_tipo, default="cliente", show_default=True)
def add_key(name: str, cliente_id: int | None, tipo: str) -> None:
    """Make a key called NAME and print it, this once."""
    if (cliente_id is None) != (tipo == "admin"):
        raise click.UsageError("either --cliente-id, or --tipo admin")
    click.echo(_work("key add", name, tipo, cliente_id))


@key.command("list")
def list_keys() -> None:
    """List the keys by their prefixes."""
    columns = ("key_id", "prefix", "name", "tipo", "cliente_id", "created_at", "last_used_at", "revoked_at")
    _table(_work("key list"), columns)


@key.command("revoke")
@click.argument("key_id", type=click.IntRange(min=1, max=2_147_483_647))
def revoke_key(key_id: int) -> None:
    """Revoke the key of that number; no process takes it a second later."""
    click.echo(f"revoked {_work('key revoke', key_id)['name']}")


@click.group()
def tenant() -> None:
    """Tenants."""


_PROFILE = (
    click.option("--name", help="How persons call it."),
    click.option("--country", help="Two letters, e.g. AR: where its national numbers belong."),
    click.option("--timezone", help="E.g. America/Argentina/Buenos_Aires: whose midnight begins its day."),
    click.option("--daily-cap", type=int, help="Bulk and campaign messages a day; 0: no cap."),
    click.option("--language", type=click.Choice(["es", "en"]), help="Of texts for people."),
    click.option("--allow-groups/--no-groups", default=None, help="Whether messages may go to groups; not at first."),
)


def _profile(command: Any) -> Any:
    for option in reversed(_PROFILE):
        command = option(command)
    return command


@tenant.command("add")
@click.argument("cliente_id", type=click.IntRange(min=1))
@_profile
def add_tenant(cliente_id: int, **profile: Any) -> None:
    """Add the tenant CLIENTE_ID. What is not given is the installation's."""
    _work("tenant add", cliente_id, _given(profile))
    click.echo(f"added {cliente_id}")


@tenant.command("list")
def list_tenants() -> None:
    """List the tenants, as their profiles are in force."""
    columns = ("cliente_id", "name", "country", "timezone", "daily_cap", "language", "allow_groups", "suspended_at")
    _table(_work("tenant list"), columns)


@tenant.command("set")
@click.argument("cliente_id", type=click.IntRange(min=1))
@_profile
@click.option(
    "--unset",
    multiple=True,
    type=click.Choice(["name", "country", "timezone", "daily-cap", "language"]),
    help="The installation's again; may be repeated.",
)
def change_tenant(cliente_id: int, unset: Sequence[str], **profile: Any) -> None:
    """Change the profile of CLIENTE_ID; acts within a second."""
    changes = _given(profile) | {name.replace("-", "_"): None for name in unset}
    if not changes:
        raise click.UsageError("nothing to change")
    _work("tenant set", cliente_id, changes)
    click.echo(f"changed {cliente_id}")


@tenant.command("suspend")
@click.argument("cliente_id", type=click.IntRange(min=1))
def suspend(cliente_id: int) -> None:
    """Accept and send nothing for CLIENTE_ID and stop its session; what waits stays, and so does the login."""
    _work("tenant set", cliente_id, {"suspended": True})
    click.echo(f"suspended {cliente_id}")


@tenant.command("resume")
@click.argument("cliente_id", type=click.IntRange(min=1))
def resume(cliente_id: int) -> None:
    """Undo `suspend`."""
    _work("tenant set", cliente_id, {"suspended": False})
    click.echo(f"resumed {cliente_id}")


@click.command()
@click.argument("usuario")
def token(usuario: str) -> None:
    """Print a token for USUARIO."""
    click.echo(_work("token", usuario))


@click.group()
def audit() -> None:
    """The trail of changes."""


@audit.command("list")
@click.option("--who", help="E.g. user:maria, key:crm, command-line.")
@click.option("--what", help="A word such as user.create, or its first part: user.")
@_cliente_id
@click.option("--limit", type=click.IntRange(1, 500), default=50, show_default=True)
def list_audit(who: str | None, what: str | None, cliente_id: int | None, limit: int) -> None:
    """List who changed what, the newest first."""
    from hub_api.accounts.audit.trail import Filter  # noqa: PLC0415

    rows = _work("audit list", Filter(who=who, what=what, cliente_id=cliente_id), limit)
    for row in rows:
        row["details"] = json.dumps(row["details"], ensure_ascii=False)
    _table(rows, ("at", "who", "what", "cliente_id", "subject", "address", "details"))


def _given(profile: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in profile.items() if value is not None}


def _table(rows: Sequence[dict[str, Any]], columns: Sequence[str]) -> None:
    """Columns as wide as they need, for a person and for `awk` alike; `-` is nothing."""
    cells = [[*columns], *[["-" if row[name] is None else str(row[name]) for name in columns] for row in rows]]
    widths = [max(len(line[place]) for line in cells) for place in range(len(columns))]
    for line in cells:
        click.echo("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip())


def _password(from_stdin: bool) -> str:
    if from_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    elif sys.stdin.isatty():
        password = str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
    else:
        raise click.UsageError("--password-stdin is required where there is no terminal")
    if not password:
        raise click.UsageError("the password is empty")
    return password


COMMANDS = (user, key, tenant, token, audit)
