"""The inbox of a partition: in order, bounded, from where it is told, and closed for good."""

import pytest

from shared.eventing import inbox as inbox_module
from shared.eventing.inbox import CommandsCut, Inbox
from shared.eventing.wire import LogRecord
from tests.support.memory_log import MemoryBroker, MemoryCommands


def records(*offsets: int) -> list[LogRecord]:
    return [LogRecord("okr.objectives.commands", 0, n, 0, b"", b"", []) for n in offsets]


@pytest.fixture
def topic() -> MemoryCommands:
    return MemoryCommands(MemoryBroker("objectives", 0))


async def test_what_comes_before_it_was_sought_or_a_second_time_is_dropped(
    topic: MemoryCommands,
) -> None:
    inbox = Inbox(topic, 0)
    inbox.deliver(records(0, 1))
    inbox.seek(1)
    inbox.deliver(records(0, 1, 2))
    inbox.deliver(records(2, 3))
    assert [record.offset for record in await inbox.waiting()] == [1, 2, 3]


async def test_commands_stay_until_they_are_decided(topic: MemoryCommands) -> None:
    inbox = Inbox(topic, 0)
    inbox.seek(0)
    inbox.deliver(records(0, 1, 2))
    inbox.decided(2)
    assert [record.offset for record in await inbox.waiting()] == [2]


async def test_a_missing_command_is_told(topic: MemoryCommands) -> None:
    inbox = Inbox(topic, 0)
    inbox.seek(0)
    inbox.deliver(records(0, 2))
    with pytest.raises(CommandsCut):
        await inbox.waiting()


async def test_it_lets_the_topic_pause_when_it_is_full(
    topic: MemoryCommands, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox_module, "HIGH", 3)
    monkeypatch.setattr(inbox_module, "LOW", 2)
    inbox = Inbox(topic, 0)
    inbox.seek(0)
    inbox.deliver(records(0, 1, 2, 3))
    assert topic.paused
    inbox.decided(2)
    assert topic.paused
    inbox.decided(1)
    assert not topic.paused


async def test_closed_it_gives_nothing_out_whatever_is_sought(topic: MemoryCommands) -> None:
    inbox = Inbox(topic, 0)
    inbox.seek(0)
    inbox.deliver(records(0))
    inbox.close(RuntimeError("over"))
    for attempt in (inbox.check, lambda: inbox.seek(0)):
        with pytest.raises(RuntimeError, match="over"):
            attempt()
    with pytest.raises(RuntimeError, match="over"):
        await inbox.waiting()
    inbox.open()
    inbox.seek(0)
    inbox.deliver(records(0))
    assert len(await inbox.waiting()) == 1
