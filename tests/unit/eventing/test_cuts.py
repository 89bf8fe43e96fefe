"""A log that was cut, and what a cut log may grow into: whoever held its history stops."""

import asyncio
from collections.abc import Iterator

import pytest

from shared.eventing import comparing
from shared.eventing import fold as fold_module
from shared.eventing.commands import CommandRecord
from shared.eventing.wire import LogRecord
from shared.events.deciding import Actor
from shared.okr.identity import command_id
from tests.support.memory_log import MemoryBroker, SteppedLoop
from tests.support.owner_world import OBJECTIVES, SERVICE, Hand
from tests.support.tally import Count


class Alone:
    """One owner and its broker."""

    def __init__(self) -> None:
        self.loop = SteppedLoop()
        self.broker = MemoryBroker(SERVICE, 0)
        self.hand = Hand(self.broker, 0, 1)
        self.task = self.loop.create_task(self.hand.owner.run())
        self.asked = 0

    def ask(self) -> None:
        self.asked += 1
        name = command_id("me", "POST", "/", str(self.asked))
        command = Count(objective_id=OBJECTIVES[0], times=1)
        self.broker.write(CommandRecord(name, SERVICE, command, Actor("me")))

    def good_times(self) -> None:
        for _ in range(30):
            for operation in list(self.broker.waiting.get(0, [])):
                self.broker.ends_well(operation)
            self.hand.commands.deliver(self.hand.inbox, 10)
            self.loop.pass_time(0.5)

    def another_tail(self, count: int) -> None:
        """Cut the last batch away, and let another one grow: valid claims, another history."""
        lost = self.broker.log[-count:]
        del self.broker.log[-count:]
        prev = self.broker.log[-1].id
        for record in lost:
            headers = {**record.headers, "ce_id": b"other-%d" % record.offset}
            headers["okr_prev"] = prev.encode()
            self.broker.log.append(
                LogRecord(
                    record.topic, 0, record.offset, record.timestamp_ms, record.key, record.value,
                    headers.items(),
                )
            )  # fmt: skip
            prev = f"other-{record.offset}"


@pytest.fixture
def alone() -> Iterator[Alone]:
    world = Alone()
    world.ask()
    world.good_times()
    assert world.hand.owner.standing.serving
    yield world
    world.task.cancel()
    world.loop.settle()
    world.loop.close()


def stopped(world: Alone) -> bool:
    return world.hand.owner.standing.stopped and world.task.done()


def cut_seen_by_the_comparison(world: Alone) -> bool:
    world.another_tail(2)
    world.ask()
    world.good_times()
    return stopped(world)


def cut_seen_by_a_recovery(world: Alone) -> bool:
    world.another_tail(2)
    world.hand.owner.drain()
    world.loop.settle()
    world.task = world.loop.create_task(world.hand.owner.run())
    world.good_times()
    return stopped(world)


def test_a_tail_that_regrew_unseen_stops_the_owner_after_its_next_append(alone: Alone) -> None:
    assert cut_seen_by_the_comparison(alone)
    assert "history is cut" in (alone.hand.owner.standing.why or "")


def test_a_tail_that_regrew_stops_a_recovery(alone: Alone) -> None:
    assert cut_seen_by_a_recovery(alone)


def test_without_the_comparison_nobody_would_see_it(
    alone: Alone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparing, "stands_before_its_claim", lambda held, found: True)
    assert not cut_seen_by_the_comparison(alone)


def test_without_the_record_held_a_recovery_would_not_see_it(
    alone: Alone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fold_module.PartitionFold, "_compare", _takes_anything)
    assert not cut_seen_by_a_recovery(alone)


def _takes_anything(fold: fold_module.PartitionFold, record: LogRecord) -> None:
    fold._comparing = False
    fold.next_offset = record.offset + 1


def test_a_log_that_ends_before_what_is_held_is_waited_for_and_not_served(alone: Alone) -> None:
    kept = alone.broker.log[-2:]
    del alone.broker.log[-2:]
    alone.hand.owner.drain()
    alone.loop.settle()
    alone.task = alone.loop.create_task(alone.hand.owner.run())
    alone.good_times()
    standing = alone.hand.owner.standing
    assert (standing.serving, standing.stopped) == (False, False)
    assert "the log ends at" in (standing.why or "")
    alone.broker.log += kept
    alone.good_times()
    assert alone.hand.owner.standing.serving


def test_a_command_topic_that_regrew_is_not_decided(alone: Alone) -> None:
    del alone.broker.commands[-1]
    alone.ask()
    alone.hand.owner.drain()
    alone.loop.settle()
    alone.task = alone.loop.create_task(alone.hand.owner.run())
    alone.good_times()
    assert stopped(alone)
    assert "decided was" in (alone.hand.owner.standing.why or "")


def test_a_command_topic_that_ends_before_the_resume_point_is_not_served(alone: Alone) -> None:
    del alone.broker.commands[-1]
    alone.hand.owner.drain()
    alone.loop.settle()
    alone.task = alone.loop.create_task(alone.hand.owner.run())
    alone.good_times()
    assert not alone.hand.owner.standing.serving
    assert "the resume point is 1" in (alone.hand.owner.standing.why or "")
    assert isinstance(alone.task, asyncio.Task)
    assert not alone.task.done()
