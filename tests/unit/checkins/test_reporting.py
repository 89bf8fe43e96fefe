"""Progress and check-ins: what is recorded, what it does to health, and what is refused."""

from decimal import Decimal
from typing import Any

import pytest

from services.checkins.domain.commands import (
    FollowObjective,
    LogProgress,
    PublishCheckIn,
    ReportedReading,
    RetractProgress,
)
from shared.events import checkins as said
from shared.events import objectives, organization
from shared.events.deciding import SYSTEM
from shared.okr.health import ReportedStatus
from shared.okr.readings import CountReading
from tests.support.given import Given
from tests.unit.checkins.history import (
    BUYER,
    CYCLE,
    KR,
    OBJECTIVE,
    OTHER_KR,
    STRANGER,
    added,
    at,
    day,
    health_of,
    only,
    published,
    read,
    tracked,
)

SEALED = "sealed:1:x:abc"


def log(value: int, on: str = "2026-10-09", key: str = KR, **more: Any) -> LogProgress:
    return LogProgress(
        objective_id=OBJECTIVE,
        key_result_id=key,
        reading=read(value),
        observed_on=day(on),
        **more,
    )


def value_of(history: Given) -> Decimal:
    known = history.state(f"tracking-{OBJECTIVE}").key_results[KR]
    latest = max(known.measurements, key=lambda m: (m.observed_on, m.n))
    return Decimal(latest.reading.value)


def test_a_measurement_behind_plan_turns_the_key_result_at_risk() -> None:
    # Tracked from 28 September to 31 December: 94 days. On 9 October 11 have passed: 11.7 % are
    # expected, 5 % are there; the gap of 6.7 points lies between 0 and 25.
    events = tracked().when(log(5), by=BUYER).events
    logged, changed = events
    assert isinstance(logged, said.KRProgressLogged)
    assert (logged.n, logged.recorded_on, logged.late) == (1, day("2026-10-09"), False)
    assert isinstance(changed, said.KRHealthChanged)
    assert (changed.from_, changed.to, changed.rule) == ("pending", "at_risk", "behind")
    assert changed.expected == Decimal("0.117021276596")
    assert changed.shown == Decimal("0.05")
    assert changed.gap == Decimal("6.7021276596")
    assert changed.cause == "measurement"


def test_measurements_are_numbered_and_health_is_said_only_when_it_changes() -> None:
    history = tracked().when(log(5), by=BUYER).after
    logged: Any
    (logged,) = history.when(log(6), by=BUYER).events
    assert logged.n == 2


def test_a_measurement_of_a_past_day_never_overwrites_a_later_one() -> None:
    history = tracked().when(log(50), by=BUYER).after
    earlier = history.when(log(1, on="2026-10-01"), by=BUYER).after
    assert value_of(earlier) == 50


def test_a_second_measurement_on_a_day_counts_and_the_first_one_stays() -> None:
    history = tracked().when(log(5), by=BUYER).after.when(log(7), by=BUYER).after
    known = history.state(f"tracking-{OBJECTIVE}").key_results[KR]
    assert [m.n for m in known.measurements] == [1, 2]
    assert value_of(history) == 7


def test_a_retracted_measurement_counts_no_more_and_retracting_twice_says_nothing_new() -> None:
    history = tracked().when(log(5), by=BUYER).after.when(log(90), by=BUYER).after
    retract = RetractProgress(objective_id=OBJECTIVE, key_result_id=KR, n=2, reason=SEALED)
    asked = history.when(retract, by=BUYER)
    assert only(asked.events, said.KRHealthChanged).to == "at_risk"
    assert value_of(asked.after) == 5
    asked.asked_again().says_nothing_new()


def test_an_unknown_measurement_cannot_be_retracted() -> None:
    retract = RetractProgress(objective_id=OBJECTIVE, key_result_id=KR, n=1, reason=SEALED)
    tracked().when(retract, by=BUYER).refused("measurement_unknown", n=1)


def test_a_measurement_in_the_future_is_refused_by_the_organizations_day() -> None:
    tracked().when(log(5, on="2026-10-10"), by=BUYER).refused(
        "observed_in_future", pointer="/observed_on"
    )


def test_a_reading_of_another_kind_is_refused_naming_the_field() -> None:
    wrong = LogProgress(
        objective_id=OBJECTIVE,
        key_result_id=KR,
        reading=CountReading(count=Decimal(1)),
        observed_on=day("2026-10-09"),
    )
    tracked().when(wrong, by=BUYER).refused("reading_kind_mismatch", pointer="/reading")


def test_only_owners_and_administrators_report() -> None:
    tracked().when(log(5), by=STRANGER).refused("not_allowed")


def test_an_unpublished_draft_does_not_exist_for_others() -> None:
    draft = published().and_given()
    reference = draft.reference
    known = reference.objectives[OBJECTIVE]
    from dataclasses import replace

    reference.objectives[OBJECTIVE] = replace(known, state="draft")
    draft.when(log(5), by=STRANGER).refused("not_found")
    draft.when(log(5), by=BUYER).refused("objective_not_published")


