"""A seeded company: as an import file, as the events of its log, and what is reported in it.

Key results are of the four kinds that companies use most, and readings go up with the days, give or
take, so that health is judged at every report and changes at some.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any, Final

from pydantic import TypeAdapter

from services.checkins.domain.commands import LogProgress
from shared.events import objectives as of_objectives
from shared.events import organization as of_organization
from shared.events.event import Event
from shared.okr.identity import import_id, imported_key_result_id, imported_objective_id
from shared.okr.measures import Measure

CYCLE: Final = "bench"
COMPANY_ID: Final = import_id("department", "company")
BEFORE: Final = 45
"""Days of the cycle that have passed, and as many lie ahead."""

_KINDS: Final = ("metric", "metric", "metric", "threshold", "milestone", "recurring")
_STAGES: Final = ("plan", "build", "trial", "launch")
_MEASURES: Final[dict[str, dict[str, Any]]] = {
    "metric": {"kind": "metric", "baseline": "0", "target": "100", "unit": "%"},
    "threshold": {"kind": "threshold", "comparator": ">=", "limit": "80", "unit": "%"},
    "milestone": {
        "kind": "milestone",
        "stages": [{"name": stage, "weight": "1"} for stage in _STAGES],
    },
    "recurring": {"kind": "recurring", "quota": 12, "window": {"months": 3}},
}
_MEASURE: Final[TypeAdapter[Any]] = TypeAdapter(Measure)


@dataclass(frozen=True, slots=True)
class Report:
    """One measurement that somebody makes."""

    member: str
    objective_id: str
    key_result_id: str
    body: dict[str, Any]

    @property
    def command(self) -> LogProgress:
        return LogProgress(
            objective_id=self.objective_id, key_result_id=self.key_result_id, **self.body
        )


@dataclass(frozen=True, slots=True)
class Goal:
    """An objective of a member, with the kinds of its key results."""

    key: str
    member: str
    department: str
    kinds: tuple[str, ...]

    @property
    def id(self) -> str:
        return imported_objective_id(CYCLE, self.key)

    @property
    def key_results(self) -> Iterator[tuple[str, str, str]]:
        """Key, id, kind of each."""
        for n, kind in enumerate(self.kinds, 1):
            yield f"kr{n}", imported_key_result_id(CYCLE, self.key, f"kr{n}"), kind


class Company:
    """One member to two objectives, ten members to a department, departments as a tree."""

    def __init__(self, objectives: int, seed: int) -> None:
        random = Random(seed)
        today = datetime.now(UTC).date()
        self.start, self.end = today - timedelta(BEFORE), today + timedelta(BEFORE)
        self.members = [f"m{n}" for n in range(max(1, objectives // 2))]
        self.departments = [f"d{n}" for n in range(max(1, len(self.members) // 10))]
        self.parents = {
            each: f"d{random.randrange(n)}" if n > 2 else None
            for n, each in enumerate(self.departments)
        }
        self.goals = [
            Goal(
                f"o{n}",
                member := self.members[n % len(self.members)],
                self.department_of(member),
                tuple(random.choice(_KINDS) for _ in range(random.choice((3, 3, 4)))),
            )
            for n in range(objectives)
        ]

    def department_of(self, member: str) -> str:
        return self.departments[int(member[1:]) % len(self.departments)]

    def import_file(self) -> dict[str, Any]:
        """In `okr-import/1`."""
        return {
            "format": "okr-import/1",
            "cycle": {"name": CYCLE, "start": f"{self.start}", "end": f"{self.end}"},
            "company": {"name": "Bench", "objectives": []},
            "departments": [self._frame(each) for each in self.departments],
        }

    def _frame(self, department: str) -> dict[str, Any]:
        members = [each for each in self.members if self.department_of(each) == department]
        return {
            "key": department,
            "name": f"Department {department}",
            "parent": self.parents[department],
            "head": members[0],
            "members": [{"key": each, "name": f"Member {each}"} for each in members],
            "objectives": [
                {
                    "key": goal.key,
                    "owner": goal.member,
                    "title": f"Objective {goal.key}",
                    "key_results": [
                        {"key": key, "title": f"Key result {key}", "measure": _MEASURES[kind]}
                        for key, _, kind in goal.key_results
                    ],
                }
                for goal in self.goals
                if goal.department == department
            ],
        }

    def organization(self) -> Iterator[Event]:
        """What the organization's log says of it."""
        yield of_organization.DepartmentCreated(
            department_id=COMPANY_ID, name="Bench", parent_id=None
        )
        for each in self.departments:
            parent = self.parents[each]
            above = COMPANY_ID if parent is None else import_id("department", parent)
            yield of_organization.DepartmentCreated(
                department_id=import_id("department", each), name=each, parent_id=above
            )
        for each in self.members:
            yield of_organization.MemberJoined(
                member_id=import_id("member", each),
                department_id=import_id("department", self.department_of(each)),
            )
        cycle_id = import_id("cycle", CYCLE)
        yield of_organization.CyclePlanned(
            cycle_id=cycle_id, name=CYCLE, start=self.start, end=self.end, kind="quarter"
        )
        yield of_organization.CycleActivated(cycle_id=cycle_id)

    def objectives(self) -> Iterator[list[Event]]:
        """What the log says of each objective, published."""
        for goal in self.goals:
            created = of_objectives.ObjectiveCreated(
                objective_id=goal.id,
                cycle_id=import_id("cycle", CYCLE),
                owner=of_objectives.Owner(type="member", id=import_id("member", goal.member)),
                department_id=import_id("department", goal.department),
                title=f"Objective {goal.key}",
                imported=True,
            )
            added = [
                of_objectives.KRAdded(
                    objective_id=goal.id,
                    key_result_id=key_result_id,
                    title=f"Key result {key}",
                    measure=_MEASURE.validate_python(_MEASURES[kind]),
                )
                for key, key_result_id, kind in goal.key_results
            ]
            published = of_objectives.ObjectivePublished(objective_id=goal.id, revision=1)
            yield [created, *added, published]

    def reports(self, count: int, seed: int) -> Iterator[Report]:
        """So many measurements, each key result's in the order of their days."""
        random = Random(seed)
        places = [
            (goal, key_result_id, kind)
            for goal in self.goals
            for _, key_result_id, kind in goal.key_results
        ]
        for n in range(count):
            if n % len(places) == 0:
                random.shuffle(places)
            goal, key_result_id, kind = places[n % len(places)]
            passed = round(BEFORE * n / count)
            observed_on = self.start + timedelta(passed)
            yield Report(
                goal.member,
                goal.id,
                key_result_id,
                {
                    "reading": _reading(kind, passed, random),
                    "observed_on": _day(observed_on),
                    "confidence": random.randint(4, 9),
                },
            )


def _reading(kind: str, passed: int, random: Random) -> dict[str, Any]:
    share = min(1.0, max(0.0, passed / (2 * BEFORE) + random.gauss(0, 0.08)))
    match kind:
        case "milestone":
            return {"done": list(_STAGES[: round(share * len(_STAGES))])}
        case "recurring":
            return {"count": random.randint(0, 1)}
        case "threshold":
            return {"value": f"{random.gauss(82, 4):.1f}"}
        case _:
            return {"value": f"{100 * share:.1f}"}


def _day(day: date) -> str:
    return day.isoformat()
