"""Figures of key results, objectives and units, worked by hand."""

import json
from decimal import Decimal
from typing import Any

from services.objectives.domain.publishing import CloseObjective
from services.objectives.domain.weighing import SetWeights
from services.organization.domain.departments import MoveDepartment
from services.readmodels.projections import OKRS
from shared.okr.readings import DoneReading
from tests.support.suite import Suite
from tests.unit.readmodels.live import LiveFold
from tests.unit.readmodels.world import (
    BUILDER,
    BUILDING,
    BUYER,
    BUYING,
    CODER,
    COMPANY,
    CYCLE,
    PLATFORM,
    at,
    begin,
    check_in,
    company,
    day,
    key_result,
    log,
    measure,
    metric,
    named,
    publish,
)

SEALED = "sealed:1:author:dGV4dA"


def key_result_of(suite: Suite, key: str) -> dict[str, Any]:
    row = suite.folded(OKRS).tables["standings"].rows[named("key_result", key)]
    document: dict[str, Any] = json.loads(row["document"])
    return document


def objective_of(suite: Suite, key: str) -> dict[str, Any]:
    row = suite.folded(OKRS).tables["cards"].rows[named("objective", key)]
    document: dict[str, Any] = json.loads(row["document"] + "}")
    return document


def unit_of(suite: Suite, department: str) -> Any:
    return suite.folded(OKRS).tables["units"].rows[department, CYCLE]


def test_a_key_result_says_where_it_is_and_where_it_should_be() -> None:
    suite = company()
    publish(suite, "降本", BUYER, key_result("成本"))
    log(suite, "降本", "成本", "30", on="10-16", by=BUYER, confidence=7)
    # 1 October to 31 December are 91 days; on the 16th 15 of them have passed.
    seen = key_result_of(suite, "成本")
    assert seen["progress"] == {"raw": "0.3", "shown": "0.3"}
    assert seen["expected"] == "0.164835164835"
    assert seen["health"] == "on_track"
    # (15/91 rounded − 0.3) · 100
    assert seen["health_reason"] == {
        "rule": "on_plan", "version": 0, "gap": "-13.5164835165", "cause": "measurement",
    }  # fmt: skip
    assert seen["confidence"] == 7
    assert seen["latest"] == {
        "n": 1,
        "reading": {"value": "30"},
        "value": "30",
        "observed_on": "2026-10-16",
        "recorded_at": "2026-10-16T01:00:00Z",
        "by": BUYER.id,
        "source": "person",
    }


def test_nothing_reported_is_null_and_never_zero() -> None:
    suite = company()
    publish(suite, "降本", BUYER, key_result("成本"))
    seen = key_result_of(suite, "成本")
    assert (seen["progress"], seen["expected"], seen["latest"]) == (None, None, None)
    assert seen["health"] == "pending"
    assert objective_of(suite, "降本")["progress"] is None
    unit = unit_of(suite, BUYING)
    assert (unit["sum"], unit["n"], unit["total"]) == (0, 0, 1)


def test_an_objective_weighs_its_key_results_by_their_shown_values() -> None:
    suite = company()
    publish(suite, "降本", BUYER, key_result("成本"), key_result("周期", metric("50")))
    log(suite, "降本", "成本", "130", on="10-16")
    log(suite, "降本", "周期", "20", on="10-16")
    # (1 + 0.4) / 2: over-achievement is cut before it is averaged.
    assert objective_of(suite, "降本")["progress"] == {"raw": "0.7", "shown": "0.7"}
    weights = {named("key_result", "成本"): Decimal(25), named("key_result", "周期"): Decimal(75)}
    command = SetWeights(objective_id=named("objective", "降本"), weights=weights, reason=SEALED)
    suite.ask("objectives", command, at=at("10-19"))
    # 0.25 · 1 + 0.75 · 0.4
    assert objective_of(suite, "降本")["progress"] == {"raw": "0.55", "shown": "0.55"}
    assert key_result_of(suite, "周期")["weight"] == "75"


def test_a_key_result_without_a_value_is_left_out_and_said() -> None:
    suite = company()
    publish(suite, "降本", BUYER, key_result("成本"), key_result("周期"), key_result("质量"))
    log(suite, "降本", "成本", "10", on="10-16")
    log(suite, "降本", "周期", "20", on="10-16", confidence=4)
    seen = objective_of(suite, "降本")
    assert seen["progress"] == {"raw": "0.15", "shown": "0.15"}
    assert seen["coverage"] == {"measured": 2, "total": 3}
    assert seen["confidence"] == "4"
    # 10 % where 16.5 % should be is worse than nothing said.
    assert seen["health"] == "at_risk"


