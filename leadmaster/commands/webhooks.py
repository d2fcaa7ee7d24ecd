"""Webhooks at the terminal: `leadmaster webhook listen`."""

from __future__ import annotations

import click


@click.group()
def webhook() -> None:
    """Trying webhooks out."""


@webhook.command()
@click.option("--port", type=click.IntRange(0, 65535), required=True, help="On 127.0.0.1; 0 takes a free one.")
@click.option("--secret", required=True, envvar="WEBHOOK_SECRET", help="The webhook's, whsec_…; or in WEBHOOK_SECRET.")
def listen(port: int, secret: str) -> None:
    """Print the events that are posted to this machine, verified, until Ctrl-C.

    The hub's WEBHOOK_ALLOWED_NETWORKS must have 127.0.0.0/8.
    """
    from leadmaster.webhook_listener import described, make_listener  # noqa: PLC0415

    try:
        server = make_listener(port, secret, lambda posted: click.echo(described(posted)))
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--secret") from None
    except OSError as error:
        raise click.BadParameter(f"{port}: {error.strerror}", param_hint="--port") from None
    with server:
        click.echo(f"Listening on http://127.0.0.1:{server.server_address[1]}/")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            click.echo("")


COMMANDS = (webhook,)
