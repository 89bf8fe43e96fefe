"""The owner on the real broker: from commands to a log that tells a right history."""

import asyncio
import signal
import uuid
from collections.abc import AsyncIterator

import pytest
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from aiokafka.structs import TopicPartition

from shared.eventing.snapshots import PostgresSnapshots
from shared.eventing.topics import (
    TopicsDiffer,
    TopicSpec,
    assert_topics,
    commands_topic,
    ensure_topics,
    events_topic,
    partition_of,
)
from tests.support.owning import OwnerProcess, TallyService, running, until
from tests.support.stack import Stack
from tests.support.tally import RAISES, topics_of

pytestmark = pytest.mark.integration

OBJECTIVES = [str(uuid.UUID(int=n)) for n in range(1, 9)]


@pytest.fixture
async def service(stack: Stack, prefix: str) -> AsyncIterator[TallyService]:
    service = TallyService(stack.kafka, prefix)
    await service.start()
    yield service
    await service.stop()


async def test_commands_become_events_and_answers(service: TallyService) -> None:
    first = service.command(OBJECTIVES[0], 2)
    commands = [
        first, service.command(OBJECTIVES[0], 0), service.command(OBJECTIVES[1], -1),
        service.command(OBJECTIVES[2], RAISES), first, service.command(OBJECTIVES[2], 1),
    ]  # fmt: skip
    async with running(service.owner()):
        written = [await service.writer.write(command) for command in commands]
        histories = await service.all_decided(written)
    verdicts = {k: v for history in histories.values() for k, v in history.verdicts.items()}
    assert [verdicts[command.id] for command in commands] == [
        "accepted", "unchanged", "negative", "internal_error", "accepted", "accepted",
    ]  # fmt: skip
    versions = {k: v for history in histories.values() for k, v in history.versions.items()}
    assert versions == {f"objective-{OBJECTIVES[0]}": 2, f"objective-{OBJECTIVES[2]}": 1}


async def test_an_owner_that_starts_anew_goes_on_where_the_last_one_ended(
    service: TallyService,
) -> None:
    command = service.command(OBJECTIVES[0])
    async with running(service.owner()):
        await service.all_decided([await service.writer.write(command)])
    waiting = [await service.writer.write(command), await service.count(OBJECTIVES[0])]
    async with running(service.owner()):
        histories = await service.all_decided(waiting)
    history = histories[partition_of(service.name, command.stream)]
    assert history.versions == {command.stream: 2}


