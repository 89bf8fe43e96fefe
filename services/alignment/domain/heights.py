"""Heights: an order in which every accepted link leads up, so that loops are cheap to rule out.

Whoever is linked has a height, and each accepted link leads from a lower objective to a higher one.
A new link that leads up already closes no loop. For any other only what lies between the two
heights is looked at, from both ends by turns: the smaller side decides what it costs. A link that
ends leaves the heights as they are: the order still holds.
"""

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from heapq import heappop, heappush
from typing import Final, Literal

from services.alignment.domain.shelves import Shelves

Ways = Callable[[str], Iterable[str]]
"""Objective → those that accepted links lead to from it, or lead to it from."""

UP: Final = 1
DOWN: Final = -1
Direction = Literal[1, -1]


def linked(heights: Shelves[int], above: Ways, below: Ways, lower: str, upper: str) -> Shelves[int]:
    """The heights once `lower` is linked to `upper`; raises `ValueError` where that is a loop."""
    low, high = heights.get(lower), heights.get(upper)
    if low is None:
        # Who was never linked takes the height that suits the other; both may be new.
        heights = heights.put(lower, 0 if high is None else high - 1)
        low = heights[lower]
    if high is None:
        return heights.put(upper, low + 1)
    if low < high:
        return heights
    # Either the upper side moves up or the lower one down: whichever is done first.
    sides: tuple[tuple[Direction, Generator[None, None, Mapping[str, int]]], ...] = (
        (UP, _moved(heights, UP, above, upper, low + 1, lower)),
        (DOWN, _moved(heights, DOWN, below, lower, 1 - high, upper)),
    )
    while True:
        for direction, moving in sides:
            try:
                next(moving)
            except StopIteration as done:
                for objective, reached in done.value.items():
                    heights = heights.put(objective, direction * reached)
                return heights


def _moved(
    heights: Shelves[int], direction: Direction, ways: Ways, start: str, to: int, barrier: str
) -> Generator[None, None, Mapping[str, int]]:
    """Move `start` and whatever that pushes on, step by step; heights count in the direction."""
    wanted = {start: to}
    # By their heights until now: whoever pushes an objective is moved before it.
    waiting = [(direction * heights[start], start)]
    while waiting:
        _, objective = heappop(waiting)
        if objective == barrier:
            raise ValueError(f"a link between {start} and {barrier} closes a loop")
        reached = wanted[objective]
        for next_ in ways(objective):
            if direction * heights[next_] <= reached:
                if next_ not in wanted:
                    heappush(waiting, (direction * heights[next_], next_))
                wanted[next_] = max(wanted.get(next_, reached + 1), reached + 1)
            yield
        yield
    return wanted


def path_up(
    heights: Shelves[int], above: Ways, below: Ways, start: str, goal: str
) -> tuple[str, ...] | None:
    """A way up from `start` to `goal` by accepted links, both included; None: there is none."""
    if start == goal:
        return (start,)
    low, high = heights.get(start), heights.get(goal)
    if low is None or high is None or low >= high:
        return None
    up: dict[str, str] = {start: start}
    down: dict[str, str] = {goal: goal}
    sides = (
        _reached(up, above, lambda objective: heights[objective] <= high),
        _reached(down, below, lambda objective: heights[objective] >= low),
    )
    while True:
        for side in sides:
            try:
                met = next(side)
            except StopIteration:
                return None
            if met in up and met in down:
                return (*reversed(_back(up, met)), *_back(down, met)[1:])


def _reached(
    came_from: dict[str, str], ways: Ways, is_between: Callable[[str], bool]
) -> Iterator[str]:
    """What can be reached, nearest first; `came_from` holds the start and learns all steps."""
    waiting = list(came_from)
    for objective in waiting:
        for next_ in ways(objective):
            if next_ not in came_from and is_between(next_):
                came_from[next_] = objective
                waiting.append(next_)
            yield next_
        yield objective


def _back(came_from: Mapping[str, str], end: str) -> list[str]:
    way = [end]
    while came_from[way[-1]] != way[-1]:
        way.append(came_from[way[-1]])
    return way
