"""Shelves: a large map that never changes, of which a changed copy costs next to nothing.

One state holds all links of an organization. With fifty thousand of them, a copy of one large dict
for every event would cost more than the decision itself; here a change copies one shelf of many,
and shares all others with the map as it was.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

T = TypeVar("T")

SHELVES: Final = 256
"""As many as two hex digits tell apart: ids are digests, so they spread evenly."""


@dataclass(frozen=True, slots=True)
class Shelves(Generic[T]):
    """Id (UUID text) → value; equal histories give equal orders."""

    shelves: tuple[Mapping[str, T], ...] = ({},) * SHELVES

    def get(self, id_: str) -> T | None:
        """The value of an id, or None."""
        return self.shelves[int(id_[:2], 16)].get(id_)

    def __contains__(self, id_: str) -> bool:
        return id_ in self.shelves[int(id_[:2], 16)]

    def __getitem__(self, id_: str) -> T:
        return self.shelves[int(id_[:2], 16)][id_]

    def __len__(self) -> int:
        return sum(map(len, self.shelves))

    def __iter__(self) -> Iterator[str]:
        for shelf in self.shelves:
            yield from shelf

    def put(self, id_: str, value: T) -> "Shelves[T]":
        """The map with this value; the one before is as it was."""
        at = int(id_[:2], 16)
        return self._with(at, {**self.shelves[at], id_: value})

    def without(self, id_: str) -> "Shelves[T]":
        """The map without this id, which need not be there."""
        at = int(id_[:2], 16)
        if id_ not in self.shelves[at]:
            return self
        return self._with(at, {key: v for key, v in self.shelves[at].items() if key != id_})

    def _with(self, at: int, shelf: Mapping[str, T]) -> "Shelves[T]":
        shelves = list(self.shelves)
        shelves[at] = shelf
        return Shelves(tuple(shelves))
