"""The checker itself: it sees every state, and the history that it gives is a shortest one."""

from collections.abc import Iterator
from typing import TypeAlias

from tests.protocol.checker import Collapse, explore

Jugs: TypeAlias = tuple[int, int]
Word: TypeAlias = tuple[str, str]


class TwoJugs:
    """A jug of 5 and a jug of 3; `wanted` in the larger one is the broken promise."""

    def __init__(self, wanted: int) -> None:
        self.wanted = wanted

    def initial(self) -> Jugs:
        return (0, 0)

    def canonical(self, state: Jugs) -> Jugs:
        return state

    def steps(self, state: Jugs) -> Iterator[tuple[Word, Jugs]]:
        large, small = state
        yield ("fill", "large"), (5, small)
        yield ("fill", "small"), (large, 3)
        yield ("empty", "large"), (0, small)
        yield ("empty", "small"), (large, 0)
        over = min(large, 3 - small)
        yield ("pour", "into small"), (large - over, small + over)
        back = min(small, 5 - large)
        yield ("pour", "into large"), (large + back, small - back)

    def broken(self, state: Jugs) -> str:
        return "measured" if state[0] == self.wanted else ""


def test_a_shortest_history_is_found() -> None:
    trace = explore(TwoJugs(wanted=4)).trace
    assert trace is not None
    assert len(trace.steps) == 6
    assert trace.states[0] == (0, 0)
    assert trace.states[-1][0] == 4


def test_every_state_is_seen_where_nothing_is_broken() -> None:
    seen = explore(TwoJugs(wanted=6))
    assert seen.trace is None
    assert seen.whole
    assert seen.states == 16


def test_a_limit_is_never_taken_for_the_whole() -> None:
    assert not explore(TwoJugs(wanted=6), limit=5).whole


class Twins(TwoJugs):
    """Two jugs of 3, of which nobody knows which is which."""

    def canonical(self, state: Jugs) -> Jugs:
        return min(state), max(state)

    def steps(self, state: Jugs) -> Iterator[tuple[Word, Jugs]]:
        for index in (0, 1):
            if state[index] < 3:
                filled = tuple(jug + (at == index) for at, jug in enumerate(state))
                yield ("fill", "one"), (filled[0], filled[1])


def test_states_that_differ_in_names_only_are_one() -> None:
    assert explore(Twins(wanted=9)).states == 10


def test_a_history_keeps_the_names_it_began_with() -> None:
    trace = explore(Twins(wanted=1)).trace
    assert trace is not None
    assert all(
        sum(after) == sum(before) + 1
        for before, after in zip(trace.states, trace.states[1:], strict=False)
    )


def test_different_states_never_share_a_key() -> None:
    collapse = Collapse(2)
    states = [(large, small) for large in range(40) for small in range(40)]
    assert len({collapse(state) for state in states}) == len(states)
    assert collapse((7, 8)) == collapse((7, 8))
