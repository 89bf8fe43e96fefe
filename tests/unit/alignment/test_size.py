"""An organization with fifty thousand links: a proposal still costs next to nothing."""

from random import Random
from statistics import median
from time import process_time
from typing import Any

import pytest

from services.alignment.domain import DECIDER
from services.alignment.domain.commands import AcceptAlignment, ProposeAlignment
from services.alignment.domain.reference import Reference
from services.alignment.domain.state import Alignments
from shared.events.deciding import Actor, Asked, Command, Recorded, Refused
from shared.events.event import Event
from shared.events.folds.objective import Objective
from shared.events.objectives import Owner
from tests.support.given import NOW, THEN
from tests.support.people import ADMIN, BUYING, CYCLE, an_id
from tests.unit.alignment.history import linked, there

LINKS = 50_000
AIMS = 15_000
FAN = 6
"""Each objective contributes to one parent, FAN to each, and supports up to three others."""

WELL_UNDER_A_MILLISECOND = 0.0005


def member_of(n: int) -> Actor:
    return Actor(an_id(f"member {n}"))


def aim(n: int) -> str:
    return an_id(f"aim {n}")


@pytest.fixture(scope="module")
def company() -> tuple[Alignments, Reference]:
    reference: Reference = there().reference
    for n in range(AIMS):
        owner = Owner(type="member", id=member_of(n % 10_000).id)
        reference.objectives[aim(n)] = Objective(
            aim(n), CYCLE, owner, BUYING, f"目标 {n}", None, "committed",
            confidential=False, imported=True, drafted_by=ADMIN.id, state="published",
        )  # fmt: skip
    state = DECIDER.initial("alignment")
    chance, made = Random(7), 0
    for n in range(FAN, AIMS):
        # Upwards in the tree, and across to whatever came before.
        parents = (n // FAN, *(chance.randrange(n) for _ in range(3)))
        for k, parent in enumerate(dict.fromkeys(parents)):
            if made < LINKS:
                kind = "supports" if k else "contributes"
                id_ = an_id(f"link {n} {parent}")
                event = linked(aim(n), aim(parent), id_=id_, kind=kind)
                state = DECIDER.evolve(state, told(event))
                made += 1
    assert made == LINKS
    return state, reference


def told(event: Event) -> Recorded[Any]:
    return Recorded(an_id("e"), event, "alignment", 1, THEN, ADMIN, an_id("e"), an_id("e"))


def asked(command: Command, by: Actor) -> Asked[Any]:
    return Asked(an_id("c"), command, NOW, by, an_id("c"), NOW)


def test_a_proposal_among_fifty_thousand_links_is_decided_well_under_a_millisecond(
    company: tuple[Alignments, Reference],
) -> None:
    state, reference = company
    spent = []
    for n in range(200):
        # From anywhere up to anywhere, and sometimes down, where only a search tells.
        lower, upper = aim(7_000 + 23 * n), aim((37 * n) % 6_000)
        if n % 4 == 0:
            lower, upper = upper, lower
        command = ProposeAlignment(
            alignment_id=an_id(f"new {n}"), kind="supports",
            from_objective_id=lower, to_objective_id=upper,
        )  # fmt: skip
        began = process_time()
        answer = DECIDER.decide(asked(command, ADMIN), state, reference)
        if not isinstance(answer, Refused):
            for event in answer:
                state = DECIDER.evolve(state, told(event))
        spent.append(process_time() - began)
    assert median(spent) < WELL_UNDER_A_MILLISECOND


def test_an_acceptance_among_fifty_thousand_links_is_decided_well_under_a_millisecond(
    company: tuple[Alignments, Reference],
) -> None:
    state, reference = company
    spent = []
    for n in range(200):
        id_ = an_id(f"accepted {n}")
        command = ProposeAlignment(
            alignment_id=id_, kind="supports",
            from_objective_id=aim(AIMS - 1 - n), to_objective_id=aim(100 + n),
        )  # fmt: skip
        for each in (command, AcceptAlignment(alignment_id=id_)):
            began = process_time()
            answer = DECIDER.decide(asked(each, ADMIN), state, reference)
            assert not isinstance(answer, Refused)
            for event in answer:
                state = DECIDER.evolve(state, told(event))
            spent.append(process_time() - began)
    assert median(spent) < WELL_UNDER_A_MILLISECOND
