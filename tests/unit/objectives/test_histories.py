"""Whole histories of an objective: nothing is said twice, and set weights sum to 100."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given as for_any
from hypothesis import settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from services.objectives.domain import DECIDER
from services.objectives.domain.drafting import CreateObjective, EditObjective
from services.objectives.domain.importing import ImportObjective
from services.objectives.domain.key_results import (
    AddKeyResult,
    CancelKeyResult,
    EditKeyResult,
    NewKeyResult,
)
from services.objectives.domain.measuring import Changes, Retarget
from services.objectives.domain.publishing import (
    CloseObjective,
    PublishObjective,
    ReopenObjective,
    ReturnObjective,
    SubmitObjective,
)
from services.objectives.domain.weighing import SetWeights
from shared.events.deciding import Actor, Command, Refused, command_type
from shared.events.folds.objective import Objective
from shared.events.objectives import ObjectiveClosed, Weights
from shared.okr.figures import HUNDRED
from tests.support.aims import (
    AIM,
    BOTH,
    BUYERS,
    CHEAPER,
    DAYS,
    DRAFT,
    FIRST,
    PUBLISHED,
    SECOND,
    SUBMITTED,
    THERE,
    THIRD,
    WEIGHED,
    by_id,
    new,
)
from tests.support.given import given
from tests.support.people import ADMIN, BUYER, CFO, CYCLE, SCIENTIST, sealed

WHY = sealed("because")
CLOSED = (*PUBLISHED, ObjectiveClosed(objective_id=AIM, outcome="partly"))
AS_IMPORTED = ImportObjective(
    objective_id=AIM, cycle_id=CYCLE, owner=BUYERS, title="降本", key_results=(new(FIRST),)
)

SAYING: list[tuple[tuple[Any, ...], Command, Actor]] = [
    (
        THERE,
        CreateObjective(
            objective_id=AIM, cycle_id=CYCLE, owner=BUYERS, title="降本", key_results=(new(FIRST),)
        ),
        BUYER,
    ),
    (THERE, AS_IMPORTED, ADMIN),
    (PUBLISHED, AS_IMPORTED.model_copy(update={"update": True}), ADMIN),
    (
        DRAFT,
        EditObjective(objective_id=AIM, title="降本", description=WHY, confidential=True),
        BUYER,
    ),
    (
        WEIGHED,
        AddKeyResult(
            objective_id=AIM,
            key_result=new(THIRD, weight="10"),
            weights=by_id(first="40", second="50"),
        ),
        CFO,
    ),
    (
        DRAFT,
        EditKeyResult(objective_id=AIM, key_result_id=FIRST, title="短", owner_id=SCIENTIST.id),
        BUYER,
    ),
    (
        WEIGHED,
        CancelKeyResult(
            objective_id=AIM, key_result_id=FIRST, reason=WHY, weights=by_id(second="100")
        ),
        CFO,
    ),
    (
        PUBLISHED,
        Retarget(
            objective_id=AIM,
            key_result_id=FIRST,
            changes=Changes(target="0.5"),
            reason=WHY,
        ),
        CFO,
    ),
    (
        PUBLISHED,
        Retarget(objective_id=AIM, key_result_id=SECOND, changes=Changes(baseline=Decimal(200))),
        BUYER,
    ),
    (
        DRAFT,
        SetWeights(objective_id=AIM, weights=by_id(first="1", second="99"), reason=WHY),
        BUYER,
    ),
    (DRAFT, SubmitObjective(objective_id=AIM), BUYER),
    (SUBMITTED, ReturnObjective(objective_id=AIM, comment=WHY), CFO),
    (SUBMITTED, PublishObjective(objective_id=AIM), CFO),
    (PUBLISHED, CloseObjective(objective_id=AIM, outcome="achieved"), CFO),
    (CLOSED, ReopenObjective(objective_id=AIM, reason=WHY), CFO),
]


@pytest.mark.parametrize(
    ("history", "command", "actor"),
    [pytest.param(*row, id=type(row[1]).__name__) for row in SAYING],
)
def test_asked_twice_nothing_new_is_said(
    history: tuple[Any, ...], command: Command, actor: Actor
) -> None:
    once = given(DECIDER, *history).when(command, by=actor)
    assert once.events
    once.asked_again().says_nothing_new()


def test_every_command_is_asked_twice_above() -> None:
    assert {command_type(command) for _, command, _ in SAYING} == set(DECIDER.commands)


KEY_RESULTS = st.sampled_from([FIRST, SECOND, THIRD])
POINTS = st.sampled_from([Decimal(n) for n in (0, 20, 40, 50, 60, 100)])
WEIGHTS: st.SearchStrategy[Weights] = st.dictionaries(KEY_RESULTS, POINTS, max_size=3)
NEW: st.SearchStrategy[NewKeyResult] = st.builds(
    NewKeyResult,
    key_result_id=KEY_RESULTS,
    title=st.just("结果"),
    measure=st.sampled_from([DAYS, CHEAPER, BOTH]),
    weight=st.none() | POINTS,
)
NEW_ONES = st.lists(NEW, max_size=3, unique_by=lambda kr: kr.key_result_id).map(tuple)
CHANGES = st.sampled_from(
    [
        Changes(target="2"),
        Changes(target="1.5"),
        Changes(baseline=Decimal(3)),
        Changes(baseline=Decimal(0)),
        Changes(percent=Decimal(20)),
    ]
)
AIMED = {"objective_id": st.just(AIM)}
NAMED = {**AIMED, "key_result_id": KEY_RESULTS}
REASON = st.just(WHY)

ANY_COMMAND: st.SearchStrategy[Command] = st.one_of(
    st.builds(EditObjective, **AIMED, title=st.sampled_from(["甲", "乙"])),
    st.builds(AddKeyResult, **AIMED, key_result=NEW, weights=st.none() | WEIGHTS),
    st.builds(EditKeyResult, **NAMED, title=st.sampled_from(["甲", "乙"])),
    st.builds(CancelKeyResult, **NAMED, reason=REASON, weights=st.none() | WEIGHTS),
    st.builds(
        Retarget,
        **NAMED,
        changes=CHANGES,
        part=st.sampled_from([None, "成本"]),
        reason=st.none() | REASON,
    ),
    st.builds(SetWeights, **AIMED, weights=WEIGHTS, reason=REASON),
    st.builds(SubmitObjective, **AIMED),
    st.builds(ReturnObjective, **AIMED, comment=REASON),
    st.builds(PublishObjective, **AIMED),
    st.builds(CloseObjective, **AIMED, outcome=st.sampled_from(["achieved", "missed"])),
    st.builds(ReopenObjective, **AIMED, reason=REASON),
    st.builds(
        ImportObjective,
        **AIMED,
        cycle_id=st.just(CYCLE),
        owner=st.just(BUYERS),
        title=st.sampled_from(["甲", "乙"]),
        key_results=NEW_ONES,
        update=st.booleans(),
    ),
)
ACTORS = st.sampled_from([BUYER, CFO, ADMIN, SCIENTIST])

SNAPSHOT: TypeAdapter[Objective | None] = TypeAdapter(DECIDER.state_type)


@settings(max_examples=150, deadline=None)
@for_any(
    st.sampled_from([THERE, DRAFT, PUBLISHED, WEIGHED]),
    st.lists(st.tuples(ANY_COMMAND, ACTORS), max_size=25),
)
def test_any_history_folds_and_set_weights_sum_to_100(
    history: tuple[Any, ...], asked: list[tuple[Command, Actor]]
) -> None:
    there = given(DECIDER, *history)
    for command, actor in asked:
        once = there.when(command, by=actor)
        if isinstance(once.answer, Refused):
            continue
        again = once.asked_again()
        assert isinstance(again.answer, Refused) or again.events == ()
        there = once.after
        _weighs_all_or_none(there.state(f"objective-{AIM}"))
    state = there.state(f"objective-{AIM}")
    assert SNAPSHOT.validate_json(SNAPSHOT.dump_json(state)) == state


def _weighs_all_or_none(objective: Objective) -> None:
    if objective.weights:
        assert objective.weights.keys() == objective.live.keys()
        assert sum(objective.weights.values()) == HUNDRED
        assert all(weight > 0 for weight in objective.weights.values())
    for key_result in objective.key_results.values():
        measure = key_result.measure
        assert type(measure).model_validate(measure.model_dump(mode="json")) == measure
