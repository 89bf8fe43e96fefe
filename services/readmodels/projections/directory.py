"""The organization as the shared rules know it, read row by row where a rule asks.

So who may see what is decided by `shared.events.folds` here too, and nowhere a second time.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Generic, TypeVar

from shared.eventing.rows import Rows, TableRows
from shared.eventing.tables import Row
from shared.events.folds.organization import Cycle, Department, Member, Organization, Policy

T = TypeVar("T")


def organization(rows: Rows) -> Organization:
    """The organization of these rows; a rule that asks for one not loaded raises `Missing`."""
    return Organization(
        departments=_ByKey(rows["departments"], department),
        members=_ByKey(rows["members"], member),
        cycles=_ByKey(rows["cycles"], cycle),
        policies=_ByKey(rows["policies"], policy),
    )


def department(row: Row) -> Department:
    """A department of its row."""
    return Department(
        row["id"], row["name"], tuple(row["aliases"]), row["parent_id"],
        external_id=row["external_id"], head_id=row["head_id"], closed=row["closed"],
    )  # fmt: skip


def member(row: Row) -> Member:
    """A member of its row."""
    return Member(
        row["id"], row["department_id"], frozenset(row["roles"]),
        left=row["left"], successor_id=row["successor_id"], erased=row["erased"],
    )  # fmt: skip


def cycle(row: Row) -> Cycle:
    """A cycle of its row."""
    return Cycle(
        row["id"], row["name"], row["start"], row["end"], row["kind"], row["planned_by"],
        state=row["state"],
    )  # fmt: skip


def policy(row: Row) -> Policy:
    """A policy of its row."""
    return Policy(row["revision"], json.loads(row["value"]))


class _ByKey(Mapping[str, T], Generic[T]):
    """A mapping that reads one row at a time; nobody goes through all of them."""

    def __init__(self, table: TableRows, read: Callable[[Row], T]) -> None:
        self._table = table
        self._read = read

    def __getitem__(self, key: str) -> T:
        row = self._table.get(key)
        if row is None:
            raise KeyError(key)
        return self._read(row)

    def __iter__(self) -> Iterator[str]:
        raise TypeError(f"{self._table.table.name} is read by key only")

    def __len__(self) -> int:
        raise TypeError(f"{self._table.table.name} is read by key only")
