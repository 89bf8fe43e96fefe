"""The latest records of one partition, which all readers of a process share."""

from collections.abc import Sequence
from typing import Final

from shared.eventing.wire import LogRecord

MOST_RECORDS: Final = 256
MOST_BYTES: Final = 512 * 1024


class Ring:
    """Records without a gap, up to and excluding the offset `end`.

    Bounded, except that what came last stays whole until more comes: whoever is woken finds it.
    """

    def __init__(
        self, end: int, *, most_records: int = MOST_RECORDS, most_bytes: int = MOST_BYTES
    ) -> None:
        self.end = end
        self._records: list[LogRecord] = []
        self._bytes = 0
        self._most_records = most_records
        self._most_bytes = most_bytes

    @property
    def begin(self) -> int:
        """The offset of the first record held; `end` where there is none."""
        return self.end - len(self._records)

    def holds(self, offset: int) -> bool:
        """Whether a reader that reads this offset next can read on from here."""
        return self.begin <= offset <= self.end

    def add(self, records: Sequence[LogRecord]) -> None:
        """Take what came next; where something is missing before or in it, nothing older stays."""
        last = records[-1].offset
        if records[0].offset != self.end:
            self.clear()
        if last - records[0].offset != len(records) - 1:
            self.clear()
            records = ()
        self._records += records
        self._bytes += sum(map(_size, records))
        self.end = last + 1
        self._evict(len(self._records) - len(records))

    def after(self, offset: int, at_most: int) -> list[LogRecord]:
        """The records from this offset on, of which `holds` must be true."""
        start = offset - self.begin
        return self._records[start : start + at_most]

    def clear(self) -> None:
        """Hold nothing, and go on at the same end."""
        self._records = []
        self._bytes = 0

    def _evict(self, older: int) -> None:
        count = 0
        held = len(self._records)
        while count < older and (
            held - count > self._most_records or self._bytes > self._most_bytes
        ):
            self._bytes -= _size(self._records[count])
            count += 1
        del self._records[:count]


def _size(record: LogRecord) -> int:
    return len(record.key) + len(record.value)
