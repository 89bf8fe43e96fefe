"""Changes: a measure under new terms, within its cycle or carried into the next.

A kind never changes here, and a target never moves without the plan that leads to it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from shared.okr.measures import Composite, Measure, Metric, Relative

MEASURES: Final[TypeAdapter[Measure]] = TypeAdapter(Measure)

RETARGETABLE: Final = frozenset(
    {
        "baseline",
        "high",
        "limit",
        "low",
        "percent",
        "plan",
        "quota",
        "shares",
        "stages",
        "stretch",
        "target",
    }
)
"""The fields of a measure that can be set anew; everything else is what it is."""


@dataclass(frozen=True, slots=True)
class ChangeProblem:
    """Why a measure cannot be changed so.

    `code` is `nothing_to_change`, `part_needed`, `unknown_part`, `field_not_of_kind`,
    `plan_needed`, or that of the measure's own refusal; `pointer` is a JSON pointer into the
    change.
    """

    code: str
    pointer: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)


def retargeted(
    measure: Measure, change: Mapping[str, Any], part: str | None = None
) -> Measure | ChangeProblem:
    """Return `measure` with the fields of `change` set anew, or why that cannot be.

    `part` names the part of a composite that is meant. A metric with plan points takes a new
    target or baseline only together with its `plan` (None: there is none any more).
    """
    if not change:
        return ChangeProblem("nothing_to_change")
    if isinstance(measure, Composite):
        return _with_part(measure, change, part)
    if part is not None:
        return ChangeProblem("unknown_part", "/part", {"part": part})
    for name in change:
        if name not in RETARGETABLE or name not in type(measure).model_fields:
            return ChangeProblem("field_not_of_kind", f"/{name}", {"field": name})
    try:
        changed = MEASURES.validate_python({**measure.model_dump(), **change})
    except ValidationError as refused:
        return _first_problem(refused)
    if isinstance(measure, Metric) and isinstance(changed, Metric) and measure.plan:
        moved = (measure.baseline, measure.target) != (changed.baseline, changed.target)
        if moved and "plan" not in change:
            return ChangeProblem("plan_needed", "/plan")
    return changed


def captures_baseline(measure: Measure, change: Mapping[str, Any], part: str | None = None) -> bool:
    """Say whether `change` only captures a baseline that is unknown yet: it needs no approval."""
    meant: object = measure
    if isinstance(measure, Composite):
        meant = next((each.measure for each in measure.parts if each.name == part), None)
    unknown = isinstance(meant, Relative) and meant.baseline is None
    return unknown and change.keys() == {"baseline"} and change["baseline"] is not None


def carried_over(measure: Measure, value: Decimal | None) -> Measure:
    """Return the measure for the next cycle, `value` being the last one (of a metric's standing).

    A metric goes on from where it is. Its plan belongs to the old cycle's days, so it ends; so do
    checkpoints that lie behind, and a stretch that the new baseline has put out of order.
    """
    if not isinstance(measure, Metric) or value is None or value == measure.target:
        return measure
    rising = measure.target > value
    ahead = tuple(
        point
        for point in measure.checkpoints or ()
        if (value < point[0] < measure.target if rising else measure.target < point[0] < value)
    )
    begun = {**measure.model_dump(), "baseline": value, "plan": None, "checkpoints": ahead or None}
    try:
        return MEASURES.validate_python(begun)
    except ValidationError:
        return MEASURES.validate_python({**begun, "stretch": None})


def _with_part(
    measure: Composite, change: Mapping[str, Any], part: str | None
) -> Measure | ChangeProblem:
    if part is None:
        return ChangeProblem("part_needed", "/part")
    for index, each in enumerate(measure.parts):
        if each.name == part:
            changed = retargeted(each.measure, change)
            if isinstance(changed, ChangeProblem):
                return changed
            parts = list(measure.parts)
            parts[index] = each.model_copy(update={"measure": changed})
            return measure.model_copy(update={"parts": tuple(parts)})
    return ChangeProblem("unknown_part", "/part", {"part": part})


def _first_problem(refused: ValidationError) -> ChangeProblem:
    error = refused.errors(include_url=False)[0]
    context = error.get("ctx", {})
    # The location begins with the kind, which the change does not name.
    where = "".join(f"/{step}" for step in error["loc"][1:])
    return ChangeProblem(error["type"], where + str(context.get("at", "")))
