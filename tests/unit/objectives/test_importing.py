"""Importing: an objective is there and published at once; the same file again changes nothing."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from services.objectives.domain import DECIDER
from services.objectives.domain.importing import ImportObjective
from shared.events.deciding import Actor
from shared.events.event import Event
from shared.events.objectives import (
    BaselineCaptured,
    KRAdded,
    KRCancelled,
    KROwnerChanged,
    KRRescheduled,
    KRRetargeted,
    KRReworded,
    ObjectiveClosed,
    ObjectiveCreated,
    ObjectiveOwnerChanged,
    ObjectivePublished,
    ObjectiveReworded,
    Owner,
    WeightsSet,
)
from shared.okr.measures import Composite, CompositePart
from tests.support.aims import (
    AIM,
    BELOW_3,
    BOTH,
    BUYERS,
    CHEAPER,
    DAYS,
    FIRST,
    SECOND,
    THERE,
    THIRD,
    a_key_result,
    by_id,
    new,
    weights,
)
from tests.support.given import Told, given
from tests.support.people import (
    ADMIN,
    BUYER,
    BUYING,
    CFO,
    COMPANY,
    CYCLE,
    FINANCE,
    RESEARCH,
    an_id,
    sealed,
)

NOBODY = an_id("nobody")
DUE = date(2026, 11, 30)
ROWS = (new(FIRST, title="甲", due=DUE, mentions=(RESEARCH,)), new(SECOND, BOTH, title="乙"))


def told(**fields: Any) -> ImportObjective:
    """The file's row, but for what is said otherwise."""
    row = {
        "objective_id": AIM,
        "cycle_id": CYCLE,
        "owner": BUYERS,
        "title": "降低采购成本",
        "key_results": ROWS,
    }
    return ImportObjective.model_validate(row | fields)


IMPORTED: tuple[Event, ...] = (
    ObjectiveCreated(
        objective_id=AIM,
        cycle_id=CYCLE,
        owner=BUYERS,
        department_id=BUYING,
        title="降低采购成本",
        imported=True,
    ),
    KRAdded(
        objective_id=AIM,
        key_result_id=FIRST,
        title="甲",
        measure=DAYS,
        due=DUE,
        mentions=(RESEARCH,),
    ),
    a_key_result(SECOND, BOTH, "乙"),
)
PUBLISHED = ObjectivePublished(objective_id=AIM, revision=1)
THERE_ALREADY: tuple[Event | Told, ...] = (*THERE, *IMPORTED, PUBLISHED)


def test_an_import_makes_and_publishes_in_one_decision() -> None:
    given(DECIDER, *THERE).when(told()).then(*IMPORTED, PUBLISHED)


def test_an_import_brings_weights() -> None:
    weighed = (new(FIRST, weight="30"), new(SECOND, weight="70"))
    events = given(DECIDER, *THERE).when(told(key_results=weighed)).events
    assert events[-2:] == (weights(first="30", second="70"), PUBLISHED)


@pytest.mark.parametrize(
    ("fields", "code", "pointer"),
    [
        ({"cycle_id": NOBODY}, "not_yet", "/cycle_id"),
        ({"owner": Owner(type="member", id=NOBODY)}, "not_yet", "/owner/id"),
        (
            {"key_results": (new(FIRST, mentions=(NOBODY,)),)},
            "not_yet",
            "/key_results/0/mentions/0",
        ),
        ({"key_results": (new(FIRST, weight="30"), new(SECOND))}, "weights_needed", "/weights"),
    ],
)
def test_an_import_is_all_or_nothing(fields: dict[str, Any], code: str, pointer: str) -> None:
    given(DECIDER, *THERE).when(told(**fields)).refused(code, pointer=pointer)


@pytest.mark.parametrize("actor", [BUYER, CFO])
def test_only_administrators_import(actor: Actor) -> None:
    given(DECIDER, *THERE).when(told(), by=actor).refused("not_allowed")


def test_an_administrator_who_is_a_member_imports() -> None:
    given(DECIDER, *THERE).when(told(), by=ADMIN).then(*IMPORTED, PUBLISHED)


def test_a_file_means_the_company_whatever_id_it_has() -> None:
    company = Owner(type="company", id=NOBODY)
    event = given(DECIDER, *THERE).when(told(owner=company)).events[0]
    assert isinstance(event, ObjectiveCreated)
    assert event.owner == Owner(type="company", id=COMPANY)


def test_the_same_file_again_says_nothing_new() -> None:
    there = given(DECIDER, *THERE_ALREADY)
    there.when(told()).says_nothing_new()
    there.when(told(update=True)).says_nothing_new()


