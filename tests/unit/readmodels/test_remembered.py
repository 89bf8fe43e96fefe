"""Rows that are remembered belong to one state, and take no more room than they may."""

from services.readmodels.queries.remembered import Remembered


def test_rows_are_given_again_while_nothing_moves() -> None:
    remembered = Remembered()
    assert remembered.find(1, "question") is None
    remembered.keep(1, "question", [("answer",)])
    assert remembered.find(1, "question") == [("answer",)]
    assert remembered.find(1, "another question") is None


def test_a_move_forgets_them_all() -> None:
    remembered = Remembered()
    remembered.find(1, "question")
    remembered.keep(1, "question", [("answer",)])
    assert remembered.find(2, "question") is None
    assert remembered.find(1, "question") is None


def test_what_was_read_before_a_move_is_not_kept_after_it() -> None:
    remembered = Remembered()
    remembered.find(1, "question")
    remembered.find(2, "question")
    remembered.keep(1, "question", [("an old answer",)])
    assert remembered.find(2, "question") is None


def test_the_longest_unused_go_first_when_there_is_no_more_room() -> None:
    remembered = Remembered(most=350)
    remembered.find(1, "a")
    for name in ("a", "b"):
        remembered.keep(1, name, [("x" * 50,)])
    assert remembered.find(1, "a")
    remembered.keep(1, "c", [("x" * 50,)])
    assert remembered.find(1, "b") is None
    assert remembered.find(1, "a")
    remembered.keep(1, "too much", [("x" * 500,)])
    assert remembered.find(1, "too much") is None
