"""The main job, over HTTP: import, progress, health, the notice, the summaries; killed, rebuilt.

The figures are worked by hand. The cycle is 2026, 365 days long, so 364 days lie between its first
day and its last; on 12 January 11 of them have passed.

* 成本 (采购, weight 60): from 0 to 100, at 1: 1 %. Expected 11/364 = 3.021978021978 %. The gap of
  2.021978021978 points makes it at risk.
* 合格率 (采购, weight 40): at least 90 %, at 95: 100 %, expected nothing before its due day.
* 采购 as a whole: 0.6 × 1 % + 0.4 × 100 % = 40.6 %, expected 0.6 × 3.021978021978 %.
* 预算 (财务): from 200 down to 100, at 150: 50 %.
* The company: (40.6 % + 50 %) / 2 = 45.3 %; the third objective has no value, and is not counted.
"""

import json
from typing import Any

import pytest

from shared.okr import identity
from tests.journeys.suite import Person, Suite, wait_until

MONDAY = "2026-01-12T09:00:00+08:00"

FILE: dict[str, Any] = {
    "format": "okr-import/1",
    "cycle": {"name": "2026", "start": "2026-01-01", "end": "2026-12-31"},
    "company": {"name": "公司"},
    "departments": [
        {
            "key": "purchasing",
            "name": "采购部",
            "head": "lead",
            "members": [
                {"key": "lead", "name": "采购主管", "email": "lead@example.com"},
                {"key": "buyer", "name": "采购专员", "email": "buyer@example.com"},
            ],
            "objectives": [
                {
                    "key": "buyer/o1",
                    "owner": "buyer",
                    "title": "降本增效",
                    "key_results": [
                        {
                            "key": "cost",
                            "title": "成本",
                            "weight": "60",
                            "measure": {
                                "kind": "metric", "baseline": "0", "target": "100", "unit": "件"
                            },
                        },
                        {
                            "key": "quality",
                            "title": "合格率",
                            "weight": "40",
                            "due": "2026-06-30",
                            "measure": {
                                "kind": "threshold", "comparator": ">=", "limit": "90", "unit": "%"
                            },
                        },
                    ],
                },
                {
                    "key": "lead/o1",
                    "owner": "lead",
                    "title": "尚未开始",
                    "key_results": [
                        {
                            "key": "kr1",
                            "title": "三场培训",
                            "measure": {
                                "kind": "metric", "baseline": "0", "target": "3", "unit": "场"
                            },
                        }
                    ],
                },
            ],
        },
        {
            "key": "finance",
            "name": "财务部",
            "head": "cfo",
            "members": [{"key": "cfo", "name": "财务总监", "email": "cfo@example.com"}],
            "objectives": [
                {
                    "key": "cfo/o1",
                    "owner": "cfo",
                    "title": "预算",
                    "key_results": [
                        {
                            "key": "kr1",
                            "title": "支出",
                            "measure": {
                                "kind": "metric", "baseline": "200", "target": "100", "unit": "万元"
                            },
                        }
                    ],
                }
            ],
        },
    ],
}  # fmt: skip


def objective(key: str) -> str:
    return identity.imported_objective_id("2026", key)


def key_result(key: str, kr: str) -> str:
    return identity.imported_key_result_id("2026", key, kr)


def progress(person: Person, key: str, kr: str, value: str, **headers: str) -> Any:
    path = f"/v1/objectives/{objective(key)}/key-results/{key_result(key, kr)}/progress"
    body = {"reading": {"value": value}, "observed_on": "2026-01-12"}
    return person.post(path, body, **headers)


def what_people_see(suite: Suite) -> dict[str, Any]:
    """Every answer that must stay the same; what is said of now is left out."""
    admin, buyer = suite.person("admin"), suite.person("buyer@example.com")
    answers = {
        "company": admin.get("/v1/company/summary"),
        "objectives": admin.get("/v1/objectives"),
        "progress": admin.get(
            f"/v1/objectives/{objective('buyer/o1')}"
            f"/key-results/{key_result('buyer/o1', 'cost')}/progress"
        ),
        "notices": buyer.get("/v1/notifications"),
        "members": admin.get("/v1/members"),
    }
    for answer in answers.values():
        del answer["as_of"]
    return answers


