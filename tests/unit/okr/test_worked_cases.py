"""The worked cases of eight other products, each run by our rules or defined away by name."""

import json
from collections.abc import Callable
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from shared.okr.calendar import Stride, windows
from shared.okr.carryover import carried_over
from shared.okr.expected import expected
from shared.okr.figures import Progress
from shared.okr.health import DEFAULT_HEALTH_POLICY, Health, judge, worst
from shared.okr.measures import Band, Measure, Metric, Milestone, Stage, Threshold
from shared.okr.progress import Measurement, Standing, Terms, standing
from shared.okr.readings import DoneReading, ValueReading
from shared.okr.rollup import Part, objective_figure, suggested_weights
from shared.okr.zones import Lines, solved_baseline, usual_target

CASES: list[dict[str, Any]] = json.loads(
    Path(__file__).with_name("progress-cases.json").read_text("utf-8"),
    parse_float=Decimal,
)

DEFINED_AWAY = {
    "OO-2": "100 - 10 per orphan - 10 per silo is that product's own score; ours is a share of"
    " objectives with an accepted link, and an orphan is shown, not fined",
    "PR-1": "a running share of the planned periods; ours is over the ended ones",
}

YEAR = (date(2026, 1, 1), date(2026, 12, 31))
WORDS = {"Behind": Health.AT_RISK, "At Risk": Health.OFF_TRACK}
COLOURS = {"Green": Health.ON_TRACK, "Red": Health.OFF_TRACK}


def exact(number: int | Decimal) -> Decimal:
    return Decimal(number)


def share(percent: int | Decimal) -> Decimal:
    return Decimal(percent) / 100


def percent(figure: Decimal | None, places: str = "0.1") -> Decimal | None:
    """Return a share in percent, rounded as the source rounds it."""
    return None if figure is None else at_places(figure * 100, places)


def at_places(figure: Decimal, places: str) -> Decimal:
    return figure.quantize(Decimal(places), ROUND_HALF_UP)


def stand(measure: Measure, values: dict[date, Decimal], today: date = YEAR[1]) -> Standing:
    measured = [
        Measurement(n, day, ValueReading(value=value))
        for n, (day, value) in enumerate(values.items(), 1)
    ]
    return standing(Terms(measure, *YEAR, None, YEAR[0]), measured, today)


def shown(measure: Measure, value: int | Decimal) -> Decimal:
    progress = stand(measure, {YEAR[0]: exact(value)}).progress
    assert progress is not None
    return progress.shown


def raw(measure: Measure, values: dict[date, Decimal], today: date = YEAR[1]) -> Decimal:
    progress = stand(measure, values, today).progress
    assert progress is not None
    return progress.raw


def metric(given: dict[str, Any], **more: Any) -> Metric:
    return Metric(baseline=exact(given["baseline"]), target=exact(given["target"]), **more)


def metric_range(given: dict[str, Any], wanted: Any) -> None:
    if wanted is None:
        with pytest.raises(ValidationError) as refused:
            metric(given)
        assert [error["type"] for error in refused.value.errors()] == ["baseline_equals_target"]
        return
    wanted = wanted["pct"] if isinstance(wanted, dict) else wanted
    assert percent(shown(metric(given), given["current"])) == wanted


def metric_range_raw(given: dict[str, Any], wanted: Any) -> None:
    assert percent(raw(metric(given), {YEAR[0]: exact(given["current"])})) == wanted


def zones(given: dict[str, Any], wanted: Any) -> None:
    baseline, stretch = exact(given["baseline"]), exact(given["target"])
    target = exact(given.get("target_zone", usual_target(baseline, stretch)))
    lines = Lines.of(baseline, target, stretch)
    assert lines.commit == given.get("commit", lines.commit)
    value = exact(given["current"])
    scaled = Metric(baseline=baseline, target=target, stretch=stretch)
    zone = stand(scaled, {YEAR[0]: value}).zone
    if isinstance(wanted, dict):
        assert percent(lines.place(value)) == wanted["pct"]
        wanted = wanted["zone"]
    assert zone == wanted.lower()


