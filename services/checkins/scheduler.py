"""The scheduler: posts the passing of days as commands, so that silence and due days tell.

It keeps no state of its own but a fold of the logs, and asking twice says nothing new; so several
of them do no harm, and one that was away for days judges on landing what fell due in between.
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from services.checkins.domain.commands import BeginDay, JudgeDay
from shared.eventing.commands import CommandRecord
from shared.eventing.edge import Accepted, Edge, NotTailing, OutcomeUnknown, Overloaded
from shared.eventing.positions import Position, Vector
from shared.eventing.reader import places_of
from shared.eventing.wire import recorded
from shared.events import checkins as said
from shared.events.deciding import NOT_YET, SYSTEM, Command, Recorded
from shared.events.folds import views
from shared.events.folds.organization import Organization
from shared.okr import identity
from shared.okr.calendar import day_of, start_of_day
from shared.runtime.means import Means

SOURCE: Final = "/okr/checkins/scheduler"
AT_ONCE: Final = 64
LONGEST_WAIT: Final = timedelta(minutes=1)
"""However far midnight is: the machine's clock may be set, or have slept."""

PAUSE: Final = 0.5


@dataclass(slots=True)
class Almanac:
    """What the logs say of time: the organization's clock, what is tracked, which day it is."""

    organization: Organization = field(default_factory=Organization)
    live: dict[str, set[str]] = field(default_factory=dict)
    begun: date | None = None
    clock_at: Position | None = None

    def learn(self, told: Recorded[Any], position: Position) -> None:
        """Fold one event of organization or checkins in."""
        event = told.event
        match event:
            case said.KRTrackingStarted() | said.KRTrackingResumed():
                self.live.setdefault(event.objective_id, set()).add(event.key_result_id)
            case said.KRTrackingEnded():
                remaining = self.live.get(event.objective_id, set())
                remaining.discard(event.key_result_id)
                if not remaining:
                    self.live.pop(event.objective_id, None)
            case said.DayBegan(day=day):
                self.begun = day if self.begun is None else max(self.begun, day)
            case said.TrackingEvent():
                pass
            case _:
                self.organization = views.learn(self.organization, told)
                self.clock_at = position

    def now(self, broker_time: datetime) -> datetime:
        """The organization's instant."""
        return broker_time + self.organization.clock_offset

    def day_to_begin(self, broker_time: datetime) -> date | None:
        """Today, if there is an organization and its day was not begun yet."""
        if self.organization.company_id is None:
            return None
        today = day_of(self.now(broker_time), self.organization.zone)
        return today if self.begun is None or self.begun < today else None

    def until_midnight(self, broker_time: datetime) -> timedelta:
        """How long the organization's day still is, bounded by `LONGEST_WAIT`."""
        now, zone = self.now(broker_time), self.organization.zone
        tomorrow = start_of_day(day_of(now, zone) + timedelta(days=1), zone)
        return min(tomorrow - now, LONGEST_WAIT)

    def commands(self, day: date) -> Iterable[Command]:
        """What a day that begins asks of each live tracking."""
        return [JudgeDay(objective_id=objective_id, day=day) for objective_id in self.live]


async def keep_days(
    means: Means, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> None:
    """Follow the logs and post each day that begins, for ever.

    A day has begun (`DayBegan`) only when all that is tracked has been judged on it.
    """
    almanac = Almanac()
    places = places_of(("organization", "checkins"))
    tail = means.tail(places, client_id="okr-scheduler")

    async def how_far() -> Vector | None:
        if almanac.day_to_begin(clock()) is not None:
            return None
        vector: dict[str, dict[int, int]] = {}
        for topic, number in places:
            vector.setdefault(topic, {})[number] = tail.next_offset((topic, number))
        return vector

    means.rest.watch("days", how_far)
    try:
        await tail.open()
        while True:
            wait = almanac.until_midnight(clock()).total_seconds()
            while batches := await tail.next(wait=max(wait, 0.0)):
                for batch in batches:
                    for record in batch.records:
                        at = Position(record.topic, record.partition, record.offset)
                        almanac.learn(recorded(record), at)
                wait = 0.0
            day = almanac.day_to_begin(clock())
            if day is not None:
                await _begin(day, almanac, means.edge)
    finally:
        await tail.close()


async def _begin(day: date, almanac: Almanac, edge: Edge) -> None:
    """Have every live tracking judged, a bounded number at once, and then say the day began."""
    gate = asyncio.Semaphore(AT_ONCE)
    after = () if almanac.clock_at is None else (almanac.clock_at,)

    async def judge(command: Command) -> None:
        async with gate:
            await _decided(edge, command, day, after)

    async with asyncio.TaskGroup() as group:
        for command in almanac.commands(day):
            group.create_task(judge(command))
    if await _decided(edge, BeginDay(day=day), day, after):
        almanac.begun = day


async def _decided(edge: Edge, command: Command, day: date, after: tuple[Position, ...]) -> bool:
    """Ask until there is an answer; gives whether it was accepted."""
    record = CommandRecord(
        id=identity.reaction_command_id(SOURCE, day.isoformat(), command.stream),
        service="checkins",
        command=command,
        actor=SYSTEM,
        after=after,
    )
    while True:
        try:
            answer = await edge.ask(record)
        except (NotTailing, OutcomeUnknown, Overloaded):
            await asyncio.sleep(PAUSE)
            continue
        if isinstance(answer, Accepted):
            return True
        if answer.code != NOT_YET:
            return False
