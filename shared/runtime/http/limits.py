"""How much one principal, and everybody together, may ask of a process."""

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

MOST_PRINCIPALS: Final = 20_000


class Rate:
    """A bucket for each principal: it holds `burst` requests and fills by `per_second`."""

    def __init__(
        self, per_second: float, burst: int, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._per_second = per_second
        self._burst = float(burst)
        self._clock = clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, principal: str) -> int:
        """Take one request; returns 0, or the whole seconds after which to try again."""
        now = self._clock()
        left, at = self._left.get(principal, (self._burst, now))
        left = min(self._burst, left + (now - at) * self._per_second)
        if left < 1:
            return math.ceil((1 - left) / self._per_second)
        self._left[principal] = (left - 1, now)
        if len(self._left) > MOST_PRINCIPALS:
            # The one longest unknown has had time to fill its bucket, or will get a full one.
            self._left.popitem(last=False)
        return 0