def zone_values(given: dict[str, Any], wanted: Any) -> None:
    stretch = exact(given["stretch"])
    if "baseline" in given:
        baseline = exact(given["baseline"])
        target = usual_target(baseline, stretch)
    else:
        target = exact(given["target"])
        baseline = solved_baseline(target, stretch)
    lines = Lines.of(baseline, target, stretch)
    for name, value in wanted.items():
        assert at_places(getattr(lines, name), "0.01") == value


def rollup(given: dict[str, Any], wanted: Any) -> None:
    parts = [
        Part(share(child[0]), exact(child[1])) if isinstance(child, list) else Part(share(child))
        for child in given["children"]
    ]
    assert percent(objective_figure(parts).progress) == wanted


def milestone(given: dict[str, Any], wanted: Any) -> None:
    stages = [
        Stage(name=str(n), weight=exact(weight)) for n, (weight, _) in enumerate(given["stages"])
    ]
    done = tuple(str(n) for n, (_, is_done) in enumerate(given["stages"]) if is_done)
    terms = Terms(Milestone(stages=tuple(stages)), *YEAR, None, YEAR[0])
    found = standing(terms, [Measurement(1, YEAR[0], DoneReading(done=done))], YEAR[1])
    assert found.progress is not None
    assert percent(found.progress.shown) == wanted


def piecewise(given: dict[str, Any], wanted: Any) -> None:
    points = tuple((exact(value), share(percents)) for value, percents in given["checkpoints"])
    assert percent(shown(metric(given, checkpoints=points), given["current"])) == wanted


def days(given: dict[str, Any]) -> list[date]:
    first = date.fromisoformat(f"2026-{given['start']}")
    return [first + timedelta(days=n) for n in range(given["days"])]


def on_day(history: list[Any], day: date) -> Decimal | None:
    """Return what was shown on a day: the last value carried forward, None before the first."""
    known = {date.fromisoformat(f"2026-{at}"): exact(value) for at, value, _ in history}
    [target] = {target for _, _, target in history}
    until = {at: value for at, value in known.items() if at <= day}
    progress = stand(metric({"baseline": 0, "target": target}), until, day).progress
    return None if progress is None else progress.shown


def timeline(given: dict[str, Any], wanted: Any) -> None:
    assert [percent(on_day(given["history"], day)) for day in days(given)] == wanted


def timeline_rollup(given: dict[str, Any], wanted: Any) -> None:
    figures = [
        objective_figure([Part(on_day(given["kr1"], day)), Part(on_day(given["kr2"], day))])
        for day in days(given)
    ]
    assert [percent(figure.progress) for figure in figures] == wanted


def threshold(given: dict[str, Any], wanted: Any) -> None:
    wanted = wanted["pct"] if isinstance(wanted, dict) else wanted
    kept = Threshold(comparator=given["op"], limit=exact(given["target"]))
    assert percent(shown(kept, given["current"])) == wanted


def over_months(measure: Measure, values: list[Decimal], wanted: Any) -> None:
    months = windows(*YEAR, Stride(months=1))
    observed = {month.first: value for month, value in zip(months, values, strict=True)}
    assert percent(raw(measure, observed, date(2027, 1, 1))) == wanted


def threshold_periods(given: dict[str, Any], wanted: Any) -> None:
    limit = exact(given["target"])
    misses = given["periods"] - given["met"]
    measure = Threshold(
        comparator=given["op"], limit=limit, evaluation="every_period", period=Stride(months=1)
    )
    over_months(measure, [limit] * given["met"] + [limit - 1] * misses, wanted)


