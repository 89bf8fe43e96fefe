"""Key results over HTTP."""

from typing import Annotated, Final, Self

from pydantic import Field, model_validator

from services.objectives.domain.key_results import (
    AddKeyResult,
    CancelKeyResult,
    EditKeyResult,
    NewKeyResult,
)
from services.objectives.domain.measuring import Changes, Retarget
from services.objectives.domain.weighing import check_weights
from shared.events.event import Id
from shared.okr.calendar import Due
from shared.okr.figures import ZERO, Quantity
from shared.okr.measures import Measure
from shared.okr.words import Name, refusal
from shared.runtime.http.fields import MOST_ITEMS, Body, Reason, Title
from shared.runtime.http.writes import Call, Writes

ALL: Final = "/v1/objectives/{objective_id}/key-results"
ITEM: Final = f"{ALL}/{{key_result_id}}"

SiblingWeights = Annotated[dict[Id, Quantity], Field(max_length=MOST_ITEMS)]

writes = Writes("objectives", tag="key results")


class KeyResultBody(Body):
    """A key result: its words, how it is measured, when it is due and of whom it asks help."""

    title: Title
    measure: Annotated[Measure, Field(discriminator="kind")]
    weight: Quantity | None = None
    owner_id: Id | None = None
    due: Due | None = None
    mentions: Annotated[tuple[Id, ...], Field(max_length=MOST_ITEMS)] = ()

    @model_validator(mode="after")
    def _weighs_something(self) -> Self:
        if self.weight is not None and self.weight <= ZERO:
            raise refusal("weight_not_positive", "a weight is above 0", "/weight")
        return self

    def named(self, key_result_id: str) -> NewKeyResult:
        """The same, with the id that it gets."""
        return NewKeyResult(
            key_result_id=key_result_id,
            title=self.title,
            measure=self.measure,
            weight=self.weight,
            owner_id=self.owner_id,
            due=self.due,
            mentions=tuple(dict.fromkeys(self.mentions)),
        )


class AddedKeyResult(KeyResultBody):
    """A key result to be added; where weights are set, with those of its siblings."""

    weights: SiblingWeights | None = None

    @model_validator(mode="after")
    def _sum_to_100(self) -> Self:
        if self.weights is None:
            return self
        if self.weight is None:
            raise refusal("weights_needed", "its own weight, too", "/weight")
        check_weights([*self.weights.values(), self.weight])
        return self


class KeyResultPatch(Body):
    """What of a key result changes; an owner or due of null is the objective's or cycle's."""

    title: Title = Field(default_factory=str)
    owner_id: Id | None = None
    due: Due | None = None


class Retargeting(Changes, Body):
    """What of a measure changes, and why; `part` names the part of a composite."""

    part: Name | None = None
    reason: Reason | None = None

    @model_validator(mode="after")
    def _says_why(self) -> Self:
        if self.reason is None and "baseline" not in self.named:
            raise refusal("reason_needed", "a change has a reason", "/reason")
        return self


class Cancelling(Body):
    """Why a key result is cancelled; where weights are set, with those that remain."""

    reason: Reason
    weights: SiblingWeights | None = None

    @model_validator(mode="after")
    def _sum_to_100(self) -> Self:
        if self.weights:
            check_weights(self.weights.values())
        return self


@writes.post(ALL, permission="objectives.write", creates=f"{ALL}/{{id}}")
def add_key_result(call: Call, body: AddedKeyResult, objective_id: Id) -> AddKeyResult:
    """Add a key result: to a draft, or by the approver."""
    return AddKeyResult(
        objective_id=objective_id, key_result=body.named(call.id), weights=body.weights
    )


@writes.patch(ITEM, permission="objectives.write")
def edit_key_result(
    _call: Call, body: KeyResultPatch, objective_id: Id, key_result_id: Id
) -> EditKeyResult:
    """Change a key result's words, owner or due day."""
    return EditKeyResult(objective_id=objective_id, key_result_id=key_result_id, **body.stated())


@writes.post(f"{ITEM}/retarget", permission="objectives.write")
def retarget_key_result(
    call: Call, body: Retargeting, objective_id: Id, key_result_id: Id
) -> Retarget:
    """Change a key result's measure with a reason, or capture the baseline it waits for."""
    return Retarget(
        objective_id=objective_id,
        key_result_id=key_result_id,
        changes=Changes.of(body),
        part=body.part,
        reason=call.seal(body.reason),
    )


@writes.post(f"{ITEM}/cancel", permission="objectives.write")
def cancel_key_result(
    call: Call, body: Cancelling, objective_id: Id, key_result_id: Id
) -> CancelKeyResult:
    """Cancel a key result; its measurements are kept."""
    return CancelKeyResult(
        objective_id=objective_id,
        key_result_id=key_result_id,
        reason=call.seal(body.reason),
        weights=body.weights,
    )
