"""Carrying an import out: stage by stage, each row asked of its owner, and counted.

All or nothing per row (an objective with its key results is one row). A row whose needs were
refused is refused with them; asking again for the same file changes nothing.
"""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, Protocol

from services.organization.imports.commands import command_of, details_of, member_id
from services.organization.imports.file import MemberRow, ReadingRow
from services.organization.imports.plan import Plan, Planned, Refusal
from shared.eventing.answers import Accepted, Answer, Rejected, Tried
from shared.eventing.commands import CommandRecord
from shared.eventing.positions import Position
from shared.events.deciding import NOT_YET, Actor
from shared.okr.identity import event_id
from shared.runtime.people.sealing import AuthorKey
from shared.runtime.people.store import PeopleStore, Taken

AT_ONCE: Final = 64
DIFFERS: Final = "import_differs"
MAKES: Final = frozenset(
    {
        "DepartmentCreated",
        "MemberJoined",
        "CyclePlanned",
        "ObjectiveCreated",
        "AlignmentLinked",
        "KRProgressLogged",
    }
)

Outcome = Literal["created", "unchanged", "changed", "differs", "refused"]


class Asks(Protocol):
    """The edge of a service."""

    async def ask(self, record: CommandRecord, *, wait: float) -> Answer:
        """The owner's answer; raises `OutcomeUnknown`."""


@dataclass(frozen=True, slots=True)
class Order:
    """Who imports what, and how."""

    import_id: str
    digest: str
    """Of the file; it is the correlation of all that the import causes."""
    actor: Actor
    author: AuthorKey
    dry: bool
    update: bool
    wait: float


@dataclass(slots=True)
class Report:
    """What became of the rows."""

    outcomes: dict[int, Outcome] = field(default_factory=dict)
    refusals: dict[int, Refusal] = field(default_factory=dict)
    positions: dict[tuple[str, int], Position] = field(default_factory=dict)

    def count(self, *wanted: Outcome) -> int:
        """How many rows came out so."""
        return sum(outcome in wanted for outcome in self.outcomes.values())


class Carrying:
    """One import under way."""

    def __init__(
        self, plan: Plan, order: Order, edges: Mapping[str, Asks], people: PeopleStore
    ) -> None:
        self._plan = plan
        self._order = order
        self._edges = edges
        self._people = people
        self._gate = asyncio.Semaphore(AT_ONCE)
        self._by_name = {row.name: row.number for row in plan.rows}
        self.report = Report()

    async def run(self) -> Report:
        """Carry everything out; raises `OutcomeUnknown` where an owner gave no answer in time."""
        for stage in self._plan.staged():
            async with asyncio.TaskGroup() as group:
                for rows in _in_order(stage):
                    group.create_task(self._carry_all(rows))
        return self.report

    async def _carry_all(self, rows: Sequence[Planned]) -> None:
        for row in rows:
            async with self._gate:
                await self._carry(row)

    async def _carry(self, row: Planned) -> None:
        refusal = row.refusal or self._unmet(row)
        if refusal is not None:
            self._refuse(row, refusal)
            return
        asked = await self._command(row)
        if asked is None:
            self._refuse(row, Refusal("not_taken_here"))
            return
        service, record = asked
        answer = await self._edges[service].ask(record, wait=self._order.wait)
        await self._settle(row, record, answer)

    def _unmet(self, row: Planned) -> Refusal | None:
        for name in row.needs:
            number = self._by_name.get(name)
            if number is None:
                if not name.startswith("company "):
                    return Refusal("unknown_objective", "", {"key": name.rpartition("\n")[2]})
            elif self.report.outcomes.get(number) == "refused":
                return Refusal("needs_refused_row", "", {"row": number})
        return None

    async def _command(self, row: Planned) -> tuple[str, CommandRecord] | None:
        order = self._order
        details: tuple[str, ...] = ()
        if isinstance(row.row, MemberRow):
            details = await self._differing(row.row)
        # A row's id follows from the import's, so a retry of the import meets its own answers.
        id_ = event_id(order.import_id, row.number)
        seal = order.author.seal
        asked = command_of(row, self._plan, id_, seal, update=order.update, details=details)
        if asked is None or asked[0] not in self._edges:
            return None
        service, command = asked
        record = CommandRecord(
            id=id_,
            service=service,
            command=command,
            actor=order.actor,
            correlation=order.digest,
            after=tuple(self.report.positions.values()),
            body=order.author.digest(order.digest.encode()),
            dry=order.dry,
        )
        if isinstance(row.row, MemberRow) and details and not order.dry:
            try:
                await self._people.stage(record.id, member_id(row.row.key), details_of(row.row))
            except Taken as taken:
                self._refuse(row, Refusal(taken.code))
                return None
        return service, record

    async def _differing(self, row: MemberRow) -> tuple[str, ...]:
        id_ = member_id(row.key)
        person = (await self._people.read([id_])).get(id_)
        return tuple(
            name
            for name, value in details_of(row).items()
            if person is None or getattr(person, name) != value
        )

    async def _settle(self, row: Planned, record: CommandRecord, answer: Answer) -> None:
        if isinstance(answer, Tried):
            self._settle_dry(row, answer)
            return
        if answer.repeat and answer.body is not None and answer.body != record.body:
            self._refuse(row, Refusal("idempotency_key_reused"))
            return
        if isinstance(row.row, MemberRow):
            if isinstance(answer, Accepted):
                await self._people.settle(record.id)
            else:
                await self._people.drop(record.id)
        if answer.position is not None:
            place = (answer.position.topic, answer.position.partition)
            self.report.positions[place] = max(
                answer.position, self.report.positions.get(place, answer.position)
            )
        if isinstance(answer, Rejected):
            self._rejected(row, answer.code, answer.facts, answer.pointer)
        else:
            self.report.outcomes[row.number] = _outcome([event.type for event in answer.events])

    def _settle_dry(self, row: Planned, answer: Tried) -> None:
        if answer.code is None:
            self.report.outcomes[row.number] = _outcome([event.type for event in answer.events])
        elif answer.code == NOT_YET or (answer.code == "not_found" and row.needs):
            # What it needs would be made by an earlier row of this very file.
            self.report.outcomes[row.number] = "created"
        else:
            self._rejected(row, answer.code, answer.facts, answer.pointer)

    def _rejected(
        self, row: Planned, code: str, facts: Mapping[str, Any], pointer: str | None
    ) -> None:
        if code == DIFFERS:
            self.report.outcomes[row.number] = "differs"
            self.report.refusals[row.number] = Refusal(code, pointer or "", facts)
        else:
            self._refuse(row, Refusal(code, pointer or "", facts))

    def _refuse(self, row: Planned, refusal: Refusal) -> None:
        if row.number not in self.report.outcomes:
            self.report.outcomes[row.number] = "refused"
            self.report.refusals[row.number] = refusal


def _in_order(stage: Sequence[Planned]) -> list[list[Planned]]:
    """The rows that must follow one another: readings of one objective; all others stand alone."""
    queues: dict[Any, list[Planned]] = defaultdict(list)
    for row in stage:
        queue = row.row.objective if isinstance(row.row, ReadingRow) else row.number
        queues[queue].append(row)
    return list(queues.values())


def _outcome(types: Sequence[str]) -> Outcome:
    if not types:
        return "unchanged"
    return "created" if types[0] in MAKES else "changed"
