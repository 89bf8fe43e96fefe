"""Objectives to align: of the company, of finance and its people, and of research beside it."""

from collections.abc import Iterable
from datetime import date
from typing import Any, Final

from services.alignment.domain import DECIDER
from services.alignment.domain.state import Alignments
from shared.events import alignment as said
from shared.events.deciding import Actor
from shared.events.event import Event
from shared.events.objectives import (
    KRAdded,
    ObjectiveCreated,
    ObjectivePublished,
    Owner,
)
from shared.events.organization import (
    CycleActivated,
    CyclePlanned,
    DepartmentHeadNamed,
)
from tests.support.aims import DAYS
from tests.support.given import THEN, Given, Told, given, told
from tests.support.people import (
    ADMIN,
    AN_ACTIVE_CYCLE,
    BUYER,
    BUYING,
    CFO,
    COMPANY,
    CYCLE,
    FINANCE,
    PEOPLE,
    RESEARCH,
    SCIENTIST,
    an_id,
)

NEXT_CYCLE: Final = an_id("2027Q1")
WHOLE_YEAR: Final = an_id("2026")

GROW: Final = an_id("grow")
SAVE: Final = an_id("save")
BUY: Final = an_id("buy")
BUY_MORE: Final = an_id("buy more")
INVENT: Final = an_id("invent")
TEACH: Final = an_id("teach")
"""Published objectives: the company's, the CFO's, two of the buyer's, two of the scientist's."""

DRAFT: Final = an_id("draft")
LATER: Final = an_id("later")
YEARLY: Final = an_id("yearly")
SECRET: Final = an_id("secret")
"""The CFO's draft; the CFO's in the next cycle, in the whole year; and a confidential one."""

RESULT: Final = an_id("result of save")
A_LINK: Final = an_id("a link")
OTHER_LINK: Final = an_id("another link")
A_REQUEST: Final = an_id("a request")


def an_objective(
    id_: str, owner: Owner, at: str, *, by: Actor, cycle: str = CYCLE, confidential: bool = False
) -> Told:
    return told(
        ObjectiveCreated(
            objective_id=id_,
            cycle_id=cycle,
            owner=owner,
            department_id=at,
            title=f"目标 {id_[:4]}",
            confidential=confidential,
        ),
        by=by,
    )


def a_result(of: str, id_: str, *, mentions: tuple[str, ...] = ()) -> KRAdded:
    return KRAdded(
        objective_id=of, key_result_id=id_, title="结果", measure=DAYS, mentions=mentions
    )


def member(actor: Actor) -> Owner:
    return Owner(type="member", id=actor.id)


def published(id_: str) -> ObjectivePublished:
    return ObjectivePublished(objective_id=id_, revision=1)


def _all() -> Iterable[Event | Told]:
    yield from PEOPLE
    yield DepartmentHeadNamed(department_id=RESEARCH, head_id=SCIENTIST.id, before=None)
    yield from AN_ACTIVE_CYCLE
    for cycle, start, end in (
        (NEXT_CYCLE, date(2027, 1, 1), date(2027, 3, 31)),
        (WHOLE_YEAR, date(2026, 1, 1), date(2026, 12, 31)),
    ):
        yield told(
            CyclePlanned(cycle_id=cycle, name=cycle, start=start, end=end, kind="custom"),
            by=ADMIN,
        )
        yield CycleActivated(cycle_id=cycle)
    yield an_objective(GROW, Owner(type="company", id=COMPANY), COMPANY, by=ADMIN)
    yield an_objective(SAVE, member(CFO), FINANCE, by=CFO)
    yield a_result(SAVE, RESULT)
    yield an_objective(BUY, member(BUYER), BUYING, by=BUYER)
    yield an_objective(BUY_MORE, member(BUYER), BUYING, by=BUYER)
    yield an_objective(INVENT, member(SCIENTIST), RESEARCH, by=SCIENTIST)
    yield an_objective(TEACH, member(SCIENTIST), RESEARCH, by=SCIENTIST)
    yield an_objective(DRAFT, member(CFO), FINANCE, by=CFO)
    yield an_objective(LATER, member(CFO), FINANCE, by=CFO, cycle=NEXT_CYCLE)
    yield an_objective(YEARLY, member(CFO), FINANCE, by=CFO, cycle=WHOLE_YEAR)
    yield an_objective(SECRET, member(CFO), FINANCE, by=CFO, confidential=True)
    for id_ in (GROW, SAVE, BUY, BUY_MORE, INVENT, TEACH, LATER, YEARLY, SECRET):
        yield published(id_)


THERE: Final = tuple(_all())
"""Everybody, and everything that can be aligned."""


def there(*more: Event | Told) -> Given:
    """Everything is there, and more happened."""
    return given(DECIDER, *THERE, *more)


def state(of: Given) -> Alignments:
    """What alignment knows."""
    found: Alignments = of.state("alignment")
    return found


def proposed(
    from_: str = BUY, to: str = SAVE, *, id_: str = A_LINK, **more: Any
) -> said.AlignmentProposed:
    """A proposal; the buyer's contribution to the CFO's where nothing else is said."""
    told_ = {"kind": "contributes", "by": "from", **more}
    return said.AlignmentProposed.model_validate(
        {"alignment_id": id_, "from_objective_id": from_, "to_objective_id": to, **told_}
    )


def linked(
    from_: str = BUY, to: str = SAVE, *, id_: str = A_LINK, **more: Any
) -> said.AlignmentLinked:
    """An accepted alignment; see `proposed`."""
    return said.AlignmentLinked.model_validate(
        {
            "alignment_id": id_,
            "from_objective_id": from_,
            "to_objective_id": to,
            "kind": "contributes",
            **more,
        }
    )


def requested(of: str = SAVE, department: str = RESEARCH, **more: Any) -> said.HelpRequested:
    """A request; finance asks research where nothing else is said."""
    return said.HelpRequested.model_validate(
        {
            "alignment_id": A_REQUEST,
            "objective_id": of,
            "department_id": department,
            "kind": "supports",
            **more,
        }
    )


def promised(helper: str = INVENT, **more: Any) -> said.HelpPromised:
    """The promise of that request."""
    return said.HelpPromised.model_validate(
        {
            "alignment_id": A_REQUEST,
            "objective_id": SAVE,
            "department_id": RESEARCH,
            "since": THEN,
            "helper_objective_id": helper,
            "kind": "supports",
            "weight": None,
            **more,
        }
    )


PROMISED: Final = (
    requested(),
    promised(),
    linked(INVENT, SAVE, id_=A_REQUEST, kind="supports", promised=True),
)
"""Finance asked research, which promised to help."""
