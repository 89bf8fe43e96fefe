"""Health: gap, reported status, confidence, silence, and which of them decides."""

from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import permutations
from typing import Any

import pytest

from shared.okr.expected import judged_day
from shared.okr.figures import Progress
from shared.okr.health import (
    DEFAULT_HEALTH_POLICY,
    Health,
    HealthPolicy,
    Report,
    Rule,
    Verdict,
    judge,
    worst,
)

ON, RISK, OFF = Health.ON_TRACK, Health.AT_RISK, Health.OFF_TRACK


def verdict(expected: str | None = "0.5", shown: str | None = "0.5", **more: Any) -> Verdict:
    progress = None if shown is None else Progress.of(Fraction(shown))
    return judge(
        more.pop("policy", DEFAULT_HEALTH_POLICY),
        progress=progress,
        attained=more.pop("attained", False),
        expected=None if expected is None else Decimal(expected),
        **more,
    )


@pytest.mark.parametrize(
    ("expected", "shown", "health", "rule", "gap"),
    [
        ("0.5", "0.6", ON, Rule.ON_PLAN, "-10"),
        ("0.5", "0.5", ON, Rule.ON_PLAN, "0"),
        ("0.5", "0.499999999999", RISK, Rule.BEHIND, "0.0000000001"),
        ("0.5", "0.25", RISK, Rule.BEHIND, "25"),
        ("0.5", "0.249999999999", OFF, Rule.FAR_BEHIND, "25.0000000001"),
    ],
)
def test_the_gap_decides_exactly_at_its_edges(
    expected: str, shown: str, health: Health, rule: Rule, gap: str
) -> None:
    found = verdict(expected, shown)
    assert (found.health, found.rule, found.gap) == (health, rule, Decimal(gap))


def test_the_gap_is_taken_from_what_is_shown() -> None:
    assert verdict("1", "1.2").gap == 0
    assert verdict("0", "-0.3").gap == 0


@pytest.mark.parametrize("attained", [True, "late"])
def test_an_attained_key_result_computes_on_track(attained: Any) -> None:
    found = verdict("1", "0.3", attained=attained)
    assert (found.health, found.rule) == (ON, Rule.ATTAINED)


def test_without_a_value_it_is_pending_whatever_is_reported() -> None:
    for report in (None, Report("off_track", has_note=True), Report("on_track", has_note=True)):
        found = verdict("1", None, report=report, confidence=1)
        assert (found.health, found.rule, found.gap) == (Health.PENDING, Rule.NO_VALUE, None)


SHOWN = {ON: "0.5", RISK: "0.4", OFF: "0.1"}


@pytest.mark.parametrize(
    ("computed", "status", "note", "health", "rule"),
    [
        (ON, "on_track", False, ON, Rule.ON_PLAN),
        (ON, "at_risk", False, RISK, Rule.REPORTED_WORSE),
        (ON, "off_track", False, OFF, Rule.REPORTED_WORSE),
        (RISK, "on_track", False, ON, Rule.REPORTED_BETTER),
        (RISK, "at_risk", True, RISK, Rule.BEHIND),
        (RISK, "off_track", False, OFF, Rule.REPORTED_WORSE),
        (OFF, "on_track", False, OFF, Rule.FAR_BEHIND),
        (OFF, "on_track", True, ON, Rule.REPORTED_BETTER_WITH_NOTE),
        (OFF, "at_risk", False, RISK, Rule.REPORTED_BETTER),
        (OFF, "off_track", False, OFF, Rule.FAR_BEHIND),
    ],
)
def test_a_reported_status_counts_by_its_distance(
    computed: Health, status: Any, note: bool, health: Health, rule: Rule
) -> None:
    assert verdict("0.5", SHOWN[computed]).health is computed
    found = verdict("0.5", SHOWN[computed], report=Report(status, has_note=note))
    assert (found.health, found.rule) == (health, rule)


