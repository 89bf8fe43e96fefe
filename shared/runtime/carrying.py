"""Carries reactions and effects: FastStream delivers the events, the edge takes the commands.

Each reaction is a consumer group of its own, `<service>.<clause>`. Within a source partition events
are dealt with one after the other, because the owner takes an event behind one that was reacted to
for a repeat; partitions go side by side. An offset is committed only when everything before it has
an answer. Nothing is skipped: what fails is tried again for ever, with growing pauses.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, Protocol

from shared.eventing.answers import Accepted, Answer
from shared.eventing.commands import CommandRecord
from shared.eventing.positions import Position, Vector, covers
from shared.eventing.wire import LogRecord, recorded
from shared.events.deciding import NOT_YET, SYSTEM, Command, Recorded
from shared.okr import identity
from shared.runtime.metrics import Metrics
from shared.runtime.reacting import Effect, Reaction
from shared.runtime.readiness import Light

log = logging.getLogger(__name__)

_FIRST_PAUSE: Final = 0.01
_LONGEST_PAUSE: Final = 5.0
_SAID_AFTER: Final = 1.0
"""A pause this long is no hiccup any more: `/readyz` says so."""

Deal = Callable[[LogRecord], Awaitable[None]]


class NotHeardYet(Exception):
    """Something that the reaction needs has not arrived here; it will."""


class Asks(Protocol):
    """The edge of the reaction's service."""

    async def ask(self, record: CommandRecord, *, wait: float = 10.0) -> Answer:
        """The owner's answer; raises `OutcomeUnknown`."""


class Seen(Protocol):
    """The reference view of the reaction's service."""

    @property
    def reference(self) -> Any:  # noqa: ANN401 - each service has its own
        """What was folded so far."""

    @property
    def vector(self) -> Vector:
        """Up to where it was folded."""


class Reacting:
    """One reaction: says to its own service what an event means for it."""

    def __init__(self, service: str, reaction: Reaction, edge: Asks, view: Seen) -> None:
        self._service = service
        self._reaction = reaction
        self._edge = edge
        self._view = view

    async def deal(self, record: LogRecord) -> None:
        """React to one event; returns once every command of it has an answer."""
        position = Position(record.topic, record.partition, record.offset)
        heard = self._view.vector
        if position.topic in heard and not covers(heard, (position,)):
            raise NotHeardYet(f"the reference view is not at {position} yet")
        event = recorded(record)
        try:
            commands = self._reaction.when(event, self._view.reference)
        except LookupError as error:
            raise NotHeardYet(repr(error)) from error
        asked = [self.record(event, command, position, record) for command in commands]
        if len({each.stream for each in asked}) < len(asked):
            raise ValueError(f"{self._reaction.name} says two things to one stream")
        await asyncio.gather(*(self._ask(each) for each in asked))

    def record(
        self, event: Recorded[Any], command: Command, position: Position, source: LogRecord
    ) -> CommandRecord:
        """The command with an id that every delivery of the event gives it."""
        said_to = f"{self._reaction.name}:{command.stream}"
        ce_source = source.text("ce_source") or ""
        return CommandRecord(
            id=identity.reaction_command_id(ce_source, event.id, said_to),
            service=self._service,
            command=command,
            actor=event.actor if self._reaction.by_its_actor else SYSTEM,
            correlation=event.correlation,
            causation=event.id,
            after=(position,),
            reaction=f"{self._reaction.name}@{position}",
            traceparent=source.text("traceparent"),
        )

    async def _ask(self, record: CommandRecord) -> None:
        answer = await self._edge.ask(record)
        if isinstance(answer, Accepted):
            return
        if answer.code == NOT_YET:
            raise NotHeardYet(f"{record.type} was answered not_yet")
        # A refusal is an answer: the rules of the service say that there is nothing to do.
        log.warning("%s of %s was refused: %s", record.type, record.reaction, answer.code)


class Acting:
    """One effect: does outside the log what an event asks for."""

    def __init__(self, effect: Effect, means: Any) -> None:  # noqa: ANN401 - the process's means
        self._effect = effect
        self._means = means

    async def deal(self, record: LogRecord) -> None:
        """Do it; safe to be done again."""
        await self._effect.then(recorded(record), self._means)


class Carrier:
    """Takes batches for one reaction or effect, and says when it stands still."""

    def __init__(
        self, name: str, hears: Sequence[type[Any]], deal: Deal, light: Light, metrics: Metrics
    ) -> None:
        self.name = name
        self._hears = frozenset(cls.__name__ for cls in hears)
        self._deal = deal
        self._light = light
        self._done = metrics.reactions.labels(name, "done")
        self._failed = metrics.reactions.labels(name, "failed")
        self.busy = False

    async def take(self, records: Sequence[LogRecord]) -> bool:
        """Deal with valid events, in order within each partition; returns when all are done.

        Gives whether there was any that it hears.
        """
        lanes: dict[tuple[str, int], list[LogRecord]] = {}
        for record in records:
            if self._is_heard(record.type):
                lanes.setdefault((record.topic, record.partition), []).append(record)
        self.busy = True
        try:
            async with asyncio.TaskGroup() as group:
                for lane in lanes.values():
                    group.create_task(self._one_after_the_other(lane))
        finally:
            self.busy = False
        return bool(lanes)

    def _is_heard(self, ce_type: str) -> bool:
        # `okr.<Name>.v<N>`: an older version of an event is lifted to today's when it is read.
        return ce_type.removeprefix("okr.").partition(".")[0] in self._hears

    async def _one_after_the_other(self, lane: Sequence[LogRecord]) -> None:
        for record in lane:
            await self._until_done(record)

    async def _until_done(self, record: LogRecord) -> None:
        pause = _FIRST_PAUSE
        while True:
            try:
                await self._deal(record)
            except Exception as error:  # noqa: BLE001 - never skipped, whatever it is
                self._failed.inc()
                await self._stand_still(record, error, pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
            else:
                self._done.inc()
                if pause > _SAID_AFTER:
                    self._light.ready()
                return

    async def _stand_still(self, record: LogRecord, error: Exception, pause: float) -> None:
        at = f"{record.topic}/{record.partition}@{record.offset}"
        if pause > _SAID_AFTER:
            self._light.not_ready(f"stands still at {at}: {type(error).__name__}: {error}")
            log.error("%s stands still at %s", self.name, at, exc_info=error)
        else:
            log.debug("%s tries %s again: %r", self.name, at, error)
        await asyncio.sleep(pause)
