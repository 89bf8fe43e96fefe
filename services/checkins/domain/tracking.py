"""Tracking: what is remembered of an objective's key results to decide on their next report."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal, assert_never

from shared.events import checkins as said
from shared.okr.health import Health, ReportedStatus
from shared.okr.terms import Measurement, Terms

DutyLevel = Literal["due", "overdue", "outdated"]
DutyStep = said.CheckInFellDue | said.CheckInOverdue | said.CheckInOutdated
LifecycleStep = (
    said.KRTrackingStarted | said.KRTrackingChanged | said.KRTrackingEnded | said.KRTrackingResumed
)
TrackingEvent = (
    LifecycleStep
    | DutyStep
    | said.KRProgressLogged
    | said.KRProgressRetracted
    | said.CheckInPublished
    | said.KRHealthChanged
)


@dataclass(frozen=True, slots=True)
class Tracked:
    """A key result under tracking.

    `logged` counts every measurement ever recorded; `measurements` are those not retracted.
    `reported_on` is the day of the latest report of any kind, measurement or check-in.
    `duty` is the furthest step that was said of the present silence, with its due day.
    """

    terms: Terms
    target_revision: int
    owed_from: date
    ended: bool = False
    measurements: tuple[Measurement, ...] = ()
    logged: int = 0
    confidence: int | None = None
    reported_on: date | None = None
    health: Health = Health.PENDING
    duty: tuple[date, DutyLevel] | None = None


@dataclass(frozen=True, slots=True)
class Tracking:
    """The tracking of one objective; `status` is what its owner reported last."""

    cycle_id: str = ""
    key_results: Mapping[str, Tracked] = field(default_factory=dict)
    check_ins: int = 0
    status: ReportedStatus | None = None
    status_noted: bool = False
    checked_in_on: date | None = None

    @property
    def live(self) -> dict[str, Tracked]:
        """The key results that are tracked now, in the order in which their tracking began."""
        return {k: kr for k, kr in self.key_results.items() if not kr.ended}


def evolve(before: Tracking, event: TrackingEvent) -> Tracking:
    """The tracking after one of its events."""
    # These two are nearly all that happens: each class that is asked for before them costs.
    if isinstance(event, said.KRProgressLogged):
        return _with(before, event, _logged(before.key_results[event.key_result_id], event))
    if isinstance(event, said.KRHealthChanged):
        return _with(before, event, _judged(before.key_results[event.key_result_id], event.to))
    if isinstance(event, said.CheckInPublished):
        return _checked_in(before, event)
    if isinstance(event, said.KRTrackingStarted):
        return _with(replace(before, cycle_id=event.cycle_id), event, _started(event))
    known = before.key_results[event.key_result_id]
    match event:
        case said.KRTrackingChanged(measure=measure, due=due, target_revision=revision):
            terms = replace(known.terms, measure=measure, due=due)
            return _with(before, event, replace(known, terms=terms, target_revision=revision))
        case said.KRTrackingEnded():
            return _with(before, event, replace(known, ended=True, duty=None))
        case said.KRTrackingResumed(owed_from=owed_from):
            return _with(before, event, replace(known, ended=False, owed_from=owed_from))
        case said.KRProgressRetracted(n=n):
            kept = tuple(m for m in known.measurements if m.n != n)
            return _with(before, event, replace(known, measurements=kept))
        case said.CheckInFellDue(due_on=due_on):
            return _with(before, event, replace(known, duty=(due_on, "due")))
        case said.CheckInOverdue(due_on=due_on):
            return _with(before, event, replace(known, duty=(due_on, "overdue")))
        case said.CheckInOutdated(due_on=due_on):
            return _with(before, event, replace(known, duty=(due_on, "outdated")))
        case _:
            assert_never(event)


def _started(event: said.KRTrackingStarted) -> Tracked:
    terms = Terms(
        measure=event.measure,
        cycle_start=event.cycle_start,
        cycle_end=event.cycle_end,
        due=event.due,
        tracked_from=event.tracked_from,
    )
    return Tracked(terms, event.target_revision, event.owed_from)


def _logged(known: Tracked, event: said.KRProgressLogged) -> Tracked:
    # Field by field: `replace` takes three times as long, and every report comes through here.
    return Tracked(
        terms=known.terms,
        target_revision=known.target_revision,
        owed_from=known.owed_from,
        ended=known.ended,
        measurements=(
            *known.measurements,
            Measurement(event.n, event.observed_on, event.reading),
        ),
        logged=event.n,
        confidence=known.confidence if event.confidence is None else event.confidence,
        reported_on=event.recorded_on,
        health=known.health,
        duty=None,
    )


def _judged(known: Tracked, health: Health) -> Tracked:
    # As above.
    return Tracked(
        terms=known.terms,
        target_revision=known.target_revision,
        owed_from=known.owed_from,
        ended=known.ended,
        measurements=known.measurements,
        logged=known.logged,
        confidence=known.confidence,
        reported_on=known.reported_on,
        health=health,
        duty=known.duty,
    )


def _checked_in(before: Tracking, event: said.CheckInPublished) -> Tracking:
    reported = {
        key: replace(
            known,
            confidence=known.confidence if event.confidence is None else event.confidence,
            reported_on=event.recorded_on,
            duty=None,
        )
        for key, known in before.live.items()
    }
    return replace(
        before,
        key_results={**before.key_results, **reported},
        check_ins=event.n,
        status=event.status,
        status_noted=event.narrative is not None,
        checked_in_on=event.recorded_on,
    )


def _with(before: Tracking, event: said.TrackedEvent, tracked: Tracked) -> Tracking:
    # As above.
    return Tracking(
        cycle_id=before.cycle_id,
        key_results={**before.key_results, event.key_result_id: tracked},
        check_ins=before.check_ins,
        status=before.status,
        status_noted=before.status_noted,
        checked_in_on=before.checked_in_on,
    )
