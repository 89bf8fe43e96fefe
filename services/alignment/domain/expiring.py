"""Expiring: what is still open when a cycle is over can no longer be answered."""

from collections.abc import Iterator
from datetime import date
from itertools import islice
from typing import Any, Final

from services.alignment.domain.commands import ExpireOpen
from services.alignment.domain.handshake import today_of
from services.alignment.domain.helping import about
from services.alignment.domain.reference import Reference, over
from services.alignment.domain.state import Alignments
from shared.events.alignment import AlignmentExpired, HelpExpired
from shared.events.deciding import NOT_YET, Answer, Asked, Refused

MOST_AT_ONCE: Final = 1_000
"""Events that one decision says: a batch has a limit. The last one says that there is more."""


def expire_open(
    command: ExpireOpen, asked: Asked[Any], state: Alignments, reference: Reference
) -> Answer:
    """Everything open in a cycle that is closed, or whose last day is past; nothing else."""
    today = today_of(asked, reference)
    if command.day is not None and today < command.day:
        return Refused(NOT_YET)
    found = list(islice(_expired(state, reference, today), MOST_AT_ONCE + 1))
    if len(found) <= MOST_AT_ONCE:
        return found
    last = found[MOST_AT_ONCE - 1].model_copy(update={"unfinished": True})
    return (*found[: MOST_AT_ONCE - 1], last)


def _expired(
    state: Alignments, reference: Reference, today: date
) -> Iterator[AlignmentExpired | HelpExpired]:
    for id_ in state.open:
        request = state.requests.get(id_)
        if request is not None:
            if _is_over(request.objective_id, reference, today):
                yield HelpExpired(**about(request, overridden=False), since=request.since)
            continue
        link = state.links[id_]
        if any(_is_over(end, reference, today) for end in (link.from_id, link.to_id)):
            yield AlignmentExpired(
                alignment_id=link.id, from_objective_id=link.from_id, to_objective_id=link.to_id
            )


def _is_over(objective_id: str, reference: Reference, today: date) -> bool:
    cycle = reference.cycle_of(reference.objectives[objective_id])
    return cycle is not None and over(cycle, today)
