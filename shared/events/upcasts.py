"""Older versions of events, lifted to today's: pure, dict → dict, one step each.

`STEPS` maps a retired wire type to the next one and the function that lifts its data there.
"""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

Step = tuple[str, Callable[[dict[str, Any]], dict[str, Any]]]

STEPS: Final[dict[str, Step]] = {}


def upcast(ce_type: str, data: bytes) -> tuple[str, dict[str, Any]]:
    """Lift `data` step by step; gives the type it ends at (the same one if no step is known)."""
    lifted: dict[str, Any] = json.loads(data, parse_float=Decimal)
    while ce_type in STEPS:
        ce_type, step = STEPS[ce_type]
        lifted = step(lifted)
    return ce_type, lifted
