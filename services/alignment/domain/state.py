"""The state of alignment: every link and request there ever was, and where to find the live ones.

One state for the organization, because whether a link makes a loop depends on all others.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Final, Literal

from services.alignment.domain.shelves import Shelves
from shared.events.alignment import HelpSide, Kind, Side

LinkState = Literal[
    "proposed", "countered", "accepted", "declined", "withdrawn", "expired", "unlinked"
]
RequestState = Literal[
    "requested", "countered", "promised", "delivered", "declined", "withdrawn", "expired",
    "unlinked",
]  # fmt: skip

OPEN: Final = frozenset({"proposed", "requested", "countered"})
"""The states in which an answer is waited for."""


@dataclass(frozen=True, slots=True)
class Link:
    """A link from one objective to another, on the terms that were offered last.

    `turn` is the side whose answer is waited for, `proposer` the one that began; `countered_by`
    the person who named the terms last.
    """

    id: str
    from_id: str
    to_id: str
    key_result_id: str | None
    kind: Kind
    weight: Decimal | None
    state: LinkState
    proposer: Side = "from"
    turn: Side = "to"
    countered_by: str | None = None
    promised: bool = False

    @property
    def open(self) -> bool:
        """Whether an answer is waited for."""
        return self.state in OPEN

    @property
    def live(self) -> bool:
        """Whether it holds, or may come to."""
        return self.open or self.state == "accepted"


@dataclass(frozen=True, slots=True)
class Request:
    """A dependency request: the asking objective, the department asked, and the terms of the help.

    `helper_id` is the objective that the helper named; `since` the instant of the last word;
    `countered_by` the person who named the terms last.
    """

    id: str
    objective_id: str
    department_id: str
    key_result_id: str | None
    kind: Kind
    weight: Decimal | None
    since: datetime
    state: RequestState = "requested"
    turn: HelpSide = "helper"
    countered_by: str | None = None
    helper_id: str | None = None

    @property
    def open(self) -> bool:
        """Whether an answer is waited for."""
        return self.state in OPEN

    @property
    def live(self) -> bool:
        """Whether it is open, or promised and not delivered yet."""
        return self.open or self.state == "promised"


@dataclass(frozen=True, slots=True)
class Alignments:
    """All links and requests.

    `upward` is objective → ids of the live links from it, `downward` of the accepted links to it;
    `needs` objective → ids of the live requests that it asks, or has promised to help with; `open`
    holds the ids that wait for an answer.
    """

    links: Shelves[Link] = field(default_factory=Shelves)
    requests: Shelves[Request] = field(default_factory=Shelves)
    upward: Shelves[tuple[str, ...]] = field(default_factory=Shelves)
    downward: Shelves[tuple[str, ...]] = field(default_factory=Shelves)
    needs: Shelves[tuple[str, ...]] = field(default_factory=Shelves)
    open: Shelves[bool] = field(default_factory=Shelves)
    heights: Shelves[int] = field(default_factory=Shelves)

    def knows(self, alignment_id: str) -> bool:
        """Whether there ever was a link or a request of this id."""
        return alignment_id in self.links or alignment_id in self.requests

    def links_from(self, objective_id: str) -> Iterator[Link]:
        """The live links of an objective to others."""
        return (self.links[id_] for id_ in self.upward.get(objective_id) or ())

    def above(self, objective_id: str) -> Iterator[str]:
        """The objectives that it contributes to or supports."""
        return (link.to_id for link in self.links_from(objective_id) if link.state == "accepted")

    def below(self, objective_id: str) -> Iterator[str]:
        """The objectives that contribute to it or support it."""
        return (self.links[id_].from_id for id_ in self.downward.get(objective_id) or ())

    def between(self, from_id: str, to_id: str, key_result_id: str | None) -> Link | None:
        """The live link between two ends; there is never more than one."""
        for link in self.links_from(from_id):
            if (link.to_id, link.key_result_id) == (to_id, key_result_id):
                return link
        return None

    def requests_about(self, objective_id: str) -> Iterator[Request]:
        """The live requests that an objective asks, or has promised to help with."""
        return (self.requests[id_] for id_ in self.needs.get(objective_id) or ())
