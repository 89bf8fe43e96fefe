"""The window of repeats: what it remembers, for how long, and that it survives a snapshot."""

from uuid import UUID, uuid5

from shared.eventing.drafts import event_id
from shared.eventing.window import KEEP_MS, Window
from shared.events.internal import Decided, RefusedEntry


def command(n: int) -> str:
    return str(uuid5(UUID(int=0), str(n)))


def first(n: int) -> str:
    return event_id(command(n), 0)


def closing(*refused: RefusedEntry, unchanged: tuple[str, ...] = (), **more: object) -> Decided:
    return Decided.model_validate(
        {
            "upto": 0, "command": "c", "refused": refused, "unchanged": unchanged,
            "fingerprint": "f", **more,
        }
    )  # fmt: skip


def test_an_answer_is_remembered_for_seven_days_of_broker_time() -> None:
    window = Window()
    window.accepted(first(1), 40, 1_000)
    assert window.first_answer(first(1), 1_000 + KEEP_MS) == 40
    assert window.first_answer(first(1), 1_001 + KEEP_MS) is None


def test_what_is_too_old_is_forgotten() -> None:
    window = Window()
    window.accepted(first(1), 40, 0)
    window.closed(closing(unchanged=(command(2),)), 50, 2 * KEEP_MS)
    answers, _ = window.dumped()
    assert [offset for _, offset, _ in answers] == [50]


def test_refusals_and_unchanged_are_answers_and_not_yet_is_none() -> None:
    window = Window()
    refused = [
        RefusedEntry(command=command(n), code=code) for n, code in ((1, "no"), (2, "not_yet"))
    ]
    window.closed(closing(*refused, unchanged=(command(3),)), 9, 0)
    assert [window.first_answer(first(n), 0) for n in (1, 2, 3)] == [9, None, 9]


def test_an_unreadable_id_is_not_remembered() -> None:
    window = Window()
    window.closed(closing(RefusedEntry(command="no id", code="internal_error")), 9, 0)
    assert window.dumped() == ([], {})


def test_a_window_comes_back_from_its_snapshot() -> None:
    window = Window()
    window.accepted(first(1), 4, 10)
    window.closed(closing(unchanged=(command(2),), reactions={"r@t/0": 8}), 5, 11)
    back = Window.loaded(*window.dumped())
    assert back.dumped() == window.dumped()
    assert back.first_answer(first(1), 10) == 4
    assert back.is_older_reaction("r@t/0@7")
    assert not back.is_older_reaction("r@t/0@8")
    assert not back.is_older_reaction(None)
