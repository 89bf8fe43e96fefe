"""Judging: the health of each key result, and how its duty to report stands.

Everything here follows from the tracking, the policies and the day; nothing is remembered but
what was said last, so judging twice says nothing new.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from services.checkins.domain.tracking import DutyLevel, DutyStep, Tracked, Tracking
from shared.events import checkins as said
from shared.events.folds.organization import Organization
from shared.okr.calendar import WorkingDays
from shared.okr.duty import Cadence, due_days, duty
from shared.okr.expected import expected, judged_day
from shared.okr.health import HealthPolicy, Report, Verdict, judge
from shared.okr.holidays import DEFAULT_CALENDAR
from shared.okr.progress import standing
from shared.okr.terms import latest

LEVELS: Final[tuple[DutyLevel, ...]] = ("due", "overdue", "outdated")
_SAYS: Final[Mapping[DutyLevel, type[DutyStep]]] = {
    "due": said.CheckInFellDue,
    "overdue": said.CheckInOverdue,
    "outdated": said.CheckInOutdated,
}


@dataclass(frozen=True, slots=True)
class Policies:
    """The policies that judge, as the organization has set them, and the revision of health's."""

    health: HealthPolicy
    health_revision: int
    cadence: Cadence
    calendar: WorkingDays

    @classmethod
    def of(cls, organization: Organization) -> "Policies":
        """Read the policies; what was never set has its default and revision 0."""
        set_ = organization.policies
        health = set_.get("health")
        cadence, calendar = set_.get("cadence"), set_.get("calendar")
        return cls(
            health=HealthPolicy.model_validate(health.value) if health else HealthPolicy(),
            health_revision=health.revision if health else 0,
            cadence=Cadence.model_validate(cadence.value) if cadence else Cadence(),
            calendar=WorkingDays.model_validate(calendar.value) if calendar else DEFAULT_CALENDAR,
        )


def verdict(tracking: Tracking, key_result: Tracked, policies: Policies, today: date) -> Verdict:
    """How one key result is doing on `today`."""
    terms = key_result.terms
    last = latest(key_result.measurements)
    stands = standing(terms, key_result.measurements, today, closed=key_result.ended)
    day = judged_day(
        terms.due_on,
        today,
        last_observed=last.observed_on if last else None,
        last_check_in=tracking.checked_in_on,
    )
    report = Report(tracking.status, tracking.status_noted) if tracking.status else None
    return judge(
        policies.health,
        progress=stands.progress,
        attained=stands.attained,
        expected=None if day is None else expected(terms, day),
        report=report,
        confidence=key_result.confidence,
        outdated=key_result.duty is not None and key_result.duty[1] == "outdated",
        closed=key_result.ended,
    )


def health_changes(
    objective_id: str,
    tracking: Tracking,
    keys: Sequence[str],
    policies: Policies,
    today: date,
    cause: said.HealthCause,
    source: said.Source | None = None,
) -> Iterator[said.KRHealthChanged]:
    """A `KRHealthChanged` for each of the key results whose health is no longer what was said."""
    for key in keys:
        key_result = tracking.key_results[key]
        now = verdict(tracking, key_result, policies, today)
        if now.health == key_result.health:
            continue
        yield said.KRHealthChanged(
            objective_id=objective_id,
            key_result_id=key,
            from_=key_result.health,
            to=now.health,
            expected=now.expected,
            shown=now.shown,
            gap=now.gap,
            confidence=now.confidence,
            rule=now.rule,
            rule_version=policies.health_revision,
            cause=cause,
            source=source,
        )


def duty_steps(
    objective_id: str, tracking: Tracking, policies: Policies, today: date
) -> Iterator[DutyStep]:
    """Each step of a silence that has been reached by `today` and was not said yet, in order."""
    for key, key_result in tracking.live.items():
        terms = key_result.terms
        days = tuple(
            due_days(policies.cadence, policies.calendar, terms.cycle_start, terms.cycle_end)
        )
        stands = duty(
            policies.cadence,
            days,
            today,
            owed_after=key_result.owed_from,
            last_report=key_result.reported_on,
        )
        if stands.due_on is None or stands.status not in LEVELS:
            continue
        reached = LEVELS.index(stands.status.value) + 1
        same_silence = key_result.duty is not None and key_result.duty[0] == stands.due_on
        spoken = LEVELS.index(key_result.duty[1]) + 1 if same_silence and key_result.duty else 0
        for level in LEVELS[spoken:reached]:
            yield _SAYS[level](objective_id=objective_id, key_result_id=key, due_on=stands.due_on)
