"""The days: which day has begun, said once each."""

from dataclasses import dataclass
from datetime import date

from services.checkins.domain.commands import BeginDay
from services.checkins.domain.reference import Reference
from shared.events.checkins import DayBegan
from shared.events.deciding import NOT_YET, Answer, Asked, Refused


@dataclass(frozen=True, slots=True)
class Days:
    """The latest day that began."""

    latest: date | None = None


def evolve(_before: Days, event: DayBegan) -> Days:
    """The days after one more began."""
    return Days(event.day)


def begin_day(asked: Asked[BeginDay], state: Days, reference: Reference) -> Answer:
    """Say that a day began, unless it or a later one did; a day to come has not begun."""
    if state.latest is not None and asked.data.day <= state.latest:
        return []
    if asked.data.day > asked.today(reference.organization.zone):
        return Refused(NOT_YET)
    return [DayBegan(day=asked.data.day)]
