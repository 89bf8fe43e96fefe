"""Reactions and effects: answered before the next, never skipped, never twice of two minds."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from shared.eventing.answers import Accepted, Answer, OutcomeUnknown, Rejected
from shared.eventing.commands import CommandRecord
from shared.eventing.positions import Position, Vector
from shared.eventing.wire import LogRecord
from shared.events.catalogue import encode
from shared.events.deciding import SYSTEM, Actor, Command, Recorded
from shared.events.event import wire_type
from shared.events.objectives import ObjectivePublished, ObjectiveReopened
from shared.okr import identity
from shared.runtime import carrying
from shared.runtime.carrying import Acting, Carrier, NotHeardYet, Reacting
from shared.runtime.delivery import topics_of
from shared.runtime.metrics import Metrics
from shared.runtime.reacting import Effect, Reaction
from shared.runtime.readiness import Light
from tests.unit.runtime.things import THING, Touch

TOPIC = "okr.objectives.events"
EVENT_ID = "5f8a7f0e-6c57-5d0c-8b3f-0c7f53bb6a35"


def published(offset: int = 5, partition: int = 3, ce_type: str = "") -> LogRecord:
    event = ObjectivePublished(objective_id=THING, revision=1)
    headers = {
        "ce_id": EVENT_ID,
        "ce_type": ce_type or wire_type(event),
        "ce_source": "/okr/objectives",
        "ce_subject": event.stream,
        "ce_time": "2026-11-30T09:00:00Z",
        "ce_sequence": "3".zfill(20),
        "ce_correlationid": "c",
        "ce_causationid": "b",
        "ce_authtype": "user",
        "ce_authid": "m",
        "okr_at": str(offset),
    }
    pairs = [(name, text.encode()) for name, text in headers.items()]
    return LogRecord(TOPIC, partition, offset, 0, b"k", encode(event), pairs)


class FakeView:
    def __init__(self, through: int = 100) -> None:
        self.reference = "the view"
        self.vector: Vector = {TOPIC: dict.fromkeys(range(12), through)}


class FakeAsk:
    """Answers in turn; the last answer is given for ever."""

    def __init__(self, *answers: Answer | Exception) -> None:
        self._answers = list(answers) or [Accepted((), 1, Position("t", 0, 1))]
        self.asked: list[CommandRecord] = []

    async def ask(self, record: CommandRecord, *, wait: float = 10.0) -> Answer:
        self.asked.append(record)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def when_published(recorded: Recorded[Any], reference: Any) -> Sequence[Command]:
    assert reference == "the view"
    return [Touch(thing_id=recorded.event.objective_id)]


def reacting(
    edge: FakeAsk,
    when: Callable[[Recorded[Any], Any], Sequence[Command]] = when_published,
    view: FakeView | None = None,
) -> Reacting:
    reaction = Reaction(when, hears=(ObjectivePublished,))
    return Reacting("things", reaction, edge, view or FakeView())


def refused(code: str) -> Rejected:
    return Rejected(code, {}, None, None)


class TestReacting:
    async def test_it_may_ask_in_the_name_of_who_caused_the_event(self) -> None:
        edge = FakeAsk()
        reaction = Reaction(when_published, hears=(ObjectivePublished,), by_its_actor=True)
        await Reacting("things", reaction, edge, FakeView()).deal(published())
        assert edge.asked[0].actor == Actor("m", "user")

    async def test_its_command_tells_its_cause_and_its_place(self) -> None:
        edge = FakeAsk()
        await reacting(edge).deal(published())
        record = edge.asked[0]
        assert record.id == identity.reaction_command_id(
            "/okr/objectives", EVENT_ID, f"when_published:thing-{THING}"
        )
        assert (record.causation, record.correlation, record.actor) == (EVENT_ID, "c", SYSTEM)
        assert record.reaction == f"when_published@{TOPIC}/3@5"
        assert record.after == (Position(TOPIC, 3, 5),)

    async def test_a_redelivery_asks_under_the_same_id(self) -> None:
        edge = FakeAsk()
        for _ in range(2):
            await reacting(edge).deal(published())
        assert edge.asked[0].id == edge.asked[1].id

    async def test_it_waits_until_its_view_has_heard_the_event(self) -> None:
        edge = FakeAsk()
        with pytest.raises(NotHeardYet):
            await reacting(edge, view=FakeView(through=5)).deal(published(5))
        await reacting(edge, view=FakeView(through=6)).deal(published(5))
        assert len(edge.asked) == 1

    async def test_what_the_view_does_not_know_yet_is_tried_again(self) -> None:
        def when_unknown(_recorded: Recorded[Any], _reference: Any) -> Sequence[Command]:
            raise KeyError(THING)

        with pytest.raises(NotHeardYet):
            await reacting(FakeAsk(), when_unknown).deal(published())

    async def test_not_yet_is_no_answer(self) -> None:
        with pytest.raises(NotHeardYet):
            await reacting(FakeAsk(refused("not_yet"))).deal(published())

    async def test_any_other_refusal_is_an_answer(self) -> None:
        await reacting(FakeAsk(refused("objective_closed"))).deal(published())

    async def test_it_may_say_nothing(self) -> None:
        edge = FakeAsk()
        await reacting(edge, lambda _recorded, _reference: []).deal(published())
        assert edge.asked == []

    async def test_two_things_for_one_stream_are_a_mistake(self) -> None:
        def when_twice(_recorded: Recorded[Any], _reference: Any) -> Sequence[Command]:
            return [Touch(thing_id=THING, n=1), Touch(thing_id=THING, n=2)]

        with pytest.raises(ValueError, match="two things"):
            await reacting(FakeAsk(), when_twice).deal(published())


class Log:
    """What a carrier dealt with, in order; fails as often as it is told to."""

    def __init__(self, fails: int = 0) -> None:
        self.seen: list[tuple[int, int]] = []
        self.fails = fails

    async def deal(self, record: LogRecord) -> None:
        await asyncio.sleep(0)
        if self.fails:
            self.fails -= 1
            raise OutcomeUnknown
        self.seen.append((record.partition, record.offset))


def carrier(log: Log, light: Light | None = None) -> Carrier:
    return Carrier(
        "things.when_published", [ObjectivePublished], log.deal, light or Light(), Metrics()
    )


class TestCarrying:
    @pytest.fixture(autouse=True)
    def quick(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(carrying, "_FIRST_PAUSE", 0.0001)

    async def test_a_partition_is_dealt_with_in_order(self) -> None:
        log = Log(fails=3)
        await carrier(log).take([published(offset, 1) for offset in (4, 5, 9)])
        assert log.seen == [(1, 4), (1, 5), (1, 9)]

    async def test_partitions_go_side_by_side(self) -> None:
        both = asyncio.Barrier(2)

        async def deal(_record: LogRecord) -> None:
            async with asyncio.timeout(5):
                await both.wait()

        side_by_side = Carrier("x", [ObjectivePublished], deal, Light(), Metrics())
        await side_by_side.take([published(4, 1), published(4, 2)])

    async def test_it_returns_only_when_all_is_dealt_with(self) -> None:
        log = Log(fails=6)
        taking = carrier(log)
        await taking.take([published()])
        assert (log.seen, taking.busy) == ([(3, 5)], False)

    async def test_it_hears_only_what_it_named(self) -> None:
        log = Log()
        other = published(ce_type=wire_type(ObjectiveReopened))
        await carrier(log).take([other, published(6)])
        assert log.seen == [(3, 6)]

    async def test_an_older_version_of_an_event_is_heard_too(self) -> None:
        log = Log()
        await carrier(log).take([published(6, ce_type="okr.ObjectivePublished.v0")])
        assert log.seen == [(3, 6)]

    async def test_one_that_stands_still_says_where_and_why(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(carrying, "_SAID_AFTER", 0.0)
        monkeypatch.setattr(carrying, "_LONGEST_PAUSE", 0.001)
        light, log = Light(), Log(fails=10**9)
        taking = asyncio.create_task(carrier(log, light).take([published(7, 2)]))
        async with asyncio.timeout(5):
            while light.reason in (None, "starting"):
                await asyncio.sleep(0)
        assert f"{TOPIC}/2@7" in str(light.reason)
        assert "OutcomeUnknown" in str(light.reason)
        log.fails = 0
        await taking
        assert light.reason is None


async def test_an_effect_is_given_the_event_and_the_means() -> None:
    done: list[tuple[str, Any]] = []

    async def remember(recorded: Recorded[Any], means: Any) -> None:
        done.append((recorded.event.objective_id, means))

    effect = Effect(remember, hears=(ObjectivePublished,))
    await Acting(effect, "the means").deal(published())
    assert (done, effect.name) == ([(THING, "the means")], "remember")


def test_a_group_hears_the_topics_of_those_who_say_its_events() -> None:
    assert topics_of([ObjectivePublished]) == [TOPIC]
    with pytest.raises(ValueError, match="nobody says"):
        topics_of([int])
