"""Fills a broker: a company's history as its owners would have written it, and a backlog."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from aiokafka import AIOKafkaProducer

from services.checkins.domain.commands import FollowObjective
from shared.eventing.clients import producer
from shared.eventing.commands import CommandRecord, headers_of, value_of
from shared.eventing.reader import Batch, Tail, places_of
from shared.eventing.topics import PARTITIONS, commands_topic, ensure_topics, partition_of
from shared.events.catalogue import EVENTS
from shared.events.checkins import KRHealthChanged
from shared.events.deciding import SYSTEM, Actor
from shared.events.event import Event
from shared.events.notifications import NoticeQueued, Subject
from shared.okr.identity import command_id, created_id, import_id
from tests.bench.company import Company
from tests.support.event_log import BrokerLog, PartitionLog

_SERVICE: Final = "checkins"
_RUN: Final = 200
"""Events of a batch that is written here."""

_BAD: Final = ("at_risk", "off_track")


async def history(bootstrap: str, company: Company) -> None:
    """What organization and objectives say of a company."""
    await ensure_topics(bootstrap)
    # A topic that was just made has no leaders for a moment; reading waits for them.
    await batches(bootstrap, EVENTS)
    await _write(bootstrap, "organization", list(company.organization()))
    said = [event for events in company.objectives() for event in events]
    await _write(bootstrap, "objectives", said)


async def following(bootstrap: str, company: Company) -> int:
    """The commands that begin tracking; gives how many."""
    records = [
        CommandRecord(
            command_id("bench", "FOLLOW", goal.id, ""),
            _SERVICE,
            FollowObjective(objective_id=goal.id),
            SYSTEM,
        )
        for goal in company.goals
    ]
    return await _ask(bootstrap, records)


async def backlog(bootstrap: str, company: Company, count: int, seed: int) -> int:
    """Reports by the owners of the objectives, not decided yet; gives how many."""
    records = (
        CommandRecord(
            command_id(report.member, "POST", report.key_result_id, f"{n}"),
            _SERVICE,
            report.command,
            Actor(import_id("member", report.member)),
        )
        for n, report in enumerate(company.reports(count, seed))
    )
    return await _ask(bootstrap, records)


async def notices(bootstrap: str, company: Company) -> int:
    """A notice to the owner of each key result whose health turned bad; gives how many."""
    owner = {goal.id: import_id("member", goal.member) for goal in company.goals}
    said: list[Event] = []
    for batch in await batches(bootstrap, [_SERVICE]):
        for record in batch.records:
            if record.type.split(".")[1] != KRHealthChanged.__name__:
                continue
            event = KRHealthChanged.model_validate_json(record.value)
            if event.to in _BAD:
                said.append(
                    NoticeQueued(
                        member_id=owner[event.objective_id],
                        notice_id=created_id(record.id),
                        rule="at_risk" if event.to == "at_risk" else "off_track",
                        subject=Subject(type="key_result", id=event.key_result_id),
                        objective_id=event.objective_id,
                        cause=record.id,
                        caused_at=record.at,
                    )
                )
    await _write(bootstrap, "notifications", said)
    return len(said)


async def batches(bootstrap: str, services: Iterable[str]) -> list[Batch]:
    """All that these services said so far."""
    tail = Tail(bootstrap, places_of(services), client_id="bench-tail")
    await tail.open()
    try:
        ends = await tail.ends()
        found: list[Batch] = []
        while not tail.reached(ends):
            found += await tail.next()
        return found
    finally:
        await tail.close()


def runs(found: Iterable[Batch]) -> list[list[Any]]:
    """The records of each run, as one `Decided` closed it."""
    cut: list[list[Any]] = []
    for batch in found:
        events = iter(batch.records)
        waiting = next(events, None)
        for closing in batch.decisions:
            run = []
            while waiting is not None and waiting.offset < closing.offset:
                run.append(waiting)
                waiting = next(events, None)
            if run:
                cut.append(run)
    return cut


async def _write(bootstrap: str, service: str, events: Sequence[Event]) -> None:
    """Append events to the service's log, opened in every partition."""
    broker = BrokerLog(bootstrap)
    logs = [PartitionLog(service, number) for number in range(PARTITIONS)]
    by_partition: dict[int, list[Event]] = defaultdict(list)
    for event in events:
        by_partition[partition_of(service, event.stream)].append(event)
    now = datetime.now(UTC)
    try:
        for number, log in enumerate(logs):
            await broker.append(log, log.opened())
            mine = by_partition[number]
            for first in range(0, len(mine), _RUN):
                await broker.append(log, log.run(*mine[first : first + _RUN], at=now))
    finally:
        await broker.stop()


async def _ask(bootstrap: str, records: Iterable[CommandRecord]) -> int:
    """Write commands, many at once; nobody waits for their answers."""
    client: AIOKafkaProducer = producer(bootstrap, client_id="bench-backlog")
    await client.start()
    topic, count, now = commands_topic(_SERVICE), 0, datetime.now(UTC)
    try:
        sent: list[asyncio.Future[Any]] = []
        for record in records:
            sent.append(
                await client.send(
                    topic, value_of(record), record.stream.encode(),
                    partition=partition_of(_SERVICE, record.stream),
                    headers=headers_of(record, now),
                )
            )  # fmt: skip
            count += 1
        await asyncio.gather(*sent)
    finally:
        await client.stop()
    return count
