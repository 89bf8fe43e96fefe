"""Bare machinery: what the drivers and servers below us do when nothing of ours is in between."""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Final
from uuid import uuid4

import asyncpg
import uvloop
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from shared.eventing.clients import consumer, producer
from shared.eventing.commands import CommandRecord, headers_of, value_of
from shared.eventing.postgres import connect
from shared.eventing.topics import kept
from shared.events.deciding import SYSTEM
from shared.okr.identity import import_id
from tests.bench.company import Company
from tests.bench.load import percentile

_PLAIN: Final = "bench.plain"
_FLUSHED: Final = "bench.flushed"
_ROUNDS: Final = 20
"""Unrecorded ones before each measurement."""


async def produce(spec: dict[str, Any]) -> dict[str, Any]:
    """A command's record, sent and acknowledged by all in-sync replicas, one after the other.

    On a topic as ours are on a single broker (`flush.messages=1`), and on one that leaves writing
    to disk to the operating system.
    """
    return {
        "flushed": await _producing(spec, _FLUSHED, "1"),
        "plain": await _producing(spec, _PLAIN, str(2**63 - 1)),
    }


async def _producing(spec: dict[str, Any], name: str, flush: str) -> dict[str, float]:
    await _topic(spec["kafka"], name, flush)
    key, value, headers = _record(spec["seed"])
    client = producer(spec["kafka"], client_id="bench")
    await client.start()

    async def once() -> None:
        await client.send_and_wait(name, value, key, partition=0, headers=headers)

    try:
        return await _timed(once, spec["count"])
    finally:
        await client.stop()


async def path(spec: dict[str, Any]) -> dict[str, Any]:
    """Produce a record, consume it, write a row, and select it by another connection."""
    await _topic(spec["kafka"], _FLUSHED, "1")
    key, value, headers = _record(spec["seed"])
    writer = producer(spec["kafka"], client_id="bench")
    reader = consumer(spec["kafka"], client_id="bench", fetch_max_wait_ms=50)
    await writer.start()
    await reader.start()
    place = TopicPartition(_FLUSHED, 0)
    reader.assign([place])
    async with _connected(spec["postgres"]) as one, _connected(spec["postgres"]) as other:
        await one.execute("CREATE SCHEMA IF NOT EXISTS bench")
        await one.execute("CREATE TABLE IF NOT EXISTS bench.seen (id text PRIMARY KEY, n bigint)")
        reader.seek(place, (await reader.end_offsets([place]))[place])

        async def once() -> None:
            landed = await writer.send_and_wait(_FLUSHED, value, key, partition=0, headers=headers)
            await reader.getone(place)
            await one.execute(
                "INSERT INTO bench.seen VALUES ('one', $1)"
                " ON CONFLICT (id) DO UPDATE SET n = excluded.n",
                landed.offset,
            )
            await other.fetchval("SELECT n FROM bench.seen WHERE id = 'one'")

        try:
            return await _timed(once, spec["count"])
        finally:
            await writer.stop()
            await reader.stop()


async def select(spec: dict[str, Any]) -> dict[str, Any]:
    """The stored documents of these objectives and their key results, by key."""
    statement = """
        SELECT c.document, (SELECT string_agg(s.document, ',') FROM read.okrs_standings s
            WHERE s.objective_id = c.id) FROM read.okrs_cards c WHERE c.id = ANY($1)
    """
    pool = await asyncpg.create_pool(spec["postgres"], min_size=8, max_size=8)

    async def once() -> None:
        rows = await pool.fetch(statement, spec["ids"])
        assert len(rows) == len(spec["ids"])

    try:
        alone = await _timed(once, spec["count"])
        began = time.perf_counter()

        async def caller() -> None:
            for _ in range(spec["count"] // spec["callers"] + 1):
                await once()

        await asyncio.gather(*(caller() for _ in range(spec["callers"])))
        asked = spec["callers"] * (spec["count"] // spec["callers"] + 1)
        return {**alone, "rate": asked / (time.perf_counter() - began)}
    finally:
        pool.terminate()


async def copy(spec: dict[str, Any]) -> dict[str, Any]:
    """The rows of all read models, copied from memory into tables without an index."""
    async with _connected(spec["postgres"]) as connection:
        await connection.execute("CREATE SCHEMA bench")
        total, seconds = 0, 0.0
        for name in spec["tables"]:
            await connection.execute(f"CREATE TABLE bench.{name} (LIKE read.{name})")
            held = await connection.fetch(f"TABLE read.{name}")
            rows = [tuple(row) for row in held]
            began = time.perf_counter()
            await connection.copy_records_to_table(name, schema_name="bench", records=rows)
            seconds += time.perf_counter() - began
            total += len(rows)
        await connection.execute("DROP SCHEMA bench CASCADE")
    return {"rows": total, "seconds": seconds}


async def _topic(bootstrap: str, name: str, flush: str) -> None:
    """A topic as ours are, but for how often it is written to disk."""
    config = {**kept("-1").config, "min.insync.replicas": "1", "flush.messages": flush}
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        if name not in await admin.list_topics():
            await admin.create_topics([NewTopic(name, 1, 1, topic_configs=config)])
    finally:
        await admin.close()


def _record(seed: int) -> tuple[bytes, bytes, list[tuple[str, bytes]]]:
    """A command as it is written for a report."""
    report = next(Company(10, seed).reports(1, seed))
    record = CommandRecord(import_id("member", "bench"), "checkins", report.command, SYSTEM)
    return record.stream.encode(), value_of(record), headers_of(record, datetime.now(UTC))


async def _timed(once: Callable[[], Awaitable[None]], count: int) -> dict[str, float]:
    for _ in range(_ROUNDS):
        await once()
    times = []
    for _ in range(count):
        began = time.perf_counter()
        await once()
        times.append(time.perf_counter() - began)
    times.sort()
    return {"p50": percentile(times, 50), "p99": percentile(times, 99)}


@asynccontextmanager
async def _connected(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await connect(dsn, name=f"bench {uuid4().hex[:6]}")
    try:
        yield connection
    finally:
        await connection.close()


MEASURES: Final = {each.__name__: each for each in (produce, path, select, copy)}

if __name__ == "__main__":
    what = json.load(sys.stdin)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        told = runner.run(MEASURES[what["measure"]](what))
    sys.stdout.write(json.dumps(told) + "\n")
