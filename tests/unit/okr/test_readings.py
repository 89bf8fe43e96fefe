"""A reading is held against its measure, and both survive the wire."""

from datetime import date
from decimal import Decimal
from typing import Any, Final

import pytest
from pydantic import TypeAdapter, ValidationError

from shared.okr.measures import Measure, Metric
from shared.okr.readings import Reading, ReadingProblem, ValueReading, check_reading

MEASURES: Final[TypeAdapter[Measure]] = TypeAdapter(Measure)
READINGS: Final[TypeAdapter[Reading]] = TypeAdapter(Reading)

METRIC: Final = {"kind": "metric", "baseline": "0", "target": "10"}
RECURRING: Final = {"kind": "recurring", "quota": "3", "window": {"months": 2}}
STAGE: Final = {"name": "上线", "weight": "1"}
MILESTONE: Final = {"kind": "milestone", "stages": [STAGE]}
PARTS: Final = {
    "kind": "composite",
    "mode": "all",
    "parts": [
        {"name": "a/b~c", "measure": MILESTONE},
        {"name": "满意度", "measure": METRIC},
    ],
}


@pytest.mark.parametrize(
    ("measure", "reading", "problem"),
    [
        (METRIC, {"count": 1}, ReadingProblem("reading_kind_mismatch", "")),
        (RECURRING, {"value": 1}, ReadingProblem("reading_kind_mismatch", "")),
        (MILESTONE, {"value": 1}, ReadingProblem("reading_kind_mismatch", "")),
        (PARTS, {"value": 1}, ReadingProblem("reading_kind_mismatch", "")),
        (
            MILESTONE,
            {"done": ["上线", "庆祝"]},
            ReadingProblem("unknown_stage", "/done/1", {"stage": "庆祝"}),
        ),
        (
            PARTS,
            {"parts": {"a/b~c": {"done": ["庆祝"]}}},
            ReadingProblem("unknown_stage", "/parts/a~1b~0c/done/0", {"stage": "庆祝"}),
        ),
        (
            PARTS,
            {"parts": {"参与度": {"value": "1"}}},
            ReadingProblem("unknown_part", "/parts/参与度", {"part": "参与度"}),
        ),
        (
            PARTS,
            {"parts": {"满意度": {"zone": "commit"}}},
            ReadingProblem("reading_kind_mismatch", "/parts/满意度"),
        ),
        (PARTS, {"parts": {"满意度": {"value": "1"}}}, None),
    ],
)
def test_a_reading_is_held_against_its_measure(
    measure: Any, reading: Any, problem: ReadingProblem | None
) -> None:
    found = check_reading(MEASURES.validate_python(measure), READINGS.validate_python(reading))
    assert found == problem


ON_THE_WIRE: Final[list[dict[str, Any]]] = [
    {**METRIC, "plan": [["2026-01-31", "0.5"]], "checkpoints": [["0.5", "0.4"]], "stretch": "12"},
    {"kind": "relative", "percent": "10", "direction": "decrease", "unit": "元"},
    {"kind": "threshold", "comparator": "<", "limit": "3", "evaluation": "average",
     "period": {"weeks": 2}},
    {"kind": "band", "low": "4", "high": "5"},
    {"kind": "milestone", "stages": [{**STAGE, "due": "2026-02-28"}]},
    RECURRING,
    {"kind": "distribution", "shares": {"中等": "60", "优等": "40"}, "tolerance": "0.5"},
    {"kind": "composite", "mode": "weighted",
     "parts": [{"name": "一", "measure": METRIC, "weight": "60"},
               {"name": "二", "measure": MILESTONE, "weight": "40"}]},
    {"kind": "ordinal", "commit": "试点", "target": "上线", "stretch": "全员使用"},
    {"kind": "discovery"},
]  # fmt: skip


@pytest.mark.parametrize("body", ON_THE_WIRE)
def test_a_measure_survives_the_wire(body: dict[str, Any]) -> None:
    measure = MEASURES.validate_python(body)
    assert MEASURES.validate_json(MEASURES.dump_json(measure)) == measure
    wire = MEASURES.dump_python(measure, mode="json")
    named = {name: wire[name] for name in body if name != "parts"}
    assert named == {name: said for name, said in body.items() if name != "parts"}


@pytest.mark.parametrize(
    "body",
    [
        {"value": "0.05"},
        {"done": ["上线"]},
        {"count": "3"},
        {"shares": {"中等": "60", "优等": "40"}},
        {"zone": "below"},
        {"parts": {"一": {"value": "1"}}},
    ],
)
def test_a_reading_survives_the_wire(body: dict[str, Any]) -> None:
    reading = READINGS.validate_python(body)
    assert READINGS.dump_python(reading, mode="json") == body
    assert READINGS.validate_python(reading) == reading


def test_a_number_on_the_wire_is_cut_text() -> None:
    reading = ValueReading(value=Decimal("50.00"))
    assert READINGS.dump_json(reading) == b'{"value":"50"}'


def test_a_frozen_measure_cannot_be_changed() -> None:
    measure = MEASURES.validate_python(METRIC)
    with pytest.raises(ValidationError, match="frozen"):
        setattr(measure, "baseline", Decimal(1))  # noqa: B010


def test_a_date_may_be_a_date_already() -> None:
    measure = MEASURES.validate_python({**METRIC, "plan": [[date(2026, 1, 31), 5]]})
    assert isinstance(measure, Metric)
    assert measure.plan == ((date(2026, 1, 31), Decimal(5)),)


def test_a_stage_may_be_due_at_the_end_of_a_month() -> None:
    stage = {**STAGE, "due": {"month_end": "2026-02"}}
    wire = MEASURES.dump_python(
        MEASURES.validate_python({"kind": "milestone", "stages": [stage]}), mode="json"
    )
    assert wire["stages"] == [{**STAGE, "due": "2026-02-28"}]
