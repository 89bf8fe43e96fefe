"""An explicit-state checker: every reachable state of a model, breadth first, exactly.

Breadth first makes the first broken promise it meets one with a shortest history. States are kept
as TLC and SPIN keep them: what was seen is remembered with its predecessor only, each component of
a state is replaced by its number in a table (no fingerprint, so nothing is ever missed), and a
trace is found by walking the predecessors back and taking the same steps again.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from time import process_time
from typing import Generic, Protocol, TypeVar

S = TypeVar("S", bound=tuple[object, ...])
T_co = TypeVar("T_co", bound=tuple[object, ...], covariant=True)

WIDTH = 24
"""Bits of a component's number: 16 million different values of one component."""


class Model(Protocol[S, T_co]):
    """What can be explored: states are tuples of hashable components, steps are tuples of words."""

    def initial(self) -> S:
        """Where every history begins."""

    def canonical(self, state: S) -> S:
        """One state of all those that differ only in names."""

    def steps(self, state: S) -> Iterator[tuple[T_co, S]]:
        """Every step that can be next, and the state after it."""

    def broken(self, state: S) -> str:
        """The promise broken in this state, or nothing."""


@dataclass(frozen=True, slots=True)
class Trace(Generic[S, T_co]):
    """A shortest history with a broken promise at its end."""

    broken: str
    states: tuple[S, ...]
    steps: tuple[T_co, ...]


@dataclass(slots=True)
class Explored(Generic[S, T_co]):
    """What an exploration saw."""

    states: int = 0
    transitions: int = 0
    depth: int = 0
    seconds: float = 0.0
    """Of one processor, whatever else runs on the machine."""
    whole: bool = True
    """False when the limit was reached first."""
    taken: Counter[object] = field(default_factory=Counter)
    """How often each kind of step was taken: what never happens proves nothing."""
    trace: Trace[S, T_co] | None = None


class Collapse:
    """Packs a state into one integer, exactly: component by component, by number."""

    def __init__(self, width: int) -> None:
        self._tables: list[dict[object, int]] = [{} for _ in range(width)]

    def __call__(self, state: tuple[object, ...]) -> int:
        """Equal states, and only those, have equal keys."""
        key = 0
        for table, component in zip(self._tables, state, strict=True):
            number = table.get(component)
            if number is None:
                number = table[component] = len(table)
            key = key << WIDTH | number
        return key


def explore(model: Model[S, T_co], limit: int = 0) -> Explored[S, T_co]:
    """Explores breadth first until a promise is broken, all is seen, or `limit` states are."""
    started = process_time()
    seen_of = Explored[S, T_co]()
    first = model.canonical(model.initial())
    collapse = Collapse(len(first))
    start = collapse(first)
    parents: dict[int, int] = {start: -1}
    frontier = [(start, first)]
    while frontier and seen_of.trace is None and seen_of.whole:
        following: list[tuple[int, S]] = []
        for key, state in frontier:
            broken = model.broken(state)
            if broken:
                seen_of.trace = _trace(model, collapse, parents, key, broken)
                break
            for step, raw in model.steps(state):
                seen_of.transitions += 1
                seen_of.taken[step[0]] += 1
                after = model.canonical(raw)
                reached = collapse(after)
                if reached not in parents:
                    parents[reached] = key
                    following.append((reached, after))
            if limit and len(parents) >= limit:
                seen_of.whole = False
                break
        frontier = following
        seen_of.depth += bool(following)
    seen_of.states = len(parents)
    seen_of.seconds = process_time() - started
    return seen_of


def _trace(
    model: Model[S, T_co], collapse: Collapse, parents: dict[int, int], key: int, broken: str
) -> Trace[S, T_co]:
    """Takes the same steps again, this time without exchanging names."""
    keys = [key]
    while (key := parents[key]) != -1:
        keys.append(key)
    state = model.initial()
    states, steps = [state], []
    for wanted in reversed(keys[:-1]):
        step, state = next(
            (step, after)
            for step, after in model.steps(state)
            if collapse(model.canonical(after)) == wanted
        )
        states.append(state)
        steps.append(step)
    return Trace(broken, tuple(states), tuple(steps))
