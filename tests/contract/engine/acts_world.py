"""What tests do to groups and profiles, and see of typing, in both worlds."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from shared.protocol.groups import Group, GroupRole, Participant
from shared.protocol.profiles import Profile
from simulator.client import SimulatorClient
from testing.fake.whatsapp import FakeWhatsApp

_PICTURE = b"\xff\xd8\xff\xe0 a picture"
_numbers = itertools.count(1)


class FakeActs:
    """Part of `FakeWorld`."""

    _whatsapp: FakeWhatsApp

    def add_group(self, number: str, subject: str, description: str, others: Sequence[str]) -> str:
        group_id = f"12036300000000{next(_numbers):04}@g.us"
        roles = {number: GroupRole.SUPERADMIN} | dict.fromkeys(others, GroupRole.MEMBER)
        members = tuple(Participant(f"{one}@c.us", one, role) for one, role in roles.items())
        group = Group(group_id, subject, description, size=len(members), participants=members)
        self._whatsapp.acts.groups[number] = (*self._whatsapp.acts.groups.get(number, ()), group)
        return group_id

    def show_profile(self, number: str, name: str, *, picture: bool) -> None:
        url = "https://pps.whatsapp.net/v/x.jpg" if picture else None
        self._whatsapp.acts.profiles[number] = Profile("", push_name=name, picture_url=url)

    def typing_of(self, number: str) -> list[tuple[str, str]]:
        return [
            (chat, "recording" if recording else "composing")
            for who, chat, _, recording in self._whatsapp.acts.typing
            if who == number
        ]


class SimulatorActs:
    """Part of `SimulatorWorld`."""

    _control: SimulatorClient

    def add_group(self, number: str, subject: str, description: str, others: Sequence[str]) -> str:
        members = {number: "superadmin"} | dict.fromkeys(others, "member")
        return str(self._control.add_group(subject, members, description=description)["id"])

    def show_profile(self, number: str, name: str, *, picture: bool) -> None:
        media = str(self._control.put_media(_PICTURE, "image/jpeg")["media"]) if picture else ""
        self._control.put_number(number, name=name, picture=media, hides_picture=not picture)

    def typing_of(self, number: str) -> list[tuple[str, str]]:
        states = self._control.phone(number)["chat_states"]
        return [(f"{one['chat']}@c.us", str(one["state"])) for one in states]
