"""An operator's commands about WhatsApp Web's builds and wa-js: `leadmaster whatsapp …`."""

from __future__ import annotations

import click

from leadmaster.commands.settings import command_settings


@click.group()
def whatsapp() -> None:
    """Builds of WhatsApp Web, and the wa-js that drives them."""


@whatsapp.command()
def versions() -> int:
    """Show what the site serves, what is pinned, and what wa-js was made for."""
    from leadmaster.screen import Screen  # noqa: PLC0415
    from leadmaster.whatsapp.versions import show  # noqa: PLC0415

    return show(command_settings(), Screen())


@whatsapp.command("update-bundle")
@click.argument("version", default="latest")
@click.option(
    "--session", "cliente_id", type=click.IntRange(min=1), help="Try it on this tenant's session too, which is READY."
)
def update_bundle(version: str, cliente_id: int | None) -> int:
    """Take a wa-js from npm, or from a packed file, try it on the stand-in WhatsApp, and switch to it."""
    from leadmaster.screen import Screen  # noqa: PLC0415
    from leadmaster.whatsapp.bundle_update import update  # noqa: PLC0415

    return update(command_settings(), version, cliente_id, Screen())


@whatsapp.command()
def bundles() -> None:
    """List the wa-js bundles that are here."""
    from session_worker.engine.port import EngineError  # noqa: PLC0415
    from session_worker.engine.versions.bundles import PACKAGED, BundleStore, facts, packaged_bundle  # noqa: PLC0415
    from shared.instant import to_iso  # noqa: PLC0415

    store = BundleStore(command_settings().whatsapp_dir)
    in_use = store.in_use()
    try:
        rows = [(PACKAGED, f"{facts(packaged_bundle(None)).version}, in node_modules")]
    except EngineError as error:
        rows = [(PACKAGED, error.detail)]
    for kept in store.kept():
        state = "" if store.is_whole(kept) else "; DAMAGED, take it again with update-bundle"
        rows.append((kept.name, f"kept {to_iso(kept.kept_at_ms)}, {kept.integrity[:20]}…{state}"))
    for name, text in rows:
        click.echo(f"{'*' if name == in_use else ' '} {name:<12} {text}")


@whatsapp.command("use-bundle")
@click.argument("name")
def use_bundle(name: str) -> None:
    """Switch to a bundle by its name; `packaged` is the one that came with LeadMaster."""
    from leadmaster.whatsapp.bundle_update import refuse_configured  # noqa: PLC0415
    from session_worker.engine.port import EngineError  # noqa: PLC0415
    from session_worker.engine.versions.bundles import BundleStore  # noqa: PLC0415

    settings = command_settings()
    refuse_configured(settings)
    try:
        BundleStore(settings.whatsapp_dir).use(name)
    except EngineError as error:
        raise click.ClickException(error.detail) from None
    click.echo(f"{name} is in use from each session's next browser run on")


COMMANDS = (whatsapp,)
