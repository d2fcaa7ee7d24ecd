"""The command line. Each command imports what it starts only when it runs."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import click

from leadmaster import credentials, embedded_server, tether
from leadmaster.datadir import DataDir, DataDirBusy
from shared.errors import LeadMasterError
from shared.settings import Settings, SettingsError, ignored_variables, load_settings

_USAGE = 2  # the exit status for a bad setting or argument


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="leadmaster", message="LeadMaster %(version)s")
def cli() -> None:
    """A WhatsApp gateway for many tenants: a hub, queues, and one browser session per tenant."""


def main() -> None:
    """The process's edge: what the operator did wrong is one line and exit status 2."""
    os.umask(0o077)  # logins, secrets and messages are the owner's alone
    tether.end_with_parent()
    try:
        cli.main(prog_name="leadmaster", standalone_mode=False)
    except click.exceptions.Exit as leaving:
        raise SystemExit(leaving.exit_code) from None
    except click.Abort:
        raise SystemExit(130) from None
    except click.UsageError as error:
        error.show()
        raise SystemExit(_USAGE) from None
    except (SettingsError, DataDirBusy) as error:
        _complain(str(error), _USAGE)
    except PermissionError as error:
        _complain(f"{error.filename}: {error.strerror}", _USAGE)


def _complain(text: str, status: int) -> NoReturn:
    print(f"leadmaster: {text}", file=sys.stderr)
    raise SystemExit(status)


def _settings(*, for_part: bool = False) -> Settings:
    """The settings, with the secrets that `up` keeps. Raises SettingsError.

    for_part: a part that needs the broker; beside a running `up` that is its embedded server.
    """
    _warn_ignored()
    settings = credentials.with_kept_secrets(load_settings(), make=False)
    if for_part and not settings.redis_url:
        data = DataDir(settings.leadmaster_data_dir)
        server = embedded_server.kept(data) if data.is_held() else None
        if server is None:
            raise SettingsError("REDIS_URL: must be set; only `leadmaster up` starts an embedded server")
        settings = settings.model_copy(update={"redis_url": server.url})
    return settings


def _warn_ignored() -> None:
    names = ignored_variables()
    if names and not tether.started_by_up():
        print(f"leadmaster: {', '.join(names)}: set, but no longer used; ignored", file=sys.stderr)


# ---- everything


@cli.command()
@click.option("--verbose", "-v", is_flag=True, help="Show all that the parts log, not warnings alone.")
def up(verbose: bool) -> None:
    """Run everything on this machine until Ctrl-C."""
    from leadmaster import up as everything  # noqa: PLC0415
    from leadmaster.screen import Screen  # noqa: PLC0415

    settings = _settings()
    screen = Screen()
    screen.title("LeadMaster is starting …")
    try:
        status = everything.run(settings, screen, verbose=verbose)
    except everything.StartFailed as error:
        screen.failure(str(error), error.lines)
        status = 1
    raise SystemExit(status)


@cli.command()
@click.option("--exit", "exit_after", is_flag=True, help="Stop when the story is over: 0, or 1 if a step failed.")
@click.option("--verbose", "-v", is_flag=True, help="Show all that the parts log, not warnings alone.")
@click.option(
    "--data-dir",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("demo-data"),
    show_default=True,
    help="The demo's own data; emptied at each start.",
)
def demo(exit_after: bool, verbose: bool, data_dir: Path) -> None:
    """Everything against a stand-in WhatsApp: plays the whole story once and shows it."""
    from leadmaster.demo import run  # noqa: PLC0415

    _warn_ignored()
    raise SystemExit(run(data_dir, exit_after=exit_after, verbose=verbose))


# ---- one part each


def _finish(result: object) -> NoReturn:
    """A part's `run` returns nothing, or its exit status."""
    raise SystemExit(result if isinstance(result, int) else 0)


def _run_part(run: Callable[..., Any], settings: Settings, **options: object) -> NoReturn:
    _finish(run(settings, **options))


@cli.command()
@click.option("--ready-file", type=click.Path(path_type=Path, dir_okay=False), help="Written once it listens.")
def hub(ready_file: Path | None) -> None:
    """Serve the REST API."""
    from hub_api import server  # noqa: PLC0415

    _run_part(server.run, _settings(for_part=True), ready_file=ready_file)


@cli.command()
def background() -> None:
    """Run the hub's background tasks: record events, housekeeping."""
    from hub_api import background as part  # noqa: PLC0415

    _run_part(part.run, _settings(for_part=True))


@cli.command()
def beat() -> None:
    """Run the clock that schedules background tasks. One per installation."""
    from hub_api import beat as part  # noqa: PLC0415

    _run_part(part.run, _settings(for_part=True))


