"""A small company that tests can live in: 公司 with 采购 and 研发, and 平台 below 研发."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter

from services.checkins.domain.commands import (
    BeginDay,
    JudgeDay,
    LogProgress,
    PublishCheckIn,
    ReportedReading,
)
from services.objectives.domain.drafting import CreateObjective
from services.objectives.domain.key_results import NewKeyResult
from services.objectives.domain.publishing import PublishObjective
from services.organization.domain.cycles import ActivateCycle, PlanCycle
from services.organization.domain.departments import ChangeDepartment, CreateDepartment
from services.organization.domain.members import JoinMember
from services.organization.domain.policies import EstablishOrganization
from shared.events.deciding import SYSTEM, Actor
from shared.events.objectives import Owner
from shared.okr import identity
from shared.okr.measures import Measure
from shared.okr.readings import ValueReading
from tests.support.given import OPERATOR
from tests.support.suite import Suite

SHANGHAI = ZoneInfo("Asia/Shanghai")
MEASURES: Final[TypeAdapter[Any]] = TypeAdapter(Measure)


def named(kind: Any, key: str) -> str:
    """An id that a reader of a failing test can look up."""
    return identity.import_id(kind, key)


COMPANY, BUYING, BUILDING, PLATFORM = (
    named("department", each) for each in ("公司", "采购", "研发", "平台")
)
CHIEF, BUYER, BUILDER, CODER, STRANGER = (
    Actor(named("member", each)) for each in ("总经理", "采购经理", "研发经理", "工程师", "同事")
)
AUDITOR = Actor(named("member", "auditor"), "user", frozenset({"auditor"}))
CYCLE = named("cycle", "2026 Q4")
START, END = date(2026, 10, 1), date(2026, 12, 31)


def day(text: str) -> date:
    """`10-09` of 2026."""
    return date.fromisoformat(f"2026-{text}")


def at(text: str, hour: int = 9) -> datetime:
    """An hour of a day of 2026 in Shanghai."""
    return datetime.combine(day(text), datetime.min.time(), SHANGHAI).replace(hour=hour)


def measure(kind: str, **fields: Any) -> Any:
    """A measure, read as a body's would be."""
    return MEASURES.validate_python({"kind": kind, **fields})


def metric(target: str = "100", **more: Any) -> Any:
    """From 0 to a target."""
    return measure("metric", baseline=0, target=target, unit="件", **more)


def company() -> Suite:
    """Everybody is there, and the cycle is active since 1 October."""
    suite, begun = Suite(), at("09-28")
    ask = suite.ask
    ask("organization", EstablishOrganization(training=True), by=SYSTEM, at=begun)
    for department, name, parent in (
        (COMPANY, "公司", None),
        (BUYING, "采购", COMPANY),
        (BUILDING, "研发", COMPANY),
        (PLATFORM, "平台", BUILDING),
    ):
        made = CreateDepartment(department_id=department, name=name, parent_id=parent)
        ask("organization", made, at=begun)
    for member, department in (
        (CHIEF, COMPANY),
        (BUYER, BUYING),
        (BUILDER, BUILDING),
        (CODER, PLATFORM),
        (STRANGER, BUYING),
    ):
        ask("organization", JoinMember(member_id=member.id, department_id=department), at=begun)
    for department, head in ((COMPANY, CHIEF), (BUYING, BUYER), (BUILDING, BUILDER)):
        named_head = ChangeDepartment(department_id=department, head_id=head.id)
        ask("organization", named_head, at=begun)
    planned = PlanCycle(cycle_id=CYCLE, name="2026 Q4", start=START, end=END)
    ask("organization", planned, at=begun)
    ask("organization", ActivateCycle(cycle_id=CYCLE), at=at("10-01", 0))
    begin(suite, "10-01")
    return suite


def key_result(key: str, by: Any = None, **more: Any) -> NewKeyResult:
    """A key result that is to be added, by what it is measured."""
    return NewKeyResult(
        key_result_id=named("key_result", key), title=key, measure=by or metric(), **more
    )


def draft(
    suite: Suite, key: str, owner: Actor, *key_results: NewKeyResult, on: str = "10-01", **more: Any
) -> str:
    """Draft a member's objective; gives its id."""
    objective_id = named("objective", key)
    command = CreateObjective(
        objective_id=objective_id,
        cycle_id=CYCLE,
        owner=more.pop("of", Owner(type="member", id=owner.id)),
        title=key,
        key_results=key_results,
        **more,
    )
    suite.ask("objectives", command, by=owner, at=at(on))
    return objective_id


def publish(
    suite: Suite, key: str, owner: Actor, *key_results: NewKeyResult, on: str = "10-01", **more: Any
) -> str:
    """Draft an objective and publish it the same morning; gives its id."""
    by = OPERATOR if "of" in more else owner
    objective_id = draft(suite, key, by, *key_results, on=on, **more)
    suite.ask("objectives", PublishObjective(objective_id=objective_id), at=at(on))
    return objective_id


def log(
    suite: Suite,
    objective: str,
    key: str,
    value: str,
    *,
    on: str,
    by: Actor = OPERATOR,
    **more: Any,
) -> None:
    """Log a measurement on the day that it is true of."""
    command = LogProgress(
        objective_id=named("objective", objective),
        key_result_id=named("key_result", key),
        reading=more.pop("reading", None) or ValueReading(value=Decimal(value)),
        observed_on=more.pop("observed_on", day(on)),
        **more,
    )
    suite.ask("checkins", command, by=by, at=at(on))


def check_in(
    suite: Suite, objective: str, *, on: str, by: Actor = OPERATOR, readings: Any = (), **more: Any
) -> None:
    """Publish a check-in, with readings of key results by their key."""
    command = PublishCheckIn(
        objective_id=named("objective", objective),
        readings={
            named("key_result", key): ReportedReading(
                reading=ValueReading(value=Decimal(value)), observed_on=day(on)
            )
            for key, value in dict(readings).items()
        },
        **more,
    )
    suite.ask("checkins", command, by=by, at=at(on))


def begin(suite: Suite, text: str) -> None:
    """Let a day begin: what is tracked is judged, as the scheduler has it."""
    live = [
        stream.removeprefix("tracking-")
        for service, stream in suite.states
        if service == "checkins" and stream.startswith("tracking-")
    ]
    for objective_id in live:
        judged = JudgeDay(objective_id=objective_id, day=day(text))
        suite.ask("checkins", judged, by=SYSTEM, at=at(text, 0))
    suite.ask("checkins", BeginDay(day=day(text)), by=SYSTEM, at=at(text, 0))
