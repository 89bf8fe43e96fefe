"""Departments and members, as they are now. Names of people stand in the people store.

All events of the organization stand in one partition, in one order.
"""

from collections.abc import Mapping
from typing import Final

from services.readmodels.projections.marks import mark_owned, mark_parents, mark_secret
from services.readmodels.projections.written import place, stamp
from shared.eventing.projection import Handler
from shared.eventing.rows import Rows
from shared.eventing.tables import Table
from shared.events import organization as said
from shared.events.deciding import Recorded
from shared.events.event import Event

DEPARTMENTS: Final = Table(
    "departments",
    key=("id",),
    columns={
        "id": "text",
        "name": "text",
        "aliases": "jsonb",
        "parent_id": "text",
        "head_id": "text",
        "external_id": "text",
        "closed": "boolean",
        "version": "integer",
        "place": "bigint",
        "valid_from": "timestamptz",
    },
    lookups=(("parent_id",),),
    indexes=("(place)",),
)
MEMBERS: Final = Table(
    "members",
    key=("id",),
    columns={
        "id": "text",
        "department_id": "text",
        "roles": "jsonb",
        "left": "boolean",
        "erased": "boolean",
        "successor_id": "text",
        "version": "integer",
        "place": "bigint",
        "valid_from": "timestamptz",
    },
    indexes=("(place)", "(department_id, place)"),
)
TABLES: Final = (DEPARTMENTS, MEMBERS)


def department_created(recorded: Recorded[said.DepartmentCreated], rows: Rows) -> None:
    """A department is there; what was counted in it goes up to its parent."""
    event = recorded.event
    rows["departments"].put(
        {
            "id": event.department_id,
            "name": event.name,
            "aliases": list(event.aliases),
            "parent_id": event.parent_id,
            "external_id": event.external_id,
            "closed": False,
            "place": place(rows),
            **stamp(recorded),
        }
    )
    mark_parents(event.department_id, (event.parent_id,), rows)
    mark_secret(rows)


def department_renamed(recorded: Recorded[said.DepartmentRenamed], rows: Rows) -> None:
    """A department has other words."""
    event = recorded.event
    rows["departments"].set(
        event.department_id,
        name=event.name,
        aliases=list(event.aliases),
        external_id=event.external_id,
        **stamp(recorded),
    )


def department_moved(recorded: Recorded[said.DepartmentMoved], rows: Rows) -> None:
    """A subtree leaves one parent's figures and enters another's."""
    event = recorded.event
    rows["departments"].set(event.department_id, parent_id=event.parent_id, **stamp(recorded))
    mark_parents(event.department_id, (event.from_parent_id, event.parent_id), rows)
    mark_secret(rows)


def department_head_named(recorded: Recorded[said.DepartmentHeadNamed], rows: Rows) -> None:
    """Somebody else approves and sees what is secret below."""
    event = recorded.event
    rows["departments"].set(event.department_id, head_id=event.head_id, **stamp(recorded))
    mark_secret(rows)


def department_closed(recorded: Recorded[said.DepartmentClosed], rows: Rows) -> None:
    """A department takes nothing new; its figures stay."""
    rows["departments"].set(recorded.event.department_id, closed=True, **stamp(recorded))


def member_joined(recorded: Recorded[said.MemberJoined], rows: Rows) -> None:
    """A member is there."""
    event = recorded.event
    rows["members"].put(
        {
            "id": event.member_id,
            "department_id": event.department_id,
            "roles": [],
            "left": False,
            "erased": False,
            "place": place(rows),
            **stamp(recorded),
        }
    )
    mark_owned(event.member_id, rows)


def member_details_changed(recorded: Recorded[said.MemberDetailsChanged], rows: Rows) -> None:
    """Names stand in the people store; here only the version moves on."""
    rows["members"].set(recorded.event.member_id, **stamp(recorded))


def member_moved(recorded: Recorded[said.MemberMoved], rows: Rows) -> None:
    """Somebody else approves what the member owns."""
    event = recorded.event
    rows["members"].set(event.member_id, department_id=event.department_id, **stamp(recorded))
    mark_owned(event.member_id, rows)


def member_role_changed(
    recorded: Recorded[said.MemberRoleGranted] | Recorded[said.MemberRoleRevoked], rows: Rows
) -> None:
    """A member has one role more or less."""
    event = recorded.event
    row = rows["members"].get(event.member_id)
    roles = set(row["roles"]) if row else set()
    if isinstance(event, said.MemberRoleGranted):
        roles.add(event.role)
    else:
        roles.discard(event.role)
    rows["members"].set(event.member_id, roles=sorted(roles), **stamp(recorded))
    mark_secret(rows)


def member_left(recorded: Recorded[said.MemberLeft], rows: Rows) -> None:
    """A successor stands for the member, if there is one."""
    event = recorded.event
    rows["members"].set(
        event.member_id, left=True, successor_id=event.successor_id, **stamp(recorded)
    )
    mark_secret(rows)


def member_erased(recorded: Recorded[said.MemberErased], rows: Rows) -> None:
    """Nobody knows any more who the member was."""
    rows["members"].set(recorded.event.member_id, erased=True, **stamp(recorded))
    mark_secret(rows)


HANDLERS: Final[Mapping[type[Event], Handler]] = {
    said.DepartmentCreated: department_created,
    said.DepartmentRenamed: department_renamed,
    said.DepartmentMoved: department_moved,
    said.DepartmentHeadNamed: department_head_named,
    said.DepartmentClosed: department_closed,
    said.MemberJoined: member_joined,
    said.MemberDetailsChanged: member_details_changed,
    said.MemberMoved: member_moved,
    said.MemberRoleGranted: member_role_changed,
    said.MemberRoleRevoked: member_role_changed,
    said.MemberLeft: member_left,
    said.MemberErased: member_erased,
}
