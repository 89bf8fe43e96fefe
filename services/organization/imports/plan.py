"""The plan of an import: a file's rows, numbered, in the order in which they can be carried out.

Pure. A row that cannot be read, or that names what the file does not hold, is planned as refused;
whatever needs it is refused with it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Literal

from services.organization.imports.file import (
    AlignmentRow,
    CycleRow,
    DepartmentFrame,
    ImportFile,
    MemberRow,
    ObjectiveRow,
    ReadingRow,
    Row,
    read_row,
)
from shared.okr import identity

Kind = Literal["company", "department", "member", "cycle", "objective", "alignment", "reading"]
STAGES: tuple[Kind, ...] = (
    "company", "department", "member", "cycle", "objective", "alignment", "reading",
)  # fmt: skip
COMPANY_KEY = "company"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a row is refused: a code, the place inside the row, and the facts of the sentence."""

    code: str
    pointer: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Planned:
    """One row: its number (from 1, in the file's order), where it stands, what it needs."""

    number: int
    pointer: str
    kind: Kind
    key: str
    row: Row | None
    within: str | None = None
    needs: tuple[str, ...] = ()
    depth: int = 0
    refusal: Refusal | None = None

    @property
    def name(self) -> str:
        """What other rows call it in their `needs`."""
        return f"{self.kind} {self.key}"


@dataclass(frozen=True, slots=True)
class Plan:
    """All rows of a file, and the ids that its keys stand for."""

    rows: tuple[Planned, ...]
    cycles: Mapping[str, CycleRow]
    departments: Mapping[str, str]
    """Key, name or alias of a department → its key."""

    def staged(self) -> Iterator[tuple[Planned, ...]]:
        """The rows stage by stage; departments level by level, parents before their children."""
        for stage in STAGES:
            of_stage = [row for row in self.rows if row.kind == stage]
            for depth in sorted({row.depth for row in of_stage}):
                yield tuple(row for row in of_stage if row.depth == depth)

    def cycle_of(self, key: str | None) -> CycleRow:
        """The cycle that a row names, or the file's only one; raises `KeyError`."""
        return self.cycles[key] if key is not None else next(iter(self.cycles.values()))

    def objective_id(self, cycle: str | None, key: str) -> str:
        """The id of an objective of the file; its key is unique within its cycle."""
        return identity.imported_objective_id(self.cycle_of(cycle).name, key)

    def key_result_id(self, cycle: str | None, objective: str, key: str) -> str:
        """The id of a key result of the file."""
        return identity.imported_key_result_id(self.cycle_of(cycle).name, objective, key)


def planned(file: ImportFile) -> Plan:
    """Plan a file whose frame is sound."""
    cycles = _cycles(file)
    departments = _department_names(file)
    reading = _Reading(file, cycles, departments)
    rows = tuple(chain(*reading.rows()))
    return Plan(_without_doubles(rows), cycles, departments)


def _cycles(file: ImportFile) -> dict[str, CycleRow]:
    found = {row.key or row.name: row for row in file.cycles}
    if file.cycle is not None:
        found[file.cycle.key or file.cycle.name] = file.cycle
    return found


def _department_names(file: ImportFile) -> dict[str, str]:
    names: dict[str, str] = {}
    for department in file.departments:
        for name in (*department.aliases, department.name, department.key):
            names[name] = department.key
    return names