async def test_a_recovery_from_snapshots_ends_where_one_without_ends(
    service: TallyService, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.eventing.freezing.SNAPSHOT_EVERY", 5)
    snapshots = PostgresSnapshots(database)
    command = service.command(OBJECTIVES[0])
    place = partition_of(service.name, command.stream)
    async with running(service.owner(snapshots)) as owner:
        written = [await service.writer.write(command)]
        for _ in range(20):
            written.append(await service.count(OBJECTIVES[0]))
            await service.all_decided(written)
        await owner._partitions[place]._keeper.settled()
    restored = service.owner(snapshots)
    folded = service.owner()
    async with running(restored):
        await service.all_decided([await service.writer.write(command)])
    async with running(folded):
        pass
    assert await snapshots.load(service.name, place, restored.status()["fingerprint"]) is not None
    kept, plain = restored._partitions[place]._committed, folded._partitions[place]._committed
    assert kept is not None
    assert plain is not None
    assert (kept.states, kept.versions, kept.resume) == (plain.states, plain.versions, plain.resume)
    assert kept.window.dumped() == plain.window.dumped()
    await snapshots.stop()


async def test_postgres_away_keeps_no_owner_from_serving(service: TallyService) -> None:
    snapshots = PostgresSnapshots("postgresql://nobody@127.0.0.1:9/nothing")
    async with running(service.owner(snapshots)):
        await service.all_decided([await service.count(OBJECTIVES[0])])


async def test_a_second_owner_takes_partitions_over_and_gives_them_back(
    service: TallyService,
) -> None:
    async with running(service.owner()) as first:
        written = [await service.count(objective) for objective in OBJECTIVES]
        second = await OwnerProcess.started(service)
        try:
            await second.says("serving")
            await until(lambda: len(first.status()["partitions"]) == 6, "they share the partitions")
            written += [await service.count(objective) for objective in OBJECTIVES]
            await service.all_decided(written)
        finally:
            second.process.terminate()
            await second.ended()
        written += [await service.count(objective) for objective in OBJECTIVES]
        histories = await service.all_decided(written)
    versions = {k: v for history in histories.values() for k, v in history.versions.items()}
    assert set(versions.values()) == {3}


async def test_a_paused_owner_that_wakes_up_changes_nothing(service: TallyService) -> None:
    zombie = await OwnerProcess.started(service)
    try:
        await zombie.says("serving")
        written = [await service.count(objective) for objective in OBJECTIVES]
        await service.all_decided(written)
        zombie.process.send_signal(signal.SIGSTOP)
        written += [await service.count(objective) for objective in OBJECTIVES]
        async with running(service.owner()):
            await service.all_decided(written)
            zombie.process.send_signal(signal.SIGCONT)
            written += [await service.count(objective) for objective in OBJECTIVES]
            await zombie.says("serving")
            written += [await service.count(objective) for objective in OBJECTIVES]
            histories = await service.all_decided(written)
    finally:
        await zombie.killed()
    versions = {k: v for history in histories.values() for k, v in history.versions.items()}
    assert set(versions.values()) == {4}


async def test_a_log_that_lost_its_beginning_is_not_served(
    service: TallyService, stack: Stack
) -> None:
    objective = OBJECTIVES[0]
    place = partition_of(service.name, f"objective-{objective}")
    async with running(service.owner()):
        await service.all_decided([await service.count(objective)])
    await _cut(stack, events_topic(service.name), place, 2)
    owner = service.owner()
    task = asyncio.create_task(owner.run())
    await until(
        lambda: (p := owner._partitions.get(place)) is not None and p.standing.stopped,
        "the partition is stopped",
    )
    assert not owner.status()["ready"]
    assert any("history is cut" in why for why in owner.status()["why"])
    task.cancel()
    await asyncio.wait([task])


async def test_a_command_topic_that_lost_its_beginning_is_not_decided(
    service: TallyService, stack: Stack
) -> None:
    objective = OBJECTIVES[0]
    place = partition_of(service.name, f"objective-{objective}")
    async with running(service.owner()):
        written = [await service.count(objective), await service.count(objective)]
        await service.all_decided(written)
    await service.count(objective)
    await service.count(objective)
    await _cut(stack, commands_topic(service.name), place, 3)
    owner = service.owner()
    task = asyncio.create_task(owner.run())
    await until(
        lambda: any("the command topic holds 3 to 4" in why for why in owner.status()["why"]),
        "the status says why",
    )
    task.cancel()
    await asyncio.wait([task])


async def _cut(stack: Stack, topic: str, partition: int, before: int) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=stack.kafka)
    await admin.start()
    try:
        await admin.delete_records(
            {TopicPartition(topic, partition): RecordsToDelete(before_offset=before)}
        )
    finally:
        await admin.close()


async def test_topics_that_differ_are_named_with_what_is_wrong(stack: Stack, prefix: str) -> None:
    topics = topics_of(f"{prefix}a")
    await ensure_topics(stack.kafka, topics=topics)
    await ensure_topics(stack.kafka, topics=topics)
    await assert_topics(stack.kafka, topics=topics)
    name = commands_topic(f"{prefix}a")
    wanted = {
        name: TopicSpec(13, {**topics[name].config, "retention.ms": "60000"}),
        "okr.missing": TopicSpec(),
    }
    with pytest.raises(TopicsDiffer) as wrong:
        await assert_topics(stack.kafka, topics=wanted)
    assert f"topic {name} has 12 partitions, not 13" in str(wrong.value)
    assert f"topic {name} has retention.ms=-1, not 60000" in str(wrong.value)
    assert "topic okr.missing does not exist" in str(wrong.value)
