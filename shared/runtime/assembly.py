"""What a service is made of; `services/<name>/app.py` says it in twenty lines.

::

    SERVICE = Service(
        "organization",
        decider=OrganizationDecider(),
        writes=(departments.writes, members.writes, cycles.writes, policies.writes),
    )
"""

from collections.abc import Awaitable, Callable
from dataclasses import KW_ONLY, dataclass
from typing import Any

from shared.events.deciding import Decider
from shared.runtime.http.writes import Writes
from shared.runtime.reacting import Effect, Reaction


@dataclass(frozen=True, slots=True)
class Service:
    """One service by its parts; what it lacks it leaves out.

    `decider` is owned in the process `work`; `writes` are served by the process `web`, each through
    the edge of this service; `reactions`, `effects` and `loops` run in `work`.
    """

    name: str
    _: KW_ONLY
    decider: Decider[Any, Any] | None = None
    writes: tuple[Writes, ...] = ()
    reactions: tuple[Reaction, ...] = ()
    effects: tuple[Effect, ...] = ()
    loops: tuple[Callable[[Any], Awaitable[None]], ...] = ()
