"""What an event tells of a tracking changes, and nothing else does."""

from dataclasses import fields, replace
from datetime import date
from decimal import Decimal

from services.checkins.domain.tracking import Tracked, Tracking, evolve
from shared.events import checkins as said
from shared.okr.health import Health
from shared.okr.measures import Metric
from shared.okr.readings import ValueReading
from shared.okr.terms import Measurement, Terms

DAY = date(2026, 10, 9)
OBJECTIVE, KEY_RESULT = (f"{n:08x}-0000-0000-0000-000000000000" for n in (1, 2))
MEASURED = Measurement(6, DAY, ValueReading(value=Decimal(1)))
TRACKED = Tracked(
    terms=Terms(Metric(baseline=Decimal(0), target=Decimal(1)), DAY, DAY, DAY, DAY),
    target_revision=2,
    owed_from=DAY,
    ended=True,
    measurements=(MEASURED,),
    logged=6,
    confidence=7,
    reported_on=DAY,
    health=Health.AT_RISK,
    duty=(DAY, "overdue"),
)
TRACKING = Tracking(
    cycle_id="cycle",
    key_results={KEY_RESULT: TRACKED, "other": TRACKED},
    check_ins=3,
    status="on_track",
    status_noted=True,
    checked_in_on=DAY,
)


def test_nothing_in_this_story_is_as_it_is_in_the_beginning() -> None:
    for told, begun in ((TRACKING, Tracking()), (TRACKED, Tracked(TRACKED.terms, 1, date.min))):
        for field in fields(told):
            if field.name != "terms":
                assert getattr(told, field.name) != getattr(begun, field.name), field.name


def test_a_measurement_changes_what_it_tells_and_keeps_the_rest() -> None:
    logged = said.KRProgressLogged(
        objective_id=OBJECTIVE,
        key_result_id=KEY_RESULT,
        n=7,
        reading=ValueReading(value=Decimal(2)),
        observed_on=DAY,
        recorded_on=date(2026, 10, 12),
        confidence=4,
        target_revision=2,
    )
    measured = replace(
        TRACKED,
        measurements=(MEASURED, Measurement(7, DAY, ValueReading(value=Decimal(2)))),
        logged=7,
        confidence=4,
        reported_on=date(2026, 10, 12),
        duty=None,
    )
    assert evolve(TRACKING, logged) == _with(measured)


def test_a_measurement_without_a_confidence_leaves_it() -> None:
    logged = said.KRProgressLogged(
        objective_id=OBJECTIVE,
        key_result_id=KEY_RESULT,
        n=7,
        reading=ValueReading(value=Decimal(2)),
        observed_on=DAY,
        recorded_on=DAY,
        target_revision=2,
    )
    assert evolve(TRACKING, logged).key_results[KEY_RESULT].confidence == 7


def test_a_change_of_health_keeps_all_but_the_health() -> None:
    changed = said.KRHealthChanged(
        objective_id=OBJECTIVE,
        key_result_id=KEY_RESULT,
        from_=Health.AT_RISK,
        to=Health.OFF_TRACK,
        expected=Decimal("0.5"),
        shown=Decimal("0.1"),
        gap=Decimal("0.4"),
        confidence=7,
        rule="gap",
        rule_version=0,
        cause="measurement",
    )
    assert evolve(TRACKING, changed) == _with(replace(TRACKED, health=Health.OFF_TRACK))


def _with(tracked: Tracked) -> Tracking:
    return replace(TRACKING, key_results={**TRACKING.key_results, KEY_RESULT: tracked})
