"""Commands: records of `okr.<service>.commands`, as their writers and their owner see them."""

import asyncio
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final, cast

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from pydantic import BaseModel, create_model
from pydantic_core import to_json

from shared.eventing.clients import discard, producer, started
from shared.eventing.drafts import (
    JSON_TYPE,
    SPEC_VERSION,
    Headers,
    instant_text,
    positions_text,
    source,
)
from shared.eventing.positions import Position
from shared.eventing.topics import commands_topic, partition_of
from shared.eventing.wire import LogRecord, positions_of
from shared.events.deciding import Actor, AuthType, Command, command_type

_DRY: Final = b"1"
_NO_ROLES: Final = frozenset[str]()
_ID: Final = re.compile(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}", re.ASCII)


@dataclass(frozen=True, slots=True)
class WireCommand:
    """A command of a service whose class the writer must not import; `data` is its plain JSON."""

    name: str
    version: int
    stream: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class CommandRecord:
    """A command with all that its headers say, ready to be written."""

    id: str
    service: str
    command: Command | WireCommand
    actor: Actor
    correlation: str | None = None
    causation: str | None = None
    expect: int | None = None
    """`If-Match`: the version that the stream must have."""
    after: tuple[Position, ...] = ()
    body: str | None = None
    reaction: str | None = None
    dry: bool = False
    traceparent: str | None = None

    @property
    def type(self) -> str:
        """`okr.command.<Name>.v<N>`."""
        if isinstance(self.command, WireCommand):
            return f"okr.command.{self.command.name}.v{self.command.version}"
        return command_type(self.command)

    @property
    def stream(self) -> str:
        """The stream that the command is for, and its key."""
        return self.command.stream


def value_of(record: CommandRecord) -> bytes:
    """`{type, data}` as JSON."""
    command = record.command
    data = (
        command.model_dump_json().encode()
        if isinstance(command, BaseModel)
        else to_json(command.data)
    )
    return b'{"type":"%s","data":%s}' % (record.type.encode(), data)


def headers_of(record: CommandRecord, now: datetime) -> Headers:
    """The headers of a command; `ce_time` is the writer's clock and decides nothing."""
    actor = record.actor
    optional = {
        "ce_causationid": record.causation,
        "okr_roles": ",".join(sorted(actor.roles)) or None,
        "okr_expect": None if record.expect is None else str(record.expect),
        "okr_body": record.body,
        "okr_reaction": record.reaction,
        "traceparent": record.traceparent,
    }
    headers = [
        SPEC_VERSION,
        ("ce_id", record.id.encode()),
        ("ce_type", record.type.encode()),
        source(record.service),
        ("ce_subject", record.stream.encode()),
        ("ce_time", instant_text(now)),
        ("ce_correlationid", (record.correlation or record.id).encode()),
        ("ce_authtype", actor.type.encode()),
        ("ce_authid", actor.id.encode()),
        JSON_TYPE,
    ]
    headers += [(name, text.encode()) for name, text in optional.items() if text is not None]
    if record.after:
        headers.append(("okr_after", positions_text(record.after)))
    if record.dry:
        headers.append(("okr_dry", _DRY))
    return headers


# Not frozen: one is made for every command, and freezing costs more than all its fields.
@dataclass(slots=True)
class HeardCommand:
    """A command as its owner reads it; where `fault` says why it cannot be, `data` is None."""

    offset: int
    timestamp_ms: int
    id: str
    stream: str
    data: Command | None
    actor: Actor
    correlation: str
    causation: str
    expect: int | None = None
    after: tuple[Position, ...] = ()
    body: str | None = None
    reaction: str | None = None
    dry: bool = False
    traceparent: str | None = None
    fault: str | None = field(default=None, compare=False)


@lru_cache(maxsize=1024)
def _envelope(cls: type[Command]) -> type[Any]:
    # One pass over the JSON in C, instead of a dict in between.
    return create_model("Envelope", type=(str, ...), data=(cls, ...))


