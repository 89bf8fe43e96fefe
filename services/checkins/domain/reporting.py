"""Reporting: progress logged and taken back, and check-ins."""

from collections.abc import Iterator
from datetime import date
from functools import reduce

from services.checkins.domain.commands import LogProgress, PublishCheckIn, RetractProgress
from services.checkins.domain.judging import health_changes
from services.checkins.domain.reference import Reference
from services.checkins.domain.tracking import Tracked, Tracking, evolve
from shared.events import checkins as said
from shared.events.deciding import NOT_YET, Answer, Asked, Refused
from shared.events.folds.objective import Objective
from shared.okr.progress import standing
from shared.okr.readings import Reading, check_reading


def log_progress(asked: Asked[LogProgress], state: Tracking, reference: Reference) -> Answer:
    """One measurement, and what it does to the key result's health."""
    command, today = asked.data, asked.today(reference.organization.zone)
    objective = _open_objective(asked, reference, command.key_result_id)
    if isinstance(objective, Refused):
        return objective
    tracked = _tracked(state, objective, command.key_result_id)
    if isinstance(tracked, Refused):
        return tracked
    problem = _unfit(tracked, command.reading, command.observed_on, today, "")
    if problem:
        return problem
    if command.source == "import" and _measured_before(tracked, command):
        return []
    logged = said.KRProgressLogged(
        objective_id=command.objective_id,
        key_result_id=command.key_result_id,
        n=tracked.logged + 1,
        reading=command.reading,
        observed_on=command.observed_on,
        recorded_on=today,
        late=_is_late(reference, objective),
        confidence=command.confidence,
        note=command.note,
        evidence_url=command.evidence_url,
        source=command.source,
        target_revision=tracked.target_revision,
    )
    return [logged, *_health_after(state, logged, reference, today, command.source)]


def retract_progress(
    asked: Asked[RetractProgress], state: Tracking, reference: Reference
) -> Answer:
    """Take a measurement back; one that is taken back already stays so."""
    command, today = asked.data, asked.today(reference.organization.zone)
    objective = _open_objective(asked, reference, command.key_result_id, corrects=True)
    if isinstance(objective, Refused):
        return objective
    tracked = state.key_results.get(command.key_result_id)
    if tracked is None or not 1 <= command.n <= tracked.logged:
        return Refused("measurement_unknown", {"n": command.n})
    if all(m.n != command.n for m in tracked.measurements):
        return []
    retracted = said.KRProgressRetracted(
        objective_id=command.objective_id,
        key_result_id=command.key_result_id,
        n=command.n,
        reason=command.reason,
    )
    return [retracted, *_health_after(state, retracted, reference, today, "person")]


def publish_check_in(asked: Asked[PublishCheckIn], state: Tracking, reference: Reference) -> Answer:
    """A check-in, the measurements it brings, and what they do to health."""
    command, today = asked.data, asked.today(reference.organization.zone)
    objective = _open_objective(asked, reference, None)
    if isinstance(objective, Refused):
        return objective
    if not state.live:
        return Refused(NOT_YET if objective.live else "no_key_results")
    refusal = _unfit_readings(command, state, objective, today)
    if refusal:
        return refusal
    late, n = _is_late(reference, objective), state.check_ins + 1
    logged = [
        _reported(command, key, state.key_results[key], today, n=n, late=late)
        for key in command.readings
    ]
    measured = reduce(evolve, logged, state)
    published = said.CheckInPublished(
        objective_id=command.objective_id,
        n=n,
        narrative=command.narrative,
        status=command.status,
        confidence=command.confidence,
        key_results=tuple(
            _frozen(key, state.key_results[key], measured.key_results[key], command, today)
            for key in state.live
        ),
        recorded_on=today,
        late=late,
    )
    after = reduce(evolve, logged, evolve(state, published))
    changes = health_changes(
        command.objective_id, after, tuple(after.live), reference.policies, today,
        "check_in", "person",
    )  # fmt: skip
    return [published, *logged, *changes]


