"""Rows that were read a moment ago, for as long as nothing has been folded since."""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Any, Final

MOST_CHARACTERS: Final = 16_000_000


class Remembered:
    """Rows by what was asked, all of one state of the read models; bounded by their texts.

    Kept rows are shared by all who ask: nobody changes them.
    """

    def __init__(self, most: int = MOST_CHARACTERS) -> None:
        self._most = most
        self._state: Hashable = None
        self._kept: OrderedDict[Hashable, tuple[list[Any], int]] = OrderedDict()
        self._size = 0

    def find(self, state: Hashable, asked: Hashable) -> list[Any] | None:
        """The rows that were kept in this very state, if any."""
        if state != self._state:
            self._forget(state)
        found = self._kept.get(asked)
        if found is None:
            return None
        self._kept.move_to_end(asked)
        return found[0]

    def keep(self, state: Hashable, asked: Hashable, rows: list[Any]) -> None:
        """Keep rows that were read in this state or after it; not once there is a newer one."""
        if state != self._state or asked in self._kept:
            return
        size = sum(_size(row) for row in rows)
        if size > self._most:
            return
        self._kept[asked] = (rows, size)
        self._size += size
        while self._size > self._most:
            _, (_, gone) = self._kept.popitem(last=False)
            self._size -= gone

    def _forget(self, state: Hashable) -> None:
        self._state = state
        self._kept.clear()
        self._size = 0


def _size(row: Any) -> int:  # noqa: ANN401 - a record
    return sum(len(value) for value in row if isinstance(value, str | bytes)) + 100
