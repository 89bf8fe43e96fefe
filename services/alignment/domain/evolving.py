"""Evolving: what each event makes of the state. Nothing of the state before is changed."""

from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar, assert_never

from services.alignment.domain.heights import linked
from services.alignment.domain.shelves import Shelves
from services.alignment.domain.state import Alignments, Link, Request
from shared.events import alignment as said
from shared.events.deciding import Recorded

T = TypeVar("T")

AlignmentsEvent = (
    said.AlignmentProposed | said.AlignmentCountered | said.AlignmentLinked
    | said.AlignmentDeclined | said.AlignmentWithdrawn | said.AlignmentExpired
    | said.AlignmentUnlinked | said.HelpRequested | said.HelpCountered | said.HelpPromised
    | said.HelpDelivered | said.HelpDeclined | said.HelpWithdrawn | said.HelpExpired
)  # fmt: skip


def evolve(before: Alignments, recorded: Recorded[Any]) -> Alignments:
    """The state after an event."""
    event: AlignmentsEvent = recorded.event
    match event:
        case said.AlignmentUnlinked():
            after = _with_link(before, _link(before, event, recorded.actor.id))
            if not event.promised:
                return after
            request = before.requests[event.alignment_id]
            # What was delivered stays so, whatever becomes of the link.
            state = "unlinked" if request.live else request.state
            return _with_request(after, replace(request, state=state))
        case said.AlignmentEvent():
            return _with_link(before, _link(before, event, recorded.actor.id))
        case said.HelpEvent():
            return _with_request(before, _request(before, event, recorded))
        case _:
            assert_never(event)


def _link(state: Alignments, event: said.AlignmentEvent, actor_id: str) -> Link:
    if isinstance(event, said.AlignmentProposed):
        return Link(
            event.alignment_id, event.from_objective_id, event.to_objective_id,
            event.to_key_result_id, event.kind, event.weight, "proposed",
            proposer=event.by, turn="to" if event.by == "from" else "from",
        )  # fmt: skip
    if isinstance(event, said.AlignmentLinked):
        return Link(
            event.alignment_id, event.from_objective_id, event.to_objective_id,
            event.to_key_result_id, event.kind, event.weight, "accepted",
            promised=event.promised,
        )  # fmt: skip
    link = state.links[event.alignment_id]
    match event:
        case said.AlignmentCountered(kind=kind, weight=weight, by=by):
            turn: said.Side = "to" if by == "from" else "from"
            return replace(
                link, state="countered", kind=kind, weight=weight, turn=turn,
                countered_by=actor_id,
            )  # fmt: skip
        case said.AlignmentDeclined():
            return replace(link, state="declined")
        case said.AlignmentWithdrawn():
            return replace(link, state="withdrawn")
        case said.AlignmentExpired():
            return replace(link, state="expired")
        case said.AlignmentUnlinked():
            return replace(link, state="unlinked")
        case _:
            raise _no_place(event)


def _request(state: Alignments, event: said.HelpEvent, recorded: Recorded[Any]) -> Request:
    at = _as_written(recorded.at)
    if isinstance(event, said.HelpRequested):
        return Request(
            event.alignment_id, event.objective_id, event.department_id, event.key_result_id,
            event.kind, event.weight, at,
        )  # fmt: skip
    request = replace(state.requests[event.alignment_id], since=at)
    match event:
        case said.HelpCountered(kind=kind, weight=weight, by=by):
            turn: said.HelpSide = "helper" if by == "asker" else "asker"
            return replace(
                request, state="countered", kind=kind, weight=weight, turn=turn,
                countered_by=recorded.actor.id, helper_id=event.helper_objective_id,
            )  # fmt: skip
        case said.HelpPromised(helper_objective_id=helper_id, kind=kind, weight=weight):
            return replace(request, state="promised", kind=kind, weight=weight, helper_id=helper_id)
        case said.HelpDelivered():
            return replace(request, state="delivered")
        case said.HelpDeclined():
            return replace(request, state="declined")
        case said.HelpWithdrawn():
            return replace(request, state="withdrawn")
        case said.HelpExpired():
            return replace(request, state="expired")
        case _:
            raise _no_place(event)


def _with_link(state: Alignments, link: Link) -> Alignments:
    """The state with a link as it is now, and with all that finds it brought in line."""
    accepted = link.state == "accepted"
    heights = state.heights
    if accepted:
        heights = linked(heights, state.above, state.below, link.from_id, link.to_id)
    return replace(
        state,
        links=state.links.put(link.id, link),
        upward=_listed(state.upward, link.from_id, link.id, there=link.live),
        downward=_listed(state.downward, link.to_id, link.id, there=accepted),
        open=_marked(state.open, link.id, there=link.open),
        heights=heights,
    )


def _with_request(state: Alignments, request: Request) -> Alignments:
    promised = request.helper_id is not None and request.state == "promised"
    needs = _listed(state.needs, request.objective_id, request.id, there=request.live)
    if request.helper_id is not None:
        needs = _listed(needs, request.helper_id, request.id, there=promised)
    return replace(
        state,
        requests=state.requests.put(request.id, request),
        needs=needs,
        open=_marked(state.open, request.id, there=request.open),
    )


def _listed(
    lists: Shelves[tuple[str, ...]], under: str, id_: str, *, there: bool
) -> Shelves[tuple[str, ...]]:
    listed = lists.get(under) or ()
    if (id_ in listed) == there:
        return lists
    if there:
        return lists.put(under, (*listed, id_))
    remaining = tuple(other for other in listed if other != id_)
    return lists.put(under, remaining) if remaining else lists.without(under)


def _marked(marks: Shelves[bool], id_: str, *, there: bool) -> Shelves[bool]:
    if not there:
        return marks.without(id_)
    return marks if id_ in marks else marks.put(id_, value=True)


def _as_written(at: datetime) -> datetime:
    """The instant as the log writes it, so that a fold of the log gives the same state."""
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def _no_place(event: said.AlignmentLogEvent) -> ValueError:
    return ValueError(f"{type(event).__name__} has no place in {event.stream}")