def test_a_figure_on_its_way_up_is_divided_at_every_level_anew() -> None:
    suite = _three_departments()
    # 平台 0.2; 研发 = (0.2 + 0.5) / 2; 采购 = (0.3 + null) / 1; company = (0.2 + 0.5 + 0.3) / 3.
    expected = {
        PLATFORM: (Decimal("0.2"), 1, 1),
        BUILDING: (Decimal("0.7"), 2, 2),
        BUYING: (Decimal("0.3"), 1, 2),
        COMPANY: (Decimal("1.0"), 3, 4),
    }
    for department, figures in expected.items():
        unit = unit_of(suite, department)
        assert (unit["sum"], unit["n"], unit["total"]) == figures


def test_a_department_that_moves_takes_its_figures_along() -> None:
    suite = _three_departments()
    live = LiveFold(OKRS)
    live.take(suite.records(OKRS))
    heard = len(suite.records(OKRS))
    move = MoveDepartment(department_id=PLATFORM, parent_id=BUYING, reason=SEALED)
    suite.ask("organization", move, at=at("10-20"))
    moved = [r for r in suite.records(OKRS) if r.type == "okr.DepartmentMoved.v1"]
    assert len(suite.records(OKRS)) == heard + len(moved)
    live.take(moved)
    units = live.stored["units"].rows
    assert units[BUILDING, CYCLE]["sum"] == Decimal("0.5")
    assert units[BUYING, CYCLE]["sum"] == Decimal("0.5")
    assert units[COMPANY, CYCLE]["sum"] == Decimal("1.0")
    assert units[COMPANY, CYCLE] == unit_of(suite, COMPANY)


def test_an_abandoned_objective_enters_no_total() -> None:
    suite = _three_departments()
    closed = CloseObjective(
        objective_id=named("objective", "平台"), outcome="abandoned", note=SEALED
    )
    suite.ask("objectives", closed, at=at("10-20"))
    assert (PLATFORM, CYCLE) not in suite.folded(OKRS).tables["units"].rows
    assert unit_of(suite, COMPANY)["sum"] == Decimal("0.8")


def test_a_closed_objective_stands_as_it_stood_on_that_day() -> None:
    suite = _three_departments()
    closed = CloseObjective(objective_id=named("objective", "平台"), outcome="partly", note=SEALED)
    suite.ask("objectives", closed, at=at("10-20"))
    before = key_result_of(suite, "稳定")
    begin(suite, "12-31")
    assert key_result_of(suite, "稳定") == before
    assert before["health"] == "closed"
    assert objective_of(suite, "平台")["health"] == "closed"
    assert unit_of(suite, COMPANY)["objectives"]["closed"] == 1


def test_days_alone_move_what_is_expected_once_the_due_has_passed() -> None:
    suite = company()
    stages = [{"name": "一", "weight": 1, "due": day("10-10")}, {"name": "二", "weight": 1}]
    milestone = measure("milestone", stages=stages)
    publish(suite, "上线", BUILDER, key_result("发布", milestone, due=day("10-20")))
    log(suite, "上线", "发布", "", reading=DoneReading(done=("一",)), on="10-09")
    # Judged on the day of its report, when no stage was due yet.
    assert key_result_of(suite, "发布")["expected"] == "0"
    begin(suite, "10-20")
    assert key_result_of(suite, "发布")["expected"] == "0"
    begin(suite, "10-21")
    assert key_result_of(suite, "发布")["expected"] == "1"
    assert key_result_of(suite, "发布")["attained"] is False


def test_reports_count_when_they_are_due() -> None:
    suite = company()
    publish(suite, "降本", BUYER, key_result("成本"), key_result("周期"), on="10-08")
    log(suite, "降本", "成本", "5", on="10-09")
    check_in(suite, "降本", on="10-14")
    begin(suite, "10-24")
    # Owed are Friday 9, 16 and 23 October: the first by one of them, the second by both.
    unit = unit_of(suite, BUYING)
    assert (unit["reported"], unit["due"]) == (3, 6)


def test_a_unit_counts_healths_of_key_results_and_of_objectives() -> None:
    suite = _three_departments()
    log(suite, "采购", "价格", "31", on="10-17", confidence=2)
    unit = unit_of(suite, COMPANY)
    told = {health: count for health, count in unit["key_results"].items() if count}
    assert told == {"at_risk": 1, "on_track": 2, "pending": 1}
    told = {health: count for health, count in unit["objectives"].items() if count}
    assert told == {"at_risk": 1, "on_track": 2, "pending": 1}
    assert (unit["aligned"], unit["alignable"]) == (0, 4)


def _three_departments() -> Suite:
    suite = company()
    publish(suite, "平台", CODER, key_result("稳定"))
    publish(suite, "研发", BUILDER, key_result("速度"))
    publish(suite, "采购", BUYER, key_result("价格"))
    publish(suite, "供应", BUYER, key_result("伙伴"))
    for objective, key, value in (
        ("平台", "稳定", "20"),
        ("研发", "速度", "50"),
        ("采购", "价格", "30"),
    ):
        log(suite, objective, key, value, on="10-16")
    return suite