@pytest.mark.parametrize(
    ("shown", "confidence", "health", "rule"),
    [
        ("0.5", 4, ON, Rule.ON_PLAN),
        ("0.5", 3, RISK, Rule.LOW_CONFIDENCE),
        ("0.5", 0, RISK, Rule.LOW_CONFIDENCE),
        ("0.5", None, ON, Rule.ON_PLAN),
        ("0.4", 3, RISK, Rule.BEHIND),
        ("0.1", 3, OFF, Rule.FAR_BEHIND),
    ],
)
def test_low_confidence_makes_it_at_least_at_risk(
    shown: str, confidence: int | None, health: Health, rule: Rule
) -> None:
    found = verdict("0.5", shown, confidence=confidence)
    assert (found.health, found.rule, found.confidence) == (health, rule, confidence)


def test_low_confidence_holds_against_a_better_word_and_an_attainment() -> None:
    better = Report("on_track", has_note=True)
    assert verdict("0.5", "0.4", report=better, confidence=3).rule is Rule.LOW_CONFIDENCE
    assert verdict("0.5", "1", attained=True, confidence=3).health is RISK


@pytest.mark.parametrize(
    ("shown", "health", "rule"),
    [
        ("0.5", Health.OUTDATED, Rule.OUTDATED),
        ("0.4", Health.OUTDATED, Rule.OUTDATED),
        ("0.1", OFF, Rule.FAR_BEHIND),
        (None, Health.OUTDATED, Rule.OUTDATED),
    ],
)
def test_silence_outdates_all_but_what_is_off_track(
    shown: str | None, health: Health, rule: Rule
) -> None:
    found = verdict("0.5", shown, outdated=True)
    assert (found.health, found.rule) == (health, rule)


def test_closed_is_closed() -> None:
    found = verdict("0.5", "0.1", closed=True, outdated=True, confidence=1)
    assert (found.health, found.rule) == (Health.CLOSED, Rule.CLOSED)


def test_the_policy_moves_the_lines() -> None:
    lenient = HealthPolicy(
        at_risk_above=Decimal(10), off_track_above=Decimal(50), confidence_at_most=1
    )
    assert verdict("0.5", "0.4", policy=lenient, confidence=2).health is ON
    assert verdict("0.5", "0.399", policy=lenient).health is RISK
    assert verdict("0.6", "0.1", policy=lenient).health is RISK
    assert verdict("0.6", "0.099", policy=lenient).health is OFF


def test_the_worst_comes_first_in_any_order() -> None:
    ranked = [OFF, Health.OUTDATED, RISK, Health.PENDING, ON]
    for first in range(len(ranked)):
        for some in permutations(ranked[first:], min(3, len(ranked) - first)):
            assert worst(some) is min(some, key=ranked.index)


def test_closed_ones_do_not_count_among_the_worst() -> None:
    assert worst([Health.CLOSED, ON]) is ON
    assert worst([Health.CLOSED]) is None
    assert worst([]) is None


JAN, FEB, MAR = date(2026, 1, 10), date(2026, 2, 10), date(2026, 3, 10)


@pytest.mark.parametrize(
    ("due", "today", "observed", "checked_in", "day"),
    [
        (MAR, FEB, JAN, None, JAN),  # on plan when last reported, it stays so
        (MAR, FEB, None, JAN, JAN),
        (MAR, MAR, JAN, FEB, FEB),
        (MAR, MAR, FEB, JAN, FEB),
        (FEB, FEB, JAN, None, JAN),  # the day of due has not passed yet
        (FEB, MAR, JAN, None, MAR),
        (FEB, MAR, None, None, MAR),
        (MAR, FEB, None, None, None),
    ],
)
def test_a_key_result_is_judged_on_the_day_it_was_last_heard_of(
    due: date, today: date, observed: date | None, checked_in: date | None, day: date | None
) -> None:
    assert judged_day(due, today, last_observed=observed, last_check_in=checked_in) == day
