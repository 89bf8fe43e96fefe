"""The record on the wire: what events, commands and internal records look like in the log.

CloudEvents 1.0 in Kafka's binary mode: the value is the data as plain JSON, all else is headers.
Headers are read lazily, because most records are looked at only in part.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Final, cast

from aiokafka import ConsumerRecord

from shared.eventing.positions import Position
from shared.events.catalogue import decode
from shared.events.deciding import Actor, AuthType, Recorded
from shared.events.event import Event
from shared.events.internal import DECIDED, INTERNAL_PREFIX, LOG_OPENED, Decided, LogOpened

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Unreadable(Exception):
    """A record of the log that this release cannot read; it must never be skipped."""

    def __init__(self, position: Position, reason: str) -> None:
        super().__init__(f"{position} cannot be read: {reason}")
        self.position = position


class LogRecord:
    """One record of any log; its headers become a dict when the first of them is asked for."""

    __slots__ = (
        "_headers",
        "_pairs",
        "_recorded",
        "key",
        "offset",
        "partition",
        "timestamp_ms",
        "topic",
        "value",
    )

    def __init__(
        self,
        topic: str,
        partition: int,
        offset: int,
        timestamp_ms: int,
        key: bytes,
        value: bytes,
        headers: Iterable[tuple[str, bytes]],
    ) -> None:
        self.topic = topic
        self.partition = partition
        self.offset = offset
        self.timestamp_ms = timestamp_ms
        self.key = key
        self.value = value
        self._pairs = headers
        self._headers: dict[str, bytes] | None = None
        self._recorded: Recorded[Any] | None = None

    @classmethod
    def of(cls, record: "ConsumerRecord | LogRecord") -> "LogRecord":
        """Wrap what aiokafka gives; what is wrapped already is shared as it is."""
        if isinstance(record, LogRecord):
            return record
        return cls(
            record.topic,
            record.partition,
            record.offset,
            record.timestamp,
            record.key or b"",
            record.value or b"",
            record.headers,
        )

    @property
    def headers(self) -> dict[str, bytes]:
        """All headers; of a name that comes twice the last."""
        if self._headers is None:
            self._headers = dict(self._pairs)
        return self._headers

    def text(self, name: str) -> str | None:
        """A header as text, or None where there is none."""
        value = self.headers.get(name)
        return None if value is None else value.decode(errors="replace")

    @property
    def position(self) -> Position:
        """Where the record is."""
        return Position(self.topic, self.partition, self.offset)

    @property
    def id(self) -> str:
        """`ce_id`; empty where a foreign writer gave none."""
        return self.text("ce_id") or ""

    @property
    def type(self) -> str:
        """`ce_type`."""
        return self.text("ce_type") or ""

    @property
    def stream(self) -> str:
        """The key: the stream of an event or a command, the partition of an internal record."""
        return self.key.decode(errors="replace")

    @property
    def is_internal(self) -> bool:
        """Whether this is a record for the machinery."""
        return self.headers.get("ce_type", b"").startswith(_INTERNAL)

    @property
    def is_decided(self) -> bool:
        """Whether this closes a batch."""
        return self.headers.get("ce_type") == _DECIDED

    @property
    def is_log_opened(self) -> bool:
        """Whether this opens a partition."""
        return self.headers.get("ce_type") == _LOG_OPENED

    @property
    def ends_batch(self) -> bool:
        """Whether a fold may stop directly behind this record."""
        return self.headers.get("ce_type") in _ENDS

    @property
    def claim(self) -> int | None:
        """`okr_at`: the offset at which the writer claimed it would land."""
        return self._number("okr_at")

    @property
    def prev(self) -> str:
        """`okr_prev`: the id of the valid record before it."""
        return self.text("okr_prev") or ""

    @property
    def src(self) -> int | None:
        """`okr_src`: the offset of the deciding command."""
        return self._number("okr_src")

    @property
    def sequence(self) -> int:
        """The version of the stream with this event."""
        return self._number("ce_sequence") or 0

    @property
    def at(self) -> datetime:
        """`ce_time`: broker time of the command plus the organization's clock offset."""
        return _time(self.headers.get("ce_time", b""))

    @property
    def recorded_at(self) -> datetime:
        """The record's own broker time."""
        return instant(self.timestamp_ms)

    @property
    def actor(self) -> Actor:
        """Who asked, as far as a log tells: without the roles of the token."""
        return _actor(self.headers.get("ce_authtype", b""), self.headers.get("ce_authid", b""))

    @property
    def correlation(self) -> str:
        """`ce_correlationid`."""
        return self.text("ce_correlationid") or ""

    @property
    def causation(self) -> str:
        """`ce_causationid`; empty where nothing caused it."""
        return self.text("ce_causationid") or ""

    @property
    def body(self) -> str | None:
        """`okr_body`: the digest of the HTTP body that asked, where there was one."""
        return self.text("okr_body")

    @property
    def reaction(self) -> str | None:
        """`okr_reaction`: `<reaction>@<topic>/<partition>@<offset>`, of a reaction's answer."""
        return self.text("okr_reaction")

    def _number(self, name: str) -> int | None:
        value = self.headers.get(name)
        return int(value) if value is not None and value.isdigit() else None


