"""A small objective to tell stories about: a buyer's, with two key results."""

from datetime import date
from decimal import Decimal
from typing import Final

from services.objectives.domain.key_results import NewKeyResult
from shared.events.event import Event
from shared.events.objectives import (
    KRAdded,
    ObjectiveCreated,
    ObjectivePublished,
    ObjectiveSubmitted,
    Owner,
    WeightsSet,
)
from shared.okr.measures import Composite, CompositePart, Measure, Metric, Relative, Threshold
from tests.support.given import Told, told
from tests.support.people import AN_ACTIVE_CYCLE, BUYER, BUYING, CFO, CYCLE, PEOPLE, an_id

AIM: Final = an_id("aim")
FIRST: Final = an_id("first")
SECOND: Final = an_id("second")
THIRD: Final = an_id("third")
"""The objective, its two key results, and one that it does not have yet."""

BUYERS: Final = Owner(type="member", id=BUYER.id)
DAYS: Final = Metric(baseline=Decimal("1.5"), target=Decimal(1), unit="天")
CHEAPER: Final = Relative(percent=Decimal(10), direction="decrease", unit="元")
BELOW_3: Final = Threshold(comparator="<", limit=Decimal(3), unit="%")
BOTH: Final = Composite(
    mode="all",
    parts=(
        CompositePart(name="成本", measure=CHEAPER),
        CompositePart(name="次品率", measure=BELOW_3),
    ),
)

THERE: Final = (*PEOPLE, *AN_ACTIVE_CYCLE)
"""Everybody, and an active cycle."""


def a_key_result(
    id_: str, measure: Measure, title: str = "采购周期缩短", *, due: date | None = None
) -> KRAdded:
    """A key result of the objective."""
    return KRAdded(objective_id=AIM, key_result_id=id_, title=title, measure=measure, due=due)


def new(
    id_: str,
    measure: Measure = DAYS,
    *,
    title: str = "采购周期缩短",
    weight: str | None = None,
    owner_id: str | None = None,
    due: date | None = None,
    mentions: tuple[str, ...] = (),
) -> NewKeyResult:
    """A key result that a command brings."""
    return NewKeyResult(
        key_result_id=id_,
        title=title,
        measure=measure,
        weight=None if weight is None else Decimal(weight),
        owner_id=owner_id,
        due=due,
        mentions=mentions,
    )


def weights(**points: str) -> WeightsSet:
    """The weights of `first`, `second` and `third`."""
    return WeightsSet(objective_id=AIM, weights=by_id(**points))


def by_id(**points: str) -> dict[str, Decimal]:
    """Key result id → points, for the names of this file."""
    return {an_id(name): Decimal(weight) for name, weight in points.items()}


CREATED: Final = told(
    ObjectiveCreated(
        objective_id=AIM, cycle_id=CYCLE, owner=BUYERS, department_id=BUYING, title="降低采购成本"
    ),
    by=BUYER,
)
DRAFT: Final[tuple[Told | Event, ...]] = (
    *THERE,
    CREATED,
    told(a_key_result(FIRST, DAYS), by=BUYER),
    told(a_key_result(SECOND, CHEAPER, "成本降低 10 %"), by=BUYER),
)
SUBMITTED: Final = (
    *DRAFT,
    told(ObjectiveSubmitted(objective_id=AIM, approver_id=CFO.id), by=BUYER),
)
PUBLISHED: Final = (*SUBMITTED, told(ObjectivePublished(objective_id=AIM, revision=1), by=CFO))
WEIGHED: Final = (*PUBLISHED, weights(first="40", second="60"))
"""The life of the objective, as far as published and weighed."""
