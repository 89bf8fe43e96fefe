"""A planned row as the command that its owner decides."""

from collections.abc import Callable, Mapping
from typing import Any

from services.organization.domain.cycles import ImportCycle
from services.organization.domain.departments import ImportDepartment
from services.organization.domain.members import ImportMember
from services.organization.imports.file import (
    AlignmentRow,
    CompanyFrame,
    CycleRow,
    DepartmentFrame,
    MemberRow,
    ObjectiveRow,
    ReadingRow,
)
from services.organization.imports.plan import COMPANY_KEY, Plan, Planned
from shared.eventing.commands import WireCommand
from shared.events.deciding import Command
from shared.okr import identity

Seal = Callable[[str], str]

COMPANY_ID = identity.import_id("department", COMPANY_KEY)
DETAILS = {"name": "display_name", "title": "title", "email": "email", "external_id": "external_id"}
"""A member row's field → the people store's."""


def member_id(key: str) -> str:
    """The id of an imported member."""
    return identity.import_id("member", key)


def details_of(row: MemberRow) -> dict[str, str | None]:
    """What the people store is told of a member: only what the file says."""
    given = {DETAILS[name]: getattr(row, name) for name in DETAILS}
    return {name: value for name, value in given.items() if value is not None}


def command_of(
    planned: Planned,
    plan: Plan,
    id_: str,
    seal: Seal,
    *,
    update: bool,
    details: tuple[str, ...] = (),
) -> tuple[str, Command | WireCommand] | None:
    """The service that decides the row and what it is asked; None where no service takes it.

    `id_` is the command's, under which the `details` of a member are staged: the fields that differ
    from the people store.
    """
    match planned.row:
        case CompanyFrame(name=name):
            return "organization", ImportDepartment(
                department_id=COMPANY_ID, name=name, company=True, update=update
            )
        case DepartmentFrame():
            return "organization", _department(planned.row, update=update)
        case MemberRow() as member:
            within = planned.within or COMPANY_KEY
            return "organization", _member(member, within, id_, details, update=update)
        case CycleRow() as row:
            return "organization", ImportCycle(
                cycle_id=identity.import_id("cycle", row.name),
                name=row.name,
                start=row.start,
                end=row.end,
                kind=row.kind,
                update=update,
            )
        case ObjectiveRow():
            data = _objective(planned.row, planned.within or COMPANY_KEY, plan, seal)
            return _wired("objectives", "ImportObjective", "objective", data | {"update": update})
        case AlignmentRow():
            data = _alignment(planned.row, plan) | {"update": update}
            return "alignment", WireCommand("ImportAlignment", 1, "alignment", data)
        case ReadingRow():
            return _wired("checkins", "LogProgress", "tracking", _reading(planned.row, plan))
        case _:
            return None


def _wired(
    service: str, name: str, stream: str, data: Mapping[str, Any]
) -> tuple[str, WireCommand]:
    return service, WireCommand(name, 1, f"{stream}-{data['objective_id']}", data)


def _department_id(key: str) -> str:
    return COMPANY_ID if key == COMPANY_KEY else identity.import_id("department", key)


def _member(
    row: MemberRow, within: str, id_: str, details: tuple[str, ...], *, update: bool
) -> ImportMember:
    return ImportMember(
        member_id=member_id(row.key),
        department_id=_department_id(within),
        details=details,
        amendment_id=id_ if details else None,
        update=update,
    )


def _department(row: DepartmentFrame, *, update: bool) -> ImportDepartment:
    return ImportDepartment(
        department_id=_department_id(row.key),
        name=row.name,
        aliases=row.aliases,
        parent_id=None if row.parent is None else _department_id(row.parent),
        head_id=None if row.head is None else member_id(row.head),
        update=update,
    )


def _objective(row: ObjectiveRow, within: str, plan: Plan, seal: Seal) -> dict[str, Any]:
    return {
        "objective_id": plan.objective_id(row.cycle, row.key),
        "cycle_id": identity.import_id("cycle", plan.cycle_of(row.cycle).name),
        "owner": _owner(row.owner, within),
        "title": row.title,
        "description": None if row.description is None else seal(row.description),
        "commitment": row.commitment,
        "confidential": row.confidential,
        "key_results": [
            {
                "key_result_id": plan.key_result_id(row.cycle, row.key, key_result.key),
                "title": key_result.title,
                "measure": key_result.measure.model_dump(mode="json"),
                "weight": None if key_result.weight is None else str(key_result.weight),
                "owner_id": None if key_result.owner is None else member_id(key_result.owner),
                "due": None if key_result.due is None else key_result.due.isoformat(),
                "mentions": [
                    _department_id(plan.departments[name]) for name in key_result.mentions
                ],
            }
            for key_result in row.key_results
        ],
    }


def _owner(owner: str, within: str) -> dict[str, str]:
    if owner == "company" or (owner == "department" and within == COMPANY_KEY):
        return {"type": "company", "id": COMPANY_ID}
    if owner == "department":
        return {"type": "department", "id": _department_id(within)}
    return {"type": "member", "id": member_id(owner)}


def _alignment(row: AlignmentRow, plan: Plan) -> dict[str, Any]:
    from_cycle, to_cycle = row.cycles
    from_id, to_id = plan.objective_id(from_cycle, row.from_), plan.objective_id(to_cycle, row.to)
    key_result_id = (
        None if row.key_result is None else plan.key_result_id(to_cycle, row.to, row.key_result)
    )
    return {
        "alignment_id": identity.imported_alignment_id(from_id, to_id, key_result_id),
        "kind": row.kind,
        "from_objective_id": from_id,
        "to_objective_id": to_id,
        "to_key_result_id": key_result_id,
        "weight": None if row.weight is None else str(row.weight),
    }


def _reading(row: ReadingRow, plan: Plan) -> dict[str, Any]:
    return {
        "objective_id": plan.objective_id(row.cycle, row.objective),
        "key_result_id": plan.key_result_id(row.cycle, row.objective, row.key_result),
        "reading": row.reading.model_dump(mode="json"),
        "observed_on": row.observed_on.isoformat(),
        "confidence": row.confidence,
        "source": "import",
    }
