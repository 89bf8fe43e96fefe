"""A small company's story as events, for the scoreboard: seeded, and told by several partitions."""

from collections.abc import Iterator
from random import Random
from uuid import UUID

from shared.events.event import Event
from shared.events.objectives import (
    ObjectiveClosed,
    ObjectiveCreated,
    ObjectivePublished,
    ObjectiveReworded,
    Owner,
)
from shared.events.organization import DepartmentCreated, DepartmentMoved


def an_id(kind: str, number: int) -> str:
    """The id of the n-th thing of a kind."""
    return str(UUID(int=(sum(kind.encode()) << 64) + number))


def organization(departments: int, random: Random) -> Iterator[Event]:
    """Departments below earlier ones, some of which move below other earlier ones."""
    parents: dict[int, int] = {}
    for number in range(departments):
        parent = random.randrange(number) if number else None
        parents[number] = parent or 0
        yield DepartmentCreated(
            department_id=an_id("department", number),
            name=f"部门 {number}",
            parent_id=None if parent is None else an_id("department", parent),
        )
        if number > 2 and random.random() < 0.2:
            moved = random.randrange(1, number + 1)
            there = random.randrange(moved)
            yield DepartmentMoved(
                department_id=an_id("department", moved),
                from_parent_id=an_id("department", parents[moved]),
                parent_id=an_id("department", there),
            )
            parents[moved] = there


def objectives(numbers: range, departments: int, random: Random) -> Iterator[Event]:
    """Objectives of these numbers: created, reworded, published, some closed."""
    for number in numbers:
        key = an_id("objective", number)
        department = an_id("department", random.randrange(departments))
        yield ObjectiveCreated(
            objective_id=key,
            cycle_id=an_id("cycle", 1),
            owner=Owner(type="department", id=department),
            department_id=department,
            title=f"目标 {number}",
            confidential=number % 7 == 0,
        )
        if random.random() < 0.5:
            yield ObjectiveReworded(
                objective_id=key,
                title=f"新目标 {number}",
                description=None,
                commitment="committed",
                confidential=False,
            )
        if random.random() < 0.7:
            yield ObjectivePublished(objective_id=key, revision=1)
            if random.random() < 0.2:
                yield ObjectiveClosed(objective_id=key, outcome="achieved")
