"""An import's plan: rows numbered in the file's order, and each wrong one refused by itself."""

import json
from pathlib import Path
from typing import Any

import pytest

from services.organization.imports.file import ImportFile
from services.organization.imports.plan import Plan, Planned, planned

DEMO = Path(__file__).parents[3] / "demo" / "six-departments.json"


def a_file(**changes: Any) -> dict[str, Any]:
    return {
        "format": "okr-import/1",
        "cycle": {"name": "2026", "start": "2026-01-01", "end": "2026-12-31"},
        "company": {"name": "公司"},
        "departments": [
            {
                "key": "rd",
                "name": "产研部门",
                "aliases": ["产品部门"],
                "head": "lead",
                "members": [{"key": "lead", "name": "技术总监"}],
                "objectives": [an_objective()],
            }
        ],
    } | changes


def an_objective(**changes: Any) -> dict[str, Any]:
    metric = {"kind": "metric", "baseline": "0", "target": "50", "unit": "人"}
    return {
        "key": "lead/o1",
        "owner": "lead",
        "title": "目标",
        "key_results": [
            {"key": "kr1", "title": "结果", "measure": metric, "mentions": ["产品部门"]}
        ],
    } | changes


def plan_of(told: dict[str, Any]) -> Plan:
    return planned(ImportFile.model_validate(told))


def refusals(plan: Plan) -> list[tuple[str, str, str]]:
    return [(row.kind, row.refusal.code, row.refusal.pointer) for row in plan.rows if row.refusal]


def with_objective(**changes: Any) -> dict[str, Any]:
    told = a_file()
    told["departments"][0]["objectives"] = [an_objective(**changes)]
    return told


def test_the_six_departments_are_planned_whole() -> None:
    plan = plan_of(json.loads(DEMO.read_text("utf-8")))
    kinds = [row.kind for row in plan.rows]
    assert refusals(plan) == []
    assert {kind: kinds.count(kind) for kind in set(kinds)} == {
        "cycle": 1,
        "company": 1,
        "department": 6,
        "member": 12,
        "objective": 15,
    }
    assert [row.number for row in plan.rows] == list(range(1, 36))


def test_rows_are_carried_out_parents_first() -> None:
    told = a_file()
    child = {"key": "app", "name": "APP 组", "parent": "rd"}
    told["departments"].insert(0, child)
    order: list[Planned] = [row for stage in plan_of(told).staged() for row in stage]
    keys = [row.key for row in order if row.kind == "department"]
    assert keys == ["rd", "app"]
    assert [row.kind for row in order][:2] == ["company", "department"]


def test_a_mention_may_be_a_key_a_name_or_an_alias() -> None:
    for name in ("rd", "产研部门", "产品部门"):
        told = with_objective(key_results=[an_objective()["key_results"][0] | {"mentions": [name]}])
        plan = plan_of(told)
        assert refusals(plan) == []
        assert plan.departments[name] == "rd"


@pytest.mark.parametrize(
    ("changes", "code", "pointer"),
    [
        ({"owner": "nobody"}, "unknown_member", "/owner"),
        ({"cycle": "2027"}, "unknown_cycle", "/cycle"),
        ({"title": ""}, "string_too_short", "/title"),
        ({"surprise": 1}, "extra_forbidden", "/surprise"),
    ],
)
def test_a_wrong_objective_is_refused_by_itself(
    changes: dict[str, Any], code: str, pointer: str
) -> None:
    assert refusals(plan_of(with_objective(**changes))) == [("objective", code, pointer)]


def test_a_baseline_that_equals_its_target_names_the_field_that_is_wrong() -> None:
    metric = {"kind": "metric", "baseline": "50", "target": "50", "unit": "人"}
    key_results = [{"key": "kr1", "title": "结果", "measure": metric}]
    ((kind, code, pointer),) = refusals(plan_of(with_objective(key_results=key_results)))
    assert (kind, code) == ("objective", "baseline_equals_target")
    assert pointer == "/key_results/0/measure/target"


def test_an_unknown_department_is_named() -> None:
    key_results = [an_objective()["key_results"][0] | {"mentions": ["月球部"]}]
    plan = plan_of(with_objective(key_results=key_results))
    (row,) = [row for row in plan.rows if row.refusal]
    assert row.refusal is not None
    assert (row.refusal.code, row.refusal.facts) == ("unknown_department", {"key": "月球部"})


def test_the_second_row_of_a_key_is_refused() -> None:
    told = a_file()
    told["departments"][0]["objectives"] = [an_objective(), an_objective()]
    assert refusals(plan_of(told)) == [("objective", "duplicate_key", "/key")]


def test_a_loop_of_departments_is_refused_in_each_of_them() -> None:
    told = a_file()
    told["departments"] = [
        {"key": "a", "name": "甲", "parent": "b"},
        {"key": "b", "name": "乙", "parent": "a"},
    ]
    assert [code for _, code, _ in refusals(plan_of(told))] == ["department_loop"] * 2


def test_what_is_no_object_is_a_refused_row_too() -> None:
    told = a_file()
    told["departments"][0]["members"] = [None]
    told["departments"][0]["head"] = None
    told["departments"][0]["objectives"] = []
    ((kind, _code, pointer),) = refusals(plan_of(told))
    assert (kind, pointer) == ("member", "")
