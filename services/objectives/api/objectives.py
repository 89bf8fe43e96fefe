"""Objectives over HTTP, from draft to close."""

from typing import Annotated, Final, Self

from pydantic import Field, model_validator

from services.objectives.api.key_results import KeyResultBody
from services.objectives.domain.drafting import CreateObjective, EditObjective
from services.objectives.domain.publishing import (
    CloseObjective,
    PublishObjective,
    ReopenObjective,
    ReturnObjective,
    SubmitObjective,
)
from services.objectives.domain.weighing import SetWeights, check_weights
from shared.events.event import Id
from shared.events.objectives import Commitment, Outcome, Owner
from shared.okr.figures import Quantity
from shared.okr.words import refusal
from shared.runtime.http.fields import MOST_ITEMS, Body, FreeText, Reason, Title, Truth
from shared.runtime.http.writes import Call, Writes

ITEM: Final = "/v1/objectives/{objective_id}"

UNSAID: Final = Owner.model_construct(type="company", id="")
"""Stands where a patch says nothing of the owner; it is never read."""

writes = Writes("objectives", tag="objectives")


class NewObjective(Body):
    """An objective to be drafted, with its key results or without."""

    cycle_id: Id
    owner: Owner
    title: Title
    description: FreeText | None = None
    commitment: Commitment = "committed"
    confidential: Truth = False
    key_results: Annotated[tuple[KeyResultBody, ...], Field(max_length=MOST_ITEMS)] = ()

    @model_validator(mode="after")
    def _all_weighed_or_none(self) -> Self:
        weights = [kr.weight for kr in self.key_results if kr.weight is not None]
        if weights and len(weights) < len(self.key_results):
            raise refusal("weights_needed", "all weights, or none", "/key_results")
        if weights:
            check_weights(weights, "/key_results")
        return self


class ObjectivePatch(Body):
    """What of an objective changes; a description of null takes it away."""

    title: Title = Field(default_factory=str)
    description: FreeText | None = None
    commitment: Commitment = Field(default_factory=lambda: "committed")
    confidential: Truth = Field(default_factory=bool)
    owner: Owner = Field(default_factory=lambda: UNSAID)


class WeightsBody(Body):
    """The weights of all live key results, in percent points."""

    weights: Annotated[dict[Id, Quantity], Field(min_length=1, max_length=MOST_ITEMS)]
    reason: Reason

    @model_validator(mode="after")
    def _sum_to_100(self) -> Self:
        check_weights(self.weights.values())
        return self


class Comment(Body):
    """What the owner should change."""

    comment: FreeText


class Closing(Body):
    """How an objective ended."""

    outcome: Outcome
    note: FreeText | None = None


class Reopening(Body):
    """Why a closed objective is opened again."""

    reason: Reason


@writes.post("/v1/objectives", permission="objectives.write", creates="/v1/objectives/{id}")
def create_objective(call: Call, body: NewObjective) -> CreateObjective:
    """Draft an objective."""
    return CreateObjective(
        objective_id=call.id,
        cycle_id=body.cycle_id,
        owner=body.owner,
        title=body.title,
        description=call.seal(body.description),
        commitment=body.commitment,
        confidential=body.confidential,
        key_results=tuple(
            new.named(call.further(n)) for n, new in enumerate(body.key_results, start=1)
        ),
    )


@writes.patch(ITEM, permission="objectives.write")
def edit_objective(call: Call, body: ObjectivePatch, objective_id: Id) -> EditObjective:
    """Change an objective's words, marks or owner: a draft's, or by its approver."""
    stated = body.stated()
    if "description" in stated:
        stated["description"] = call.seal(body.description)
    return EditObjective(objective_id=objective_id, **stated)


@writes.put(f"{ITEM}/weights", permission="objectives.write", resource=ITEM)
def set_weights(call: Call, body: WeightsBody, objective_id: Id) -> SetWeights:
    """Set the weights of all live key results together."""
    return SetWeights(
        objective_id=objective_id, weights=body.weights, reason=call.seal(body.reason)
    )


@writes.post(f"{ITEM}/submit", permission="objectives.write")
def submit_objective(_call: Call, objective_id: Id) -> SubmitObjective:
    """Hand a draft to its approver."""
    return SubmitObjective(objective_id=objective_id)


@writes.post(f"{ITEM}/return", permission="objectives.write")
def return_objective(call: Call, body: Comment, objective_id: Id) -> ReturnObjective:
    """Give a submitted draft back to its owner, with a comment."""
    return ReturnObjective(objective_id=objective_id, comment=call.seal(body.comment))


@writes.post(f"{ITEM}/publish", permission="objectives.write")
def publish_objective(_call: Call, objective_id: Id) -> PublishObjective:
    """Publish an objective: the approver's yes, or directly by approver or administrator."""
    return PublishObjective(objective_id=objective_id)


@writes.post(f"{ITEM}/close", permission="objectives.write")
def close_objective(call: Call, body: Closing, objective_id: Id) -> CloseObjective:
    """Close a published objective with its outcome."""
    return CloseObjective(
        objective_id=objective_id, outcome=body.outcome, note=call.seal(body.note)
    )


@writes.post(f"{ITEM}/reopen", permission="objectives.write")
def reopen_objective(call: Call, body: Reopening, objective_id: Id) -> ReopenObjective:
    """Publish a closed objective again; its closing note is kept."""
    return ReopenObjective(objective_id=objective_id, reason=call.seal(body.reason))
