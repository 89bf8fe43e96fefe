"""What a body alone shows to be wrong is refused by a stable code, and says where."""

from decimal import Decimal
from typing import Any, Final

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from shared.okr.calendar import Stride, WorkingDays
from shared.okr.duty import Cadence
from shared.okr.figures import Quantity
from shared.okr.health import HealthPolicy
from shared.okr.measures import Measure
from shared.okr.readings import Reading

MEASURES: Final[TypeAdapter[Measure]] = TypeAdapter(Measure)
READINGS: Final[TypeAdapter[Reading]] = TypeAdapter(Reading)
QUANTITIES: Final[TypeAdapter[Decimal]] = TypeAdapter(Quantity)


def refusals(adapter: TypeAdapter[Any], body: object) -> list[tuple[str, Any]]:
    """Return the codes and places of what is wrong with a body; empty when it is taken."""
    try:
        adapter.validate_python(body)
    except ValidationError as refused:
        return [
            (error["type"], error.get("ctx", {}).get("at", error["loc"][-1:]))
            for error in refused.errors()
        ]
    return []


def metric(baseline: Any = "0", target: Any = "10", **more: Any) -> dict[str, Any]:
    return {"kind": "metric", "baseline": baseline, "target": target, **more}


def threshold(**more: Any) -> dict[str, Any]:
    return {"kind": "threshold", "comparator": "<", "limit": "3", **more}


def every_period(**more: Any) -> dict[str, Any]:
    return threshold(**{"evaluation": "every_period", "period": {"weeks": 1}, **more})


def relative(percent: Any, **more: Any) -> dict[str, Any]:
    return {"kind": "relative", "percent": percent, "direction": "increase", **more}


def milestone(*stages: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "milestone", "stages": list(stages)}


def recurring(quota: Any, window: Any = None) -> dict[str, Any]:
    return {"kind": "recurring", "quota": quota, "window": window or {"weeks": 2}}


def distribution(shares: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"kind": "distribution", "shares": shares, **more}


def composite(mode: str, *parts: tuple[str, Any]) -> dict[str, Any]:
    named = [
        {"name": name, "measure": metric()} | ({} if weight is None else {"weight": weight})
        for name, weight in parts
    ]
    return {"kind": "composite", "mode": mode, "parts": named}


HALVES: Final = {"中等": "50", "优等": "50"}
NOT_MONOTONE: Final = ("checkpoints_not_monotone", "/checkpoints")
SAME: Final = {**HALVES, "次等": "0"}
STAGE: Final = {"name": "上线", "weight": "1"}

