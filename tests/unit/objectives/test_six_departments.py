"""The article's six departments before the deciders: all of them come in, and only once."""

import json
from decimal import Decimal
from pathlib import Path

from services.objectives.domain import DECIDER as OBJECTIVES
from services.objectives.domain.importing import ImportObjective
from services.organization.domain import DECIDER as ORGANIZATION
from services.organization.imports.commands import command_of
from services.organization.imports.file import ImportFile
from services.organization.imports.plan import Plan, planned
from shared.eventing.commands import WireCommand
from shared.events.deciding import Command
from shared.events.event import Event
from shared.events.objectives import KRAdded, ObjectiveCreated, ObjectivePublished
from shared.events.organization import CycleActivated, DepartmentCreated, MemberJoined
from tests.support.given import Given, given
from tests.support.people import an_id, sealed

DEMO = Path(__file__).parents[3] / "demo" / "six-departments.json"


def the_plan() -> Plan:
    """The rows of the demo's file."""
    file = json.loads(DEMO.read_text(encoding="utf-8"), parse_float=Decimal)
    return planned(ImportFile.model_validate(file))


def the_commands(service: str) -> list[Command]:
    """What the file asks of a service, in the order of the plan."""
    commands: list[Command] = []
    plan = the_plan()
    for stage in plan.staged():
        for row in stage:
            asked = command_of(row, plan, an_id(row.name), sealed, update=False)
            if asked is not None and asked[0] == service:
                command = asked[1]
                if isinstance(command, WireCommand):
                    command = ImportObjective.model_validate(command.data)
                commands.append(command)
    return commands


def asked(there: Given, commands: list[Command]) -> tuple[Given, list[Event]]:
    """All of them, one after the other."""
    events: list[Event] = []
    for command in commands:
        once = there.when(command)
        events += once.events
        there = once.after
    return there, events


def count(events: list[Event], *kinds: type[Event]) -> list[int]:
    """How many of each."""
    return [sum(isinstance(event, kind) for event in events) for kind in kinds]


def test_the_six_departments_come_in_whole_and_only_once() -> None:
    there, happened = asked(given(ORGANIZATION), the_commands("organization"))
    people = sum(row.kind == "member" for row in the_plan().rows)
    assert count(happened, DepartmentCreated, MemberJoined, CycleActivated) == [7, people, 1]
    assert asked(there, the_commands("organization"))[1] == []

    after, said = asked(given(OBJECTIVES, *happened), the_commands("objectives"))
    assert count(said, ObjectiveCreated, KRAdded, ObjectivePublished) == [15, 44, 15]
    assert asked(after, the_commands("objectives"))[1] == []
