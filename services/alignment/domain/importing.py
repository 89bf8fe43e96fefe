"""Importing: links as a file tells them, accepted at once in the importer's name."""

from typing import Any

from services.alignment.domain.commands import ImportAlignment
from services.alignment.domain.fitting import Wish, unfit
from services.alignment.domain.reference import Reference
from services.alignment.domain.state import Alignments, Link
from shared.events.alignment import AlignmentLinked, AlignmentUnlinked
from shared.events.deciding import Answer, Asked, Refused
from shared.events.event import Event
from shared.okr.figures import ZERO


def import_alignment(
    command: ImportAlignment, asked: Asked[Any], state: Alignments, reference: Reference
) -> Answer:
    """Administrators import; the same content again says nothing new.

    What people proposed between the same ends is accepted so; what holds on other terms, or was
    ended since an import, is changed only with `update`.
    """
    org = reference.organization
    if not (org.is_administrator(asked.actor) and org.may_write(asked.actor)):
        return Refused("not_allowed")
    if command.weight is not None and command.weight <= ZERO:
        return Refused("weight_not_positive", pointer="/weight")
    from_ = reference.seen_by(asked.actor, command.from_objective_id, "/from")
    if isinstance(from_, Refused):
        return from_
    to = reference.seen_by(asked.actor, command.to_objective_id, "/to")
    if isinstance(to, Refused):
        return to
    there = _known(command, state)
    if isinstance(there, Refused):
        return there
    if there is not None and not there.open:
        differences = _differences(command, there)
        if not differences:
            return ()
        if not command.update:
            return Refused("import_differs", {"fields": differences})
    link_id = command.alignment_id if there is None else there.id
    wish = Wish(link_id, command.kind, from_, to, command.to_key_result_id)
    if refused := unfit(wish, state, asked.actor, reference, None):
        return refused
    return _linked(command, link_id, there)


def _known(command: ImportAlignment, state: Alignments) -> Link | Refused | None:
    """The link that the file tells of: the live one between its ends, or that of its id."""
    ends = (command.from_objective_id, command.to_objective_id, command.to_key_result_id)
    there = state.between(*ends)
    if there is not None or not state.knows(command.alignment_id):
        return there
    there = state.links.get(command.alignment_id)
    if there is None or (there.from_id, there.to_id, there.key_result_id) != ends:
        return Refused("import_differs", {"fields": ["from", "to"]})
    return there


def _linked(command: ImportAlignment, link_id: str, there: Link | None) -> tuple[Event, ...]:
    linked = AlignmentLinked(
        alignment_id=link_id,
        from_objective_id=command.from_objective_id,
        to_objective_id=command.to_objective_id,
        to_key_result_id=command.to_key_result_id,
        kind=command.kind,
        weight=command.weight,
        imported=True,
        promised=there is not None and there.promised,
    )
    if there is None or there.state != "accepted":
        return (linked,)
    ended = AlignmentUnlinked(
        alignment_id=link_id,
        from_objective_id=command.from_objective_id,
        to_objective_id=command.to_objective_id,
        reason=None,
    )
    return (ended, linked)


def _differences(command: ImportAlignment, there: Link) -> list[str]:
    told = {"state": "accepted", "kind": command.kind, "weight": command.weight}
    return [name for name, value in told.items() if value != getattr(there, name)]
