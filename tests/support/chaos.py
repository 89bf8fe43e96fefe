"""A seeded storm over the write path: callers, owners that are hurt, and a history that is checked.

Faults come by progress, not by the clock: the n-th after the n-th part of the commands was
answered. So a seed gives the same schedule on a slow machine and on a fast one.
"""

import asyncio
import logging
import random
import signal
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from shared.eventing.answers import Accepted, Answer, OutcomeUnknown, Rejected
from shared.eventing.commands import CommandRecord
from shared.eventing.edge import Edge
from shared.eventing.reader import Tail, places_of
from shared.eventing.topics import PARTITIONS
from tests.support.history import History
from tests.support.owning import OwnerProcess, TallyService, until
from tests.support.stack import Stack

log = logging.getLogger(__name__)

FaultKind = Literal["kill", "pause", "roll", "broker", "postgres"]
FAULTS: Final[tuple[FaultKind, ...]] = ("kill", "pause", "roll", "broker", "postgres", "pause")
REPEATED: Final = 0.2


@dataclass(frozen=True)
class Storm:
    """How much of what; `faults` are drawn in this order, their details by `seed`."""

    seed: int
    commands: int
    faults: tuple[FaultKind, ...] = FAULTS
    owners: int = 3
    callers: int = 24
    objectives: int = 40
    bug: str = ""
    pauses: tuple[float, float] = (2.0, 10.0)
    """Seconds; who is paused for more than the session's 8 comes back as a zombie."""
    patience: float = 120.0
    """Seconds that the whole storm may take."""


@dataclass
class Told:
    """What callers were told, and what a reader saw who read along."""

    asked: list[CommandRecord] = field(default_factory=list)
    answers: dict[str, list[tuple[Any, ...]]] = field(default_factory=dict)
    unknown: int = 0
    seen: dict[int, list[str]] = field(default_factory=dict)

    def note(self, command: str, answer: Answer) -> None:
        self.answers.setdefault(command, []).append(_told(answer))


def _told(answer: Answer) -> tuple[Any, ...]:
    match answer:
        case Accepted(events=()):
            return ("unchanged",)
        case Accepted(events=events, version=version):
            return ("accepted", version, tuple(event.id for event in events))
        case Rejected(code=code, facts=facts):
            return (code, repr(facts))
        case _:
            raise AssertionError(f"nobody asked for {answer}")


class Owners:
    """Processes that own the partitions; whoever is killed is started anew."""

    def __init__(self, service: TallyService, storm: Storm, dsn: str) -> None:
        self._service = service
        self._storm = storm
        self._dsn = dsn
        self.processes: list[OwnerProcess] = []

    async def start(self) -> None:
        self.processes = [await self._new() for _ in range(self._storm.owners)]
        await self.processes[0].says("serving")

    async def _new(self) -> OwnerProcess:
        return await OwnerProcess.started(
            self._service, self._dsn, self._storm.bug, module="tests.support.chaos_owner"
        )

    async def kill(self, number: int) -> None:
        await self.processes[number].killed()
        self.processes[number] = await self._new()

    async def roll(self) -> None:
        for number, process in enumerate(self.processes):
            process.process.send_signal(signal.SIGTERM)
            await process.ended()
            self.processes[number] = await self._new()
            await self.processes[number].says("serving")

    async def pause(self, number: int, seconds: float) -> None:
        process = self.processes[number].process
        process.send_signal(signal.SIGSTOP)
        # The length of the pause is the fault itself; nothing is waited for here.
        await asyncio.sleep(seconds)
        process.send_signal(signal.SIGCONT)

    async def end(self) -> None:
        for process in self.processes:
            if process.process.returncode is None:
                process.process.send_signal(signal.SIGCONT)
            await process.killed()


class Weather:
    """Draws the details of each fault, and lets it happen."""

    def __init__(self, storm: Storm, owners: Owners, stack: Stack) -> None:
        self._draw = random.Random(storm.seed)
        self._storm = storm
        self._owners = owners
        self._stack = stack

    async def strike(self, fault: FaultKind) -> None:
        number = self._draw.randrange(self._storm.owners)
        log.info("fault: %s (owner %s)", fault, number)
        match fault:
            case "kill":
                await self._owners.kill(number)
            case "pause":
                await self._owners.pause(number, self._draw.uniform(*self._storm.pauses))
            case "roll":
                await self._owners.roll()
            case "broker":
                await self._stack.kill("kafka")
                await self._stack.ready("kafka")
            case "postgres":
                await self._stack.kill("postgres")
                await self._stack.ready("postgres")


