"""A group, and all of them."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from simulator.errors import BadRequest, NotFound
from simulator.world.numbers import lid_of, parse_group, parse_number, wid_of

MEMBER, ADMIN, SUPERADMIN = "member", "admin", "superadmin"
ROLES = (MEMBER, ADMIN, SUPERADMIN)


@dataclass(slots=True)
class Group:
    """A group.

    Attributes:
        id: its wid.
        subject: its name.
        members: their roles by number.
        lid: its members go by LIDs ("addressing mode"); else by phone numbers.
        description: empty for none.
        announce: only admins write.
        restrict: only admins change it.
        created_at: seconds since the epoch.
    """

    id: str
    subject: str
    members: dict[str, str] = field(default_factory=dict)
    lid: bool = False
    description: str = ""
    announce: bool = False
    restrict: bool = False
    created_at: int = 0

    def wid_of(self, number: str) -> str:
        """Return what a member goes by in it."""
        return wid_of(number, lid=self.lid)

    def others(self, number: str) -> list[str]:
        """Return the numbers of all members but one."""
        return [member for member in self.members if member != number]

    def may_write(self, number: str) -> bool:
        """Say whether somebody may write in it."""
        return self.is_admin(number) or (number in self.members and not self.announce)

    def is_admin(self, number: str) -> bool:
        """Say whether somebody is an admin of it."""
        return self.members.get(number) in (ADMIN, SUPERADMIN)

    def as_dict(self) -> dict[str, object]:
        """Return the group as a JSON object."""
        return asdict(self)

    def for_page(self) -> dict[str, object]:
        """Return what a member's page is told of it."""
        owner = next((number for number, role in self.members.items() if role == SUPERADMIN), None)
        return {
            "wid": self.id,
            "subject": self.subject,
            "description": self.description,
            "owner": None if owner is None else self.wid_of(owner),
            "announce": self.announce,
            "restrict": self.restrict,
            "lid": self.lid,
            "created_at": self.created_at,
            "participants": [
                {"wid": self.wid_of(number), "number": number, "lid": lid_of(number), "role": role}
                for number, role in self.members.items()
            ],
        }


class GroupBook:
    """All groups."""

    def __init__(self) -> None:
        self.groups: dict[str, Group] = {}

    def get(self, id_: str) -> Group:
        """Return a group. Raises NotFound."""
        try:
            return self.groups[id_]
        except KeyError:
            raise NotFound(f"no group {id_}") from None

    def of(self, number: str) -> list[Group]:
        """Return the groups that somebody is in."""
        return [group for group in self.groups.values() if number in group.members]

    def has(self, id_: str | None, *numbers: str) -> bool:
        """Say whether there is such a group and all of these are in it."""
        group = self.groups.get(id_ or "")
        return group is not None and set(numbers) <= group.members.keys()

    def add(self, id_: str | None, subject: str) -> Group:
        """Make a group without anybody in it; id_: its wid, or None for a new one."""
        id_ = f"1203630{secrets.randbelow(10**11):011}@g.us" if id_ is None else parse_group(id_)
        group = self.groups[id_] = Group(id_, subject, created_at=int(time.time()))
        return group

    def joined(self, id_: str, *numbers: str, lid: bool) -> Group:
        """Return the group with this wid, made if there is none; these numbers are in it from now on."""
        group = self.groups.get(id_)
        if group is None:
            group = self.add(id_, f"Grupo {id_.partition('@')[0][-4:]}")
            group.lid = lid
        for number in numbers:
            group.members.setdefault(number, MEMBER)
        return group


def parse_members(value: object) -> dict[str, str]:
    """Return roles by number, of a list of numbers or an object of roles by number. Raises BadRequest."""
    roles = dict.fromkeys(value, MEMBER) if isinstance(value, list) else value
    if not isinstance(roles, Mapping) or not all(role in ROLES for role in roles.values()):
        raise BadRequest(f"members must be a list of numbers, or have a role ({', '.join(ROLES)}) for each number")
    return {parse_number(number): str(role) for number, role in roles.items()}
