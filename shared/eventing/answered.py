"""What a process has answered lately: positions that its next commands must not fall behind."""

from collections.abc import Callable, Collection
from time import monotonic
from typing import Final

from shared.eventing.positions import Position

REMEMBERED: Final = 60.0
"""Seconds; a reference view that lags longer than this is an outage of its own."""


class Answered:
    """The newest position answered in each partition; one for all edges of a process.

    Bounded by the number of partitions there are.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._newest: dict[str, dict[int, tuple[int, float]]] = {}

    def note(self, position: Position) -> None:
        """An answer was given with this position."""
        partitions = self._newest.setdefault(position.topic, {})
        offset, _ = partitions.get(position.partition, (-1, 0.0))
        if position.offset > offset:
            partitions[position.partition] = (position.offset, self._clock())

    def of(self, topics: Collection[str]) -> list[Position]:
        """The newest positions in these topics that are not long past."""
        since = self._clock() - REMEMBERED
        return [
            Position(topic, partition, offset)
            for topic in topics
            for partition, (offset, at) in self._newest.get(topic, {}).items()
            if at > since
        ]
