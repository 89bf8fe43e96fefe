"""Following: tracking brought in line with its objective, and judged as the days pass."""

from collections.abc import Iterator, Sequence
from datetime import date
from functools import reduce
from typing import Literal

from services.checkins.domain.commands import FollowObjective, JudgeDay
from services.checkins.domain.judging import duty_steps, health_changes
from services.checkins.domain.reference import Reference
from services.checkins.domain.tracking import LifecycleStep, Tracked, Tracking, evolve
from shared.events import checkins as said
from shared.events.deciding import NOT_YET, Answer, Asked, Refused
from shared.events.folds.objective import KeyResult, Objective
from shared.events.folds.organization import Cycle


def follow_objective(
    asked: Asked[FollowObjective], state: Tracking, reference: Reference
) -> Answer:
    """Start, change, end, resume what the objective asks for; nothing when all is in line."""
    objective = reference.objectives.get(asked.data.objective_id)
    cycle = reference.organization.cycles.get(objective.cycle_id) if objective else None
    if objective is None or cycle is None:
        return Refused(NOT_YET)
    if objective.published_at is None:
        return []
    today = asked.today(reference.organization.zone)
    steps = list(_steps(objective, cycle, state, today))
    after = reduce(evolve, steps, state)
    moved = tuple(dict.fromkeys(e.key_result_id for e in steps if e.key_result_id in after.live))
    closed = tuple(k for k in _touched(steps) if k not in after.live)
    changes = [
        *_healths(asked, after, moved, reference, today, "target_change"),
        *_healths(asked, after, closed, reference, today, "ended"),
    ]
    return [*steps, *changes]


def judge_day(asked: Asked[JudgeDay], state: Tracking, reference: Reference) -> Answer:
    """Say what the passing of days has changed: duties that moved on, and health."""
    objective = reference.objectives.get(asked.data.objective_id)
    if objective is None:
        return Refused(NOT_YET)
    cycle = reference.organization.cycles.get(objective.cycle_id)
    today = asked.today(reference.organization.zone)
    owed = objective.state == "published" and cycle is not None and cycle.state == "active"
    steps = list(duty_steps(objective.id, state, reference.policies, today)) if owed else []
    after = reduce(evolve, steps, state)
    return [*steps, *_healths(asked, after, tuple(after.live), reference, today, "time")]


def _steps(
    objective: Objective, cycle: Cycle, state: Tracking, today: date
) -> Iterator[LifecycleStep]:
    for key, key_result in objective.key_results.items():
        tracked = state.key_results.get(key)
        wanted = objective.state == "published" and key_result.state == "live"
        if tracked is None:
            if wanted:
                yield _started(objective, cycle, key_result, today)
            continue
        if not tracked.ended and _differs(tracked, key_result):
            yield said.KRTrackingChanged(
                objective_id=objective.id,
                key_result_id=key,
                measure=key_result.measure,
                target_revision=key_result.revision,
                due=key_result.due,
            )
        if wanted and tracked.ended:
            yield said.KRTrackingResumed(
                objective_id=objective.id, key_result_id=key, owed_from=today
            )
        if not wanted and not tracked.ended:
            reason: Literal["cancelled", "objective_closed"] = (
                "cancelled" if key_result.state == "cancelled" else "objective_closed"
            )
            yield said.KRTrackingEnded(objective_id=objective.id, key_result_id=key, reason=reason)


def _started(
    objective: Objective, cycle: Cycle, key_result: KeyResult, today: date
) -> said.KRTrackingStarted:
    return said.KRTrackingStarted(
        objective_id=objective.id,
        key_result_id=key_result.id,
        measure=key_result.measure,
        target_revision=key_result.revision,
        cycle_id=cycle.id,
        cycle_start=cycle.start,
        cycle_end=cycle.end,
        due=key_result.due,
        tracked_from=cycle.start if objective.imported else max(cycle.start, today),
        owed_from=today,
    )


def _differs(tracked: Tracked, key_result: KeyResult) -> bool:
    return tracked.target_revision != key_result.revision or tracked.terms.due != key_result.due


def _touched(steps: Sequence[LifecycleStep]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(event.key_result_id for event in steps))


def _healths(
    asked: Asked[FollowObjective] | Asked[JudgeDay],
    after: Tracking,
    keys: tuple[str, ...],
    reference: Reference,
    today: date,
    cause: said.HealthCause,
) -> Iterator[said.KRHealthChanged]:
    return health_changes(asked.data.objective_id, after, keys, reference.policies, today, cause)
