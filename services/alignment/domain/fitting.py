"""Fitting: which link may be, whoever asks for it."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from services.alignment.domain.heights import path_up
from services.alignment.domain.reference import Reference, over
from services.alignment.domain.state import Alignments, Link
from shared.events.alignment import Kind
from shared.events.deciding import NOT_YET, Actor, Refused
from shared.events.folds.objective import Objective
from shared.events.folds.permissions import sees

PATH_ARROW: Final = " → "
LONGEST_PATH: Final = 40
"""Objectives of a loop that are named; the middle of a longer one is left out."""

HIDDEN: Final = "…"
"""Stands for the title of an objective that whoever asks may not see."""


@dataclass(frozen=True, slots=True)
class Wish:
    """A link that is to be: from one objective to another, or to a key result of it.

    `link_id` is the id that it has, or would get.
    """

    link_id: str
    kind: Kind
    from_: Objective
    to: Objective
    key_result_id: str | None = None

    @classmethod
    def of(cls, link: Link, reference: Reference, kind: Kind | None = None) -> "Wish":
        """What a link that is there wishes, with another kind where one is named."""
        ends = reference.objectives
        return cls(
            link.id, kind or link.kind, ends[link.from_id], ends[link.to_id], link.key_result_id
        )


def unfit(
    wish: Wish, state: Alignments, actor: Actor, reference: Reference, today: date | None
) -> Refused | None:
    """Why a link may not be; `today` None is an import, which may tell of cycles long over."""
    return (
        _own(wish, reference)
        or _not_published(wish.from_, "/from_objective_id")
        or _not_published(wish.to, "/to/objective_id")
        or _no_common_time(wish, reference, today)
        or _no_key_result(wish)
        or _second_parent(wish, state, actor, reference)
        or _loop(wish, state, actor, reference)
    )


def _own(wish: Wish, reference: Reference) -> Refused | None:
    """A handshake has two sides: nobody aligns with an objective of their own."""
    org, one, other = reference.organization, wish.from_.owner, wish.to.owner
    same = wish.from_.id == wish.to.id or one.id == other.id
    if not same and one.type == other.type == "member":
        stands = org.standing_for(one.id)
        same = stands is not None and stands == org.standing_for(other.id)
    return Refused("own_objective", pointer="/to/objective_id") if same else None


def _not_published(objective: Objective, pointer: str) -> Refused | None:
    match objective.state:
        case "published":
            return None
        case "closed":
            return Refused("objective_closed", pointer=pointer)
        case _:
            return Refused("objective_not_published", pointer=pointer)


def _no_common_time(wish: Wish, reference: Reference, today: date | None) -> Refused | None:
    one, other = reference.cycle_of(wish.from_), reference.cycle_of(wish.to)
    if one is None or other is None:
        return Refused(NOT_YET)
    if one.end < other.start or other.end < one.start:
        return Refused("cycles_apart", {"cycle": one.name, "other": other.name})
    for cycle in (one, other):
        if today is not None and over(cycle, today):
            return Refused("cycle_over", {"cycle": cycle.name})
    return None


def _no_key_result(wish: Wish) -> Refused | None:
    if wish.key_result_id is None:
        return None
    key_result = wish.to.key_results.get(wish.key_result_id)
    if key_result is None:
        return Refused("key_result_unknown", pointer="/to/key_result_id")
    if key_result.state == "cancelled":
        return Refused("key_result_cancelled", pointer="/to/key_result_id")
    return None


def _second_parent(
    wish: Wish, state: Alignments, actor: Actor, reference: Reference
) -> Refused | None:
    if wish.kind != "contributes":
        return None
    for link in state.links_from(wish.from_.id):
        if link.kind == "contributes" and link.state == "accepted" and link.id != wish.link_id:
            titles = _titles((link.to_id,), actor, reference)
            return Refused(
                "second_parent",
                {"parent": titles[0], "objective_id": link.to_id, "alignment_id": link.id},
            )
    return None


def _loop(wish: Wish, state: Alignments, actor: Actor, reference: Reference) -> Refused | None:
    """Links lead up; the path says how this one would lead back to where it begins."""
    way = path_up(state.heights, state.above, state.below, wish.to.id, wish.from_.id)
    if way is None:
        return None
    around = (wish.from_.id, *way)
    half = LONGEST_PATH // 2
    named = around if len(around) <= LONGEST_PATH else (*around[:half], *around[-half:])
    titles = _titles(named, actor, reference)
    if named is not around:
        titles.insert(half, HIDDEN)
    return Refused(
        "alignment_loop", {"path": PATH_ARROW.join(titles), "objective_ids": list(named)}
    )


def _titles(ids: tuple[str, ...], actor: Actor, reference: Reference) -> list[str]:
    org = reference.organization
    found = (reference.objectives[id_] for id_ in ids)
    return [each.title if sees(org, actor, each) else HIDDEN for each in found]
