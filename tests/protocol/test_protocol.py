"""The rules of the write path hold in every history of the small worlds; each, left out, fails."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

import pytest

from tests.protocol.checker import Explored, explore
from tests.protocol.configurations import CUT, LONG, REGROWN_COMMANDS, RESTORED, SHORT
from tests.protocol.faults import FAULTS, HARMS, Planted
from tests.protocol.faults.truncation import NoPrevious
from tests.protocol.model import Configuration, Rules, State
from tests.protocol.promises import COMMANDS_CUT, FALSE_ALARM, LOST, PASSED, REGROWN
from tests.protocol.protocol import Protocol
from tests.protocol.reading import Step
from tests.protocol.sentences import told_as_sentences
from tests.protocol.tiers import explore_tier

ENOUGH = 200_000
ENOUGH_FOR_A_PROOF = 5_000_000
STEPS = {
    "lands",
    "lands, and may again",
    "is replicated",
    "leader changes",
    "is cut",
    "commands are cut",
    "is opened again",
    "takes over",
    "opens the log",
    "decides",
    "crashes",
    "times out",
    "hears of its append",
    "finds itself void",
    "finds another record before",
    "edge reads",
    "edge stops",
    "checkpoint moves",
    "projector stops",
}

Histories: TypeAlias = dict[str, Explored[State, Step]]


def _history(configuration: Configuration, rules: Rules) -> tuple[str, str]:
    """The promise that is broken first, and the shortest way there in sentences."""
    model = Protocol(configuration, rules)
    trace = explore(model).trace
    return (trace.broken, told_as_sentences(model, trace)) if trace else ("", "")


@pytest.fixture(scope="module")
def histories() -> Histories:
    """Every history of the short tier's worlds, with every rule kept."""
    return {world.name: explore(Protocol(world, Rules())) for world in SHORT}


def test_with_every_rule_history_is_right(histories: Histories) -> None:
    broken = {
        world.name: told_as_sentences(Protocol(world, Rules()), trace)
        for world in SHORT
        if (trace := histories[world.name].trace)
    }
    assert not broken, "\n".join(f"{name}:\n{story}" for name, story in broken.items())
    assert all(seen.whole for seen in histories.values())
    assert sum(seen.states for seen in histories.values()) >= ENOUGH


def test_everything_that_can_happen_does_happen(histories: Histories) -> None:
    taken: Counter[object] = sum((seen.taken for seen in histories.values()), Counter())
    assert set(taken) == STEPS


@pytest.mark.parametrize("planted", FAULTS, ids=lambda planted: planted.rule)
def test_without_a_rule_history_goes_wrong(
    planted: Planted, record_property: Callable[[str, str], None]
) -> None:
    broken, story = _history(planted.world, planted.rules())
    assert broken == planted.breaks, story
    record_property("history", story)


class HearsNoAlarm(Protocol):
    """Judges by what happened, not by who stopped."""

    def broken(self, state: State) -> str:
        promise = super().broken(state)
        return "" if promise == FALSE_ALARM else promise


@pytest.mark.parametrize("planted", HARMS, ids=lambda planted: planted.rule)
def test_what_looking_back_stops_would_do_harm_otherwise(
    planted: Planted, record_property: Callable[[str, str], None]
) -> None:
    model = HearsNoAlarm(planted.world, planted.rules())
    trace = explore(model).trace
    assert trace is not None
    story = told_as_sentences(model, trace)
    assert trace.broken == planted.breaks, story
    record_property("history", story)


def test_every_fault_that_only_stops_the_readers_is_shown_to_do_harm() -> None:
    stopped = {planted.rule for planted in FAULTS if planted.breaks == FALSE_ALARM}
    assert {planted.rule for planted in HARMS} == stopped


def test_every_rule_is_left_out_once() -> None:
    rules = {name for name in vars(Rules) if not name.startswith("_")}
    left_out = {name for planted in FAULTS for name in vars(planted.rules) if name in rules}
    assert left_out == rules


def test_each_fault_is_planted_in_a_world_that_is_right_without_it() -> None:
    assert {planted.world for planted in FAULTS} <= set(SHORT)


def test_previous_is_needed_even_where_checkpoints_are_compared() -> None:
    broken, story = _history(RESTORED, NoPrevious())
    assert broken == PASSED, story


def test_previous_is_not_enough_an_exact_regrowth_is_seen_by_no_holder() -> None:
    broken, story = _history(replace(CUT, strict=True), Rules())
    assert broken == REGROWN, story


def test_what_no_checkpoint_held_yet_can_be_lost_in_a_restore_without_a_word() -> None:
    """The limit of the comparison: see README, beside."""
    broken, story = _history(replace(RESTORED, edges=1, counts_unseen=True), Rules())
    assert broken == LOST, story


def test_an_owner_that_lives_through_a_cut_of_the_command_topic_does_not_notice() -> None:
    """The limit of comparing on resume only: owners are restarted after a restore."""
    broken, story = _history(replace(REGROWN_COMMANDS, live_owners=True), Rules())
    assert broken == COMMANDS_CUT, story


def test_a_history_is_told_in_sentences() -> None:
    planted = next(planted for planted in FAULTS if planted.rule == "refusals_in_the_batch")
    assert _history(planted.world, planted.rules())[1].splitlines()[0] == (
        "  1. A (code 0) takes over and folds 1 batches."
    )


@pytest.mark.prove
def test_with_every_rule_history_is_right_in_larger_worlds() -> None:
    """Goes on where an earlier run was stopped, and says so in its table."""
    rows = explore_tier((*SHORT, *LONG), resume=True)
    assert sum(row.states for row in rows) >= ENOUGH_FOR_A_PROOF
