"""The shared tail on the real broker: what readers see when it is killed and comes back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from shared.eventing.answers import Accepted
from shared.eventing.edge import Edge
from shared.eventing.reader import Tail, places_of
from shared.eventing.sharing import SharedTail
from tests.support.owning import TallyService, running, until
from tests.support.stack import Stack

pytestmark = pytest.mark.integration

OBJECTIVE = "00000000-0000-4000-8000-000000000001"


class Reader:
    """Follows a service for good, and remembers what it was given."""

    def __init__(self, tail: Tail) -> None:
        self.tail = tail
        self.given: list[str] = []

    async def run(self) -> None:
        try:
            await self.tail.open()
            while True:
                for batch in await self.tail.next():
                    self.given += [record.id for record in batch.records]
        finally:
            await self.tail.close()


@asynccontextmanager
async def shared_by(service: TallyService) -> AsyncIterator[SharedTail]:
    hub = SharedTail(service.bootstrap)
    await hub.start()
    try:
        yield hub
    finally:
        await hub.stop()


@asynccontextmanager
async def tailing(service: TallyService, hub: SharedTail) -> AsyncIterator[Edge]:
    edge = Edge(
        service.name, bootstrap=service.bootstrap, writer=service.writer, make_tail=hub.tail
    )
    await edge.start()
    try:
        await until(lambda: edge.ready, "the edge tails")
        yield edge
    finally:
        await edge.stop()


@asynccontextmanager
async def reading(service: TallyService, hub: SharedTail, name: str) -> AsyncIterator[Reader]:
    tail = hub.tail(service.bootstrap, places_of([service.name]), client_id=name)
    reader = Reader(tail)
    task = asyncio.create_task(reader.run())
    try:
        yield reader
        if task.done():
            task.result()
    finally:
        task.cancel()
        await asyncio.wait([task])


async def accepted(service: TallyService, edge: Edge, count: int) -> list[str]:
    """The ids of the events of so many commands."""
    said: list[str] = []
    for _ in range(count):
        answer = await edge.ask(service.command(OBJECTIVE, 2), wait=30)
        assert isinstance(answer, Accepted)
        said += [event.id for event in answer.events]
    return said


async def test_nothing_is_lost_or_given_twice_while_the_broker_is_killed(
    own_stack: Stack, prefix: str
) -> None:
    service = TallyService(own_stack.kafka, prefix)
    await service.start()
    try:
        async with (
            running(service.owner()),
            shared_by(service) as hub,
            tailing(service, hub) as edge,
            reading(service, hub, "early") as early,
        ):
            said = await accepted(service, edge, 5)
            await until(lambda: early.given == said, "the early reader has it all")
            for _ in range(2):
                generation = hub.generation
                await own_stack.kill("kafka")
                await own_stack.ready("kafka")
                await until(lambda: edge.ready, "the edge tails again")
                said += await accepted(service, edge, 5)
                await until(lambda: early.given == said, "the early reader has it all")  # noqa: B023
                assert hub.generation > generation
            async with reading(service, hub, "late") as late:
                await until(lambda: late.given == said, "the late reader has it all")
                said += await accepted(service, edge, 5)
                await until(lambda: early.given == late.given == said, "both have it all")
    finally:
        await service.stop()
