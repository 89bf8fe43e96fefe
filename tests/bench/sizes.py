"""How much is measured: the whole, or (`OKR_BENCH_SIZE=tiny`) just enough to see that it runs."""

import os
from dataclasses import dataclass
from typing import Final

SEED: Final = 20_211_123


@dataclass(frozen=True, slots=True)
class Sizes:
    """Counts and seconds; a whole run takes less than ten minutes on two cores."""

    whole: bool
    objectives: int
    """Of the company that is written to over HTTP."""
    seconds: float
    """Of one load; half as many again before it, unrecorded."""
    lone_asks: int
    produces: int
    seen: int
    """Check-ins that somebody else waits for."""
    log_objectives: int
    """Of the company whose log is folded."""
    commands: int
    """Of the backlog."""
    slow_events: int
    """Events for baselines that would take minutes with all of them."""
    selects: int
    idle_seconds: float


WHOLE: Final = Sizes(
    whole=True, objectives=400, seconds=10.0, lone_asks=1_000, produces=1_000, seen=150,
    log_objectives=1_000, commands=60_000, slow_events=10_000, selects=2_000, idle_seconds=10.0,
)  # fmt: skip
TINY: Final = Sizes(
    whole=False, objectives=20, seconds=1.0, lone_asks=30, produces=30, seen=5,
    log_objectives=30, commands=600, slow_events=200, selects=30, idle_seconds=0.5,
)  # fmt: skip


def sizes() -> Sizes:
    """What was asked for."""
    return TINY if os.environ.get("OKR_BENCH_SIZE") == "tiny" else WHOLE
