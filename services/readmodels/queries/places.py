"""Where a list goes on: what a cursor holds, read strictly, because anybody can make one up."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from shared.runtime.http.problems import Problem
from shared.runtime.http.reads import Read

_MOST = 2**31
"""More than any list here has."""


def number(given: object) -> int:
    """A number that a column of integers can hold."""
    if isinstance(given, bool) or not isinstance(given, int) or not 0 <= given < _MOST:
        raise ValueError(given)
    return given


def instant(given: object) -> datetime:
    """An instant with its offset, to the microsecond."""
    found = datetime.fromisoformat(given) if isinstance(given, str) else None
    if found is None or found.tzinfo is None:
        raise ValueError(given)
    return found


def identifier(given: object) -> str:
    """An id, or any short text in its place."""
    if not isinstance(given, str) or len(given) > 100 or "\x00" in given:  # noqa: PLR2004 - short
        raise ValueError(given)
    return given


def place(read: Read[Any, Any], *kinds: Callable[[object], Any]) -> list[Any] | None:
    """The place behind which the page begins; None for the first page. 422 for another one."""
    if read.cursor is None:
        return None
    try:
        return [kind(value) for kind, value in zip(kinds, read.cursor, strict=True)]
    except (ValueError, TypeError, OverflowError):
        raise Problem("query_invalid", {"name": "cursor"}) from None
