"""Health: how worried to be about a key result, by a versioned policy and by stable rule codes."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.okr.figures import Progress, Quantity
from shared.okr.progress import Attained
from shared.okr.words import refusal


class Health(StrEnum):
    """How a key result, an objective or a unit is doing."""

    PENDING = "pending"
    ON_TRACK = "on_track"
    AT_RISK = "at_risk"
    OFF_TRACK = "off_track"
    OUTDATED = "outdated"
    CLOSED = "closed"


ReportedStatus = Literal["on_track", "at_risk", "off_track"]
"""What a person may report in a check-in."""

Confidence = Annotated[int, Field(strict=True, ge=0, le=10)]
"""信心指数, 0 to 10."""

Rule = Literal[
    "closed",  # its objective is closed
    "outdated",  # its report is overdue by more than the days of grace
    "no_value",  # nothing measured yet
    "attained",  # attained, late or not
    "on_plan",  # no further behind than the policy lets pass
    "behind",  # behind, within what the policy calls at risk
    "far_behind",  # behind by more than that
    "reported_worse",  # a person reports worse than the figures
    "reported_better",  # a person reports one step better
    "reported_better_with_note",  # a person reports more than one step better, and says why
    "low_confidence",  # confidence at or below the policy's line
]


class HealthPolicy(BaseModel):
    """The policy `health`: gaps in points of 100, confidence in steps of 0 to 10."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    at_risk_above: Quantity = Decimal(0)
    off_track_above: Quantity = Decimal(25)
    confidence_at_most: Confidence = 3

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.off_track_above < self.at_risk_above:
            message = "off_track_above is below at_risk_above"
            raise refusal("policy_not_ordered", message, "/off_track_above")
        return self


DEFAULT_HEALTH_POLICY: Final = HealthPolicy()


@dataclass(frozen=True, slots=True)
class Report:
    """The status that counts: of the objective's latest check-in, for this key result."""

    status: ReportedStatus
    has_note: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """A health, the rule that decided it, and the figures that it rested on.

    `gap` is expected − shown in points of 100; None where either is unknown.
    """

    health: Health
    rule: Rule
    gap: Decimal | None
    expected: Decimal | None
    shown: Decimal | None
    confidence: int | None


def judge(
    policy: HealthPolicy,
    *,
    progress: Progress | None,
    attained: Attained,
    expected: Decimal | None,
    report: Report | None = None,
    confidence: int | None = None,
    outdated: bool = False,
    closed: bool = False,
) -> Verdict:
    """Judge one key result.

    `expected` is the figure of its judged day. `report` is what the objective's latest check-in
    says, None when it says nothing. `outdated` is the word of the duty to report.
    """
    raise NotImplementedError


def worst(healths: Iterable[Health]) -> Health | None:
    """Return the worst: off_track, outdated, at_risk, pending, on_track; closed ones do not count.

    None when there is none to count.
    """
    raise NotImplementedError