@lru_cache(maxsize=4096)
def _time(text: bytes) -> datetime:
    """An instant; the events of a run mostly share theirs."""
    return datetime.fromisoformat(text.decode(errors="replace"))


@lru_cache(maxsize=4096)
def _actor(kind: bytes, actor: bytes) -> Actor:
    return Actor(
        actor.decode(errors="replace"),
        cast("AuthType", kind.decode(errors="replace") or "user"),
    )


_INTERNAL: Final = INTERNAL_PREFIX.encode()
_DECIDED: Final = DECIDED.encode()
_LOG_OPENED: Final = LOG_OPENED.encode()
_ENDS: Final = frozenset({_DECIDED, _LOG_OPENED})


@lru_cache(maxsize=4096)
def instant(timestamp_ms: int) -> datetime:
    """Broker time as an instant."""
    return EPOCH + timedelta(milliseconds=timestamp_ms)


def event_of(record: LogRecord) -> Event:
    """The event of a record, of any version ever written; raises `Unreadable`."""
    try:
        return decode(record.type, record.value)
    except ValueError as error:
        raise Unreadable(record.position, str(error)) from error


def recorded(record: LogRecord) -> Recorded[Any]:
    """A valid, non-internal record as folds see it; raises `Unreadable`.

    It is decoded once: whoever shares the record shares this too.
    """
    if record._recorded is None:  # noqa: SLF001 - of this module
        record._recorded = _recorded(record)  # noqa: SLF001 - of this module
    return record._recorded  # noqa: SLF001 - of this module


def _recorded(record: LogRecord) -> Recorded[Any]:
    # Folds of whole logs spend their time here: every header is looked up once.
    header = record.headers.get
    try:
        return Recorded(
            id=header("ce_id", b"").decode(),
            event=decode(header("ce_type", b"").decode(), record.value),
            stream=record.key.decode(),
            sequence=int(header("ce_sequence", b"0")),
            at=_time(header("ce_time", b"")),
            actor=_actor(header("ce_authtype", b""), header("ce_authid", b"")),
            correlation=header("ce_correlationid", b"").decode(),
            causation=header("ce_causationid", b"").decode(),
            recorded_at=instant(record.timestamp_ms),
        )
    except ValueError as error:
        raise Unreadable(record.position, str(error)) from error


def decided(record: LogRecord) -> Decided:
    """The `Decided` of a record; raises `Unreadable`."""
    try:
        return Decided.model_validate_json(record.value)
    except ValueError as error:
        raise Unreadable(record.position, str(error)) from error


def log_opened(record: LogRecord) -> LogOpened:
    """The `LogOpened` of a record; raises `Unreadable`."""
    try:
        return LogOpened.model_validate_json(record.value)
    except ValueError as error:
        raise Unreadable(record.position, str(error)) from error


def positions_of(text: str | None) -> tuple[Position, ...]:
    """The positions of an `okr_after`; raises `ValueError`."""
    return tuple(map(Position.parse, text.split(","))) if text else ()
