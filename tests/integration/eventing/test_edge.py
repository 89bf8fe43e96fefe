"""The edge on the real broker, with a real owner behind it."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from shared.eventing.answers import Accepted, OutcomeUnknown, Rejected, Tried
from shared.eventing.edge import Edge
from shared.eventing.topics import events_topic
from tests.support.owning import TallyService, running, until
from tests.support.stack import Stack
from tests.support.tally import RAISES

pytestmark = pytest.mark.integration

OBJECTIVES = [str(uuid.UUID(int=n)) for n in range(1, 60)]


@pytest.fixture
async def service(stack: Stack, prefix: str) -> AsyncIterator[TallyService]:
    service = TallyService(stack.kafka, prefix)
    await service.start()
    yield service
    await service.stop()


@asynccontextmanager
async def tailing(service: TallyService) -> AsyncIterator[Edge]:
    """An edge of its own, from when it accepts."""
    edge = Edge(service.name, bootstrap=service.bootstrap, writer=service.writer)
    await edge.start()
    try:
        await until(lambda: edge.ready, "the edge tails")
        yield edge
    finally:
        await edge.stop()


async def test_each_kind_of_answer(service: TallyService) -> None:
    async with running(service.owner()), tailing(service) as edge:
        accepted = await edge.ask(service.command(OBJECTIVES[0], 2))
        nothing_new = await edge.ask(service.command(OBJECTIVES[0], 0))
        refused = await edge.ask(service.command(OBJECTIVES[1], -1))
        poison = await edge.ask(service.command(OBJECTIVES[1], RAISES))
        tried = await edge.ask(replace(service.command(OBJECTIVES[0], 3), dry=True))
        again = await edge.ask(service.command(OBJECTIVES[0], 1))
    assert isinstance(accepted, Accepted)
    assert [event.type for event in accepted.events] == ["ObjectivePublished"] * 2
    assert accepted.version == 2
    assert accepted.position.topic == events_topic(service.name)
    assert isinstance(nothing_new, Accepted)
    assert (nothing_new.events, nothing_new.version) == ((), 2)
    assert isinstance(refused, Rejected)
    assert (refused.code, refused.facts, refused.pointer) == ("negative", {"times": -1}, "/times")
    assert isinstance(poison, Rejected)
    assert poison.code == "internal_error"
    assert isinstance(tried, Tried)
    assert (tried.code, len(tried.events)) == (None, 3)
    assert isinstance(again, Accepted)
    assert again.version == 3, "the dry run had no effect"


async def test_a_retry_is_answered_by_another_edge_as_it_was_first(service: TallyService) -> None:
    commands = [
        replace(service.command(OBJECTIVES[0], 2), body="digest"),
        service.command(OBJECTIVES[0], -1),
        service.command(OBJECTIVES[0], 0),
    ]
    async with running(service.owner()):
        async with tailing(service) as edge:
            first = [await edge.ask(command) for command in commands]
            await edge.ask(service.command(OBJECTIVES[0], 5))
        async with tailing(service) as other:
            second = [await other.ask(command) for command in commands]
    for one, again in zip(first, second, strict=True):
        assert not isinstance(one, Tried)
        assert again == replace(one, repeat=True)


async def test_without_an_owner_the_outcome_is_unknown_and_later_the_truth(
    service: TallyService,
) -> None:
    command = service.command(OBJECTIVES[0], 2)
    async with tailing(service) as edge:
        with pytest.raises(OutcomeUnknown):
            await edge.ask(command, wait=0.3)
        async with running(service.owner()):
            answer = await edge.ask(command, wait=30)
    assert isinstance(answer, Accepted)
    assert len(answer.events) == 2


async def test_what_waits_while_the_broker_is_killed_is_answered_once(
    own_stack: Stack, prefix: str
) -> None:
    service = TallyService(own_stack.kafka, prefix)
    await service.start()
    accepted: dict[str, Accepted] = {}

    async def ask_until_known(edge: Edge, objective: str) -> None:
        command = service.command(objective)
        while command.id not in accepted:
            try:
                answer = await edge.ask(command, wait=3)
            except OutcomeUnknown:
                await asyncio.sleep(0.1)
                continue
            assert isinstance(answer, Accepted)
            accepted[command.id] = answer

    async with running(service.owner()), tailing(service) as edge:
        asking = [asyncio.create_task(ask_until_known(edge, key)) for key in OBJECTIVES]
        await until(lambda: len(accepted) > 5, "some were answered")
        await own_stack.kill("kafka")
        await own_stack.ready("kafka")
        asking += [asyncio.create_task(ask_until_known(edge, key)) for key in OBJECTIVES]
        await asyncio.wait_for(asyncio.gather(*asking), 90)
        histories = await service.histories()
    await service.stop()
    versions = {k: v for history in histories.values() for k, v in history.versions.items()}
    assert versions == {f"objective-{key}": 2 for key in OBJECTIVES}