def _health_after(
    state: Tracking,
    event: said.KRProgressLogged | said.KRProgressRetracted,
    reference: Reference,
    today: date,
    source: said.Source,
) -> Iterator[said.KRHealthChanged]:
    """What an event does to the health of its key result, unless that is no longer tracked."""
    after = evolve(state, event)
    keys = () if after.key_results[event.key_result_id].ended else (event.key_result_id,)
    return health_changes(
        event.objective_id, after, keys, reference.policies, today, "measurement", source
    )


def _frozen(
    key: str, before: Tracked, after: Tracked, command: PublishCheckIn, today: date
) -> said.FrozenKeyResult:
    """How a key result stands with this check-in; `measurement` is the one that it brings."""
    confidence = command.confidence if after.confidence is None else after.confidence
    given = command.readings.get(key)
    if command.confidence is not None and (given is None or given.confidence is None):
        confidence = command.confidence
    return said.FrozenKeyResult(
        key_result_id=key,
        value=standing(after.terms, after.measurements, today).value,
        value_before=standing(before.terms, before.measurements, today).value,
        confidence=confidence,
        measure=after.terms.measure,
        target_revision=after.target_revision,
        measurement=after.logged if given is not None else None,
    )


def _open_objective(
    asked: Asked[LogProgress] | Asked[RetractProgress] | Asked[PublishCheckIn],
    reference: Reference,
    key_result_id: str | None,
    *,
    corrects: bool = False,
) -> Objective | Refused:
    """The objective, when this actor may report on it now; a closed cycle takes corrections."""
    objective = reference.objectives.get(asked.data.objective_id)
    if objective is None:
        return Refused(NOT_YET)
    refusal = reference.admit(asked.actor, objective, key_result_id)
    if refusal:
        return refusal
    cycle = reference.organization.cycles.get(objective.cycle_id)
    if cycle is None:
        return Refused(NOT_YET)
    if corrects:
        return objective
    if objective.state == "closed":
        return Refused("objective_closed")
    if objective.state != "published":
        return Refused("objective_not_published")
    if cycle.state not in {"active", "review"}:
        return Refused("cycle_not_active", {"state": cycle.state})
    return objective


def _tracked(state: Tracking, objective: Objective, key: str) -> Tracked | Refused:
    tracked = state.key_results.get(key)
    if tracked is None:
        return Refused(NOT_YET)
    known = objective.key_results.get(key)
    if known is not None and known.state != "live":
        return Refused("key_result_cancelled")
    return Refused("objective_closed") if tracked.ended and known is None else tracked


def _unfit(
    tracked: Tracked, reading: Reading, observed_on: date, today: date, pointer: str
) -> Refused | None:
    problem = check_reading(tracked.terms.measure, reading)
    if problem:
        return Refused(problem.code, problem.facts, f"{pointer}/reading{problem.pointer}")
    if observed_on > today:
        facts = {"observed_on": observed_on.isoformat(), "today": today.isoformat()}
        return Refused("observed_in_future", facts, f"{pointer}/observed_on")
    return None


def _unfit_readings(
    command: PublishCheckIn, state: Tracking, objective: Objective, today: date
) -> Refused | None:
    for key, given in command.readings.items():
        pointer = f"/readings/{key}"
        if key not in objective.key_results:
            return Refused("key_result_unknown", {"key_result_id": key}, pointer)
        tracked = _tracked(state, objective, key)
        if isinstance(tracked, Refused):
            return tracked
        problem = _unfit(tracked, given.reading, given.observed_on, today, pointer)
        if problem:
            return problem
    return None


def _measured_before(tracked: Tracked, command: LogProgress) -> bool:
    """Whether an import brings what stands already; importing again changes nothing."""
    return any(
        m.observed_on == command.observed_on and m.reading == command.reading
        for m in tracked.measurements
    )


def _is_late(reference: Reference, objective: Objective) -> bool:
    return reference.organization.cycles[objective.cycle_id].state == "review"


def _reported(
    command: PublishCheckIn, key: str, tracked: Tracked, today: date, *, n: int, late: bool
) -> said.KRProgressLogged:
    given = command.readings[key]
    return said.KRProgressLogged(
        objective_id=command.objective_id,
        key_result_id=key,
        n=tracked.logged + 1,
        reading=given.reading,
        observed_on=given.observed_on,
        recorded_on=today,
        late=late,
        confidence=given.confidence,
        target_revision=tracked.target_revision,
        check_in=n,
    )
