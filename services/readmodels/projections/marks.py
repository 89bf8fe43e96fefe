"""What can be out of date, bottom-up: the names by which handlers mark it and derivations run.

What was marked is computed once at the end of a batch. A derived row that a handler looks at here
is that of an earlier batch: what the batch itself changes is marked by its own events.
"""

from collections.abc import Iterable
from typing import Final

from shared.eventing.rows import Rows

TODAY: Final = "today"
"""The day up to which the log has come; its one key is `today`."""

KEY_RESULT: Final = "key_result"
"""Where a key result stands; its key is the key result's id."""

OBJECTIVE: Final = "objective"
"""The figures of an objective and who may see it; its key is the objective's id."""

UNIT: Final = "unit"
"""The figures of a department in a cycle; its key is (department id, cycle id)."""

_STATES: Final = ("planning", "active", "review", "closed")


def mark_secret(rows: Rows) -> None:
    """Who may see what is secret may have changed."""
    for card in rows["cards"].where(secret=True):
        rows.mark(OBJECTIVE, card["id"])


def mark_owned(owner_id: str, rows: Rows) -> None:
    """Who may see the secret objectives of one owner may have changed."""
    for card in rows["cards"].where(owner_id=owner_id):
        rows.mark(OBJECTIVE, card["id"])


def mark_parents(department_id: str, parents: Iterable[str | None], rows: Rows) -> None:
    """A department's figures enter its parents' or leave them."""
    cycles = [row["cycle_id"] for row in rows["units"].where(department_id=department_id)]
    for parent in parents:
        for cycle_id in cycles if parent is not None else ():
            rows.mark(UNIT, (parent, cycle_id))


def mark_tracked(cycle_id: str, rows: Rows) -> None:
    """Every key result tracked in a cycle may stand elsewhere now."""
    for row in rows["tracked"].where(cycle_id=cycle_id):
        rows.mark(KEY_RESULT, row["id"])


def mark_all_tracked(rows: Rows) -> None:
    """The same for every cycle."""
    for state in _STATES:
        for cycle in rows["cycles"].where(state=state):
            mark_tracked(cycle["id"], rows)
