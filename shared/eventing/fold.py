"""The fold of one partition: which of its records are valid, and whether history is whole.

Owner, edge, projector and reference views all read a log through this one place.
"""

from typing import Final

from shared.eventing.positions import Checkpoint, Position
from shared.eventing.wire import LogRecord, Unreadable, log_opened
from shared.events.catalogue import BY_WIRE_TYPE
from shared.events.internal import DECIDED, LOG_OPENED
from shared.events.upcasts import STEPS

NOTHING_BEFORE: Final = ""
"""`okr_prev` of the first valid record of a partition."""

UNOPENED: Final = ""
"""The log id of a partition whose `LogOpened` has not been seen."""


_READABLE: Final = frozenset(name.encode() for name in (*BY_WIRE_TYPE, DECIDED, LOG_OPENED))


class HistoryCut(Exception):
    """Acknowledged history is gone: nothing may be served from this log."""

    def __init__(self, position: Position, reason: str) -> None:
        super().__init__(f"history is cut at {position}: {reason}")
        self.position = position
        self.reason = reason


def claim_holds(record: LogRecord) -> bool:
    """Rule 3: a record whose offset is not its claim is void, for every reader, for ever."""
    return record.headers.get("okr_at") == b"%d" % record.offset


def follows_previous(record: LogRecord, last_id: str) -> bool:
    """Rule 4: a valid record names the valid record before it."""
    return record.prev == last_id


def is_readable(record: LogRecord) -> bool:
    """Rule 8: whether this release knows the type; an older version is known by its upcast."""
    return record.headers.get("ce_type") in _READABLE or record.type in STEPS


class PartitionFold:
    """Takes the records of one partition in order and gives back the valid ones.

    A fetch starts with `begin`, which says where; afterwards every record of the partition, void
    ones included, must be given to `take`.
    """

    def __init__(self, topic: str, partition: int, held: Checkpoint | None = None) -> None:
        self.topic = topic
        self.partition = partition
        self.checkpoint = held
        """The last place directly behind a valid `Decided` or `LogOpened`."""
        self.log_id = held.log_id if held else UNOPENED
        self.last_id = held.ce_id if held else NOTHING_BEFORE
        """The id of the last valid record."""
        self.last_offset = held.offset if held else -1
        """The offset of the last valid record; -1 where there is none."""
        self.next_offset = self.last_offset + 1
        """The offset that is to be taken next, void records included."""
        self._comparing = False

    def begin(self) -> int:
        """Start a fetch: the offset to seek to, that of the last valid record held.

        The first record of every fetch is compared with the one held.
        """
        self._comparing = self.last_offset >= 0
        self.next_offset = max(self.last_offset, 0)
        return self.next_offset

    def take(self, record: LogRecord) -> LogRecord | None:
        """The record if it is valid and new, else None.

        Raises `HistoryCut` where acknowledged history is gone, `Unreadable` for a valid record of a
        type that this release does not know. After either nothing more may be taken.
        """
        if record.offset != self.next_offset:
            raise HistoryCut(record.position, f"offset {self.next_offset} was expected")
        if self._comparing:
            self._compare(record)
            return None
        self.next_offset = record.offset + 1
        if not claim_holds(record):
            return None
        if not follows_previous(record, self.last_id):
            raise HistoryCut(record.position, "its predecessor is not the record held here")
        if not is_readable(record):
            raise Unreadable(record.position, f"{record.type} is not known to this release")
        ends_batch = record.ends_batch
        if ends_batch or self.log_id == UNOPENED:
            self._open(record)
        self.last_id = record.id
        self.last_offset = record.offset
        if ends_batch:
            self.checkpoint = Checkpoint(self.log_id, record.offset, record.id)
        return record

    def appended(self, count: int, last_id: str) -> None:
        """Skip a batch of our own, `count` records that landed at `next_offset` up to a Decided."""
        self.next_offset += count
        self.last_offset = self.next_offset - 1
        self.last_id = last_id
        self.checkpoint = Checkpoint(self.log_id, self.last_offset, last_id)

    def cut(self, reason: str) -> HistoryCut:
        """The error for a log that does not reach, or no longer begins at, what is held."""
        return HistoryCut(Position(self.topic, self.partition, self.last_offset), reason)

    def _compare(self, record: LogRecord) -> None:
        self._comparing = False
        self.next_offset = record.offset + 1
        if record.id != self.last_id or not claim_holds(record):
            raise HistoryCut(record.position, "it is not the record held here")

    def _open(self, record: LogRecord) -> None:
        if record.is_log_opened:
            if self.log_id != UNOPENED:
                raise HistoryCut(record.position, "the log opens a second time")
            self.log_id = log_opened(record).log_id
        elif self.log_id == UNOPENED:
            raise HistoryCut(record.position, "the log does not open with LogOpened")
