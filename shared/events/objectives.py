"""What the objectives service says: objectives with their key results, from draft to close."""

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.events.event import Event, Id, Sealed
from shared.okr.figures import Quantity
from shared.okr.measures import Measure

OwnerType = Literal["company", "department", "member"]
Commitment = Literal["committed", "aspirational"]
Outcome = Literal["achieved", "partly", "missed", "abandoned"]
Weights = dict[str, Quantity]
"""Key result id → percent points; siblings sum to 100."""


class Owner(BaseModel):
    """Whose an objective is; `id` is the member's or the department's (the company's: its root)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: OwnerType
    id: Id


class ObjectiveEvent(Event):
    """Something happened to an objective.

    `overridden`: an administrator did what is the owner's or the approver's to do.
    """

    objective_id: Id
    overridden: bool = False

    @property
    def stream(self) -> str:
        """One stream an objective, its key results included."""
        return f"objective-{self.objective_id}"


class ObjectiveCreated(ObjectiveEvent):
    """An objective was drafted. `department_id` is the department its owner belonged to then."""

    cycle_id: Id
    owner: Owner
    department_id: Id
    title: str
    description: Sealed | None = None
    commitment: Commitment = "committed"
    confidential: bool = False
    imported: bool = False


class ObjectiveReworded(ObjectiveEvent):
    """An objective's words or marks changed: what they are now."""

    title: str
    description: Sealed | None
    commitment: Commitment
    confidential: bool


class ObjectiveOwnerChanged(ObjectiveEvent):
    """An objective got another owner."""

    owner: Owner
    before: Owner
    department_id: Id


class ObjectiveSubmitted(ObjectiveEvent):
    """The owner handed a draft to its approver (null: any administrator of the cycle)."""

    approver_id: Id | None


class ObjectiveReturned(ObjectiveEvent):
    """The approver returned a submitted draft with a comment."""

    comment: Sealed


class ObjectivePublished(ObjectiveEvent):
    """An objective was published: everybody sees it, and progress is tracked."""

    revision: int


class ObjectiveClosed(ObjectiveEvent):
    """An objective was closed with an outcome."""

    outcome: Outcome
    note: Sealed | None = None


class ObjectiveReopened(ObjectiveEvent):
    """A closed objective was published again; its closing note is kept."""

    reason: Sealed


class KeyResultEvent(ObjectiveEvent):
    """Something happened to a key result of an objective."""

    key_result_id: Id


class KRAdded(KeyResultEvent):
    """A key result was added to an objective."""

    title: str
    measure: Annotated[Measure, Field(discriminator="kind")]
    owner_id: Id | None = None
    due: date | None = None
    mentions: tuple[Id, ...] = ()


class KRReworded(KeyResultEvent):
    """A key result's words changed, or the departments that they mention: what they are now."""

    title: str
    before: str
    mentions: tuple[Id, ...] = ()


class KROwnerChanged(KeyResultEvent):
    """A key result got another owner (null: the objective's owner)."""

    owner_id: Id | None
    before: Id | None


class KRRescheduled(KeyResultEvent):
    """A key result is due on another day (null: at the cycle's end)."""

    due: date | None
    before: date | None


class KRRetargeted(KeyResultEvent):
    """A key result's target, baseline or plan changed; the whole measure before and after."""

    before: Annotated[Measure, Field(discriminator="kind")]
    measure: Annotated[Measure, Field(discriminator="kind")]
    revision: int
    reason: Sealed | None = None


class BaselineCaptured(KeyResultEvent):
    """The baseline of a relative change, unknown until now, was captured; no approval needed."""

    baseline: Quantity
    measure: Annotated[Measure, Field(discriminator="kind")]
    revision: int
    part: str | None = None
    reason: Sealed | None = None


class KRCancelled(KeyResultEvent):
    """A key result was cancelled; its measurements are kept."""

    reason: Sealed


class WeightsSet(ObjectiveEvent):
    """The weights of an objective's live key results were set together; empty: equal again."""

    weights: Weights
    reason: Sealed | None = None