def test_progress_waits_until_tracking_has_begun() -> None:
    published(added()).when(log(5), by=BUYER).refused("not_yet")


def test_a_closed_objective_takes_no_progress() -> None:
    history = tracked().and_given(
        objectives.ObjectiveClosed(objective_id=OBJECTIVE, outcome="missed")
    )
    history.when(log(5), by=BUYER).refused("objective_closed")


def test_in_review_a_measurement_is_late_and_in_a_closed_cycle_refused() -> None:
    review = tracked().and_given(organization.CycleReviewStarted(cycle_id=CYCLE))
    assert only(review.when(log(5), by=BUYER).events, said.KRProgressLogged).late
    closed = review.and_given(organization.CycleClosed(cycle_id=CYCLE))
    closed.when(log(5), by=BUYER).refused("cycle_not_active", state="closed")


def test_importing_a_reading_again_says_nothing_new() -> None:
    tracked().when(log(5, source="import"), by=BUYER).asked_again().says_nothing_new()


def test_a_check_in_freezes_every_key_result_and_brings_its_readings() -> None:
    history = tracked(added(), added(OTHER_KR)).when(log(40), by=BUYER).after
    check_in = PublishCheckIn(
        objective_id=OBJECTIVE,
        confidence=6,
        readings={OTHER_KR: ReportedReading(reading=read(1), observed_on=day("2026-10-09"))},
    )
    events: Any = history.when(check_in, by=BUYER).events
    published_, logged = events[0], events[1]
    assert isinstance(published_, said.CheckInPublished)
    first: Any
    second: Any
    first, second = published_.key_results
    assert (first.value, first.value_before, first.confidence, first.measurement) == (
        40,
        40,
        6,
        None,
    )
    assert (second.value, second.value_before, second.measurement) == (1, None, 1)
    assert (logged.key_result_id, logged.check_in) == (OTHER_KR, 1)


@pytest.mark.parametrize(
    ("status", "narrative", "health"),
    [
        ("off_track", None, "off_track"),
        ("at_risk", None, "at_risk"),
        ("on_track", None, "on_track"),
    ],
)
def test_a_worse_status_always_counts(
    status: ReportedStatus, narrative: str | None, health: str
) -> None:
    history = tracked().when(log(50), by=BUYER).after
    told = PublishCheckIn(objective_id=OBJECTIVE, status=status, narrative=narrative)
    assert health_of(history.when(told, by=BUYER).after) == health


@pytest.mark.parametrize(("narrative", "health"), [(None, "off_track"), (SEALED, "on_track")])
def test_a_status_two_steps_better_counts_only_with_a_note(
    narrative: str | None, health: str
) -> None:
    late = at("2026-12-20")
    history = tracked().when(log(1, on="2026-12-20"), by=BUYER, at=late).after
    assert health_of(history) == "off_track"
    told = PublishCheckIn(objective_id=OBJECTIVE, status="on_track", narrative=narrative)
    assert health_of(history.when(told, by=BUYER, at=late).after) == health


def test_a_status_counts_until_the_next_check_in() -> None:
    history = tracked().when(log(50), by=BUYER).after
    worse = history.when(PublishCheckIn(objective_id=OBJECTIVE, status="off_track"), by=BUYER).after
    silent = worse.when(PublishCheckIn(objective_id=OBJECTIVE), by=BUYER).after
    assert health_of(silent) == "on_track"


def test_low_confidence_is_at_risk_whatever_the_figures() -> None:
    assert health_of(tracked().when(log(90, confidence=3), by=BUYER).after) == "at_risk"
    assert health_of(tracked().when(log(90, confidence=4), by=BUYER).after) == "on_track"


def test_a_check_in_names_only_key_results_of_its_objective() -> None:
    stray = PublishCheckIn(
        objective_id=OBJECTIVE,
        readings={OTHER_KR: ReportedReading(reading=read(1), observed_on=day("2026-10-09"))},
    )
    tracked().when(stray, by=BUYER).refused("key_result_unknown", pointer=f"/readings/{OTHER_KR}")


def test_a_check_in_needs_a_key_result() -> None:
    published().when(PublishCheckIn(objective_id=OBJECTIVE), by=BUYER).refused("no_key_results")


def test_a_cancelled_key_result_takes_no_progress() -> None:
    history = tracked(added(), added(OTHER_KR)).and_given(
        objectives.KRCancelled(objective_id=OBJECTIVE, key_result_id=KR, reason=SEALED)
    )
    history.when(log(5), by=BUYER).refused("key_result_cancelled")
    followed = history.when(FollowObjective(objective_id=OBJECTIVE), by=SYSTEM).after
    followed.when(log(5), by=BUYER).refused("key_result_cancelled")
