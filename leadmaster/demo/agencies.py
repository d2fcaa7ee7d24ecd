"""The demo's tenants: who they are, whom they write to and what."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from leadmaster.screen import Screen


@dataclass(frozen=True, slots=True)
class Agency:
    """One tenant."""

    cliente_id: int
    name: str
    colour: str
    usuario: str
    phone: str  # the phone that scans, canonical digits
    people: tuple[tuple[str, str], ...]  # number and name of those it writes to
    lines: tuple[str, ...]
    password: str = field(default_factory=lambda: secrets.token_urlsafe(12))

    @property
    def path(self) -> str:
        """Its calls begin with this."""
        return f"/api/whatsapp/{self.cliente_id}"


AGENCY_A = Agency(
    51,
    "Agency A",
    "cyan",
    "agencia-a",
    "5491144445151",
    (("5491155550101", "Ana"), ("5491155550102", "Bruno"), ("5491155550103", "Carla")),
    ("¡Hola {name}! Tu turno es mañana a las 10.", "Recuerda traer el DNI.", "¡Te esperamos!"),
)
AGENCY_B = Agency(
    52,
    "Agency B",
    "magenta",
    "agencia-b",
    "5491144445252",
    (("5491155550201", "Diego"), ("5491155550202", "Elena"), ("5491155550203", "Fede")),
    ("Hola {name}, tu pedido ya salió.", "Llega entre las 14 y las 16.", "Gracias por tu compra."),
)
AGENCIES = (AGENCY_A, AGENCY_B)


def show_accounts(screen: Screen) -> None:
    """How to sign in as one of them."""
    for agency in AGENCIES:
        screen.plain(
            f"  {agency.name} user {agency.usuario}, password {agency.password}, cliente_id {agency.cliente_id}"
        )