MEASURES_REFUSED: Final[list[tuple[dict[str, Any], str, Any]]] = [
    (metric("5", "5.0"), "baseline_equals_target", "/target"),
    (metric("0", "10", stretch="5"), "zones_not_ordered", "/stretch"),
    (metric("0", "10", stretch="100"), "zones_not_ordered", "/stretch"),
    (metric("0", "10", stretch="-5"), "zones_not_ordered", "/stretch"),
    (metric("0", "10", stretch="0"), "zones_not_ordered", "/stretch"),
    (metric(plan=[["2026-02-01", "5"], ["2026-01-01", "6"]]), "plan_not_ordered", "/plan"),
    (metric(plan=[["2026-02-01", "5"], ["2026-02-01", "6"]]), "plan_not_ordered", "/plan"),
    (metric(checkpoints=[["5", "0.6"], ["8", "0.5"]]), *NOT_MONOTONE),
    (metric(checkpoints=[["8", "0.5"], ["5", "0.6"]]), *NOT_MONOTONE),
    (metric(checkpoints=[["5", "1.1"]]), *NOT_MONOTONE),
    (metric(checkpoints=[["11", "0.5"]]), *NOT_MONOTONE),
    (metric(checkpoints=[["0", "0"]]), *NOT_MONOTONE),
    (metric("9", "0", checkpoints=[["4", "0"], ["6", "1"]]), *NOT_MONOTONE),
    (metric(plan=[["2026-02-01T00:00:00", "5"]]), "date_expected", (0,)),
    (metric(plan=[[1770000000, "5"]]), "date_expected", (0,)),
    (metric(plan=[["1066-10-14", "5"]]), "date_out_of_range", (0,)),
    (metric(unit="x" * 41), "string_too_long", ("unit",)),
    (metric(colour="red"), "extra_forbidden", ("colour",)),
    ({"kind": "metric", "baseline": "0"}, "missing", ("target",)),
    ({"kind": "metric", "target": "10"}, "missing", ("baseline",)),
    ({"kind": "metric", "stretch": "10"}, "missing", ("baseline",)),
    ({"kind": "metric", "stretch": "x", "target": "1"}, "missing", ("baseline",)),
    ({"kind": "vibes"}, "union_tag_invalid", ()),
    ({}, "union_tag_not_found", ()),
    (relative("0"), "percent_not_positive", "/percent"),
    (relative("-5"), "percent_not_positive", "/percent"),
    (relative("5", baseline="0"), "baseline_zero", "/baseline"),
    (relative("5", direction="up"), "literal_error", ("direction",)),
    (threshold(comparator="=="), "literal_error", ("comparator",)),
    (every_period(period=None), "period_needed", "/period"),
    (threshold(evaluation="average"), "period_needed", "/period"),
    (every_period(scoring="distance"), "distance_every_period", "/scoring"),
    (threshold(limit="0", scoring="distance"), "distance_limit_zero", "/limit"),
    (threshold(period={}), "weeks_or_months", ""),
    (threshold(period={"weeks": 1, "months": 1}), "weeks_or_months", ""),
    (threshold(period={"weeks": 0}), "greater_than_equal", ("weeks",)),
    (threshold(period={"weeks": True}), "int_type", ("weeks",)),
    ({"kind": "band", "low": "5", "high": "4"}, "band_reversed", "/high"),
    (milestone(), "too_short", ("stages",)),
    (milestone(STAGE, STAGE), "names_not_unique", "/stages"),
    (milestone({"name": " ", "weight": "1"}), "string_pattern_mismatch", ("name",)),
    (milestone({"name": "上线", "weight": "0"}), "stage_weight_not_positive", "/weight"),
    (milestone({"name": "上线", "weight": "1", "due": "soon"}), "date_expected", ("due",)),
    (recurring("0"), "quota_not_whole", "/quota"),
    (recurring("2.5"), "quota_not_whole", "/quota"),
    (recurring("2", {"days": 3}), "extra_forbidden", ("days",)),
    (distribution({"中等": "60", "优等": "41"}), "shares_not_100", "/shares"),
    (distribution({"中等": "110", "优等": "-10"}), "share_negative", "/shares"),
    (distribution({}), "too_short", ("shares",)),
    (distribution(HALVES, tolerance="-1"), "tolerance_negative", "/tolerance"),
    (distribution(HALVES, baseline_shares={"中等": "50"}), "shares_not_100", "/baseline_shares"),
    (distribution(HALVES, baseline_shares=SAME), "baseline_equals_target", "/baseline_shares"),
    (composite("all", ("一", None)), "too_short", ("parts",)),
    (composite("all", ("一", None), ("一", None)), "names_not_unique", "/parts"),
    (composite("weighted", ("一", None), ("二", "50")), "weights_needed", "/parts"),
    (composite("weighted", ("一", "60"), ("二", "50")), "weights_not_100", "/parts"),
    (composite("weighted", ("一", "110"), ("二", "-10")), "weight_not_positive", "/parts"),
    (composite("most", ("一", None), ("二", None)), "literal_error", ("mode",)),
    ({"kind": "ordinal", "commit": "试点", "target": ""}, "string_too_short", ("target",)),
]  # fmt: skip


@pytest.mark.parametrize(("body", "code", "at"), MEASURES_REFUSED)
def test_a_measure_is_refused_by_code(body: dict[str, Any], code: str, at: Any) -> None:
    assert (code, at) in refusals(MEASURES, body)


def test_a_composite_holds_no_composite() -> None:
    body = composite("all", ("一", None), ("二", None))
    body["parts"][0]["measure"] = composite("all", ("三", None), ("四", None))
    assert "union_tag_invalid" in [code for code, _ in refusals(MEASURES, body)]


