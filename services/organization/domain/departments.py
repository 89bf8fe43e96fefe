"""Departments: the tree, its heads, and the company at its root."""

from typing import Final, assert_never

from shared.events.deciding import Answer, Command, Patch, Refused
from shared.events.event import Event, Id, Sealed
from shared.events.folds.organization import Department, Organization
from shared.events.organization import (
    DepartmentClosed,
    DepartmentCreated,
    DepartmentHeadNamed,
    DepartmentMoved,
    DepartmentRenamed,
)

PATH_ARROW: Final = " → "


class DepartmentCommand(Command):
    """A wish about a department."""

    department_id: Id

    @property
    def stream(self) -> str:
        """One stream a department."""
        return f"department-{self.department_id}"


class CreateDepartment(DepartmentCommand):
    """Create a department; without a parent the first is the company, a later one lies below it."""

    name: str
    aliases: tuple[str, ...] = ()
    parent_id: Id | None = None
    head_id: Id | None = None
    external_id: str | None = None


class ChangeDepartment(DepartmentCommand, Patch):
    """Change a department's name, aliases, number or head."""

    name: str = ""
    aliases: tuple[str, ...] = ()
    head_id: Id | None = None
    external_id: str | None = None


class MoveDepartment(DepartmentCommand):
    """Put a department below another parent."""

    parent_id: Id
    reason: Sealed


class CloseDepartment(DepartmentCommand):
    """Close a department that nobody is left in."""


class ImportDepartment(DepartmentCommand):
    """Have a department as a file tells it; `update` applies what differs.

    `company` says that it is the root of them all; every other one needs a root to lie below. The
    head may be somebody who joins by a later row of the same file.
    """

    name: str
    company: bool = False
    aliases: tuple[str, ...] = ()
    parent_id: Id | None = None
    head_id: Id | None = None
    update: bool = False


AnyDepartmentCommand = (
    CreateDepartment | ChangeDepartment | MoveDepartment | CloseDepartment | ImportDepartment
)


def decide(command: AnyDepartmentCommand, org: Organization) -> Answer:
    """Answer a command of an administrator."""
    match command:
        case CreateDepartment():
            return _create(command, org)
        case ImportDepartment():
            return _import(command, org)
        case ChangeDepartment() | MoveDepartment() | CloseDepartment():
            department = org.departments.get(command.department_id)
            if department is None:
                return Refused("not_found")
            return _decide_known(command, department, org)
        case _:
            assert_never(command)


def _decide_known(
    command: ChangeDepartment | MoveDepartment | CloseDepartment,
    department: Department,
    org: Organization,
) -> Answer:
    if isinstance(command, CloseDepartment):
        return _close(department, org)
    if department.closed:
        return Refused("department_closed", {"department": department.name})
    match command:
        case ChangeDepartment():
            return _change(command, department, org)
        case MoveDepartment():
            return _move(command, department, org)
        case _:
            assert_never(command)


def _create(command: CreateDepartment, org: Organization) -> Answer:
    if command.department_id in org.departments:
        return ()
    refused = (
        _parent_refused(command.parent_id, org)
        or _head_refused(command.head_id, org)
        or _number_refused(command.external_id, command.department_id, org)
    )
    if refused:
        return refused
    created = DepartmentCreated(
        department_id=command.department_id,
        name=command.name,
        aliases=command.aliases,
        parent_id=command.parent_id or org.company_id,
        external_id=command.external_id,
    )
    return (created, *_head_named(command.department_id, None, command.head_id))


def _change(command: ChangeDepartment, before: Department, org: Organization) -> Answer:
    head_id = command.head_id if command.names("head_id") else before.head_id
    number = command.external_id if command.names("external_id") else before.external_id
    if head_id != before.head_id and (refused := _head_refused(head_id, org)):
        return refused
    if number != before.external_id and (refused := _number_refused(number, before.id, org)):
        return refused
    name = command.name if command.names("name") else before.name
    aliases = command.aliases if command.names("aliases") else before.aliases
    return (
        *_renamed(before, name, aliases, number),
        *_head_named(before.id, before.head_id, head_id),
    )


def _move(command: MoveDepartment, before: Department, org: Organization) -> Answer:
    if before.parent_id is None:
        return Refused("company_stays")
    if refused := _parent_refused(command.parent_id, org) or _loop(before, command.parent_id, org):
        return refused
    if command.parent_id == before.parent_id:
        return ()
    moved = DepartmentMoved(
        department_id=before.id,
        from_parent_id=before.parent_id,
        parent_id=command.parent_id,
        reason=command.reason,
    )
    return (moved,)


