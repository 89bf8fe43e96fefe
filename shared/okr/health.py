"""Health: how worried to be about a key result, by a versioned policy and by stable rule codes."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.okr.figures import EXACT, HUNDRED, Progress, Quantity
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


class Rule(StrEnum):
    """Which rule decided a health; the codes are stable."""

    CLOSED = "closed"
    """Its objective is closed."""
    NO_VALUE = "no_value"
    """Nothing is measured yet."""
    ATTAINED = "attained"
    """Attained, late or not."""
    ON_PLAN = "on_plan"
    """No further behind than the policy lets pass."""
    BEHIND = "behind"
    """Behind, within what the policy calls at risk."""
    FAR_BEHIND = "far_behind"
    """Behind by more than that."""
    REPORTED_WORSE = "reported_worse"
    """A person reports worse than the figures say."""
    REPORTED_BETTER = "reported_better"
    """A person reports one step better."""
    REPORTED_BETTER_WITH_NOTE = "reported_better_with_note"
    """A person reports more than one step better, and says why."""
    LOW_CONFIDENCE = "low_confidence"
    """Confidence is at or below the policy's line."""
    OUTDATED = "outdated"
    """The report is overdue by more than the days of grace."""


WORST_FIRST: Final = (
    Health.OFF_TRACK,
    Health.OUTDATED,
    Health.AT_RISK,
    Health.PENDING,
    Health.ON_TRACK,
)
_STEPS: Final = (Health.ON_TRACK, Health.AT_RISK, Health.OFF_TRACK)
_Judged = tuple[Health, Rule]


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
    shown = None if progress is None else progress.shown
    gap = None
    if shown is not None and expected is not None:
        gap = EXACT.multiply(EXACT.subtract(expected, shown), HUNDRED)
    health, rule = Health.PENDING, Rule.NO_VALUE
    if closed:
        health, rule = Health.CLOSED, Rule.CLOSED
    else:
        if shown is not None:
            health, rule = _computed(policy, gap, attained)
            health, rule = _with_report(health, rule, report)
            low = confidence is not None and confidence <= policy.confidence_at_most
            if low and health is Health.ON_TRACK:
                health, rule = Health.AT_RISK, Rule.LOW_CONFIDENCE
        if outdated and health is not Health.OFF_TRACK:
            health, rule = Health.OUTDATED, Rule.OUTDATED
    return Verdict(health, rule, gap, expected, shown, confidence)


def worst(healths: Iterable[Health]) -> Health | None:
    """Return the worst: off_track, outdated, at_risk, pending, on_track; closed ones do not count.

    None when there is none to count.
    """
    return min((h for h in healths if h is not Health.CLOSED), key=WORST_FIRST.index, default=None)


def _computed(policy: HealthPolicy, gap: Decimal | None, attained: Attained) -> _Judged:
    """Judge by the figures alone; a value without an expectation cannot be behind it."""
    if attained:
        return Health.ON_TRACK, Rule.ATTAINED
    if gap is None or gap <= policy.at_risk_above:
        return Health.ON_TRACK, Rule.ON_PLAN
    if gap <= policy.off_track_above:
        return Health.AT_RISK, Rule.BEHIND
    return Health.OFF_TRACK, Rule.FAR_BEHIND


def _with_report(health: Health, rule: Rule, report: Report | None) -> _Judged:
    """Let a person's word count: a worse one always, a much better one only with its reason."""
    if report is None:
        return health, rule
    steps_better = _STEPS.index(health) - _STEPS.index(report.status)
    if steps_better == 0 or (steps_better > 1 and not report.has_note):
        return health, rule
    said = Health(report.status)
    if steps_better < 0:
        return said, Rule.REPORTED_WORSE
    return said, Rule.REPORTED_BETTER if steps_better == 1 else Rule.REPORTED_BETTER_WITH_NOTE
