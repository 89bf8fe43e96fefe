"""Where each key result stands: its figures by the shared rules, and its part of every answer."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from services.readmodels.projections.days import BEFORE_ANY, today
from services.readmodels.projections.marks import KEY_RESULT, OBJECTIVE
from services.readmodels.projections.waking import next_change
from services.readmodels.projections.written import (
    figure,
    instant,
    measure_of,
    object_text,
    progress,
    reading_of,
)
from shared.eventing.projection import Derivation
from shared.eventing.rows import Rows
from shared.eventing.tables import Key, Row, Table
from shared.okr.calendar import DEFAULT_ZONE, WorkingDays, day_of
from shared.okr.duty import Cadence, due_days, reported_when_due
from shared.okr.expected import expected, judged_day
from shared.okr.figures import EXACT, HUNDRED
from shared.okr.holidays import DEFAULT_CALENDAR
from shared.okr.progress import Measurement, Standing, Terms, latest, standing

STANDINGS: Final = Table(
    "standings",
    key=("id",),
    columns={
        "id": "text",
        "objective_id": "text",
        "place": "integer",
        "live": "boolean",
        "title": "text",
        "raw": "numeric",
        "shown": "numeric",
        "expected": "numeric",
        "confidence": "integer",
        "health": "text",
        "reported": "integer",
        "due": "integer",
        "wakes_on": "date",
        "document": "text",
    },
    lookups=(("objective_id",), ("wakes_on",)),
)
"""`document` is the key result as answers hold it; `wakes_on` the day to look at it again."""

TABLES: Final = (STANDINGS,)


@dataclass(frozen=True, slots=True)
class _Stand:
    """What is derived of a key result; all unknown until it is tracked."""

    standing: Standing | None = None
    expected: Decimal | None = None
    newest: Row | None = None
    reported: int = 0
    due: int = 0
    wakes_on: date | None = None


_NOWHERE: Final = _Stand()


def derive_standing(key: Key, rows: Rows) -> None:
    """Judge a key result by the shared rules, and write down how answers tell it."""
    fact = rows["key_results"].get(key)
    before = rows["standings"].get(key)
    tracked = rows["tracked"].get(key)
    if fact is None:
        # Tracking was heard of first; the key result itself marks it again.
        return
    objective = rows["objectives"].get(fact["objective_id"])
    measured = rows["measurements"].where(key_result_id=key)
    stand = _NOWHERE if tracked is None else _stand(tracked, measured, rows)
    health = _health(fact, objective, tracked)
    seen = stand.standing.progress if stand.standing else None
    row = {
        "id": key,
        "objective_id": fact["objective_id"],
        "place": fact["place"],
        "live": fact["state"] == "live",
        "title": fact["title"],
        "raw": seen.raw if seen else None,
        "shown": seen.shown if seen else None,
        "expected": stand.expected,
        "confidence": tracked["confidence"] if tracked else None,
        "health": health,
        "reported": stand.reported,
        "due": stand.due,
        "wakes_on": stand.wakes_on,
        "document": _document(fact, objective, tracked, stand, health),
    }
    if row != before:
        rows.mark(OBJECTIVE, fact["objective_id"])
        rows["standings"].put(row)


def _stand(tracked: Row, measured: Sequence[Row], rows: Rows) -> _Stand:
    now = today(rows)
    tracking = rows["tracking"].get(tracked["objective_id"])
    cycle = rows["cycles"].get(tracked["cycle_id"])
    zone = _zone(rows)
    due_on = _due_days(tracked, cycle, zone, rows)
    counted = [row for row in measured if row["retracted_at"] is None]
    measurements = [
        Measurement(row["n"], row["observed_on"], reading_of(row["reading"])) for row in counted
    ]
    if now is None:
        return _Stand(wakes_on=BEFORE_ANY)
    terms = _terms(tracked)
    ended = tracked["ended_at"] is not None
    # What has ended stands as it stood on that day, whatever day it is now.
    day = day_of(tracked["ended_at"], zone) if ended else now
    last = latest(measurements)
    reports = [date.fromisoformat(text) for text in tracked["reports"]]
    reported, due = reported_when_due(
        due_on, day, owed_after=tracked["owed_from"], reports=reports
    )  # fmt: skip
    if ended:
        should = tracked["expected"]
    else:
        judged = judged_day(
            terms.due_on, day,
            last_observed=last.observed_on if last else None,
            last_check_in=tracking["checked_in_on"] if tracking else None,
        )  # fmt: skip
        should = None if judged is None else expected(terms, judged)
    return _Stand(
        standing=standing(terms, measurements, day, closed=ended),
        expected=should,
        newest=next((row for row in counted if last and row["n"] == last.n), None),
        reported=reported,
        due=due,
        wakes_on=None if ended else next_change(terms, due_on, day),
    )


def _terms(tracked: Row) -> Terms:
    return Terms(
        measure=measure_of(tracked["measure"]),
        cycle_start=tracked["cycle_start"],
        cycle_end=tracked["cycle_end"],
        due=tracked["due"],
        tracked_from=tracked["tracked_from"],
    )


def _zone(rows: Rows) -> str:
    row = rows["policies"].get("organization")
    return _zone_of(row["value"]) if row else DEFAULT_ZONE


def _due_days(tracked: Row, cycle: Row | None, zone: str, rows: Rows) -> Sequence[date]:
    """The days of its cycle on which reports were owed: those on which the cycle was active."""
    cadence, calendar = rows["policies"].get("cadence"), rows["policies"].get("calendar")
    if cycle is None or cycle["activated_at"] is None:
        return ()
    days = _days_of(
        cadence["value"] if cadence else None,
        calendar["value"] if calendar else None,
        tracked["cycle_start"],
        tracked["cycle_end"],
    )
    first = day_of(cycle["activated_at"], zone)
    last = None if cycle["left_at"] is None else day_of(cycle["left_at"], zone)
    return [day for day in days if first <= day and (last is None or day <= last)]


def _health(fact: Row, objective: Row | None, tracked: Row | None) -> str | None:
    """What checkins said; pending once it is to be tracked, unknown before."""
    if tracked is not None:
        health: str = tracked["health"]
        return health
    expected_soon = objective is not None and objective["state"] == "published"
    return "pending" if expected_soon and fact["state"] == "live" else None


def _document(
    fact: Row, objective: Row | None, tracked: Row | None, stand: _Stand, health: str | None
) -> str:
    seen = stand.standing
    weights = objective["weights"] if objective else {}
    told = {
        "id": fact["id"],
        "objective_id": fact["objective_id"],
        "title": fact["title"],
        "owner_id": fact["owner_id"],
        "weight": weights.get(fact["id"]),
        "due": fact["due"].isoformat() if fact["due"] else None,
        "mentions": fact["mentions"],
        "progress": progress(seen.progress.raw, seen.progress.shown)
        if seen and seen.progress
        else None,
        "attained": seen.attained if seen else None,
        "zone": seen.zone if seen else None,
        "expected": figure(stand.expected),
        "health": health,
        "health_reason": _reason(tracked, stand),
        "confidence": tracked["confidence"] if tracked else None,
        "coverage": _coverage(seen),
        "state": fact["state"],
        "revision": fact["revision"],
    }
    return object_text(told, measure=fact["measure"], latest=_latest(stand))


def _reason(tracked: Row | None, stand: _Stand) -> dict[str, Any] | None:
    """The rule that decided the health, and the gap between the figures shown beside it."""
    if tracked is None:
        return None
    gap = None
    seen = stand.standing.progress if stand.standing else None
    if seen is not None and stand.expected is not None:
        gap = EXACT.multiply(EXACT.subtract(stand.expected, seen.shown), HUNDRED)
    return {
        "rule": tracked["rule"],
        "version": tracked["rule_version"],
        "gap": figure(gap),
        "cause": tracked["cause"],
    }


def _coverage(seen: Standing | None) -> dict[str, int] | None:
    if seen is None:
        return None
    return {"measured": seen.coverage.measured, "total": seen.coverage.total}


def _latest(stand: _Stand) -> str:
    newest, seen = stand.newest, stand.standing
    if newest is None:
        return "null"
    told = {
        "n": newest["n"],
        "value": figure(seen.value if seen else None),
        "observed_on": newest["observed_on"].isoformat(),
        "recorded_at": instant(newest["recorded_at"]),
        "by": newest["actor_id"],
        "source": newest["source"],
    }
    return object_text(told, reading=newest["reading"])


@lru_cache(maxsize=64)
def _zone_of(value: str) -> str:
    return str(json.loads(value).get("time_zone", DEFAULT_ZONE))


@lru_cache(maxsize=1_024)
def _days_of(
    cadence: str | None, calendar: str | None, first: date, last: date
) -> tuple[date, ...]:
    return tuple(
        due_days(
            Cadence.model_validate_json(cadence) if cadence else Cadence(),
            WorkingDays.model_validate_json(calendar) if calendar else DEFAULT_CALENDAR,
            first,
            last,
        )
    )


DERIVATION: Final = Derivation(KEY_RESULT, derive_standing)
