"""Reference views (rule 7): what decisions need of other services, folded from their logs.

One view in each owner's process, shared by its partitions. It moves only between runs, and only by
whole batches, so the vector of its positions determines it.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Final, Generic, Protocol, TypeVar

from shared.eventing.positions import Vector, at_or_beyond
from shared.eventing.reader import Batch, Tail, places_of
from shared.eventing.topics import PARTITIONS, events_topic
from shared.eventing.wire import recorded
from shared.events.deciding import Decider

log = logging.getLogger(__name__)

R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)

_AT_ONCE: Final = 500
"""Records folded in one go: the owner's loop must not stand still for long."""


def may_decide_at(views: Vector, last: Vector) -> bool:
    """Rule 7: only at positions at or beyond those of the last valid `Decided`."""
    return at_or_beyond(views, last)


class ViewStopped(Exception):
    """A reference view cannot be folded any further: nothing is decided on it."""


class View(Protocol[R_co]):
    """A reference view as a run sees it."""

    @property
    def reference(self) -> R_co:
        """What was folded; moves only while nobody decides."""

    @property
    def vector(self) -> Vector:
        """Up to where it was folded."""

    async def reached(self, last: Vector) -> None:
        """Wait until `may_decide_at(vector, last)`; raises `ViewStopped`."""


class ReferenceView(Generic[R]):
    """Tails the logs of the services that a decider hears. `run` keeps it moving."""

    def __init__(
        self, decider: Decider[Any, R], bootstrap: str, *, make: Callable[..., Tail] = Tail
    ) -> None:
        self._decider = decider
        self._services = {events_topic(service): service for service in decider.hears}
        self._reference = decider.reference()
        self._offsets = {topic: dict.fromkeys(range(PARTITIONS), 0) for topic in self._services}
        self._vector: Vector | None = None
        self._stopped: ViewStopped | None = None
        self._moved = asyncio.Event()
        self._tail = make(
            bootstrap, places_of(decider.hears), client_id=f"okr-{decider.service}-reference"
        )

    @property
    def reference(self) -> R:
        """See `View`."""
        return self._reference

    @property
    def vector(self) -> Vector:
        """See `View`; a value of its own, which later moves leave alone."""
        if self._vector is None:
            self._vector = {topic: dict(offsets) for topic, offsets in self._offsets.items()}
        return self._vector

    @property
    def trouble(self) -> str | None:
        """What keeps the view from moving, in words."""
        if self._stopped is not None:
            return str(self._stopped)
        return self._tail.trouble if self._services else None

    async def reached(self, last: Vector) -> None:
        """See `View`."""
        while self._stopped is None and not may_decide_at(self.vector, last):
            self._moved.clear()
            await self._moved.wait()
        if self._stopped is not None:
            raise self._stopped

    async def run(self) -> None:
        """Fold until cancelled; raises `ViewStopped` where history is cut or cannot be folded."""
        if not self._services:
            await asyncio.Event().wait()
        try:
            await self._tail.open()
            while True:
                for batch in await self._tail.next(at_most=_AT_ONCE):
                    self._fold(batch)
        except Exception as error:
            self._stopped = ViewStopped(f"{type(error).__name__}: {error}")
            self._moved.set()
            raise self._stopped from error
        finally:
            await self._tail.close()

    def _fold(self, batch: Batch) -> None:
        service = self._services[batch.topic]
        for record in batch.records:
            self._decider.observe(self._reference, service, recorded(record))
        self._offsets[batch.topic][batch.partition] = batch.through.offset + 1
        self._vector = None
        self._moved.set()
