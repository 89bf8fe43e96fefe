"""The scheduler's fold: which day it is for the organization, and what is to be judged on it."""

from datetime import UTC, datetime, timedelta

from services.checkins.domain.commands import JudgeDay
from services.checkins.scheduler import LONGEST_WAIT, Almanac
from shared.eventing.positions import Position
from shared.events import checkins as said
from shared.events import organization
from shared.events.event import Event
from tests.support.given import told
from tests.unit.checkins.history import COMPANY, CYCLE, KR, METRIC, OBJECTIVE, OTHER_KR, day

AT = Position("okr.organization.events", 0, 7)
NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


def almanac(*events: Event) -> Almanac:
    from tests.support.given import _recorded

    result = Almanac()
    for n, event in enumerate(events):
        result.learn(_recorded(told(event), n + 1), AT)
    return result


def company() -> Event:
    return organization.DepartmentCreated(department_id=COMPANY, name="公司", parent_id=None)


def clock(offset: timedelta) -> Event:
    return organization.PolicyChanged(
        policy="clock",
        revision=1,
        value={"to": "2021-09-01T00:30:00Z", "offset_seconds": str(offset.total_seconds())},
    )


def started(key: str) -> Event:
    return said.KRTrackingStarted(
        objective_id=OBJECTIVE,
        key_result_id=key,
        measure=METRIC,
        target_revision=1,
        cycle_id=CYCLE,
        cycle_start=day("2026-09-01"),
        cycle_end=day("2026-12-31"),
        due=None,
        tracked_from=day("2026-09-28"),
        owed_from=day("2026-09-28"),
    )


def ended(key: str) -> Event:
    return said.KRTrackingEnded(objective_id=OBJECTIVE, key_result_id=key, reason="cancelled")


def test_no_day_begins_before_there_is_an_organization() -> None:
    assert almanac().day_to_begin(NOON) is None


def test_a_day_begins_once_in_the_organizations_zone() -> None:
    late = datetime(2026, 11, 23, 16, 30, tzinfo=UTC)
    assert almanac(company()).day_to_begin(late) == day("2026-11-24")
    begun = said.DayBegan(day=day("2026-11-24"))
    assert almanac(company(), begun).day_to_begin(late) is None


def test_a_moved_clock_moves_the_day_and_says_where_it_was_moved() -> None:
    moved = almanac(company(), clock(timedelta(days=-1000)))
    assert moved.day_to_begin(NOON) == (NOON - timedelta(days=1000)).date()
    assert moved.clock_at == AT


def test_an_objective_is_judged_while_any_of_its_key_results_is_tracked() -> None:
    both = [started(KR), started(OTHER_KR)]
    judged = JudgeDay(objective_id=OBJECTIVE, day=day("2026-11-23"))
    assert list(almanac(*both, ended(KR)).commands(day("2026-11-23"))) == [judged]
    assert list(almanac(*both, ended(KR), ended(OTHER_KR)).commands(day("2026-11-23"))) == []


def test_the_wait_for_midnight_is_bounded() -> None:
    assert almanac(company()).until_midnight(NOON) == LONGEST_WAIT
    close = datetime(2026, 11, 23, 15, 59, 50, tzinfo=UTC)
    assert almanac(company()).until_midnight(close) == timedelta(seconds=10)