def test_what_happened_since_is_no_difference_of_the_file() -> None:
    captured = CHEAPER.model_copy(update={"baseline": Decimal(200)})
    both = Composite(
        mode="all", parts=(CompositePart(name="成本", measure=captured), BOTH.parts[1])
    )
    there = given(
        DECIDER,
        *THERE_ALREADY,
        BaselineCaptured(
            objective_id=AIM,
            key_result_id=SECOND,
            baseline=Decimal(200),
            measure=both,
            revision=2,
            part="成本",
        ),
        a_key_result(THIRD, DAYS),
        KRCancelled(objective_id=AIM, key_result_id=FIRST, reason=sealed("because")),
        ObjectiveClosed(objective_id=AIM, outcome="achieved"),
    )
    there.when(told()).says_nothing_new()


def test_the_weights_of_a_file_are_those_of_its_own_key_results() -> None:
    rows = (new(FIRST, title="甲", due=DUE, mentions=(RESEARCH,), weight="30"),
            new(SECOND, BOTH, title="乙", weight="70"))  # fmt: skip
    there = given(DECIDER, *THERE_ALREADY, weights(first="30", second="70"))
    there.when(told(key_results=rows)).says_nothing_new()
    there.and_given(
        KRCancelled(objective_id=AIM, key_result_id=FIRST, reason=sealed("because")),
        weights(second="100"),
    ).when(told(key_results=rows)).says_nothing_new()
    given(DECIDER, *THERE_ALREADY).when(told(key_results=rows)).refused(
        "import_differs", fields=["weights"]
    )


CHANGED = told(
    title="降本",
    description=sealed("why"),
    commitment="aspirational",
    owner=Owner(type="department", id=FINANCE),
    key_results=(
        new(FIRST, DAYS.model_copy(update={"target": Decimal("0.5")}), title="丙", owner_id=CFO.id),
        new(SECOND, BOTH, title="乙"),
        new(THIRD, BELOW_3, title="丁"),
    ),
)


def test_a_file_that_differs_is_refused_and_says_where() -> None:
    given(DECIDER, *THERE_ALREADY).when(CHANGED).refused(
        "import_differs",
        fields=[
            "title",
            "commitment",
            "description",
            "owner",
            "key_results/0/title",
            "key_results/0/mentions",
            "key_results/0/owner_id",
            "key_results/0/due",
            "key_results/0/measure",
            "key_results/2",
        ],
    )


def test_an_update_says_exactly_the_differences() -> None:
    updated = CHANGED.model_copy(update={"update": True})
    after = (
        given(DECIDER, *THERE_ALREADY)
        .when(updated)
        .then(
            ObjectiveReworded(
                objective_id=AIM,
                title="降本",
                description=sealed("why"),
                commitment="aspirational",
                confidential=False,
            ),
            ObjectiveOwnerChanged(
                objective_id=AIM,
                owner=Owner(type="department", id=FINANCE),
                before=BUYERS,
                department_id=FINANCE,
            ),
            KRReworded(objective_id=AIM, key_result_id=FIRST, title="丙", before="甲"),
            KROwnerChanged(objective_id=AIM, key_result_id=FIRST, owner_id=CFO.id, before=None),
            KRRescheduled(objective_id=AIM, key_result_id=FIRST, due=None, before=DUE),
            KRRetargeted(
                objective_id=AIM,
                key_result_id=FIRST,
                before=DAYS,
                measure=DAYS.model_copy(update={"target": Decimal("0.5")}),
                revision=2,
            ),
            a_key_result(THIRD, BELOW_3, "丁"),
        )
    )
    after.when(updated).says_nothing_new()


def test_an_update_that_adds_brings_the_weights_where_they_are_set() -> None:
    rows = (*ROWS, new(THIRD, title="丁"))
    there = given(DECIDER, *THERE_ALREADY, weights(first="30", second="70"))
    there.when(told(key_results=rows, update=True)).refused("weights_needed")
    weighed = tuple(
        row.model_copy(update={"weight": Decimal(w)})
        for row, w in zip(rows, (20, 30, 50), strict=True)
    )
    there.when(told(key_results=weighed, update=True)).then(
        a_key_result(THIRD, DAYS, "丁"),
        WeightsSet(objective_id=AIM, weights=by_id(first="20", second="30", third="50")),
    )


@pytest.mark.parametrize(
    ("fields", "code", "pointer"),
    [
        ({"owner": Owner(type="member", id=NOBODY)}, "not_yet", "/owner/id"),
        (
            {"key_results": (new(FIRST, title="丙", owner_id=NOBODY),)},
            "not_yet",
            "/key_results/0/owner_id",
        ),
        (
            {"key_results": (new(FIRST, BELOW_3, title="甲"),)},
            "measure_kind_fixed",
            "/key_results/0/measure/kind",
        ),
    ],
)
def test_an_update_keeps_the_rules(fields: dict[str, Any], code: str, pointer: str) -> None:
    given(DECIDER, *THERE_ALREADY).when(told(**fields, update=True)).refused(code, pointer=pointer)


def test_what_is_closed_is_not_updated() -> None:
    closed = ObjectiveClosed(objective_id=AIM, outcome="achieved")
    given(DECIDER, *THERE_ALREADY, closed).when(told(title="x", update=True)).refused(
        "objective_closed"
    )