READINGS_REFUSED: Final[list[tuple[object, str]]] = [
    ({}, "union_tag_not_found"),
    ("30", "union_tag_not_found"),
    (["value"], "union_tag_not_found"),
    ({"value": "1", "count": "1"}, "extra_forbidden"),
    ({"value": None}, "quantity_expected"),
    ({"value": 0.1}, "binary_float"),
    ({"done": ["上线", "上线"]}, "stage_repeated"),
    ({"count": "-1"}, "count_negative"),
    ({"count": "1.5"}, "count_not_whole"),
    ({"shares": {"中等": "60"}}, "shares_not_100"),
    ({"shares": {"中等": "110", "优等": "-10"}}, "share_negative"),
    ({"zone": "fail"}, "literal_error"),
    ({"parts": {}}, "too_short"),
    ({"parts": {"一": {"parts": {"二": {"value": "1"}}}}}, "union_tag_invalid"),
]


@pytest.mark.parametrize(("body", "code"), READINGS_REFUSED)
def test_a_reading_is_refused_by_code(body: object, code: str) -> None:
    assert code in [found for found, _ in refusals(READINGS, body)]


QUANTITIES_REFUSED: Final[list[tuple[object, str]]] = [
    (0.1, "binary_float"),
    (float("nan"), "binary_float"),
    (True, "quantity_expected"),
    (None, "quantity_expected"),
    ([], "quantity_expected"),
    ("", "quantity_expected"),
    ("1e5", "quantity_expected"),
    ("1_000", "quantity_expected"),
    ("１２", "quantity_expected"),
    (" 1", "quantity_expected"),
    ("1\n", "quantity_expected"),
    ("+1", "quantity_expected"),
    (".5", "quantity_expected"),
    ("NaN", "quantity_expected"),
    ("1" * 65, "quantity_expected"),
    (Decimal("NaN"), "quantity_not_finite"),
    (Decimal("-Infinity"), "quantity_not_finite"),
    (Decimal("1E+21"), "quantity_too_large"),
    (Decimal("1E+999999"), "quantity_too_large"),
    (10**4000, "quantity_too_large"),
    (-(10**21), "quantity_too_large"),
    ("0." + "0" * 20 + "1", "quantity_too_fine"),
    (Decimal("1E-999999"), "quantity_too_fine"),
    (Decimal("1." + "0" * 19 + "11"), "quantity_too_fine"),
    (Decimal("1." + "1" * 500), "quantity_too_fine"),
]


@pytest.mark.parametrize(("given", "code"), QUANTITIES_REFUSED)
def test_a_quantity_is_refused_by_code(given: object, code: str) -> None:
    assert [found for found, _ in refusals(QUANTITIES, given)] == [code]


@pytest.mark.parametrize(
    ("policy", "body", "code"),
    [
        (HealthPolicy, {"at_risk_above": "30"}, "policy_not_ordered"),
        (HealthPolicy, {"confidence_at_most": 11}, "less_than_equal"),
        (HealthPolicy, {"green": "1"}, "extra_forbidden"),
        (Cadence, {"weekday": "freitag"}, "literal_error"),
        (Cadence, {"grace_days": -1}, "greater_than_equal"),
        (Stride, {"weeks": "2"}, "int_type"),
        (WorkingDays, {"holidays": ["2026-10-01"], "workdays": ["2026-10-01"]}, "day_in_both"),
        (WorkingDays, {"holidays": ["tomorrow"]}, "date_expected"),
    ],
)
def test_a_policy_is_refused_by_code(policy: type[BaseModel], body: object, code: str) -> None:
    assert code in [found for found, _ in refusals(TypeAdapter(policy), body)]


def test_what_lies_just_within_the_bounds_is_taken() -> None:
    assert refusals(QUANTITIES, "1" * 21) == []
    assert refusals(QUANTITIES, "0" * 63 + "1") == []
    assert refusals(MEASURES, metric(plan=[["1900-01-01", "5"], ["2999-12-31", "10"]])) == []
    assert refusals(TypeAdapter(HealthPolicy), {"at_risk_above": "25"}) == []
    assert refusals(MEASURES, {"kind": "band", "low": "4", "high": "4"}) == []