async def storm_over(
    stack: Stack, service: TallyService, storm: Storm
) -> tuple[Told, dict[int, History]]:
    """Let a storm pass; gives what was told, and the histories. Fails where one is not right."""
    owners = Owners(service, storm, stack.postgres)
    told = Told(seen={number: [] for number in range(PARTITIONS)})
    edge = Edge(service.name, bootstrap=service.bootstrap, writer=service.writer)
    try:
        async with asyncio.timeout(storm.patience):
            await owners.start()
            await edge.start()
            await until(lambda: edge.ready, "the edge tails")
            async with _reading_along(service, told):
                await _blow(storm, Weather(storm, owners, stack), edge, service, told)
                histories = await service.histories()
                await _everything_seen(service, told)
    except TimeoutError:
        open_ones = [each.id for each in told.asked if each.id not in told.answers]
        if not open_ones:
            # Too slow is not wrong: it must not count as a bug that was found.
            raise
        raise AssertionError(f"{len(open_ones)} commands never got an answer") from None
    finally:
        await edge.stop()
        await owners.end()
    return told, histories


async def _blow(
    storm: Storm, weather: Weather, edge: Edge, service: TallyService, told: Told
) -> None:
    draw = random.Random(storm.seed + 1)
    answered = asyncio.Semaphore(0)
    work = iter(range(storm.commands))
    callers = [
        _caller(work, draw, edge, service, told, answered, storm) for _ in range(storm.callers)
    ]

    async def faults() -> None:
        for fault in storm.faults:
            for _ in range(storm.commands // (len(storm.faults) + 1)):
                await answered.acquire()
            await weather.strike(fault)

    async with asyncio.TaskGroup() as group:
        group.create_task(faults())
        for caller in callers:
            group.create_task(caller)


async def _caller(
    work: Any,
    draw: random.Random,
    edge: Edge,
    service: TallyService,
    told: Told,
    answered: asyncio.Semaphore,
    storm: Storm,
) -> None:
    """Ask one command after the other, now and then an old one, until each has its answer."""
    for _ in work:
        if told.asked and draw.random() < REPEATED:
            command = draw.choice(told.asked)
        else:
            objective = str(uuid.UUID(int=1 + draw.randrange(storm.objectives)))
            times = draw.choice([1, 1, 1, 2, 0, -1])
            command = service.command(
                objective, times, id=str(uuid.UUID(int=draw.getrandbits(128)))
            )
            told.asked.append(command)
        told.note(command.id, await _answer(edge, command, told, draw))
        answered.release()


async def _answer(edge: Edge, command: CommandRecord, told: Told, draw: random.Random) -> Answer:
    while True:
        try:
            return await edge.ask(command, wait=draw.choice([0.5, 5.0]))
        except OutcomeUnknown:
            told.unknown += 1
            await asyncio.sleep(0.1)


@asynccontextmanager
async def _reading_along(service: TallyService, told: Told) -> AsyncIterator[None]:
    """A reader that is there all the time; what it saw must be what is there in the end."""

    async def read() -> None:
        tail = Tail(service.bootstrap, places_of([service.name]), client_id="chaos-reader")
        await tail.open()
        try:
            while True:
                for batch in await tail.next():
                    told.seen[batch.partition] += [record.id for record in batch.records]
        finally:
            await tail.close()

    task = asyncio.create_task(read())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])
        if not task.cancelled() and (error := task.exception()) is not None:
            raise AssertionError(f"a reader stopped: {error}") from error


async def _everything_seen(service: TallyService, told: Told) -> None:
    final = {n: history.events for n, history in (await service.histories()).items()}
    await until(lambda: told.seen == final, "who read along saw what is there in the end", wait=20)


def check(told: Told, histories: dict[int, History]) -> None:
    """What callers were told is what the log says, always and once."""
    verdicts = {k: v for history in histories.values() for k, v in history.verdicts.items()}
    events = {event for history in histories.values() for event in history.events}
    for command in told.asked:
        answers = set(told.answers[command.id])
        assert len(answers) == 1, f"{command.id} was told {answers}"
        verdict, *more = answers.pop()
        assert verdicts.get(command.id) == verdict, f"{command.id} was told {verdict}"
        if verdict == "accepted":
            assert set(more[1]) <= events, f"{command.id} was accepted, and its events are gone"
    accepted = sum(1 for verdict in verdicts.values() if verdict == "accepted")
    assert accepted > len(told.asked) / 3, "hardly anything was accepted: this proves little"
