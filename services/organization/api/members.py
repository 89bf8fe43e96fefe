"""Members over HTTP. Names, addresses and staff numbers travel beside the command, never in it."""

from typing import Annotated, Final

from pydantic import Field, StringConstraints

from services.organization.api.departments import Number
from services.organization.domain.members import (
    ChangeMember,
    EraseMember,
    JoinMember,
    LeaveMember,
)
from shared.events.event import Id
from shared.events.organization import Role
from shared.runtime.http.fields import Body, Title
from shared.runtime.http.writes import Call, Named, Writes

ITEM: Final = "/v1/members/{member_id}"
DETAILS: Final = ("display_name", "email", "title", "external_id")
"""What stands in the people store."""

Email = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=254, pattern=r"^[^@\s]+@[^@\s]+$"),
]
Roles = frozenset[Role]

writes = Writes("organization", tag="members")


class NewMember(Body):
    """Somebody who joins."""

    display_name: Title
    email: Email | None = None
    title: Title | None = None
    external_id: Number | None = None
    department_id: Id
    roles: Roles = frozenset()


class MemberPatch(Body):
    """What of a member changes; roles are set all together."""

    display_name: Title = Field(default_factory=str)
    email: Email | None = None
    title: Title | None = None
    external_id: Number | None = None
    department_id: Id = Field(default_factory=str)
    roles: Roles = Field(default_factory=frozenset)


class Leaving(Body):
    """Who takes over what the member owned and headed; null when nobody does."""

    successor_id: Id | None


@writes.post("/v1/members", permission="members.write", creates="/v1/members/{id}")
def add_member(call: Call, body: NewMember) -> Named:
    """Have somebody join a department."""
    command = JoinMember(
        member_id=call.id,
        department_id=body.department_id,
        roles=body.roles,
        amendment_id=call.command_id,
    )
    return Named(command, call.id, {name: getattr(body, name) for name in DETAILS})


@writes.patch(ITEM, permission="members.write")
def change_member(call: Call, body: MemberPatch, member_id: Id) -> ChangeMember | Named:
    """Change a member's department, roles or details."""
    named = body.stated()
    details: dict[str, str | None] = {name: named.pop(name) for name in DETAILS if name in named}
    command = ChangeMember(
        member_id=member_id,
        **named,
        details=tuple(sorted(details)),
        amendment_id=call.command_id if details else None,
    )
    return Named(command, member_id, details) if details else command


@writes.post(f"{ITEM}/leave", permission="members.write")
def leave(_call: Call, body: Leaving, member_id: Id) -> LeaveMember:
    """Let a member go; the successor takes over."""
    return LeaveMember(member_id=member_id, successor_id=body.successor_id)


@writes.post(f"{ITEM}/erase", permission="members.write")
def erase(_call: Call, member_id: Id) -> EraseMember:
    """Destroy a member's personal data and the key to what they wrote."""
    return EraseMember(member_id=member_id)
