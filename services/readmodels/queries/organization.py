"""The organization: company, departments, members and cycles."""

from typing import Any, Final, Literal

from services.readmodels.queries.places import number, place
from services.readmodels.queries.shapes import Cycle, Department, Member
from services.readmodels.queries.view import View
from shared.events.event import Id
from shared.runtime.http.problems import Problem
from shared.runtime.http.reads import Item, Page, Query, Read, Reads
from shared.runtime.people.store import Person

reads = Reads("readmodels", tag="organization")

_COMPANY: Final = "SELECT * FROM read.okrs_departments WHERE parent_id IS NULL"
_DEPARTMENT: Final = "SELECT * FROM read.okrs_departments WHERE id = $1"
_DEPARTMENTS: Final = """
SELECT * FROM read.okrs_departments
WHERE place > $1
    AND ($3::text IS NULL OR parent_id = $3)
ORDER BY place LIMIT $2
"""
_MEMBER: Final = "SELECT * FROM read.okrs_members WHERE id = $1"
_MEMBERS: Final = """
SELECT * FROM read.okrs_members
WHERE place > $1
    AND ($3::text IS NULL OR department_id = $3)
ORDER BY place LIMIT $2
"""
_CYCLE: Final = "SELECT * FROM read.okrs_cycles WHERE id = $1"
_CYCLES: Final = """
SELECT * FROM read.okrs_cycles
WHERE place > $1 AND ($3::text IS NULL OR state = $3)
ORDER BY place LIMIT $2
"""


class DepartmentQuery(Query):
    """Which departments: those directly below one, or all."""

    parent_id: Id | None = None


class MemberQuery(Query):
    """Which members: those of one department, or all."""

    department_id: Id | None = None


class CycleQuery(Query):
    """Which cycles: those in one state, or all."""

    state: Literal["planning", "active", "review", "closed"] | None = None


@reads.item("/v1/company", permission="okrs.read", shape=Department)
async def get_company(read: Read[View, Query]) -> Item:
    """The company: the one department without a parent."""
    return _item(await read.models.fetch(_COMPANY), _department)


@reads.item("/v1/departments/{department_id}", permission="okrs.read", shape=Department)
async def get_department(read: Read[View, Query], department_id: Id) -> Item:
    """One department."""
    return _item(await read.models.fetch(_DEPARTMENT, department_id), _department)


@reads.list("/v1/departments", permission="okrs.read", query=DepartmentQuery, shape=Department)
async def list_departments(read: Read[View, DepartmentQuery]) -> Page:
    """The departments, in the order in which they were made."""
    rows = await _listed(read, _DEPARTMENTS, read.query.parent_id)
    return Page.of(rows, read.limit, item=_department, place=_place)


@reads.item("/v1/members/{member_id}", permission="people.read", shape=Member)
async def get_member(read: Read[View, Query], member_id: Id) -> Item:
    """One member, by name."""
    rows = await read.models.fetch(_MEMBER, member_id)
    names = await read.models.names([member_id]) if rows else {}
    return _item(rows, lambda row: _member(row, names))


@reads.list("/v1/members", permission="people.read", query=MemberQuery, shape=Member)
async def list_members(read: Read[View, MemberQuery]) -> Page:
    """The members, in the order in which they joined."""
    rows = await _listed(read, _MEMBERS, read.query.department_id)
    names = await read.models.names(row["id"] for row in rows[: read.limit])
    return Page.of(rows, read.limit, item=lambda row: _member(row, names), place=_place)


@reads.item("/v1/cycles/{cycle_id}", permission="okrs.read", shape=Cycle)
async def get_cycle(read: Read[View, Query], cycle_id: Id) -> Item:
    """One cycle."""
    return _item(await read.models.fetch(_CYCLE, cycle_id), _cycle)


@reads.list("/v1/cycles", permission="okrs.read", query=CycleQuery, shape=Cycle)
async def list_cycles(read: Read[View, CycleQuery]) -> Page:
    """The cycles, in the order in which they were planned."""
    rows = await _listed(read, _CYCLES, read.query.state)
    return Page.of(rows, read.limit, item=_cycle, place=_place)


async def _listed(read: Read[View, Any], statement: str, only: str | None) -> list[Any]:
    behind = place(read, number) or [-1]
    return await read.models.fetch(statement, *behind, read.limit + 1, only)


def _item(rows: list[Any], shaped: Any) -> Item:  # noqa: ANN401 - a record to a mapping
    if not rows:
        raise Problem("not_found")
    return Item(shaped(rows[0]), version=rows[0]["version"])


def _place(row: Any) -> list[int]:  # noqa: ANN401 - a record
    return [row["place"]]


def _department(row: Any) -> dict[str, Any]:  # noqa: ANN401 - a record
    return {
        "id": row["id"],
        "name": row["name"],
        "aliases": row["aliases"],
        "parent_id": row["parent_id"],
        "head_id": row["head_id"],
        "external_id": row["external_id"],
        "state": "closed" if row["closed"] else "open",
        "version": row["version"],
    }


def _member(row: Any, names: dict[str, Person]) -> dict[str, Any]:  # noqa: ANN401 - a record
    person = names.get(row["id"]) or Person(row["id"])
    state = "erased" if row["erased"] else "left" if row["left"] else "active"
    return {
        "id": row["id"],
        "display_name": person.display_name,
        "email": person.email,
        "title": person.title,
        "external_id": person.external_id,
        "department_id": row["department_id"],
        "roles": row["roles"],
        "state": state,
        "successor_id": row["successor_id"],
        "version": row["version"],
    }


def _cycle(row: Any) -> dict[str, Any]:  # noqa: ANN401 - a record
    return {
        "id": row["id"],
        "name": row["name"],
        "start": row["start"].isoformat(),
        "end": row["end"].isoformat(),
        "kind": row["kind"],
        "state": row["state"],
        "planned_by": row["planned_by"],
        "version": row["version"],
    }
