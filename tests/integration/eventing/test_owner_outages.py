"""The owner while the broker is away: it says so, and goes on by itself."""

import asyncio
import uuid
from contextlib import suppress

import pytest

from tests.support.owning import TallyService, running, serves_all, until
from tests.support.stack import Stack
from tests.support.tally import Count

pytestmark = pytest.mark.integration

OBJECTIVE = str(uuid.UUID(int=1))


async def test_an_owner_starts_while_the_broker_is_away_and_outlives_its_death(
    own_stack: Stack, prefix: str
) -> None:
    service = TallyService(own_stack.kafka, prefix)
    await service.start()
    await own_stack.hold("kafka")
    owner = service.owner()
    task = asyncio.create_task(owner.run())
    await until(
        lambda: any("waits for the broker" in why for why in owner.status()["why"]), "it says why"
    )
    await own_stack.release("kafka")
    await until(lambda: serves_all(owner) or task.done(), "it serves by itself")

    first = service.command(OBJECTIVE)
    await service.all_decided([await service.writer.write(first)])
    await own_stack.kill("kafka")
    await own_stack.ready("kafka")
    histories = await service.all_decided(
        [await service.writer.write(first), await service.count(OBJECTIVE)]
    )
    assert [v for history in histories.values() for v in history.versions.values()] == [2]
    await until(lambda: serves_all(owner), "it serves again")
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    await service.stop()


async def test_a_decision_waits_for_what_it_needs_of_another_service(
    stack: Stack, prefix: str
) -> None:
    heard = TallyService(stack.kafka, f"{prefix}heard.")
    service = TallyService(stack.kafka, prefix)
    await heard.start()
    await service.start()
    early = service.command(OBJECTIVE)
    command = Count(objective_id=OBJECTIVE, once_heard=2)
    async with running(heard.owner()), running(service.owner(hears=(heard.name,))) as owner:
        asked = type(early)(early.id, early.service, command, early.actor)
        await service.all_decided([await service.writer.write(asked)])
        await heard.all_decided([await heard.count(OBJECTIVE, 2)])
        await until(lambda: sum(owner.view.reference.values()) == 2, "the view has heard it")
        histories = await service.all_decided([await service.writer.write(asked)])
    verdicts = {k: v for history in histories.values() for k, v in history.verdicts.items()}
    assert verdicts == {early.id: "accepted"}
    # Whoever takes over decides at the same views or later ones, and so has to fold them first.
    async with running(service.owner(hears=(heard.name,))) as owner:
        assert sum(owner.view.reference.values()) == 2
    await service.stop()
    await heard.stop()
