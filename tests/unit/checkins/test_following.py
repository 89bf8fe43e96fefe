"""Tracking follows the objective, whatever happened to it in between."""

from decimal import Decimal

from services.checkins.domain.commands import FollowObjective, LogProgress
from shared.events import checkins as said
from shared.events import objectives
from shared.events.deciding import SYSTEM
from shared.okr.measures import Metric
from tests.unit.checkins.history import (
    BUYER,
    CYCLE,
    KR,
    METRIC,
    OBJECTIVE,
    OTHER_KR,
    added,
    at,
    day,
    health_of,
    only,
    published,
    read,
    tracked,
)

FOLLOW = FollowObjective(objective_id=OBJECTIVE)


def test_tracking_starts_when_the_objective_is_published() -> None:
    published(added()).when(FOLLOW, by=SYSTEM, at=at("2026-09-28")).then(
        said.KRTrackingStarted(
            objective_id=OBJECTIVE,
            key_result_id=KR,
            measure=METRIC,
            target_revision=1,
            cycle_id=CYCLE,
            cycle_start=day("2026-09-01"),
            cycle_end=day("2026-12-31"),
            due=None,
            tracked_from=day("2026-09-28"),
            owed_from=day("2026-09-28"),
        )
    )


def test_following_twice_says_nothing_new() -> None:
    tracked().when(FOLLOW, by=SYSTEM).says_nothing_new()


def test_a_raised_target_is_followed_and_judged() -> None:
    on_plan = (
        tracked()
        .when(
            LogProgress(
                objective_id=OBJECTIVE,
                key_result_id=KR,
                reading=read(20),
                observed_on=day("2026-10-09"),
            ),
            by=BUYER,
        )
        .after
    )
    assert health_of(on_plan) == "on_track"
    raised = Metric(kind="metric", baseline=Decimal(0), target=Decimal(10_000), unit="件")
    retargeted = objectives.KRRetargeted(
        objective_id=OBJECTIVE, key_result_id=KR, before=METRIC, measure=raised, revision=2
    )
    events = on_plan.and_given(retargeted).when(FOLLOW, by=SYSTEM).events
    assert only(events, said.KRTrackingChanged).measure == raised
    changed = only(events, said.KRHealthChanged)
    assert (changed.from_, changed.to, changed.cause) == ("on_track", "at_risk", "target_change")


def test_a_cancelled_key_result_is_tracked_no_more() -> None:
    history = tracked(added(), added(OTHER_KR)).and_given(
        objectives.KRCancelled(objective_id=OBJECTIVE, key_result_id=KR, reason="sealed:1:x:abc")
    )
    events = history.when(FOLLOW, by=SYSTEM).events
    assert only(events, said.KRTrackingEnded).reason == "cancelled"
    assert only(events, said.KRHealthChanged).to == "closed"


def test_a_closed_objective_is_closed_in_all_its_key_results_and_resumes_when_reopened() -> None:
    closed = tracked().and_given(
        objectives.ObjectiveClosed(objective_id=OBJECTIVE, outcome="partly")
    )
    ended = closed.when(FOLLOW, by=SYSTEM).after
    assert health_of(ended) == "closed"
    reopened = ended.and_given(
        objectives.ObjectiveReopened(objective_id=OBJECTIVE, reason="sealed:1:x:abc")
    )
    events = reopened.when(FOLLOW, by=SYSTEM).events
    assert only(events, said.KRTrackingResumed).key_result_id == KR
    assert only(events, said.KRHealthChanged).to == "pending"


def test_nobody_but_the_suite_may_follow() -> None:
    published(added()).when(FOLLOW, by=BUYER).refused("not_allowed")


def test_an_objective_nobody_has_heard_of_is_not_yet_there() -> None:
    unknown = FollowObjective(objective_id=OTHER_KR)
    published(added()).when(unknown, by=SYSTEM).refused("not_yet")
