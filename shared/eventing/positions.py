"""Positions: places in a log, and the places from which a fold may go on."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

_TEXT: Final = re.compile(r"([A-Za-z0-9._-]{1,249})/([0-9]{1,9})@([0-9]{1,18})", re.ASCII)

Vector: TypeAlias = Mapping[str, Mapping[int, int]]
"""Topic → partition → the next offset to be read: what a view has heard."""


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """Everything of a partition up to and including one offset."""

    topic: str
    partition: int
    offset: int

    def __str__(self) -> str:
        """`okr.objectives.events/3@1042`."""
        return f"{self.topic}/{self.partition}@{self.offset}"

    @classmethod
    def parse(cls, text: str) -> "Position":
        """Read what `str` writes; raises `ValueError` for anything else."""
        match = _TEXT.fullmatch(text)
        if match is None:
            raise ValueError(f"{text[:80]!r} is not a position")
        topic, partition, offset = match.groups()
        return cls(topic, int(partition), int(offset))


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A place directly behind a valid `Decided` or `LogOpened`: where a fold may go on.

    `offset` and `ce_id` are those of that record, the last one held; the next fetch begins at it
    and compares its id. `log_id` is the random name that the partition's log opened with.
    """

    log_id: str
    offset: int
    ce_id: str


def covers(vector: Vector, positions: Iterable[Position]) -> bool:
    """Whether a view that has read up to `vector` has heard all of `positions`."""
    return all(p.offset < vector.get(p.topic, {}).get(p.partition, 0) for p in positions)


def at_or_beyond(vector: Vector, other: Vector) -> bool:
    """Whether `vector` has read at least what `other` has, in every partition."""
    return all(
        vector.get(topic, {}).get(partition, 0) >= offset
        for topic, partitions in other.items()
        for partition, offset in partitions.items()
    )
