"""The edge: each command is answered from the log, once, and never by guessing."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any
from uuid import uuid4

import pytest
from aiokafka.errors import KafkaConnectionError, MessageSizeTooLargeError

from shared.eventing import edge as edge_module
from shared.eventing import first_answers, reader
from shared.eventing.answered import Answered
from shared.eventing.answers import (
    Accepted,
    Answer,
    NotTailing,
    OutcomeUnknown,
    Overloaded,
    Rejected,
    Tried,
)
from shared.eventing.commands import CommandRecord, WireCommand
from shared.eventing.edge import Edge
from shared.eventing.fold import HistoryCut
from shared.eventing.positions import Position
from shared.eventing.reader import Tail
from shared.eventing.topics import commands_topic, events_topic, partition_of
from shared.events.deciding import SYSTEM
from shared.events.internal import RefusedEntry, RepeatEntry, TriedEntry
from shared.events.objectives import ObjectivePublished
from tests.support.event_log import FakeConsumer, MemoryLog, PartitionLog
from tests.support.story import an_id

SERVICE = "objectives"
STREAM = f"objective-{an_id('objective', 1)}"
PARTITION = partition_of(SERVICE, STREAM)
ORGANIZATION = events_topic("organization")
PUBLISHED = ObjectivePublished(objective_id=an_id("objective", 1), revision=1)


class Owner:
    """Decides what the test says, as soon as a command is written; stands for writer and owner."""

    def __init__(self, log: MemoryLog) -> None:
        self.log = log
        self.partition = PartitionLog(SERVICE, PARTITION)
        self.written: list[CommandRecord] = []
        self.answers: list[Callable[[CommandRecord], Any]] = []
        self.always: Callable[[CommandRecord], Any] | None = None
        self.error: Exception | None = None
        log.append(self.partition, self.partition.opened())

    async def write(self, record: CommandRecord) -> Position:
        if self.error is not None:
            raise self.error
        self.written.append(record)
        answer = self.answers.pop(0) if self.answers else self.always
        if answer is not None:
            answer(record)
        return Position(commands_topic(SERVICE), PARTITION, len(self.written) - 1)

    def says(self, *events: Any, **closing: Any) -> None:
        self.answers.append(lambda record: self.append(record, *events, **closing))

    def append(self, record: CommandRecord, *events: Any, **closing: Any) -> None:
        drafts = self.partition.said(*events, command=record.id, **closing)
        self.log.append(self.partition, drafts)

    def refuses(self, code: str, **entry: Any) -> None:
        self.answers.append(lambda record: self.append_refusal(record, code, **entry))

    def append_refusal(self, record: CommandRecord, code: str, **entry: Any) -> None:
        refused = RefusedEntry(command=record.id, code=code, **entry)
        self.append(record, refused=(refused,))


class Rig:
    def __init__(self, **options: Any) -> None:
        self.log = MemoryLog()
        self.owner = Owner(self.log)
        self.answered = Answered()
        self.edge = Edge(
            SERVICE,
            bootstrap="nowhere",
            writer=self.owner,  # type: ignore[arg-type]
            answered=self.answered,
            hears=("organization",),
            make_tail=self._tail,
            **options,
        )
        self.edge._first_answers._make = self._consumer

    def _consumer(self, *_: Any, **__: Any) -> FakeConsumer:
        return FakeConsumer(self.log)

    def _tail(self, *args: Any, **options: Any) -> Tail:
        return Tail(*args, make=self._consumer, **options)

    async def ready(self) -> None:
        async with asyncio.timeout(5):
            while not self.edge.ready:
                await asyncio.sleep(0.001)

    async def read(self) -> None:
        """Wait until the edge has read all that was written."""
        place = (events_topic(SERVICE), PARTITION)
        async with asyncio.timeout(5):
            while self.edge._tail is None or self.edge._tail.next_offset(place) < len(
                self.log.records[place]
            ):
                await asyncio.sleep(0.001)

    async def ask(self, record: CommandRecord | None = None, wait: float = 5.0) -> Answer:
        return await self.edge.ask(record or a_command(), wait=wait)


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "_FIRST_PAUSE", 0.001)
    monkeypatch.setattr(first_answers, "_WAIT_MS", 10)
    monkeypatch.setattr(edge_module, "ASKED_AGAIN_FOR", 0.1)


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    made = Rig()
    await made.edge.start()
    await made.ready()
    yield made
    await made.edge.stop()


def a_command(command: str | None = None, **options: Any) -> CommandRecord:
    wire = WireCommand("PublishObjective", 1, STREAM, {})
    return CommandRecord(command or str(uuid4()), SERVICE, wire, SYSTEM, **options)


async def test_events_are_the_answer_with_version_and_position(rig: Rig) -> None:
    rig.owner.says(PUBLISHED, PUBLISHED)
    answer = await rig.ask()
    assert isinstance(answer, Accepted)
    assert [event.type for event in answer.events] == ["ObjectivePublished", "ObjectivePublished"]
    assert answer.events[0].data == PUBLISHED.model_dump(mode="json")
    assert (answer.version, answer.repeat) == (2, False)
    closing = rig.owner.partition.offset - 1
    assert answer.position == Position(events_topic(SERVICE), PARTITION, closing)


async def test_a_refusal_is_the_answer_with_its_facts(rig: Rig) -> None:
    rig.owner.refuses("already_published", detail={"since": "2026"}, pointer="/x", body="digest")
    answer = await rig.ask()
    assert isinstance(answer, Rejected)
    assert (answer.code, answer.facts, answer.pointer, answer.body) == (
        "already_published",
        {"since": "2026"},
        "/x",
        "digest",
    )


async def test_nothing_new_is_accepted_without_events(rig: Rig) -> None:
    command = str(uuid4())
    rig.owner.says(unchanged=(command,), versions={command: 4}, bodies={command: "digest"})
    answer = await rig.ask(a_command(command))
    assert isinstance(answer, Accepted)
    assert (answer.events, answer.version, answer.body) == ((), 4, "digest")


async def test_events_without_their_decided_are_no_answer_yet(rig: Rig) -> None:
    held_back: list[Any] = []

    def half(record: CommandRecord) -> None:
        drafts = rig.owner.partition.said(PUBLISHED, command=record.id)
        rig.log.append(rig.owner.partition, drafts[:-1])
        held_back.extend(drafts[-1:])

    rig.owner.answers.append(half)
    asking = asyncio.create_task(rig.ask())
    done, _ = await asyncio.wait([asking], timeout=0.1)
    assert not done
    rig.log.append(rig.owner.partition, held_back)
    assert isinstance(await asking, Accepted)


async def test_a_void_batch_answers_nobody(rig: Rig) -> None:
    command = a_command()

    def zombie(record: CommandRecord) -> None:
        other = PartitionLog(SERVICE, PARTITION)
        other.offset, other.prev = rig.owner.partition.offset - 1, rig.owner.partition.prev
        drafts = other.said(PUBLISHED, command=record.id)
        rig.log.append(rig.owner.partition, drafts)
        rig.owner.partition.offset += len(drafts)
        rig.owner.append_refusal(record, "closed")

    rig.owner.answers.append(zombie)
    answer = await rig.ask(command)
    assert isinstance(answer, Rejected)
    assert answer.code == "closed"


async def test_a_repeat_gets_the_first_answer_again_from_the_log(rig: Rig) -> None:
    command = str(uuid4())
    begin = rig.owner.partition.offset
    rig.owner.append(a_command(command), PUBLISHED, PUBLISHED)
    closing = rig.owner.partition.offset - 1
    await rig.read()
    place = f"{events_topic(SERVICE)}/{PARTITION}@{begin}"
    rig.owner.says(repeats=(RepeatEntry(command=command, position=place),))
    answer = await rig.ask(a_command(command))
    assert isinstance(answer, Accepted)
    assert (len(answer.events), answer.version, answer.repeat) == (2, 2, True)
    assert answer.position.offset == closing


async def test_a_repeat_of_a_refusal_gets_the_refusal_again(rig: Rig) -> None:
    command = str(uuid4())
    place = f"{events_topic(SERVICE)}/{PARTITION}@{rig.owner.partition.offset}"
    rig.owner.append_refusal(a_command(command), "closed")
    await rig.read()
    rig.owner.says(repeats=(RepeatEntry(command=command, position=place),))
    answer = await rig.ask(a_command(command))
    assert isinstance(answer, Rejected)
    assert (answer.code, answer.repeat) == ("closed", True)


async def test_a_first_answer_that_is_not_where_it_should_be_is_not_guessed(rig: Rig) -> None:
    command = str(uuid4())
    place = f"{events_topic(SERVICE)}/{PARTITION}@{rig.owner.partition.offset}"
    rig.owner.append(a_command(), PUBLISHED)
    await rig.read()
    rig.owner.says(repeats=(RepeatEntry(command=command, position=place),))
    with pytest.raises(OutcomeUnknown, match="first answer"):
        await rig.ask(a_command(command))


async def test_who_asks_the_same_meanwhile_shares_the_answer_as_a_repeat(rig: Rig) -> None:
    command = a_command()
    first, second = (asyncio.create_task(rig.ask(command)) for _ in range(2))
    async with asyncio.timeout(5):
        while not rig.owner.written:
            await asyncio.sleep(0.001)
    rig.owner.append(command, PUBLISHED)
    one, other = await first, await second
    assert isinstance(one, Accepted)
    assert isinstance(other, Accepted)
    assert (one.repeat, other.repeat) == (False, True)
    assert len(rig.owner.written) == 1


async def test_an_answer_to_another_copy_of_the_command_is_a_repeat(rig: Rig) -> None:
    command = a_command()

    def first_the_other_copy(record: CommandRecord) -> None:
        rig.owner.partition.commands = 7
        rig.owner.append(record, PUBLISHED)

    rig.owner.answers.append(first_the_other_copy)
    answer = await rig.ask(command)
    assert isinstance(answer, Accepted)
    assert answer.repeat


async def test_not_yet_is_asked_again_until_it_is_there(rig: Rig) -> None:
    rig.owner.refuses("not_yet")
    rig.owner.refuses("not_yet")
    rig.owner.says(PUBLISHED)
    assert isinstance(await rig.ask(), Accepted)
    assert len({record.id for record in rig.owner.written}) == 1
    assert len(rig.owner.written) == 3


async def test_not_yet_is_the_answer_after_a_while(rig: Rig) -> None:
    rig.owner.always = lambda record: rig.owner.append_refusal(record, "not_yet")
    answer = await rig.ask()
    assert isinstance(answer, Rejected)
    assert answer.code == "not_yet"
    assert len(rig.owner.written) > 2


async def test_no_answer_in_time_is_unknown_and_leaves_nothing_behind(rig: Rig) -> None:
    with pytest.raises(OutcomeUnknown):
        await rig.ask(wait=0.05)
    await asyncio.sleep(0)
    assert (len(rig.edge._questions), rig.edge._conversations, rig.edge._waiting) == (0, {}, {})


async def test_a_write_that_failed_is_unknown(rig: Rig) -> None:
    rig.owner.error = KafkaConnectionError("away")
    with pytest.raises(OutcomeUnknown, match="away"):
        await rig.ask()


async def test_a_command_too_large_for_the_log_is_refused(rig: Rig) -> None:
    rig.owner.error = MessageSizeTooLargeError("4 MiB")
    answer = await rig.ask()
    assert isinstance(answer, Rejected)
    assert answer.code == "too_large"


async def test_a_dry_run_is_answered_as_tried(rig: Rig) -> None:
    command = str(uuid4())
    event = {"type": "okr.ObjectivePublished.v1", "data": {"revision": 1}}
    rig.owner.says(tried=(TriedEntry(command=command, events=(event,), version=3),))
    answer = await rig.ask(a_command(command, dry=True))
    assert isinstance(answer, Tried)
    assert ([each.type for each in answer.events], answer.version) == (["ObjectivePublished"], 3)


async def test_too_many_waiting_commands_turn_the_next_away_unwritten() -> None:
    rig = Rig(most_waiting=1)
    await rig.edge.start()
    await rig.ready()
    asking = asyncio.create_task(rig.ask(wait=1))
    await asyncio.sleep(0.01)
    with pytest.raises(Overloaded):
        await rig.ask()
    assert len(rig.owner.written) == 1
    await rig.edge.stop()
    with pytest.raises(OutcomeUnknown):
        await asking


async def test_before_it_tails_nothing_is_accepted() -> None:
    rig = Rig()
    with pytest.raises(NotTailing):
        await rig.ask()
    assert rig.owner.written == []


async def test_a_cut_log_ends_the_edge_and_is_not_swallowed(rig: Rig) -> None:
    stranger = PartitionLog(SERVICE, PARTITION)
    stranger.offset = rig.owner.partition.offset
    rig.log.append(stranger, stranger.run(PUBLISHED))
    with pytest.raises(HistoryCut):
        await rig.edge.watch()
    assert not rig.edge.ready
    with pytest.raises(NotTailing, match="history is cut"):
        await rig.ask()


async def test_commands_carry_what_this_process_answered_elsewhere(rig: Rig) -> None:
    rig.answered.note(Position(ORGANIZATION, 3, 17))
    rig.answered.note(Position(ORGANIZATION, 3, 11))
    rig.answered.note(Position("okr.notifications.events", 1, 5))
    rig.owner.says(PUBLISHED)
    asked = Position(ORGANIZATION, 4, 2)
    unheard = Position("okr.checkins.events", 0, 1)
    await rig.ask(a_command(after=(asked, unheard)))
    assert rig.owner.written[0].after == (Position(ORGANIZATION, 3, 17), asked)


async def test_an_answer_is_noted_for_the_other_edges(rig: Rig) -> None:
    rig.owner.says(PUBLISHED)
    answer = await rig.ask()
    assert isinstance(answer, Accepted)
    assert rig.answered.of([events_topic(SERVICE)]) == [answer.position]


def test_what_was_answered_long_ago_is_not_stamped() -> None:
    now = [0.0]
    answered = Answered(lambda: now[0])
    answered.note(Position(ORGANIZATION, 3, 17))
    now[0] = 61.0
    assert answered.of([ORGANIZATION]) == []
