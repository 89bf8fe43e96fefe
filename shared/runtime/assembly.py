"""What a service is made of; `services/<name>/app.py` says it in twenty lines.

::

    SERVICE = Service(
        "organization",
        decider=OrganizationDecider(),
        writes=(departments.writes, members.writes, cycles.writes, policies.writes),
    )
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any

from shared.eventing.projection import Projection
from shared.events.deciding import Decider
from shared.runtime.http.reads import Models, Reads
from shared.runtime.http.routing import Operation
from shared.runtime.http.writes import Writes
from shared.runtime.means import Means
from shared.runtime.reacting import Effect, Reaction

Loop = Callable[[Means], Awaitable[None]]
"""Runs until it is cancelled; an exception that leaves it ends the process, which says why."""


@dataclass(frozen=True, slots=True)
class Service:
    """One service by its parts; what it lacks it leaves out.

    In the process `web`: `writes`, each through the edge of this service; `reads`, answered from
    what `models` opens; `operations` for what fits neither. In the process `work`: the owner of
    `decider`'s partitions, a projector for `projections`, `reactions`, `effects` and `loops`.
    """

    name: str
    _: KW_ONLY
    decider: Decider[Any, Any] | None = None
    writes: tuple[Writes, ...] = ()
    reads: tuple[Reads, ...] = ()
    models: Callable[[Means], Models] | None = None
    operations: Callable[[Means], Sequence[Operation]] | None = None
    projections: tuple[Projection, ...] = ()
    reactions: tuple[Reaction, ...] = ()
    effects: tuple[Effect, ...] = ()
    loops: tuple[Loop, ...] = ()
    asks: tuple[str, ...] = ()
    """Other services that this one's operations ask: their edges are kept here too."""
