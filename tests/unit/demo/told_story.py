"""The story of the demo, told without the suite: what is known of each key result on a day.

It folds the story's calls into terms, measurements and reports, and asks `shared.okr` for the rest.
"""

import re
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from pydantic import TypeAdapter

from shared.okr.calendar import WorkingDays
from shared.okr.duty import Cadence, DutyStatus, due_days, duty
from shared.okr.expected import expected, judged_day
from shared.okr.health import DEFAULT_HEALTH_POLICY, Report, Verdict, judge
from shared.okr.progress import Standing, standing
from shared.okr.readings import Reading
from shared.okr.terms import Measurement, Terms, latest
from tests.unit.demo.demo_files import MEASURES, KeyResult

READINGS: TypeAdapter[Reading] = TypeAdapter(Reading)
CYCLE = (date(2021, 1, 1), date(2021, 12, 31))


@dataclass
class Tracked:
    """What has been told of one key result."""

    kr: KeyResult
    body: dict[str, Any]
    measurements: list[Measurement] = field(default_factory=list)
    retracted: set[int] = field(default_factory=set)
    confidence: int | None = None
    reports: list[date] = field(default_factory=list)
    last_check_in: date | None = None
    report: Report | None = None
    closed: bool = False

    @property
    def terms(self) -> Terms:
        """What it is judged by now; an import is tracked from the cycle's first day."""
        measure = MEASURES.validate_python(self.body)
        return Terms(measure, *CYCLE, due=self.kr.due, tracked_from=CYCLE[0])

    @property
    def counted(self) -> list[Measurement]:
        """The measurements that were not retracted."""
        return [one for one in self.measurements if one.n not in self.retracted]

    def measured(self, body: dict[str, Any]) -> None:
        """Take a reading."""
        reading = READINGS.validate_python(body["reading"])
        observed_on = date.fromisoformat(body["observed_on"])
        self.measurements.append(Measurement(len(self.measurements) + 1, observed_on, reading))

    def retargeted(self, body: dict[str, Any]) -> None:
        """Take new terms: of the measure, or of the part that is named."""
        change = {name: body[name] for name in body if name not in ("reason", "part")}
        if "part" in body:
            parts = [
                {**part, "measure": {**part["measure"], **change}}
                if part["name"] == body["part"]
                else part
                for part in self.body["parts"]
            ]
            change = {"parts": parts}
        self.body = {**self.body, **change}


def tell(
    story: dict[str, Any], of: dict[str, KeyResult], until: datetime | None = None
) -> dict[str, Tracked]:
    """Return what is known of every key result after the steps up to `until`, or all of them."""
    known = {path: Tracked(kr, kr.body) for path, kr in of.items()}
    for step in story["steps"]:
        if until is not None and datetime.fromisoformat(step["at"]) > until:
            break
        if "method" in step:
            _take(step, known)
    return known


def _take(step: dict[str, Any], known: dict[str, Tracked]) -> None:
    today = datetime.fromisoformat(step["at"]).date()
    if named := re.search(r"\{kr:(.+?)\}/(progress|retarget)(?:/(\d+)/retract)?$", step["path"]):
        one = known[named[1]]
        if named[3]:
            one.retracted.add(int(named[3]))
        elif named[2] == "retarget":
            one.retargeted(step["body"])
        else:
            one.measured(step["body"])
            one.reports.append(today)
            one.confidence = step["body"].get("confidence", one.confidence)
    elif named := re.search(r"\{objective:(.+?)\}/(check-ins|close)$", step["path"]):
        for one in known.values():
            if one.kr.objective == named[1] and named[2] == "close":
                one.closed = True
            elif one.kr.objective == named[1]:
                _check_in(one, step["body"], today)


def _check_in(one: Tracked, body: dict[str, Any], today: date) -> None:
    mine = body["readings"].get("{kr:" + one.kr.path + "}", {})
    if mine:
        one.measured(mine)
    one.confidence = mine.get("confidence", body.get("confidence", one.confidence))
    one.reports.append(today)
    one.last_check_in = today
    one.report = Report(body["status"], has_note=True) if "status" in body else None


def calendar_of(story: dict[str, Any]) -> WorkingDays:
    """Return the calendar that the story sets."""
    step = next(step for step in story["steps"] if step.get("path") == "/v1/policies/calendar")
    return WorkingDays.model_validate(step["body"])


def days_due(story: dict[str, Any]) -> list[date]:
    """Return the days of 2021 on which a report falls due."""
    return list(due_days(Cadence(), calendar_of(story), *CYCLE))


def standing_on(one: Tracked, today: date) -> Standing:
    """Return where a key result stands."""
    return standing(one.terms, one.counted, today, closed=one.closed)


def judged(one: Tracked, today: date, due: list[date], imported_on: date) -> Verdict:
    """Return the health of a key result on a day, as the default policies have it."""
    owed = duty(
        Cadence(), due, today,
        owed_after=imported_on, last_report=max(one.reports, default=None),
    )  # fmt: skip
    stands = standing_on(one, today)
    newest = latest(one.counted)
    day = judged_day(
        one.terms.due_on,
        today,
        last_observed=newest.observed_on if newest else None,
        last_check_in=one.last_check_in,
    )
    return judge(
        DEFAULT_HEALTH_POLICY,
        progress=stands.progress,
        attained=stands.attained,
        expected=None if day is None else expected(one.terms, day),
        report=one.report,
        confidence=one.confidence,
        outdated=owed.status is DutyStatus.OUTDATED,
        closed=one.closed,
    )
