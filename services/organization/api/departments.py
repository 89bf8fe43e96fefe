"""Departments over HTTP."""

from typing import Annotated, Final

from pydantic import Field, StringConstraints

from services.organization.domain.departments import (
    ChangeDepartment,
    CloseDepartment,
    CreateDepartment,
    MoveDepartment,
)
from shared.events.event import Id
from shared.runtime.http.fields import MOST_ITEMS, Body, Reason, Title
from shared.runtime.http.writes import Call, Writes

ITEM: Final = "/v1/departments/{department_id}"

Aliases = Annotated[tuple[Title, ...], Field(max_length=MOST_ITEMS)]
Number = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]

writes = Writes("organization", tag="departments")


class NewDepartment(Body):
    """A department to be made."""

    name: Title
    aliases: Aliases = ()
    parent_id: Id | None = None
    head_id: Id | None = None
    external_id: Number | None = None


class DepartmentPatch(Body):
    """What of a department changes; without a head it waits for one."""

    name: Title = Field(default_factory=str)
    aliases: Aliases = Field(default_factory=tuple)
    head_id: Id | None = None
    external_id: Number | None = None


class Move(Body):
    """Where a department goes."""

    parent_id: Id
    reason: Reason


@writes.post("/v1/departments", permission="departments.write", creates="/v1/departments/{id}")
def create_department(call: Call, body: NewDepartment) -> CreateDepartment:
    """Create a department; the first one without a parent is the company."""
    return CreateDepartment(
        department_id=call.id,
        name=body.name,
        aliases=body.aliases,
        parent_id=body.parent_id,
        head_id=body.head_id,
        external_id=body.external_id,
    )


@writes.patch(ITEM, permission="departments.write")
def change_department(_call: Call, body: DepartmentPatch, department_id: Id) -> ChangeDepartment:
    """Change a department's name, aliases, number or head."""
    return ChangeDepartment(department_id=department_id, **body.stated())


@writes.post(f"{ITEM}/move", permission="departments.write")
def move_department(call: Call, body: Move, department_id: Id) -> MoveDepartment:
    """Move a department below another parent."""
    return MoveDepartment(
        department_id=department_id, parent_id=body.parent_id, reason=call.seal(body.reason)
    )


@writes.post(f"{ITEM}/close", permission="departments.write")
def close_department(_call: Call, department_id: Id) -> CloseDepartment:
    """Close a department that nobody is left in."""
    return CloseDepartment(department_id=department_id)
