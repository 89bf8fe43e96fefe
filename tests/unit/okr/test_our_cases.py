"""Our own worked cases: every rule of a measure and of the expected progress that had none."""

import json
from collections import Counter
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest
from pydantic import TypeAdapter

from shared.okr.expected import expected
from shared.okr.figures import quantity_text
from shared.okr.measures import Measure
from shared.okr.progress import Measurement, Standing, Terms, standing
from shared.okr.readings import Reading, check_reading

CASES: Final[list[dict[str, Any]]] = json.loads(
    Path(__file__).with_name("our-cases.json").read_text("utf-8")
)
MEASURES: Final[TypeAdapter[Measure]] = TypeAdapter(Measure)
READINGS: Final[TypeAdapter[Reading]] = TypeAdapter(Reading)


def terms(case: dict[str, Any]) -> Terms:
    start, end = (date.fromisoformat(day) for day in case["cycle"])
    due = date.fromisoformat(case["due"]) if "due" in case else None
    tracked_from = date.fromisoformat(case.get("tracked_from", case["cycle"][0]))
    return Terms(MEASURES.validate_python(case["measure"]), start, end, due, tracked_from)


def measured(case: dict[str, Any], of: Terms) -> list[Measurement]:
    readings = [
        Measurement(n, date.fromisoformat(day), READINGS.validate_python(reading))
        for n, (day, reading) in enumerate(case["readings"], 1)
    ]
    assert all(check_reading(of.measure, each.reading) is None for each in readings)
    return readings


def text(number: Decimal | None) -> str | None:
    return None if number is None else quantity_text(number)


def told(found: Standing) -> dict[str, Any]:
    """Return a standing in the words of the case file."""
    return {
        "raw": text(found.progress.raw) if found.progress else None,
        "shown": text(found.progress.shown) if found.progress else None,
        "attained": found.attained,
        "attained_on": found.attained_on.isoformat() if found.attained_on else None,
        "zone": found.zone,
        "value": text(found.value),
        "coverage": [found.coverage.measured, found.coverage.total],
    }


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_the_case_gives_what_it_says(case: dict[str, Any]) -> None:
    assert "standing" in case or "expected" in case
    of = terms(case)
    today = date.fromisoformat(case["today"])
    found = told(standing(of, measured(case, of), today, closed=case.get("closed", False)))
    wanted = case.get("standing", {})
    assert {name: found[name] for name in wanted} == wanted
    by_day = {day: expected(of, date.fromisoformat(day)) for day in case.get("expected", {})}
    assert {day: text(share) for day, share in by_day.items()} == case.get("expected", {})


def test_every_kind_has_its_cases_and_every_case_its_own_name() -> None:
    assert max(Counter(case["id"] for case in CASES).values()) == 1
    kinds = MEASURES.json_schema()["discriminator"]["mapping"].keys()
    for wanted in ("standing", "expected"):
        assert {case["measure"]["kind"] for case in CASES if wanted in case} <= kinds
    assert {case["measure"]["kind"] for case in CASES} == kinds