def _close(department: Department, org: Organization) -> Answer:
    if department.closed:
        return ()
    if department.parent_id is None:
        return Refused("company_stays")
    members = sum(m.serves and m.department_id == department.id for m in org.members.values())
    children = sum(
        not d.closed and d.parent_id == department.id for d in org.departments.values()
    )  # fmt: skip
    if members or children:
        return Refused("department_not_empty", {"members": members, "departments": children})
    return (DepartmentClosed(department_id=department.id),)


def _import(command: ImportDepartment, org: Organization) -> Answer:
    if command.company and org.company_id is not None:
        return _import_company(command, org.departments[org.company_id])
    before = org.departments.get(command.department_id)
    if before is None:
        if not (command.company or org.company_id):
            return Refused("company_needed")
        if refused := _parent_refused(command.parent_id, org):
            return refused
        created = DepartmentCreated(
            department_id=command.department_id,
            name=command.name,
            aliases=command.aliases,
            parent_id=command.parent_id or org.company_id,
        )
        return (created, *_head_named(command.department_id, None, command.head_id))
    below = None if before.parent_id is None else command.parent_id or org.company_id
    differences = [
        field
        for field, is_new in (
            ("name", command.name != before.name),
            ("aliases", command.aliases != before.aliases),
            ("parent", below != before.parent_id),
            ("head", command.head_id != before.head_id),
        )
        if is_new
    ]
    if not differences:
        return ()
    if not command.update:
        return Refused("import_differs", {"fields": differences})
    return _update(command, before, below, org)


def _import_company(command: ImportDepartment, before: Department) -> Answer:
    """A file knows the company by its name only."""
    if command.name == before.name:
        return ()
    if not command.update:
        return Refused("import_differs", {"fields": ["name"]})
    return _renamed(before, command.name, before.aliases, before.external_id)


def _update(
    command: ImportDepartment, before: Department, below: str | None, org: Organization
) -> Answer:
    if before.closed:
        return Refused("department_closed", {"department": before.name})
    events: list[Event] = [*_renamed(before, command.name, command.aliases, before.external_id)]
    if before.parent_id is not None and below is not None and below != before.parent_id:
        if refused := _parent_refused(below, org) or _loop(before, below, org):
            return refused
        moved = DepartmentMoved(
            department_id=before.id, from_parent_id=before.parent_id, parent_id=below
        )
        events.append(moved)
    return (*events, *_head_named(before.id, before.head_id, command.head_id))


def _renamed(
    before: Department, name: str, aliases: tuple[str, ...], number: str | None
) -> tuple[Event, ...]:
    if (name, aliases, number) == (before.name, before.aliases, before.external_id):
        return ()
    renamed = DepartmentRenamed(
        department_id=before.id, name=name, aliases=aliases, external_id=number
    )
    return (renamed,)


def _head_named(department_id: str, before: str | None, head_id: str | None) -> tuple[Event, ...]:
    if head_id == before:
        return ()
    return (DepartmentHeadNamed(department_id=department_id, head_id=head_id, before=before),)


def _parent_refused(parent_id: str | None, org: Organization) -> Refused | None:
    if parent_id is None:
        return None
    parent = org.departments.get(parent_id)
    if parent is None:
        return Refused("not_found", pointer="/parent_id")
    if parent.closed:
        return Refused("department_closed", {"department": parent.name}, "/parent_id")
    return None


def _head_refused(head_id: str | None, org: Organization) -> Refused | None:
    if head_id is None or org.serves(head_id):
        return None
    return Refused("member_left" if head_id in org.members else "not_found", pointer="/head_id")


def _number_refused(
    external_id: str | None, department_id: str, org: Organization
) -> Refused | None:
    """A number names one department that is not closed."""
    if external_id is None:
        return None
    for other in org.departments.values():
        if other.external_id == external_id and other.id != department_id and not other.closed:
            facts = {"external_id": external_id, "department": other.name}
            return Refused("external_id_taken", facts, "/external_id")
    return None


def _loop(department: Department, parent_id: str, org: Organization) -> Refused | None:
    """A department cannot lie below itself; the path says how it would."""
    path = [department.name]
    for above in org.upward(parent_id):
        path.insert(1, above.name)
        if above.id == department.id:
            facts = {"path": PATH_ARROW.join([*path[1:], department.name])}
            return Refused("department_loop", facts, "/parent_id")
    return None
