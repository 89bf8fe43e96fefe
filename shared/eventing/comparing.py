"""The comparison after each ack (rule 4): is what lay before our claim still what we held?"""

import asyncio
import logging
from collections.abc import Callable, Iterable
from contextlib import aclosing
from typing import Final

from shared.eventing.eventlog import EventLog, LogUnavailable, OutOfRange
from shared.eventing.fold import HistoryCut

log = logging.getLogger(__name__)

_LINGER: Final = 0.025
_PAUSE: Final = 1.0
_READ_ALONG: Final = 64
"""Records that are cheaper to read than another fetch is."""


def stands_before_its_claim(held: str, found: str) -> bool:
    """Rule 4: after an ack the owner compares the record directly before its claim."""
    return held == found


class Comparison:
    """Reads back, off the latency path, the records that lay directly before landed batches.

    The acks of a moment are compared in one read. Nobody can be misled meanwhile: edges and
    projectors answer from folds of their own, which see a wrong predecessor by themselves.
    """

    def __init__(self, log: EventLog, partition: int) -> None:
        self._log = log
        self._partition = partition
        self._held: dict[int, str] = {}
        self._landed = asyncio.Event()

    def landed_behind(self, offset: int, ce_id: str) -> None:
        """A batch landed behind the valid record `ce_id` at `offset`."""
        self._held[offset] = ce_id
        self._landed.set()

    async def run(self, failed: Callable[[Exception], None]) -> None:
        """Compare until cancelled; tells `failed` what must end the serving, then returns."""
        while True:
            await self._landed.wait()
            await asyncio.sleep(_LINGER)
            self._landed.clear()
            try:
                await self.compare()
            except (LogUnavailable, OutOfRange) as error:
                log.info("partition %s is compared later: %s", self._partition, error)
                self._landed.set()
                await asyncio.sleep(_PAUSE)
            except Exception as error:  # noqa: BLE001 - whatever it is, its owner has to hear of it
                failed(error)
                return

    async def compare(self) -> None:
        """Compare what has landed so far; raises `HistoryCut`."""
        held = dict(self._held)
        if not held:
            return
        for start, end in spans(held):
            async with aclosing(self._log.read(self._partition, start, end)) as pieces:
                async for records in pieces:
                    for record in records:
                        ce_id = held.get(record.offset)
                        if ce_id is not None and not stands_before_its_claim(ce_id, record.id):
                            raise HistoryCut(record.position, "another record is before our claim")
        for offset in held:
            self._held.pop(offset, None)


def spans(offsets: Iterable[int]) -> list[tuple[int, int]]:
    """What to read: small gaps are read along, long ones (whole runs of a backlog) are left out."""
    found: list[tuple[int, int]] = []
    for offset in sorted(offsets):
        if found and offset - found[-1][1] < _READ_ALONG:
            found[-1] = (found[-1][0], offset + 1)
        else:
            found.append((offset, offset + 1))
    return found
