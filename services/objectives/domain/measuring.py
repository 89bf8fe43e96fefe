"""Measuring: what a key result is judged by changes, with a reason and its matching plan."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Final, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    ValidationError,
    model_serializer,
    model_validator,
)

from services.objectives.domain.matter import KeyResultCommand, Matter
from shared.events.deciding import Answer, Refused
from shared.events.event import Sealed
from shared.events.folds.objective import KeyResult
from shared.events.objectives import BaselineCaptured, KRRetargeted
from shared.okr.figures import Quantity, quantity_text, read_quantity
from shared.okr.measures import Composite, Measure, Metric, Relative, Stage
from shared.okr.measures.levels import PlanPoint
from shared.okr.measures.mixes import Shares
from shared.okr.words import MOST_PARTS, Name, Text, refusal

NULLABLE: Final = frozenset({"stretch", "plan"})
"""What null takes away; everything else can only become something else."""


def _as_text(given: object) -> object:
    """A number where a text is as good: a target may be either."""
    return given if given is None or isinstance(given, str) else quantity_text(read_quantity(given))


Line = Annotated[Text, BeforeValidator(_as_text)]
"""A target or a stretch: a number's text, or the words of an ordinal."""


class Changes(BaseModel):
    """What of a measure changes; a field left out stays, and only some can be taken away (null)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    target: Line | None = None
    baseline: Quantity | None = None
    stretch: Line | None = None
    limit: Quantity | None = None
    low: Quantity | None = None
    high: Quantity | None = None
    percent: Quantity | None = None
    quota: Quantity | None = None
    shares: Shares | None = None
    stages: Annotated[tuple[Stage, ...], Field(min_length=1, max_length=MOST_PARTS)] | None = None
    plan: Annotated[tuple[PlanPoint, ...], Field(max_length=MOST_PARTS)] | None = None

    @property
    def named(self) -> frozenset[str]:
        """The fields that change."""
        return frozenset(self.model_fields_set & Changes.model_fields.keys())

    @classmethod
    def of(cls, body: "Changes") -> "Changes":
        """The changes alone, of a body that says more."""
        return cls.model_validate({name: getattr(body, name) for name in body.named})

    @model_validator(mode="after")
    def _something_and_no_holes(self) -> Self:
        if not self.named:
            raise refusal("nothing_to_change", "at least one field is expected")
        for name in sorted(self.named - NULLABLE):
            if getattr(self, name) is None:
                raise refusal("value_needed", "this cannot be taken away", f"/{name}")
        return self

    @model_serializer(mode="wrap")
    def _only_what_is_named(self, whole: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {k: v for k, v in whole(self).items() if k in self.model_fields_set}


class Retarget(KeyResultCommand):
    """Change a key result's measure; `part` names the part of a composite."""

    changes: Changes
    part: Name | None = None
    reason: Sealed | None = None


def retarget(command: Retarget, matter: Matter) -> Answer:
    """A retarget is the editor's and has a reason; a baseline's capture needs neither."""
    before = matter.live(command.key_result_id)
    aim = before if isinstance(before, Refused) else aimed_at(before.measure, command.part)
    captures = isinstance(aim, Relative) and is_capture(aim, command.changes)
    overridden = _capturer(matter, command.key_result_id) if captures else matter.as_editor()
    if isinstance(overridden, Refused):
        return overridden
    if isinstance(before, Refused):
        return before
    if isinstance(aim, Refused):
        return aim
    if command.reason is None and not captures:
        return Refused("reason_needed", pointer="/reason")
    part = changed(aim, command.changes)
    if isinstance(part, Refused):
        return part
    measure = part if command.part is None else with_part(before.measure, command.part, part)
    if measure == before.measure:
        return ()
    said = _captured if captures else _retargeted
    return (said(command, before, measure, overridden=overridden),)


def is_capture(aim: Relative, changes: Changes) -> bool:
    """The baseline, and nothing else, of a relative change that had none (or has this one now)."""
    return aim.baseline in {None, changes.baseline} and changes.named == {"baseline"}


def aimed_at(measure: Measure, part: str | None) -> Measure | Refused:
    """The measure that changes: the whole, or the named part of a composite."""
    if part is None:
        return measure
    if isinstance(measure, Composite):
        for candidate in measure.parts:
            if candidate.name == part:
                return candidate.measure
    return Refused("unknown_part", {"part": part}, "/part")


def changed(measure: Measure, changes: Changes) -> Measure | Refused:
    """The measure with its changes, or the rule of its own that it would break."""
    given = changes.model_dump(mode="json")
    for name in given:
        if name not in type(measure).model_fields:
            code = "part_needed" if isinstance(measure, Composite) else "not_retargetable"
            return Refused(code, {"kind": measure.kind, "field": name}, f"/{name}")
    try:
        after = type(measure).model_validate(measure.model_dump(mode="json") | given)
    except ValidationError as invalid:
        return _broken(invalid)
    if isinstance(measure, Metric) and isinstance(after, Metric) and "plan" not in given:
        moved = (measure.baseline, measure.target) != (after.baseline, after.target)
        if measure.plan and moved:
            return Refused("plan_needed", pointer="/plan")
    return after


def with_part(measure: Measure, name: str, part: Measure) -> Measure:
    """The composite with one part measured anew."""
    if not isinstance(measure, Composite):
        raise TypeError(f"a {measure.kind} has no parts")
    parts = [
        {"name": p.name, "measure": part if p.name == name else p.measure, "weight": p.weight}
        for p in measure.parts
    ]
    return Composite.model_validate({"mode": measure.mode, "parts": parts})


def _broken(invalid: ValidationError) -> Refused:
    """The first error of a measure, by its stable code."""
    error = invalid.errors(include_url=False)[0]
    context: Mapping[str, Any] = error.get("ctx", {})
    within = "".join(f"/{step}" for step in error["loc"])
    facts = {name: value for name, value in context.items() if name != "at"}
    return Refused(error["type"], facts, within + context.get("at", ""))


def _capturer(matter: Matter, key_result_id: str) -> bool | Refused:
    """Whoever reports the key result may capture its baseline, the approver too."""
    key_result = matter.objective.key_results[key_result_id]
    if matter.org.may_write(matter.actor):
        if matter.objective.state == "closed":
            return matter.as_editor()
        if matter.is_owner or matter.is_approver or key_result.owner_id == matter.actor.id:
            return False
    return matter.as_owner()


def _captured(
    command: Retarget, before: KeyResult, measure: Measure, *, overridden: bool
) -> BaselineCaptured:
    return BaselineCaptured(
        objective_id=command.objective_id,
        overridden=overridden,
        key_result_id=before.id,
        baseline=command.changes.baseline or Decimal(0),
        measure=measure,
        revision=before.revision + 1,
        part=command.part,
        reason=command.reason,
    )


def _retargeted(
    command: Retarget, before: KeyResult, measure: Measure, *, overridden: bool
) -> KRRetargeted:
    return KRRetargeted(
        objective_id=command.objective_id,
        overridden=overridden,
        key_result_id=before.id,
        before=before.measure,
        measure=measure,
        revision=before.revision + 1,
        reason=command.reason,
    )
