"""Whole histories: nothing is said twice, no loop is ever closed, and any of them folds."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, get_args

import pytest
from hypothesis import given as for_any
from hypothesis import settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from services.alignment.domain import DECIDER, fitting
from services.alignment.domain.commands import (
    AcceptAlignment,
    AnyAnswer,
    AnyChore,
    CounterAlignment,
    DeclineAlignment,
    DeliverAchieved,
    DeliverHelp,
    ExpireOpen,
    ImportAlignment,
    ProposeAlignment,
    RequestHelp,
    RequestMentioned,
    UnlinkAlignment,
    WithdrawAlignment,
)
from services.alignment.domain.state import Alignments
from shared.events.deciding import SYSTEM, Actor, Command, Refused, command_type
from shared.events.objectives import ObjectiveClosed
from shared.events.organization import CycleClosed, CycleReviewStarted
from tests.support.people import (
    ADMIN,
    BUYER,
    BUYING,
    CFO,
    CYCLE,
    FINANCE,
    RESEARCH,
    SCIENTIST,
    an_id,
    sealed,
)
from tests.unit.alignment.history import (
    A_LINK,
    A_REQUEST,
    BUY,
    BUY_MORE,
    GROW,
    INVENT,
    OTHER_LINK,
    PROMISED,
    RESULT,
    SAVE,
    TEACH,
    a_result,
    linked,
    proposed,
    requested,
    state,
    there,
)

WHY = sealed("because")
MENTION = a_result(SAVE, an_id("mentioning"), mentions=(RESEARCH,))
CLOSED = (CycleReviewStarted(cycle_id=CYCLE), CycleClosed(cycle_id=CYCLE))
ENDS: dict[str, Any] = {
    "alignment_id": OTHER_LINK,
    "from_objective_id": BUY,
    "to_objective_id": SAVE,
}

SAYING: list[tuple[tuple[Any, ...], Command, Actor]] = [
    ((), ProposeAlignment(**ENDS, kind="contributes"), BUYER),
    (
        (),
        RequestHelp(alignment_id=A_REQUEST, objective_id=SAVE, department_id=RESEARCH),
        CFO,
    ),
    ((), ImportAlignment(**ENDS, kind="supports"), ADMIN),
    ((linked(),), ImportAlignment(**ENDS, kind="supports", update=True), ADMIN),
    ((proposed(),), AcceptAlignment(alignment_id=A_LINK), CFO),
    ((requested(),), AcceptAlignment(alignment_id=A_REQUEST, objective_id=INVENT), SCIENTIST),
    ((proposed(),), CounterAlignment(alignment_id=A_LINK, message=WHY, kind="supports"), CFO),
    ((proposed(),), CounterAlignment(alignment_id=A_LINK, message=WHY), ADMIN),
    ((requested(),), CounterAlignment(alignment_id=A_REQUEST, message=WHY), SCIENTIST),
    ((requested(),), CounterAlignment(alignment_id=A_REQUEST, message=WHY), ADMIN),
    ((proposed(),), DeclineAlignment(alignment_id=A_LINK, reason=WHY), CFO),
    ((requested(),), DeclineAlignment(alignment_id=A_REQUEST, reason=WHY), SCIENTIST),
    ((proposed(),), WithdrawAlignment(alignment_id=A_LINK), BUYER),
    ((requested(),), WithdrawAlignment(alignment_id=A_REQUEST), CFO),
    ((linked(),), UnlinkAlignment(alignment_id=A_LINK, reason=WHY), BUYER),
    (PROMISED, UnlinkAlignment(alignment_id=A_REQUEST, reason=WHY), CFO),
    (PROMISED, DeliverHelp(alignment_id=A_REQUEST), CFO),
    ((MENTION,), RequestMentioned(objective_id=SAVE), SYSTEM),
    (
        (*PROMISED, ObjectiveClosed(objective_id=INVENT, outcome="achieved")),
        DeliverAchieved(objective_id=INVENT),
        SYSTEM,
    ),
    ((proposed(), requested(), *CLOSED), ExpireOpen(), SYSTEM),
]


@pytest.mark.parametrize(
    ("history", "command", "actor"),
    [pytest.param(*row, id=type(row[1]).__name__) for row in SAYING],
)
def test_asked_twice_nothing_new_is_said(
    history: tuple[Any, ...], command: Command, actor: Actor
) -> None:
    once = there(*history).when(command, by=actor)
    assert once.events
    once.asked_again().says_nothing_new()


def test_every_command_is_asked_twice_above() -> None:
    assert {command_type(command) for _, command, _ in SAYING} == set(DECIDER.commands)


AIMS = st.sampled_from([GROW, SAVE, BUY, BUY_MORE, INVENT, TEACH])
KINDS = st.sampled_from(["contributes", "supports"])
WEIGHTS = st.none() | st.sampled_from([Decimal(10), Decimal(20)])
DEPARTMENTS = st.sampled_from([FINANCE, BUYING, RESEARCH])
PERSONS = st.sampled_from([BUYER, CFO, SCIENTIST, ADMIN, ADMIN, ADMIN])
ANY_ID: dict[str, Any] = {"alignment_id": st.just(A_LINK)}
"""Stands for one that `_meant` chooses when it is asked."""

BETWEEN: dict[str, Any] = {
    **ANY_ID,
    "kind": KINDS,
    "from_objective_id": AIMS,
    "to_objective_id": AIMS,
    "weight": WEIGHTS,
}
TO_A_RESULT: dict[str, Any] = {
    **BETWEEN,
    "to_objective_id": st.just(SAVE),
    "to_key_result_id": st.just(RESULT),
}
MESSAGE = st.just(WHY)
NEW: st.SearchStrategy[Command] = st.one_of(
    st.builds(ProposeAlignment, **BETWEEN),
    st.builds(ProposeAlignment, **TO_A_RESULT),
    st.builds(ImportAlignment, **BETWEEN, update=st.booleans()),
    st.builds(RequestHelp, **ANY_ID, objective_id=AIMS, department_id=DEPARTMENTS, kind=KINDS),
)
ANSWER: st.SearchStrategy[Command] = st.one_of(
    st.builds(AcceptAlignment, **ANY_ID),
    st.builds(AcceptAlignment, **ANY_ID, objective_id=AIMS),
    st.builds(CounterAlignment, **ANY_ID, message=MESSAGE, kind=KINDS),
    st.builds(CounterAlignment, **ANY_ID, message=MESSAGE, weight=WEIGHTS, objective_id=AIMS),
    st.builds(DeclineAlignment, **ANY_ID, reason=MESSAGE),
    st.builds(WithdrawAlignment, **ANY_ID),
    st.builds(UnlinkAlignment, **ANY_ID, reason=MESSAGE),
    st.builds(DeliverHelp, **ANY_ID),
)
CHORE: st.SearchStrategy[Command] = st.one_of(
    st.builds(RequestMentioned, objective_id=AIMS), st.builds(DeliverAchieved, objective_id=AIMS)
)
WISHES = st.lists(
    st.tuples(st.one_of(NEW, ANSWER, CHORE), PERSONS, st.integers(0, 20)), min_size=15, max_size=30
)

SNAPSHOT: TypeAdapter[Alignments] = TypeAdapter(DECIDER.state_type)


@settings(max_examples=100, deadline=None)
@for_any(st.sampled_from([(), (MENTION,), PROMISED]), WISHES)
def test_any_history_folds_and_never_holds_a_loop(
    history: tuple[Any, ...], wishes: list[tuple[Command, Actor, int]]
) -> None:
    given = there(*history)
    first, as_it_was = state(given), SNAPSHOT.dump_json(state(given))
    for wish, person, n in wishes:
        command = _meant(wish, state(given), n)
        actor = SYSTEM if isinstance(command, get_args(AnyChore)) else person
        once = given.when(command, by=actor)
        if isinstance(once.answer, Refused):
            continue
        again = once.asked_again()
        assert isinstance(again.answer, Refused) or again.events == ()
        given = once.after
        _is_sound(state(given))
    assert SNAPSHOT.validate_json(SNAPSHOT.dump_json(state(given))) == state(given)
    assert SNAPSHOT.dump_json(first) == as_it_was, "a fold changed the state that it was given"


def _meant(wish: Command, of: Alignments, n: int) -> Command:
    """The wish with an id that makes sense: one that is there for an answer, else a new one."""
    known = [*of.open, *of.links, *of.requests]
    if "alignment_id" not in type(wish).model_fields:
        return wish
    answers = isinstance(wish, get_args(AnyAnswer)) and known
    id_ = known[n % len(known)] if answers else an_id(f"{len(known)} {n}")
    meant: Command = wish.model_copy(update={"alignment_id": id_})
    return meant


def test_without_the_loop_rule_a_loop_would_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fitting, "path_up", lambda *_: None)
    given = there(linked(), proposed(SAVE, BUY, id_=OTHER_LINK, kind="supports"))
    closing = given.when(AcceptAlignment(alignment_id=OTHER_LINK), by=BUYER)
    with pytest.raises(ValueError, match="closes a loop"):
        _ = closing.after


def _is_sound(of: Alignments) -> None:
    """What must be true of any state, looked up without its own indexes."""
    live = [of.links[id_] for id_ in of.links if of.links[id_].live]
    accepted = [link for link in live if link.state == "accepted"]
    ends = [(link.from_id, link.to_id, link.key_result_id) for link in live]
    assert len(set(ends)) == len(ends), "two ends have one live link"
    parents = [link.from_id for link in accepted if link.kind == "contributes"]
    assert len(set(parents)) == len(parents), "one objective contributes to one parent"
    assert not _has_loop({(link.from_id, link.to_id) for link in accepted})
    assert sorted(_flat(of.downward)) == sorted(link.id for link in accepted)
    assert sorted(_flat(of.upward)) == sorted(link.id for link in live)
    requests = [of.requests[id_] for id_ in of.requests]
    waiting = [link.id for link in live if link.open] + [r.id for r in requests if r.open]
    assert sorted(of.open) == sorted(waiting)
    listed = {request.id for request in requests if request.live}
    assert set(_flat(of.needs)) == listed


def _flat(lists: Any) -> Iterable[str]:
    return [id_ for under in lists for id_ in lists[under]]


def _has_loop(edges: set[tuple[str, str]]) -> bool:
    """Whether something is left after taking away, again and again, what nothing leads to."""
    while edges:
        targets = {to for _, to in edges}
        remaining = {(from_, to) for from_, to in edges if from_ in targets}
        if remaining == edges:
            return True
        edges = remaining
    return False
