"""A small history: 采购 has one published objective with key results to report on."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from services.checkins.domain import DECIDER
from shared.events import checkins, objectives, organization
from shared.events.deciding import SYSTEM, Actor
from shared.okr import identity
from shared.okr.measures import Metric
from shared.okr.readings import ValueReading
from tests.support.given import Given, given, told

SHANGHAI = ZoneInfo("Asia/Shanghai")


def named(kind: str, key: str) -> str:
    """An id that a reader of a failing test can look up."""
    return identity.import_id(kind, key)  # type: ignore[arg-type]


COMPANY = named("department", "company")
CYCLE = named("cycle", "2026")
OBJECTIVE = named("objective", "采购")
KR = named("key_result", "采购成本")
OTHER_KR = named("key_result", "采购周期")
BUYER = Actor(named("member", "buyer"))
STRANGER = Actor(named("member", "stranger"))
METRIC = Metric(kind="metric", baseline=Decimal(0), target=Decimal(100), unit="件")


def day(text: str) -> date:
    return date.fromisoformat(text)


def at(text: str) -> datetime:
    """Nine in the morning in Shanghai."""
    return (
        datetime.combine(day(text), datetime.min.time(), SHANGHAI).replace(hour=9).astimezone(UTC)
    )


def added(key: str = KR, measure: Any = METRIC, **more: Any) -> objectives.KRAdded:
    return objectives.KRAdded(
        objective_id=OBJECTIVE, key_result_id=key, title="成本", measure=measure, **more
    )


def published(*key_results: objectives.KRAdded, on: str = "2026-09-28") -> Given:
    """The objective as the reference view knows it, published on a day; tracking has not begun."""
    when = at(on)
    return given(
        DECIDER,
        organization.DepartmentCreated(department_id=COMPANY, name="公司", parent_id=None),
        organization.MemberJoined(member_id=BUYER.id, department_id=COMPANY),
        organization.MemberJoined(member_id=STRANGER.id, department_id=COMPANY),
        organization.CyclePlanned(
            cycle_id=CYCLE,
            name="2026",
            start=day("2026-09-01"),
            end=day("2026-12-31"),
            kind="custom",
        ),
        organization.CycleActivated(cycle_id=CYCLE),
        told(
            objectives.ObjectiveCreated(
                objective_id=OBJECTIVE,
                cycle_id=CYCLE,
                owner=objectives.Owner(type="member", id=BUYER.id),
                department_id=COMPANY,
                title="降本",
            ),
            by=BUYER,
            at=when,
        ),
        *(told(kr, by=BUYER, at=when) for kr in key_results),
        told(objectives.ObjectivePublished(objective_id=OBJECTIVE, revision=1), at=when),
    )


def tracked(*key_results: objectives.KRAdded, on: str = "2026-09-28") -> Given:
    """The same, and its tracking has begun that day."""
    from services.checkins.domain.commands import FollowObjective

    history = published(*(key_results or (added(),)), on=on)
    return history.when(FollowObjective(objective_id=OBJECTIVE), by=SYSTEM, at=at(on)).after


def read(value: int) -> ValueReading:
    return ValueReading(value=Decimal(value))


def health_of(history: Given, key: str = KR) -> str:
    return str(history.state(f"tracking-{OBJECTIVE}").key_results[key].health)


def only(events: tuple[Any, ...], kind: type[Any]) -> Any:
    """The one event of a kind."""
    (found,) = [event for event in events if isinstance(event, kind)]
    return found


__all__ = ["checkins"]
