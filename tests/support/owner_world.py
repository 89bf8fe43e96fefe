"""The world of one partition for hypothesis: two owners, and a broker that does its worst."""

import asyncio

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from shared.eventing.commands import CommandRecord
from shared.eventing.committed import Committed
from shared.eventing.fold import PartitionFold
from shared.eventing.inbox import Inbox
from shared.eventing.partition import PartitionOwner
from shared.eventing.snapshots import NoSnapshots
from shared.eventing.topics import events_topic, partition_of
from shared.events.deciding import Actor, Answer, Asked, Refused
from shared.okr.identity import command_id
from tests.support.history import history_of
from tests.support.memory_log import (
    MemoryBroker,
    MemoryCommands,
    MemoryLog,
    MemoryView,
    Operation,
    SteppedLoop,
    numbered_ids,
)
from tests.support.tally import RAISES, SPOILS, Count, Counted, Tally

SERVICE = "objectives"
OBJECTIVES = [
    objective
    for n in range(200)
    if partition_of(SERVICE, f"objective-{(objective := f'00000000-0000-0000-0000-{n:012d}')}") == 0
][:2]


class Moody(Tally):
    """Refuses, or not, by what its reference view has heard: no two owners need agree."""

    def decide(self, asked: Asked[Count], state: Counted, reference: dict[str, int]) -> Answer:
        if (sum(reference.values()) + state.count) % 3 == 2:
            return Refused("moody", {"count": state.count})
        return super().decide(asked, state, reference)


class Hand:
    """An owner of the machine, with what surrounds it."""

    def __init__(self, broker: MemoryBroker, number: int, life: int) -> None:
        self.number = number
        self.commands = MemoryCommands(broker)
        self.inbox = Inbox(self.commands, 0)
        self.view = MemoryView("okr.reference.events")
        self.owner: PartitionOwner[Counted, dict[str, int]] = PartitionOwner(
            Moody(SERVICE),
            0,
            log=MemoryLog(broker, number),
            inbox=self.inbox,
            view=self.view,
            snapshots=NoSnapshots(),
            fingerprint="code",
            new_id=numbered_ids(f"owner{number}-life{life}"),
        )
        self.task: asyncio.Task[None] | None = None


