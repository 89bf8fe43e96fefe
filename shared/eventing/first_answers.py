"""First answers: what a repeated command was answered, remembered or read from the log again."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from shared.eventing.answers import (
    Accepted,
    Answer,
    OutcomeUnknown,
    Rejected,
    accepted,
    rejected,
    unchanged,
)
from shared.eventing.clients import consumer, started
from shared.eventing.drafts import event_id
from shared.eventing.fold import claim_holds
from shared.eventing.positions import Position
from shared.eventing.reader import Consumer
from shared.eventing.recent import Recent
from shared.eventing.wire import LogRecord, decided
from shared.events.deciding import NOT_YET

log = logging.getLogger(__name__)

REMEMBERED: Final = 4_096
_READ_AT_ONCE: Final = 500
_WAIT_MS: Final = 1_000


class FirstAnswers:
    """Gives the first answer of a command again, from memory or from where it begins in the log."""

    def __init__(
        self, bootstrap: str, *, client_id: str, make: Callable[..., Consumer] = consumer
    ) -> None:
        self._make = lambda: make(bootstrap, client_id=client_id)
        self._name = client_id
        self._kept: Recent[str, Accepted | Rejected] = Recent(REMEMBERED)
        self._consumer: Consumer | None = None
        self._one_at_a_time = asyncio.Lock()

    def keep(self, command: str, answer: Answer) -> None:
        """Remember an answer for a while."""
        if isinstance(answer, Accepted) or (
            isinstance(answer, Rejected) and answer.code != NOT_YET
        ):
            self._kept[command] = answer
            self._kept.trim()

    async def read(self, command: str, stream: str, position: Position) -> Accepted | Rejected:
        """The first answer of `command`, marked as a repeat; it begins at `position`.

        Raises `OutcomeUnknown` when the log cannot be read now or says something else there.
        """
        answer = self._kept.get(command)
        if answer is None:
            try:
                async with self._one_at_a_time:
                    answer = await self._read(command, stream, position)
            except (KafkaError, OSError) as error:
                raise OutcomeUnknown(f"{position} could not be read: {error}") from error
            self.keep(command, answer)
        return replace(answer, repeat=True)

    async def stop(self) -> None:
        """Let go of the connection."""
        client, self._consumer = self._consumer, None
        if client is not None:
            await client.stop()

    async def _read(self, command: str, stream: str, position: Position) -> Accepted | Rejected:
        records = await self._batch_from(position)
        begin, closing = records[0], records[-1]
        if begin.is_decided:
            answer = _without_event(command, begin)
            if answer is not None:
                return answer
        elif begin.id == event_id(command, 0):
            events = [each for each in records if each.src == begin.src and not each.is_internal]
            return accepted(stream, events, closing)
        log.error("the first answer of command %s is not at %s", command, position)
        raise OutcomeUnknown(f"the first answer is not at {position}")

    async def _batch_from(self, position: Position) -> list[LogRecord]:
        """The valid records from a position up to the `Decided` behind it."""
        client = self._consumer
        if client is None:
            client = self._consumer = await started(self._make, what=self._name)
        partition = TopicPartition(position.topic, position.partition)
        client.assign([partition])
        client.seek(partition, position.offset)
        valid: list[LogRecord] = []
        while True:
            fetched: dict[Any, list[Any]] = await client.getmany(
                timeout_ms=_WAIT_MS, max_records=_READ_AT_ONCE
            )
            for record in map(LogRecord.of, fetched.get(partition, [])):
                if claim_holds(record):
                    valid.append(record)
                    if record.is_decided:
                        return valid


def _without_event(command: str, record: LogRecord) -> Accepted | Rejected | None:
    closing = decided(record)
    for refused in closing.refused:
        if refused.command == command:
            return rejected(refused, record.position)
    if command in closing.unchanged:
        return unchanged(command, closing, record)
    return None