def heard(record: LogRecord, understood: Mapping[str, type[Command]]) -> HeardCommand:
    """Read a command record; never raises: what cannot be read has a `fault`."""
    headers = record.headers
    try:
        return _read(record, headers, understood)
    except Exception as error:  # noqa: BLE001 - rule 8: whatever it is, it is refused and recorded
        return HeardCommand(
            offset=record.offset,
            timestamp_ms=record.timestamp_ms,
            id=record.id,
            stream=record.stream,
            data=None,
            actor=Actor(record.text("ce_authid") or ""),
            correlation=record.correlation or record.id,
            causation=record.causation or record.id,
            body=record.body,
            reaction=record.reaction,
            fault=f"{type(error).__name__}: {error}",
        )


def _read(
    record: LogRecord, headers: Mapping[str, bytes], understood: Mapping[str, type[Command]]
) -> HeardCommand:
    get = headers.get
    name = headers["ce_id"].decode()
    if _ID.fullmatch(name) is None:
        raise ValueError(f"{name[:80]!r} is not the id of a command")
    stream = record.key.decode()
    cls = understood[headers["ce_type"].decode()]
    data = cast("Command", _envelope(cls).model_validate_json(record.value).data)
    if data.stream != stream:
        raise ValueError(f"it is for {data.stream}, its key says {stream}")
    expect = get("okr_expect")
    return HeardCommand(
        record.offset,
        record.timestamp_ms,
        name,
        stream,
        data,
        _actor(headers),
        get("ce_correlationid", b"").decode() or name,
        get("ce_causationid", b"").decode() or name,
        None if expect is None else int(expect),
        positions_of(record.text("okr_after")),
        _text(get("okr_body")),
        _text(get("okr_reaction")),
        get("okr_dry") == _DRY,
        _text(get("traceparent")),
    )


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode()


def _actor(headers: Mapping[str, bytes]) -> Actor:
    roles = headers.get("okr_roles")
    return Actor(
        headers.get("ce_authid", b"").decode(),
        cast("AuthType", headers.get("ce_authtype", b"user").decode()),
        frozenset(roles.decode().split(",")) if roles else _NO_ROLES,
    )


class CommandWriter:
    """Writes commands; one for all edges and reactions of a process.

    `start` returns at once and connects in the background; `write` waits for the connection and
    for the broker's acknowledgement, so its caller bounds the wait. A write that was given up may
    still land: the command's id makes writing it again harmless.
    """

    def __init__(
        self,
        *,
        bootstrap: str,
        client_id: str = "okr-commands",
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._bootstrap = bootstrap
        self._client_id = client_id
        self._clock = clock
        self._producer: asyncio.Task[AIOKafkaProducer] | None = None

    @property
    def ready(self) -> bool:
        """Whether the producer has been connected."""
        task = self._producer
        return task is not None and task.done() and not task.cancelled()

    async def start(self) -> None:
        """Begin to connect; never waits for the broker."""
        self._connect()

    async def stop(self) -> None:
        """Let go of the producer; what is being written is given up after a moment."""
        task, self._producer = self._producer, None
        if task is None:
            return
        if task.done() and not task.cancelled():
            await discard(task.result())
        else:
            task.cancel()

    async def write(self, record: CommandRecord) -> Position:
        """Write a command and wait until it is in the log; raises `KafkaError` when it is not."""
        topic = commands_topic(record.service)
        partition = partition_of(record.service, record.stream)
        task = self._producer or self._connect()
        client = await asyncio.shield(task)
        try:
            landed = await client.send_and_wait(
                topic,
                value_of(record),
                record.stream.encode(),
                partition=partition,
                headers=headers_of(record, self._clock()),
            )
        except KafkaError:
            await self._replace(task)
            raise
        return Position(topic, partition, landed.offset)

    def _connect(self) -> asyncio.Task[AIOKafkaProducer]:
        self._producer = asyncio.create_task(
            started(
                lambda: producer(self._bootstrap, client_id=self._client_id), what=self._client_id
            )
        )
        return self._producer

    async def _replace(self, failed: asyncio.Task[AIOKafkaProducer]) -> None:
        # Others may fail with the same producer; the first of them replaces it.
        if self._producer is failed:
            self._connect()
            await discard(failed.result())
