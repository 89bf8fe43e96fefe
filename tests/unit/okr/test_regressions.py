"""Defects that others shipped, as far as they are arithmetic: each has a test of its name."""

from datetime import date
from decimal import Decimal

import pytest
from pydantic import ValidationError

from shared.okr.expected import expected
from shared.okr.figures import Progress, percent_text, quantity_text
from shared.okr.health import DEFAULT_HEALTH_POLICY, Health, judge
from shared.okr.measures import Measure, Metric
from shared.okr.progress import Measurement, Standing, Terms, standing
from shared.okr.readings import ValueReading
from shared.okr.rollup import Part, objective_figure
from shared.okr.units import ObjectiveRow, unit_figures

START, END = date(2026, 1, 1), date(2026, 1, 31)


def stand(measure: Measure, *values: str) -> Standing:
    measured = [
        Measurement(n, START, ValueReading(value=Decimal(value)))
        for n, value in enumerate(values, 1)
    ]
    return standing(Terms(measure, START, END, None, START), measured, START)


def metric(baseline: str, target: str) -> Metric:
    return Metric(baseline=Decimal(baseline), target=Decimal(target))


def test_decreasing_targets_wrong_with_plan_points() -> None:
    plan = ((START, Decimal(100)), (END, Decimal(0)))
    falling = metric("100", "0").model_copy(update={"plan": plan})
    assert expected(Terms(falling, START, END, None, START), date(2026, 1, 16)) == Decimal("0.5")


def test_binary_floats_at_a_zone_edge() -> None:
    edge = Metric(baseline=Decimal("0.1"), target=Decimal("0.31"), stretch=Decimal("0.4"))
    assert stand(edge, "0.31").zone == "target"
    whole = stand(metric("0.1", "0.4"), "0.31").progress
    assert whole is not None
    assert quantity_text(whole.raw) == "0.7"


def test_baseline_equal_to_target_storing_50_percent() -> None:
    with pytest.raises(ValidationError) as refused:
        metric("10", "10")
    [error] = refused.value.errors()
    assert error["type"] == "baseline_equals_target"
    assert "threshold" in error["msg"]


def test_a_value_below_the_baseline_hidden() -> None:
    scaled = Metric(baseline=Decimal(20), target=Decimal(76), stretch=Decimal(100))
    found = stand(scaled, "6")
    assert found.progress == Progress(Decimal("-0.25"), Decimal(0))
    assert found.zone == "below_baseline"


def test_decimals_cut() -> None:
    found = stand(metric("0", "10"), "5.9").progress
    assert found is not None
    assert percent_text(found.shown) == "59.0 %"


def test_a_second_check_in_on_a_day_overwriting_the_first() -> None:
    summed = metric("0", "10").model_copy(update={"readings": "sum"})
    assert stand(summed, "3", "4").value == 7
    assert stand(metric("0", "10"), "3", "4").value == 4


def test_totals_that_leave_zero_progress_key_results_out_of_every_bucket() -> None:
    zero = Progress(Decimal(0), Decimal(0))
    verdict = judge(DEFAULT_HEALTH_POLICY, progress=zero, attained=False, expected=Decimal("0.1"))
    assert verdict.health is Health.AT_RISK
    assert objective_figure([Part(Decimal(0)), Part(Decimal(1))]).progress == Decimal("0.5")
    row = ObjectiveRow("o", "company", Decimal(0), key_results={verdict.health: 1})
    [figure] = unit_figures({"company": None}, [row]).values()
    assert figure.progress == 0
    assert sum(figure.key_results.values()) == 1