class OwnerWorld(RuleBasedStateMachine):
    """The world of one partition."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = SteppedLoop()
        self.broker = MemoryBroker(SERVICE, 0)
        self.lives = 0
        self.hands = [self._hand(n) for n in range(2)]
        self.written: list[CommandRecord] = []
        for hand in self.hands:
            self._start(hand)

    def _hand(self, number: int) -> Hand:
        self.lives += 1
        return Hand(self.broker, number, self.lives)

    def _start(self, hand: Hand) -> None:
        hand.task = self.loop.create_task(hand.owner.run())
        self.loop.settle()

    def _operation(self, number: int) -> Operation | None:
        return next(iter(self.broker.waiting.get(number, [])), None)

    @rule(
        objective=st.sampled_from(OBJECTIVES),
        times=st.sampled_from([1, 1, 2, 0, -1, RAISES, SPOILS]),
        once_heard=st.sampled_from([0, 0, 0, 2]),
        expect=st.sampled_from([None, None, 0, 2]),
    )
    def somebody_asks(
        self, objective: str, times: int, once_heard: int, expect: int | None
    ) -> None:
        command = Count(objective_id=objective, times=times, once_heard=once_heard)
        record = CommandRecord(
            command_id("me", "POST", "/", str(len(self.written))), SERVICE, command, Actor("me"),
            expect=expect,
        )  # fmt: skip
        self.written.append(record)
        self.broker.write(record)

    @precondition(lambda self: self.written)
    @rule(data=st.data())
    def somebody_asks_again(self, data: st.DataObject) -> None:
        self.broker.write(data.draw(st.sampled_from(self.written)))

    @rule(number=st.integers(0, 1), count=st.integers(1, 4))
    def commands_arrive(self, number: int, count: int) -> None:
        hand = self.hands[number]
        hand.commands.deliver(hand.inbox, count)
        self.loop.settle()

    @rule(number=st.integers(0, 1))
    def an_operation_ends_well(self, number: int) -> None:
        operation = self._operation(number)
        if operation is not None:
            self.broker.ends_well(operation)
        self.loop.settle()

    @rule(number=st.integers(0, 1), landed=st.booleans())
    def an_operation_has_no_answer(self, number: int, landed: bool) -> None:
        operation = self._operation(number)
        if operation is not None:
            self.broker.ends_badly(operation, landed=landed)
        self.loop.settle()

    @rule(number=st.integers(0, 1), behind=st.integers(1, 3))
    def an_old_leader_tells_the_end(self, number: int, behind: int) -> None:
        operation = self._operation(number)
        if operation is not None and operation.kind == "bounds":
            self.broker.ends_with(operation, (0, self._end_of_a_batch(behind)))
        self.loop.settle()

    def _end_of_a_batch(self, behind: int) -> int:
        ends = [0, *(r.offset + 1 for r in self.broker.log if r.ends_batch)]
        return ends[max(0, len(ends) - 1 - behind)]

    @precondition(lambda self: self.broker.flight)
    @rule(data=st.data(), again=st.booleans())
    def a_late_append_lands(self, data: st.DataObject, again: bool) -> None:
        index = data.draw(st.integers(0, len(self.broker.flight) - 1))
        drafts = self.broker.flight[index] if again else self.broker.flight.pop(index)
        self.broker.land(drafts)

    @rule(number=st.integers(0, 1))
    def an_owner_crashes_and_another_starts(self, number: int) -> None:
        self._end(self.hands[number])
        self.hands[number] = self._hand(number)
        self._start(self.hands[number])

    @rule(number=st.integers(0, 1))
    def a_partition_is_handed_over_and_comes_back(self, number: int) -> None:
        hand = self.hands[number]
        hand.owner.drain()
        self.loop.settle()
        if hand.task is not None and not hand.task.done():
            self._end(hand)
        self._start(hand)

    @rule(number=st.integers(0, 1))
    def a_view_moves(self, number: int) -> None:
        self.hands[number].view.move()
        self.loop.settle()

    @rule(number=st.integers(0, 1))
    def an_owner_has_good_times(self, number: int) -> None:
        self._good_times(self.hands[number])

    @rule(seconds=st.sampled_from([0.05, 3.0]))
    def time_passes(self, seconds: float) -> None:
        self.loop.pass_time(seconds)

    @invariant()
    def the_log_tells_a_right_history(self) -> None:
        history_of(self.broker.log, self.broker.commands)

    @invariant()
    def nobody_has_died(self) -> None:
        for hand in self.hands:
            if hand.task is not None and hand.task.done() and not hand.task.cancelled():
                assert hand.task.exception() is None
                assert not hand.owner.standing.stopped, hand.owner.standing

    @invariant()
    def what_an_owner_believes_is_the_fold_of_the_log(self) -> None:
        for hand in self.hands:
            believed = hand.owner._committed
            if believed is None or believed.fold.checkpoint is None:
                continue
            if believed.fold.checkpoint.offset != believed.fold.last_offset:
                continue
            fold = PartitionFold(events_topic(SERVICE), 0)
            fold.begin()
            told = Committed(Moody(SERVICE), fold)
            for record in self.broker.log[: believed.fold.last_offset + 1]:
                told.take(record)
            assert told.states == believed.states
            assert told.versions == believed.versions
            assert told.resume == believed.resume
            assert told.window.dumped() == believed.window.dumped()
            assert told.fold.checkpoint == believed.fold.checkpoint

    def teardown(self) -> None:
        """In the end one owner has good times, and every command gets its answer."""
        try:
            self._end(self.hands[1])
            hand = self.hands[0]
            while hand.view.heard < 50:
                hand.view.move()
            self._good_times(hand, rounds=200)
            history = history_of(self.broker.log, self.broker.commands)
            assert history.answered == len(self.broker.commands) - 1
        finally:
            for hand in self.hands:
                self._end(hand)
            self.loop.close()

    def _good_times(self, hand: Hand, rounds: int = 20) -> None:
        for _ in range(rounds):
            operation = self._operation(hand.number)
            if operation is not None:
                self.broker.ends_well(operation)
            hand.commands.deliver(hand.inbox, 4)
            self.loop.pass_time(0.5)

    def _end(self, hand: Hand) -> None:
        if hand.task is not None and not hand.task.done():
            hand.task.cancel()
            self.loop.settle()
