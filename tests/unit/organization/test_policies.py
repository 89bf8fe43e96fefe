"""Policies: versioned, and the clock of a training organization."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from pydantic import ValidationError

from services.organization.domain import DECIDER
from services.organization.domain.policies import (
    ApprovalPolicy,
    ChangeApproval,
    ChangeCadence,
    ChangeCalendar,
    ChangeHealthPolicy,
    EstablishOrganization,
    MoveClock,
)
from shared.events.deciding import SYSTEM, Command
from shared.events.organization import PolicyChanged
from shared.okr.calendar import WorkingDays
from shared.okr.duty import Cadence
from shared.okr.health import HealthPolicy
from shared.okr.holidays import DEFAULT_CALENDAR
from tests.support.given import NOW, given
from tests.support.people import BOSS, PEOPLE

TRAINING = PolicyChanged(
    policy="organization",
    revision=1,
    value={"training": True, "time_zone": "Asia/Shanghai"},
)
SEPTEMBER = datetime(2021, 9, 1, 9, 0, tzinfo=timezone(timedelta(hours=8)))


def clock(to: datetime, seconds: str, revision: int = 1) -> PolicyChanged:
    value = {"to": to.isoformat(), "offset_seconds": seconds}
    return PolicyChanged(policy="clock", revision=revision, value=value)


def test_a_policy_gets_a_new_revision_with_each_change() -> None:
    there = given(DECIDER, *PEOPLE)
    stricter = HealthPolicy(off_track_above=Decimal(20))
    there.when(ChangeHealthPolicy(value=stricter)).then(
        PolicyChanged(
            policy="health",
            revision=1,
            value={"at_risk_above": "0", "off_track_above": "20", "confidence_at_most": 3},
        )
    ).when(ChangeHealthPolicy(value=HealthPolicy())).then(
        PolicyChanged(
            policy="health",
            revision=2,
            value={"at_risk_above": "0", "off_track_above": "25", "confidence_at_most": 3},
        )
    )


@pytest.mark.parametrize(
    "command",
    [
        ChangeHealthPolicy(value=HealthPolicy()),
        ChangeCadence(value=Cadence()),
        ChangeCalendar(value=DEFAULT_CALENDAR),
        ChangeApproval(value=ApprovalPolicy()),
    ],
)
def test_what_is_usual_is_in_force_without_a_word(command: Command) -> None:
    given(DECIDER, *PEOPLE).when(command).says_nothing_new()


def test_cadence_calendar_and_approval_are_policies_too() -> None:
    given(DECIDER, *PEOPLE).when(ChangeCadence(value=Cadence(weekday="mon"))).then(
        PolicyChanged(
            policy="cadence",
            revision=1,
            value={"every": {"weeks": 1}, "weekday": "mon", "grace_days": 3},
        )
    ).when(
        ChangeCalendar(
            value=WorkingDays(holidays=frozenset({date(2026, 10, 2), date(2026, 10, 1)}))
        )
    ).then(
        PolicyChanged(
            policy="calendar",
            revision=1,
            value={"holidays": ["2026-10-01", "2026-10-02"], "workdays": []},
        )
    ).when(ChangeApproval(value=ApprovalPolicy(next_level_up=True))).then(
        PolicyChanged(
            policy="approval",
            revision=1,
            value={"next_level_up": True, "two_person_close": False},
        )
    )


def test_only_administrators_change_policies() -> None:
    there = given(DECIDER, TRAINING, *PEOPLE)
    there.when(ChangeCadence(value=Cadence(grace_days=5)), by=BOSS).refused("not_allowed")
    there.when(ChangeCadence(value=Cadence(grace_days=5)), by=SYSTEM).refused("not_allowed")
    there.when(MoveClock(to=SEPTEMBER), by=BOSS).refused("not_allowed")


def test_the_suite_itself_says_at_its_first_start_what_the_organization_is() -> None:
    given(DECIDER).when(EstablishOrganization(training=True), by=SYSTEM).then(TRAINING)


def test_what_an_organization_is_stays_so() -> None:
    there = given(DECIDER, TRAINING, *PEOPLE)
    there.when(EstablishOrganization(training=True), by=SYSTEM).says_nothing_new()
    there.when(EstablishOrganization(training=False), by=SYSTEM).refused("organization_established")


def test_an_organization_that_has_begun_does_not_become_a_training_organization() -> None:
    there = given(DECIDER, *PEOPLE)
    there.when(EstablishOrganization(training=True), by=SYSTEM).refused("organization_established")
    there.when(EstablishOrganization(training=False), by=SYSTEM).says_nothing_new()


def test_a_time_zone_is_one_that_there_is() -> None:
    for zone in ("Asia/Atlantis", "../etc/passwd", ""):
        with pytest.raises(ValidationError, match="time_zone_unknown"):
            EstablishOrganization(training=False, time_zone=zone)


def test_only_a_training_organization_has_a_clock_to_move() -> None:
    given(DECIDER, *PEOPLE).when(MoveClock(to=SEPTEMBER)).refused("not_training")


def test_the_first_move_goes_anywhere_while_nothing_else_is_recorded() -> None:
    offset = (SEPTEMBER - NOW).total_seconds()
    given(DECIDER, TRAINING).when(MoveClock(to=SEPTEMBER)).then(clock(SEPTEMBER, f"{offset:.0f}"))


def test_the_first_move_goes_forward_only_once_something_is_recorded() -> None:
    there = given(DECIDER, TRAINING, *PEOPLE)
    there.when(MoveClock(to=SEPTEMBER)).refused("clock_backwards", pointer="/to")
    later = NOW + timedelta(days=7)
    there.when(MoveClock(to=later)).then(clock(later, "604800"))


def test_a_later_move_goes_forward_from_what_the_clock_shows() -> None:
    moved = given(DECIDER, TRAINING, clock(SEPTEMBER, "-161049600"))
    earlier, later = SEPTEMBER - timedelta(seconds=1), SEPTEMBER + timedelta(days=1, hours=1)
    shown = SEPTEMBER + timedelta(hours=1)
    moved.when(MoveClock(to=earlier), at=shown, recorded_at=NOW).refused(
        "clock_backwards", now=shown.isoformat()
    )
    offset = (later - NOW).total_seconds()
    moved.when(MoveClock(to=later), at=shown, recorded_at=NOW).then(
        clock(later, f"{offset:.0f}", revision=2)
    )


def test_the_offset_is_exact_to_the_microsecond() -> None:
    to = NOW + timedelta(microseconds=1)
    state = given(DECIDER, TRAINING).when(MoveClock(to=to)).then(clock(to, "0.000001"))
    organization = state.state("organization")
    assert DECIDER.clock_offset(organization, None) == timedelta(microseconds=1)


@pytest.mark.parametrize("year", [1, 1899, 9999])
def test_a_clock_shows_days_that_have_days_around_them(year: int) -> None:
    with pytest.raises(ValidationError, match="date_out_of_range"):
        MoveClock(to=datetime(year, 1, 1, tzinfo=UTC))
