"""The means of a process: what its parts share, made once and passed on."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol, Self

from shared.eventing.answered import Answered
from shared.eventing.commands import CommandWriter
from shared.eventing.edge import Edge
from shared.eventing.reader import Place, Tail
from shared.eventing.reference import ReferenceView
from shared.eventing.sharing import SharedTail
from shared.runtime.metrics import Metrics
from shared.runtime.people.store import PeopleStore
from shared.runtime.readiness import Readiness
from shared.runtime.rest import Rest
from shared.runtime.settings import Settings


@dataclass(frozen=True, slots=True)
class Shared:
    """What the parts of all services of a process share.

    `edges` is service → edge; `views` is service → its reference view, where its owner runs here.
    """

    settings: Settings
    people: PeopleStore
    tail: SharedTail
    writer: CommandWriter
    answered: Answered
    metrics: Metrics
    readiness: Readiness
    rest: Rest
    edges: dict[str, Edge] = field(default_factory=dict)
    views: dict[str, ReferenceView[Any]] = field(default_factory=dict)

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Make everything; nothing is connected yet."""
        metrics = Metrics()
        return cls(
            settings=settings,
            people=PeopleStore.of(settings),
            tail=SharedTail(settings.bootstrap),
            writer=CommandWriter(bootstrap=settings.bootstrap),
            answered=Answered(),
            metrics=metrics,
            readiness=Readiness(metrics),
            rest=Rest(settings.bootstrap),
        )


@dataclass(frozen=True, slots=True)
class Means:
    """What a loop, an effect, the read side or a route of one service may use."""

    service: str
    shared: Shared

    @property
    def settings(self) -> Settings:
        """Where everything is."""
        return self.shared.settings

    @property
    def bootstrap(self) -> str:
        """The broker."""
        return self.shared.settings.bootstrap

    @property
    def people(self) -> PeopleStore:
        """Names, and the keys to what people wrote."""
        return self.shared.people

    def tail(self, places: Iterable[Place], *, client_id: str) -> Tail:
        """A tail of event logs, from their beginnings, that shares what the process reads."""
        return self.shared.tail.tail(self.bootstrap, places, client_id=client_id)

    @property
    def edge(self) -> Edge:
        """The edge of the own service; `KeyError` for one that decides nothing."""
        return self.shared.edges[self.service]

    @property
    def edges(self) -> dict[str, Edge]:
        """The edges of all services in this process."""
        return self.shared.edges

    @property
    def metrics(self) -> Metrics:
        """The figures of this process."""
        return self.shared.metrics

    @property
    def readiness(self) -> Readiness:
        """Where a part says whether it is ready."""
        return self.shared.readiness

    @property
    def rest(self) -> Rest:
        """Where a part says how far it is."""
        return self.shared.rest


class Part(Protocol):
    """Something that runs as long as its process."""

    async def start(self) -> None:
        """Begin; never waits for broker or database."""

    async def stop(self) -> None:
        """End, and let go of everything."""