class _Reading:
    """One pass over a file; it counts the rows as it goes."""

    def __init__(
        self, file: ImportFile, cycles: Mapping[str, CycleRow], departments: Mapping[str, str]
    ) -> None:
        self.file = file
        self.cycles = cycles
        self.departments = departments
        self.parents = {d.key: d.parent for d in file.departments}
        self.members = {
            str(given.get("key"))
            for d in file.departments
            for given in d.members
            if isinstance(given, dict)
        }
        self.number = 0

    def rows(self) -> Iterator[Iterator[Planned]]:
        """The rows in the file's order."""
        file = self.file
        for key, cycle in self.cycles.items():
            pointer = "/cycle" if cycle is file.cycle else f"/cycles/{file.cycles.index(cycle)}"
            yield iter((self._row("cycle", key, cycle, pointer),))
        if file.company is not None:
            company = file.company
            yield iter((self._row("company", COMPANY_KEY, company, "/company"),))
            yield self._objectives(company.objectives, COMPANY_KEY, "/company/objectives")
        for n, department in enumerate(file.departments):
            yield self._department(department, f"/departments/{n}")
        yield self._alignments()
        yield self._readings()

    def _row(self, kind: Kind, key: str, row: Row | None, pointer: str, **more: Any) -> Planned:  # noqa: ANN401 - the fields of Planned
        self.number += 1
        return Planned(self.number, pointer, kind, key, row, **more)

    def _department(self, frame: DepartmentFrame, pointer: str) -> Iterator[Planned]:
        depth, refusal = self._depth(frame.key)
        if frame.head is not None and frame.head not in self.members:
            refusal = Refusal("unknown_member", "/head", {"key": frame.head})
        above = COMPANY_KEY if frame.parent is None else frame.parent
        needs = ("company company",) if frame.parent is None else (f"department {above}",)
        yield self._row(
            "department", frame.key, frame, pointer, needs=needs, depth=depth, refusal=refusal
        )
        for n, given in enumerate(frame.members):
            yield self._member(given, frame.key, f"{pointer}/members/{n}")
        yield from self._objectives(frame.objectives, frame.key, f"{pointer}/objectives")

    def _depth(self, key: str) -> tuple[int, Refusal | None]:
        """How many departments stand above, or why that cannot be said."""
        depth, seen, parent = 0, {key}, self.parents[key]
        while parent is not None:
            if parent not in self.parents:
                return 0, Refusal("unknown_department", "/parent", {"key": parent})
            if parent in seen:
                return 0, Refusal("department_loop", "/parent", {"path": [*seen, parent]})
            seen.add(parent)
            depth, parent = depth + 1, self.parents[parent]
        return depth, None

    def _member(self, given: object, department: str, pointer: str) -> Planned:
        row = read_row(MemberRow, given)
        if isinstance(row, tuple):
            return self._unreadable("member", pointer, row)
        return self._row(
            "member", row.key, row, pointer, within=department, needs=(f"department {department}",)
        )

    def _objectives(self, given: tuple[Any, ...], within: str, pointer: str) -> Iterator[Planned]:
        for n, item in enumerate(given):
            yield self._objective(item, within, f"{pointer}/{n}")

    def _objective(self, given: object, within: str, pointer: str) -> Planned:
        row = read_row(ObjectiveRow, given)
        if isinstance(row, tuple):
            return self._unreadable("objective", pointer, row)
        needs = [self._needed_owner(row.owner, within)]
        refusal = None
        if row.cycle is None and len(self.cycles) != 1:
            refusal = Refusal("cycle_not_named", "/cycle")
        elif row.cycle is not None and row.cycle not in self.cycles:
            refusal = Refusal("unknown_cycle", "/cycle", {"key": row.cycle})
        else:
            needs.append(f"cycle {row.cycle or next(iter(self.cycles))}")
        if needs[0].startswith("member ") and row.owner not in self.members:
            refusal = Refusal("unknown_member", "/owner", {"key": row.owner})
        for n, key_result in enumerate(row.key_results):
            place = f"/key_results/{n}"
            if key_result.owner is not None and key_result.owner not in self.members:
                refusal = Refusal("unknown_member", f"{place}/owner", {"key": key_result.owner})
            strange = [m for m in key_result.mentions if m not in self.departments]
            if strange:
                pointer_ = f"{place}/mentions"
                refusal = Refusal("unknown_department", pointer_, {"key": strange[0]})
        keys = [key_result.key for key_result in row.key_results]
        if len(set(keys)) != len(keys):
            refusal = Refusal("duplicate_key", "/key_results", {"key": _double(keys)})
        return self._row(
            "objective", f"{row.cycle or ''}\n{row.key}", row, pointer,
            within=within, needs=tuple(needs), refusal=refusal,
        )  # fmt: skip

    def _needed_owner(self, owner: str, within: str) -> str:
        if owner == "company" or (owner == "department" and within == COMPANY_KEY):
            return "company company"
        return f"department {within}" if owner == "department" else f"member {owner}"

    def _alignments(self) -> Iterator[Planned]:
        for n, given in enumerate(self.file.alignments):
            pointer = f"/alignments/{n}"
            row = read_row(AlignmentRow, given)
            if isinstance(row, tuple):
                yield self._unreadable("alignment", pointer, row)
                continue
            from_cycle, to_cycle = row.cycles
            needs = (
                f"objective {from_cycle or ''}\n{row.from_}",
                f"objective {to_cycle or ''}\n{row.to}",
            )
            ends = (from_cycle, to_cycle, row.key_result, row.from_, row.to)
            key = "\n".join(end or "" for end in ends)
            yield self._row("alignment", key, row, pointer, needs=needs)

    def _readings(self) -> Iterator[Planned]:
        for n, given in enumerate(self.file.readings):
            pointer = f"/readings/{n}"
            row = read_row(ReadingRow, given)
            if isinstance(row, tuple):
                yield self._unreadable("reading", pointer, row)
                continue
            needs = (f"objective {row.cycle or ''}\n{row.objective}",)
            key = f"{row.cycle or ''}\n{row.objective}\n{row.key_result}\n{n}"
            yield self._row("reading", key, row, pointer, needs=needs)

    def _unreadable(
        self, kind: Kind, pointer: str, wrong: tuple[str, str, dict[str, Any]]
    ) -> Planned:
        code, place, facts = wrong
        return self._row(
            kind, f"unreadable\n{pointer}", None, pointer, refusal=Refusal(code, place, facts)
        )


def _double(keys: list[str]) -> str:
    return next(key for key in keys if keys.count(key) > 1)


def _without_doubles(rows: tuple[Planned, ...]) -> tuple[Planned, ...]:
    """The same rows; the second one of a name is refused."""
    seen: set[str] = set()
    result = []
    for row in rows:
        if row.name in seen:
            facts = {"key": row.key.rpartition("\n")[2]}
            row = Planned(  # noqa: PLW2901 - the row as it is planned after all
                row.number, row.pointer, row.kind, row.key, row.row, row.within,
                refusal=Refusal("duplicate_key", "/key", facts),
            )  # fmt: skip
        seen.add(row.name)
        result.append(row)
    return tuple(result)
