"""Alignments and dependency requests over HTTP: one resource, because a promise becomes a link."""

from typing import Annotated, Final, Self

from pydantic import AfterValidator, Field, model_validator

from services.alignment.domain.commands import (
    AcceptAlignment,
    CounterAlignment,
    DeclineAlignment,
    DeliverHelp,
    ProposeAlignment,
    RequestHelp,
    UnlinkAlignment,
    WithdrawAlignment,
)
from shared.events.alignment import Kind
from shared.events.event import Id
from shared.okr.figures import ZERO, Quantity
from shared.okr.words import refusal
from shared.runtime.http.fields import Body, FreeText, Reason
from shared.runtime.http.writes import Call, Writes

ALL: Final = "/v1/alignments"
ITEM: Final = f"{ALL}/{{alignment_id}}"

writes = Writes("alignment", tag="alignments")


def _above_zero(weight: Quantity) -> Quantity:
    if weight <= ZERO:
        raise refusal("weight_not_positive", "a weight is above 0")
    return weight


Weight = Annotated[Quantity, AfterValidator(_above_zero)]
"""Percent points, beside those of the parent's key results."""


class Towards(Body):
    """Where it leads: to an objective, to one of its key results, or to a department's help."""

    objective_id: Id | None = None
    key_result_id: Id | None = None
    department_id: Id | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.objective_id is None) == (self.department_id is None):
            raise refusal("one_end_needed", "an objective or a department")
        if self.key_result_id is not None and self.objective_id is None:
            raise refusal("one_end_needed", "a key result of an objective", "/key_result_id")
        return self


class NewAlignment(Body):
    """An alignment to be proposed; towards a department it is a dependency request (@部门)."""

    kind: Kind
    from_objective_id: Id
    to: Towards
    weight: Weight | None = None
    message: FreeText | None = None


class Acceptance(Body):
    """What a department promises to help with; nothing where an alignment is accepted."""

    objective_id: Id | None = None


class Counter(Body):
    """Other terms; what is left out stays as it was offered."""

    message: FreeText
    kind: Kind = Field(default_factory=lambda: "supports")
    weight: Weight | None = None
    objective_id: Id | None = None


class Why(Body):
    """Why not, or why no longer."""

    reason: Reason


@writes.post(ALL, permission="alignments.write", creates=f"{ALL}/{{id}}")
def propose_alignment(call: Call, body: NewAlignment) -> ProposeAlignment | RequestHelp:
    """Propose an alignment, or ask a department for help."""
    message = call.seal(body.message)
    if body.to.objective_id is None:
        return RequestHelp(
            alignment_id=call.id,
            objective_id=body.from_objective_id,
            department_id=body.to.department_id or "",
            kind=body.kind,
            weight=body.weight,
            message=message,
        )
    return ProposeAlignment(
        alignment_id=call.id,
        kind=body.kind,
        from_objective_id=body.from_objective_id,
        to_objective_id=body.to.objective_id,
        to_key_result_id=body.to.key_result_id,
        weight=body.weight,
        message=message,
    )


@writes.post(f"{ITEM}/accept", permission="alignments.write")
def accept_alignment(_call: Call, body: Acceptance, alignment_id: Id) -> AcceptAlignment:
    """Accept an alignment, or promise help with one of one's own objectives."""
    return AcceptAlignment(alignment_id=alignment_id, objective_id=body.objective_id)


@writes.post(f"{ITEM}/counter", permission="alignments.write")
def counter_alignment(call: Call, body: Counter, alignment_id: Id) -> CounterAlignment:
    """Offer other terms; the turn passes."""
    stated = body.stated() | {"message": call.seal(body.message)}
    return CounterAlignment(alignment_id=alignment_id, **stated)


@writes.post(f"{ITEM}/decline", permission="alignments.write")
def decline_alignment(call: Call, body: Why, alignment_id: Id) -> DeclineAlignment:
    """Decline an alignment or a request."""
    return DeclineAlignment(alignment_id=alignment_id, reason=call.seal(body.reason))


@writes.post(f"{ITEM}/withdraw", permission="alignments.write")
def withdraw_alignment(_call: Call, alignment_id: Id) -> WithdrawAlignment:
    """Take back what one proposed or requested."""
    return WithdrawAlignment(alignment_id=alignment_id)


@writes.post(f"{ITEM}/unlink", permission="alignments.write")
def unlink_alignment(call: Call, body: Why, alignment_id: Id) -> UnlinkAlignment:
    """End an accepted alignment."""
    return UnlinkAlignment(alignment_id=alignment_id, reason=call.seal(body.reason))


@writes.post(f"{ITEM}/deliver", permission="alignments.write")
def deliver_help(_call: Call, alignment_id: Id) -> DeliverHelp:
    """Say that promised help was delivered."""
    return DeliverHelp(alignment_id=alignment_id)
