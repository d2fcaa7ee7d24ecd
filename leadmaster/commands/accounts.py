"""Users of the hub: `user add` and `token`."""

from __future__ import annotations

import sys
from contextlib import closing

import click

from leadmaster.commands.settings import command_settings


@click.group()
def user() -> None:
    """Users of the hub."""


@user.command("add")
@click.argument("usuario")
@click.option("--tipo", type=click.Choice(["admin", "cliente"]), required=True)
@click.option("--cliente-id", type=click.IntRange(min=1), help="The tenant; required for `cliente`.")
@click.option("--password-stdin", is_flag=True, help="Read the password from the first line of standard input.")
def add(usuario: str, tipo: str, cliente_id: int | None, password_stdin: bool) -> None:
    """Add the user USUARIO, and with it its tenant."""
    from hub_api.accounts.service import add_user  # noqa: PLC0415
    from hub_api.database import Database, migrate  # noqa: PLC0415

    if tipo == "cliente" and cliente_id is None:
        raise click.UsageError("--cliente-id is required for --tipo cliente")
    settings = command_settings()
    password = _password(password_stdin)
    migrate(settings.sqlalchemy_url)
    with closing(Database(settings.sqlalchemy_url)) as database:
        account = add_user(database, usuario, password, tipo, cliente_id)
    tenant = "" if cliente_id is None else f", cliente_id {cliente_id}"
    click.echo(f"added {account.usuario} ({tipo}{tenant})")


@click.command()
@click.argument("usuario")
def token(usuario: str) -> None:
    """Print a token for USUARIO."""
    from hub_api.accounts.service import find_user, issue_token  # noqa: PLC0415
    from hub_api.database import Database, migrate  # noqa: PLC0415

    settings = command_settings()
    migrate(settings.sqlalchemy_url)
    with closing(Database(settings.sqlalchemy_url)) as database:
        account = find_user(database, usuario)
    if account is None or account.disabled:
        raise click.ClickException(f"{usuario}: no such user; add one with `leadmaster user add`")
    click.echo(issue_token(settings, account))


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


COMMANDS = (user, token)
