"""Heights: every accepted link leads up, whatever order the links came in."""

from collections import defaultdict
from itertools import pairwise
from time import process_time

import pytest
from hypothesis import given as for_any
from hypothesis import settings
from hypothesis import strategies as st

from services.alignment.domain.heights import Ways, linked, path_up
from services.alignment.domain.shelves import Shelves
from tests.support.people import an_id

NODES = [an_id(f"node {n}") for n in range(10)]
PAIRS = st.tuples(st.sampled_from(NODES), st.sampled_from(NODES))
STEPS = st.tuples(PAIRS, st.booleans())


class Graph:
    """Links that are kept free of loops, as decisions keep them."""

    def __init__(self) -> None:
        self.heights: Shelves[int] = Shelves()
        self.above: dict[str, list[str]] = defaultdict(list)
        self.below: dict[str, list[str]] = defaultdict(list)

    @property
    def ways(self) -> tuple[Shelves[int], Ways, Ways]:
        return self.heights, self.above.__getitem__, self.below.__getitem__

    def closes(self, lower: str, upper: str) -> bool:
        return path_up(*self.ways, upper, lower) is not None

    def link(self, lower: str, upper: str) -> None:
        self.heights = linked(*self.ways, lower, upper)
        self.above[lower].append(upper)
        self.below[upper].append(lower)

    def unlink_last(self, lower: str) -> None:
        self.below[self.above[lower].pop()].remove(lower)

    def reaches(self, start: str, goal: str) -> bool:
        """The same question, asked without heights."""
        seen, waiting = {start}, [start]
        while waiting:
            for above in self.above[waiting.pop()]:
                if above not in seen:
                    seen.add(above)
                    waiting.append(above)
        return goal in seen


@settings(max_examples=200, deadline=None)
@for_any(st.lists(STEPS, max_size=40))
def test_no_loop_is_ever_closed_and_no_other_link_refused(
    steps: list[tuple[tuple[str, str], bool]],
) -> None:
    graph = Graph()
    for (lower, upper), ends in steps:
        loop = graph.reaches(upper, lower)
        assert graph.closes(lower, upper) == loop
        if not loop:
            graph.link(lower, upper)
        if graph.above[lower] and ends:
            graph.unlink_last(lower)
        for node, targets in list(graph.above.items()):
            assert all(graph.heights[node] < graph.heights[target] for target in targets)


@settings(max_examples=100, deadline=None)
@for_any(st.lists(PAIRS, max_size=30))
def test_the_path_of_a_loop_is_a_way_up(pairs: list[tuple[str, str]]) -> None:
    graph = Graph()
    for lower, upper in pairs:
        path = path_up(*graph.ways, upper, lower)
        if path is None:
            graph.link(lower, upper)
            continue
        assert (path[0], path[-1]) == (upper, lower)
        assert all(b in graph.above[a] for a, b in pairwise(path))


def test_a_log_that_tells_a_loop_is_not_folded_for_ever() -> None:
    graph = Graph()
    graph.link(NODES[0], NODES[1])
    graph.link(NODES[1], NODES[2])
    with pytest.raises(ValueError, match="loop"):
        graph.link(NODES[2], NODES[0])


def test_an_objective_that_supports_many_costs_no_more_than_its_links() -> None:
    graph = Graph()
    aims = [an_id(f"aim {n}") for n in range(2_000)]
    began = process_time()
    for n in range(1, len(aims)):
        for above in {n // 6, n // 2, n - 1}:
            graph.link(aims[n], aims[above])
    assert process_time() - began < 2.0
    assert graph.closes(aims[0], aims[-1])
    assert not graph.closes(aims[-1], aims[0])


@pytest.mark.parametrize("upwards", [True, False], ids=["from below", "from above"])
def test_a_long_chain_costs_no_more_a_link_than_a_short_one(upwards: bool) -> None:
    graph = Graph()
    chain = [an_id(f"chain {n}") for n in range(3_000)]
    links = list(pairwise(chain))
    began = process_time()
    for lower, upper in links if upwards else reversed(links):
        graph.link(lower, upper)
    assert process_time() - began < 1.0
    assert graph.closes(chain[-1], chain[0])
    assert not graph.closes(chain[0], chain[-1])


def test_a_map_that_changed_leaves_the_one_before_as_it_was() -> None:
    before: Shelves[int] = Shelves().put(NODES[0], 1)  # type: ignore[arg-type]
    after = before.put(NODES[0], 2).put(NODES[1], 3)
    assert dict.fromkeys(before) == {NODES[0]: None}
    assert (before[NODES[0]], after[NODES[0]], after.get(NODES[1])) == (1, 2, 3)
    assert (len(after), NODES[1] in after, NODES[1] in after.without(NODES[1])) == (2, True, False)
    assert after.without(NODES[2]) is after
