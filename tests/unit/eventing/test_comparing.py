"""What is read back after acks: little, and everything that has to be."""

from hypothesis import given
from hypothesis import strategies as st

from shared.eventing.comparing import spans


def test_small_gaps_are_read_along_and_long_ones_left_out() -> None:
    assert spans([3, 9, 500, 20]) == [(3, 21), (500, 501)]
    assert spans([]) == []


@given(st.sets(st.integers(0, 2000)))
def test_every_offset_is_read_once(offsets: set[int]) -> None:
    read = [offset for start, end in spans(offsets) for offset in range(start, end)]
    assert offsets <= set(read)
    assert len(read) == len(set(read))