def band_periods(given: dict[str, Any], wanted: Any) -> None:
    middle = exact(given["target"])
    width = middle * exact(given["tolerance_pct"]) / 100
    measure = Band(
        low=middle - width,
        high=middle + width,
        evaluation="every_period",
        period=Stride(months=1),
    )
    assert (measure.low, measure.high) == (Decimal("237.5"), Decimal("262.5"))
    over_months(measure, [middle] * given["in_band"] + [exact(given["outlier"])], wanted)


def cumulative_window(given: dict[str, Any], wanted: Any) -> None:
    target = exact(sum(given["planned"]))
    measure = Metric(baseline=Decimal(0), target=target, readings="sum")
    quarters = windows(*YEAR, Stride(months=3))
    observed = {q.last: exact(n) for q, n in zip(quarters, given["actual"], strict=True)}
    assert percent(raw(measure, observed)) == wanted["pct"]


def health_rollup(given: dict[str, Any], wanted: Any) -> None:
    assert worst(COLOURS[child] for child in given["children"]) == COLOURS[wanted]


def threshold_distance(given: dict[str, Any], wanted: Any) -> None:
    limit = exact(given["target"])
    measure = Threshold(comparator=given["op"], limit=limit, scoring="distance")
    assert percent(raw(measure, {YEAR[0]: exact(given["current"])})) == wanted


def threshold_average(given: dict[str, Any], wanted: Any) -> None:
    measure = Threshold(
        comparator=given["op"],
        limit=exact(given["target"]),
        evaluation="average",
        period=Stride(months=1),
        scoring="distance",
    )
    months = windows(*YEAR, Stride(months=1))
    observed = {m.first: exact(v) for m, v in zip(months, given["values"], strict=False)}
    assert percent(raw(measure, observed)) == wanted


def health(given: dict[str, Any], wanted: Any) -> None:
    actual = share(given["actual"])
    verdict = judge(
        DEFAULT_HEALTH_POLICY,
        progress=Progress(actual, actual),
        attained=False,
        expected=share(given["expected"]),
    )
    assert verdict.health == WORDS[wanted]


def rollover(given: dict[str, Any], wanted: Any) -> None:
    old = metric(given)
    value = stand(old, {YEAR[0]: exact(given["current"])}).value
    assert carried_over(old, value) == metric({**given, "baseline": wanted["next_baseline"]})


def rollup_weight_by_target(given: dict[str, Any], wanted: Any) -> None:
    weights = suggested_weights([exact(target) for target in given["targets"]])
    assert weights is not None
    assert [at_places(weight, "0.1") for weight in weights] == wanted
    assert sum(weights) == 100


def expected_progress(given: dict[str, Any], wanted: Any) -> None:
    start, end, today = (
        date.fromisoformat(f"2026-{given[name]}") for name in ("start", "end", "today")
    )
    terms = Terms(metric({"baseline": 0, "target": 1}), start, end, None, start)
    assert percent(expected(terms, today)) == wanted["elapsed_fraction"]


RULES: dict[str, Callable[[dict[str, Any], Any], None]] = {
    rule.__name__: rule
    for rule in (
        *(metric_range, metric_range_raw, zones, zone_values, piecewise, cumulative_window),
        *(threshold, threshold_periods, threshold_distance, threshold_average, band_periods),
        *(milestone, timeline, timeline_rollup, rollup, rollup_weight_by_target),
        *(expected_progress, health, health_rollup, rollover),
    )
}
RUN = [case for case in CASES if case["id"] not in DEFINED_AWAY]


@pytest.mark.parametrize("case", RUN, ids=[case["id"] for case in RUN])
def test_the_case_gives_what_it_says(case: dict[str, Any]) -> None:
    RULES[case["kind"]](case["input"], case["expected"])


def test_every_case_is_run_or_defined_away_with_its_reason() -> None:
    ids = [case["id"] for case in CASES]
    assert len(set(ids)) == len(ids)
    assert DEFINED_AWAY.keys() <= set(ids)
    assert all(DEFINED_AWAY.values())
    assert {case["kind"] for case in RUN} == RULES.keys()
