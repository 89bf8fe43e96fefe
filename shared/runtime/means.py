"""The means of a process: what its parts share, made once and passed on."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from shared.eventing.answered import Answered
from shared.eventing.commands import CommandWriter
from shared.eventing.edge import Edge
from shared.runtime.metrics import Metrics
from shared.runtime.people.store import PeopleStore
from shared.runtime.readiness import Readiness
from shared.runtime.settings import Settings


@dataclass(frozen=True, slots=True)
class Means:
    """What a loop, an effect or the read side of a service may use.

    `edges` is service → edge, for the services whose commands this process asks; `references` is
    service → its reference view, where this process keeps one. `readiness.component(name)` gives a
    light that a part switches, and that `/readyz` shows.
    """

    settings: Settings
    people: PeopleStore
    writer: CommandWriter
    answered: Answered
    edges: Mapping[str, Edge]
    references: Mapping[str, Callable[[], Any]]
    metrics: Metrics
    readiness: Readiness


class Part(Protocol):
    """Something that runs as long as its process."""

    async def start(self) -> None:
        """Begin; never waits for broker or database."""

    async def stop(self) -> None:
        """End; what is under way is finished first, where it can be."""
