"""Who sees which card: the one place where a query asks.

Whom a secret card lists was found by the shared rule when the card was derived
(`projections.cards`); here it is only compared with the caller.
"""

from typing import Any, Final

from shared.runtime.auth.callers import Caller

SEES_ALL: Final = frozenset({"administrator", "auditor"})

# A member's roles are those of the token and those granted; one who is gone has none.
_SEES_ALL: Final = """
COALESCE(
    (SELECT NOT m.left AND NOT m.erased
        AND ($1::boolean OR m.roles ?| ARRAY['administrator', 'auditor'])
     FROM read.okrs_members m WHERE m.id = $2::text),
    $1::boolean)
"""

SEEN: Final = f"(c.secret IS NULL OR c.seen_by ? $2::text OR {_SEES_ALL})"
"""The condition on a card `c`; its first two parameters are `caller_of`."""


def caller_of(caller: Caller) -> list[Any]:
    """The first two parameters of every statement that asks what a caller sees."""
    return [bool(caller.roles & SEES_ALL), caller.id]