@pytest.mark.journey
def test_the_main_job_from_import_to_the_same_digests(suite: Suite) -> None:
    admin = suite.person("admin")
    admin.write("PUT", "/v1/policies/clock", {"to": MONDAY})
    told = admin.post("/v1/imports", FILE)
    assert (told["rows"], told["created"], told["refused"]) == (10, 10, [])
    again = admin.post("/v1/imports", FILE)
    assert (again["created"], again["unchanged"], again["changed"]) == (0, 10, 0)

    buyer, cfo = suite.person("buyer@example.com"), suite.person("cfo@example.com")
    first = progress(buyer, "buyer/o1", "cost", "5")
    assert [event["type"] for event in first["events"]] == ["KRProgressLogged", "KRHealthChanged"]
    turned = progress(buyer, "buyer/o1", "cost", "1", **{"Idempotency-Key": "the-turn"})
    changed = turned["events"][1]["data"]
    assert (changed["from"], changed["to"], changed["rule"]) == ("on_track", "at_risk", "behind")
    assert (changed["expected"], changed["gap"]) == ("0.03021978022", "2.021978022")
    progress(buyer, "buyer/o1", "quality", "95")
    progress(cfo, "cfo/o1", "kr1", "150")

    wait_until(lambda: buyer.get("/v1/notifications")["items"])
    (notice,) = buyer.get("/v1/notifications")["items"]
    assert (notice["rule"], notice["subject"]["id"]) == (
        "at_risk", key_result("buyer/o1", "cost")
    )  # fmt: skip
    assert cfo.get("/v1/notifications")["items"] == []

    the_figures_are_those_worked_by_hand(cfo)
    seen = what_people_see(suite)
    digests = rebuilt(suite)

    suite.kill_everything()
    suite.start()
    assert what_people_see(suite) == seen
    repeat = progress(
        suite.person("buyer@example.com"), "buyer/o1", "cost", "1",
        **{"Idempotency-Key": "the-turn"},
    )  # fmt: skip
    assert repeat == turned
    assert rebuilt(suite) == digests
    assert what_people_see(suite) == seen


def the_figures_are_those_worked_by_hand(cfo: Person) -> None:
    # Each reads what they wrote: a read waits for the position of the last answer.
    bought = as_seen_by(cfo, objective("buyer/o1"))
    assert bought["progress"] == {"raw": "0.406", "shown": "0.406"}
    assert bought["expected"] == "0.018131868132"
    assert bought["health"] == "at_risk"
    assert bought["coverage"] == {"measured": 2, "total": 2}
    cost, quality = bought["key_results"]
    assert (cost["progress"]["shown"], cost["expected"]) == ("0.01", "0.03021978022")
    assert (quality["progress"]["shown"], quality["expected"]) == ("1", "0")
    assert (cost["health"], quality["health"]) == ("at_risk", "on_track")
    assert quality["attained"] is None

    summary = cfo.get("/v1/company/summary")
    assert summary["progress"] == {"raw": "0.453", "shown": "0.453"}
    assert (summary["sum"], summary["count"]) == ("0.906", 2)
    assert summary["coverage"] == {"measured": 2, "total": 3}
    assert summary["worst"] == "at_risk"
    assert summary["health"] == {
        "pending": 1, "on_track": 2, "at_risk": 1, "off_track": 0, "outdated": 0, "closed": 0
    }  # fmt: skip
    by_name = {child["unit"]["name"]: child for child in summary["children"]}
    assert by_name["采购部"]["progress"]["shown"] == "0.406"
    assert by_name["财务部"]["progress"]["shown"] == "0.5"


def as_seen_by(person: Person, objective_id: str) -> Any:
    return person.get(f"/v1/objectives/{objective_id}")


def rebuilt(suite: Suite) -> dict[str, Any]:
    """The digests of all read models, folded from offset 0; nothing may have changed."""
    told = json.loads(suite.okr("rebuild", "--json"))
    for name, each in told.items():
        assert each["changed"] == [], f"{name} is not the fold of the log"
    return {name: each["digests"] for name, each in told.items()}