@cli.command()
def host() -> None:
    """Run this machine's session workers."""
    from session_worker import host as part  # noqa: PLC0415

    _run_part(part.run, _settings(for_part=True))


@cli.command()
def flower() -> None:
    """Run Flower behind its password, on 127.0.0.1."""
    from leadmaster import dashboard  # noqa: PLC0415

    _run_part(dashboard.run, _settings(for_part=True))


@cli.command()
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="On 127.0.0.1; 0 takes a free one.")
@click.option("--data", type=click.Path(path_type=Path, file_okay=False), required=True, help="Its directory.")
@click.option("--ready-file", type=click.Path(path_type=Path, dir_okay=False), help="Written once it listens.")
def simulator(port: int, data: Path, ready_file: Path | None) -> None:
    """Serve the stand-in WhatsApp with its virtual phone."""
    import asyncio  # noqa: PLC0415

    from simulator.__main__ import serve  # noqa: PLC0415

    asyncio.run(serve(port, data, ready_file))


@cli.command(hidden=True)
def redis() -> None:
    """Become the embedded server of the data directory."""
    embedded_server.become(DataDir(load_settings().leadmaster_data_dir))


@cli.command()
def migrate() -> None:
    """Bring the database to the newest schema."""
    from hub_api.database import migrate as bring  # noqa: PLC0415

    bring(load_settings().sqlalchemy_url)


# ---- accounts


@cli.group()
def user() -> None:
    """Users of the hub."""


@user.command("add")
@click.argument("usuario")
@click.option("--tipo", type=click.Choice(["admin", "cliente"]), required=True)
@click.option("--cliente-id", type=click.IntRange(min=1), help="The tenant; required for `cliente`.")
@click.option("--password-stdin", is_flag=True, help="Read the password from the first line of standard input.")
def user_add(usuario: str, tipo: str, cliente_id: int | None, password_stdin: bool) -> None:
    """Add the user USUARIO, and with it its tenant."""
    from hub_api.accounts.service import add_user  # noqa: PLC0415
    from hub_api.database import Database, migrate  # noqa: PLC0415

    if tipo == "cliente" and cliente_id is None:
        raise click.UsageError("--cliente-id is required for --tipo cliente")
    url = _settings().sqlalchemy_url
    password = _password(password_stdin)
    migrate(url)
    database = Database(url)
    try:
        account = add_user(database, usuario, password, tipo, cliente_id)
    except LeadMasterError as error:
        _complain(_explain(error), _USAGE)
    finally:
        database.close()
    tenant = "" if cliente_id is None else f", cliente_id {cliente_id}"
    print(f"added {account.usuario} ({tipo}{tenant})")


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


@cli.command()
@click.argument("usuario")
def token(usuario: str) -> None:
    """Print a token for USUARIO."""
    from hub_api.accounts.service import find_user, issue_token  # noqa: PLC0415
    from hub_api.database import Database, migrate  # noqa: PLC0415

    settings = _settings()
    migrate(settings.sqlalchemy_url)
    database = Database(settings.sqlalchemy_url)
    try:
        account = find_user(database, usuario)
    finally:
        database.close()
    if account is None or account.disabled:
        _complain(f"{usuario}: no such user; add one with `leadmaster user add`", _USAGE)
    print(issue_token(settings, account))


def _explain(error: LeadMasterError) -> str:
    details = "; ".join(f"{name}: {value}" for name, value in (error.details or {}).items())
    return f"{error.code}: {details}" if details else str(error)


# ---- campaigns


@cli.group()
def campaign() -> None:
    """Campaigns."""


@campaign.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--cliente-id", type=click.IntRange(min=1), required=True, help="The tenant.")
@click.option("--campaign", "campaign_id", required=True, help="The campaign's id, as the hub gave it.")
@click.option("--dry-run", is_flag=True, help="Say what would happen and store nothing.")
def campaign_import(file: Path, cliente_id: int, campaign_id: str, dry_run: bool) -> None:
    """Import the recipients of FILE, CSV or JSON; exit status 1 where rows were rejected."""
    from rich.console import Console  # noqa: PLC0415

    from leadmaster.campaign_import import ImportWish, run  # noqa: PLC0415

    try:
        raise SystemExit(run(_settings(), ImportWish(file, cliente_id, campaign_id, dry_run), Console()))
    except LeadMasterError as error:
        _complain(_explain(error), _USAGE)


# ---- help for operators


@cli.command()
def doctor() -> None:
    """Check this machine and say what to do."""
    from leadmaster import doctor as examination  # noqa: PLC0415
    from leadmaster.screen import Screen  # noqa: PLC0415

    _warn_ignored()
    raise SystemExit(examination.run(Screen()))
