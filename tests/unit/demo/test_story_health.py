"""What the story comes to: every health on its last day, and the turns on the way there."""

from collections import Counter
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from shared.okr.duty import Cadence, escalated_to
from shared.okr.health import Health
from tests.unit.demo.demo_files import DEMO, key_results, six_departments, story
from tests.unit.demo.told_story import days_due, judged, standing_on, tell

STORY = story()
KEY_RESULTS = key_results(six_departments())
DUE = days_due(STORY)
IMPORTED_ON = date(2021, 9, 1)
LAST = datetime.fromisoformat(STORY["steps"][-1]["at"])

# On 23 November; every key result that is not named is on track.
NOT_ON_TRACK = {
    "cfo/o1/kr2": ("pending", "no_value"),
    "hr-manager/o1/kr1": ("at_risk", "behind"),
    "cfo/o2/kr2": ("at_risk", "behind"),
    "purchasing-lead/o1/kr1": ("at_risk", "behind"),
    "product-manager/o1/kr2": ("at_risk", "low_confidence"),
    "buyer-3/o1/kr1": ("at_risk", "reported_worse"),
    "buyer-3/o1/kr2": ("at_risk", "reported_worse"),
    "buyer-3/o1/kr3": ("at_risk", "reported_worse"),
    "cfo/o1/kr1": ("off_track", "far_behind"),
    "tech-director/o1/kr1": ("off_track", "far_behind"),
    "buyer-1/o1/kr2": ("off_track", "far_behind"),
    "marketing-director/o2/kr2": ("outdated", "outdated"),
    "buyer-2/o1/kr1": ("outdated", "outdated"),
    "buyer-2/o1/kr2": ("outdated", "outdated"),
    "buyer-2/o1/kr3": ("outdated", "outdated"),
    "buyer-2/o1/kr4": ("outdated", "outdated"),
    "cfo/o3/kr1": ("closed", "closed"),
    "cfo/o3/kr2": ("closed", "closed"),
    "cfo/o3/kr3": ("closed", "closed"),
}


def healths(day: date) -> dict[str, str]:
    """Return every key result's health at the end of a day."""
    return {path: rule[0] for path, rule in verdicts(day).items()}


def verdicts(day: date) -> dict[str, tuple[str, str]]:
    end = datetime.combine(day, datetime.max.time(), LAST.tzinfo)
    told = tell(STORY, KEY_RESULTS, end)
    found = {path: judged(one, day, DUE, IMPORTED_ON) for path, one in told.items()}
    return {path: (verdict.health.value, verdict.rule) for path, verdict in found.items()}


def test_every_health_occurs_on_the_last_day() -> None:
    assert {Health(health) for health in healths(LAST.date()).values()} == set(Health)


def test_the_last_day_is_as_the_table_says() -> None:
    last = verdicts(LAST.date())
    others = {path: found for path, found in last.items() if found[0] != "on_track"}
    assert others == NOT_ON_TRACK


def test_the_readme_counts_them() -> None:
    readme = (DEMO / "README.md").read_text(encoding="utf-8")
    counts = Counter(healths(LAST.date()).values())
    assert f"| on_track 正常 | {counts['on_track']} of them |" in readme
    assert f"| at_risk 有风险 | {counts['at_risk']}: " in readme


@pytest.mark.parametrize(
    ("path", "shown", "gap"),
    [
        # 44 of 50; expected 325 of 333 days, as last reported on 22 November.
        ("hr-manager/o1/kr1", "0.88", Decimal("9.5976")),
        # 60 of 100; expected 322 of 364 days, as of the check-in of 19 November.
        ("cfo/o1/kr1", "0.6", Decimal("28.4615")),
        # 8 of 25; expected 49 of the quarter's 91 days.
        ("cfo/o2/kr2", "0.32", Decimal("21.8462")),
        # From 300 to 275 of the 270 that are 10 % less; expected 322 of 364 days.
        ("purchasing-lead/o1/kr1", "0.833333333333", Decimal("5.1282")),
        # 6.2 of 10; expected 322 of 364 days.
        ("buyer-1/o1/kr2", "0.62", Decimal("26.4615")),
        # Up on its day, but 78 of 100 are content, not 80; the day has passed.
        ("tech-director/o1/kr1", "0", Decimal(100)),
    ],
)
def test_figures_worked_by_hand(path: str, shown: str, gap: Decimal) -> None:
    one = tell(STORY, KEY_RESULTS)[path]
    verdict = judged(one, LAST.date(), DUE, IMPORTED_ON)
    assert verdict.shown == Decimal(shown)
    assert verdict.gap is not None
    assert round(verdict.gap, 4) == gap


def test_30_november_lies_ahead_and_is_not_yet_reached() -> None:
    told = tell(STORY, KEY_RESULTS)
    due_then = [path for path, kr in KEY_RESULTS.items() if kr.due == date(2021, 11, 30)]
    assert due_then == ["hr-manager/o1/kr1", "hr-specialist/o1/kr2", "tech-director/o1/kr2"]
    assert all(standing_on(told[path], LAST.date()).attained is False for path in due_then)


def test_what_passed_its_test_after_its_due_is_attained_late() -> None:
    told = tell(STORY, KEY_RESULTS)
    assert standing_on(told["product-manager/o1/kr1"], LAST.date()).attained == "late"


@pytest.mark.parametrize(
    ("path", "day", "turn"),
    [
        ("marketing-director/o1/kr3", date(2021, 9, 24), ("off_track", "at_risk")),
        ("marketing-director/o1/kr3", date(2021, 10, 8), ("at_risk", "off_track")),
        ("marketing-director/o1/kr3", date(2021, 11, 5), ("off_track", "on_track")),
        # Silent since 3 September: due on the 10th, outdated on the fourth day after it.
        ("cfo/o3/kr1", date(2021, 9, 14), ("on_track", "outdated")),
        ("cfo/o3/kr1", date(2021, 9, 17), ("outdated", "on_track")),
        # The correction: 21 meetings were 12.
        ("cfo/o2/kr1", date(2021, 10, 29), ("at_risk", "on_track")),
        ("cfo/o2/kr1", date(2021, 11, 1), ("on_track", "at_risk")),
        # The raised target, and its being caught up with.
        ("buyer-1/o1/kr3", date(2021, 11, 3), ("on_track", "at_risk")),
        ("buyer-1/o1/kr3", date(2021, 11, 19), ("at_risk", "on_track")),
        ("cfo/o3/kr2", date(2021, 11, 10), ("on_track", "closed")),
        # The day passes by itself, and takes the verdict with it.
        ("tech-director/o1/kr1", date(2021, 11, 19), ("on_track", "off_track")),
        ("buyer-2/o1/kr4", date(2021, 11, 16), ("on_track", "outdated")),
    ],
)
def test_health_turns_on_the_day_that_the_story_tells(
    path: str, day: date, turn: tuple[str, str]
) -> None:
    assert (healths(day - timedelta(days=1))[path], healths(day)[path]) == turn


def test_a_silence_is_told_all_the_way_up() -> None:
    told = tell(STORY, KEY_RESULTS)["buyer-2/o1/kr1"]
    silent_since = max(told.reports)
    owed = next(day for day in DUE if day > silent_since)
    assert (silent_since, owed) == (date(2021, 11, 5), date(2021, 11, 12))
    assert escalated_to(Cadence(), (LAST.date() - owed).days) == (
        "reviewer",
        "department_head",
        "cycle_administrator",
    )
