"""What reaches a reaction: valid events only; and how FastStream is told to be safe."""

from typing import Any

import pytest
from aiokafka import ConsumerRecord
from faststream.message import StreamMessage
from faststream.middlewares import AckPolicy

from shared.eventing.wire import LogRecord
from shared.events.internal import DECIDED
from shared.events.objectives import ObjectivePublished
from shared.runtime import delivery
from shared.runtime.carrying import Carrier
from shared.runtime.delivery import Delivery, Group, ValidOnly
from shared.runtime.metrics import Metrics
from shared.runtime.readiness import Light

PUBLISHED = "okr.ObjectivePublished.v1"


def raw(offset: int, *, at: int | None = None, ce_type: str = PUBLISHED) -> Any:
    """A record as aiokafka gives it; `at` is its claim."""
    headers = (
        ("ce_type", ce_type.encode()),
        ("okr_at", str(offset if at is None else at).encode()),
    )
    return ConsumerRecord(
        "okr.objectives.events", 3, offset, 0, 0, b"k", b"{}", None, 1, 2, headers
    )


async def heard(*records: Any) -> list[int]:
    """The offsets that reach the handler."""
    reached: list[int] = []

    async def handler(message: Any) -> None:
        nonlocal reached
        reached = [record.offset for record in message.body]

    message = StreamMessage(raw_message=records, body=[])
    await ValidOnly(None, context=None).consume_scope(handler, message)  # type: ignore[arg-type]
    return reached


async def test_what_lies_at_its_claim_is_heard() -> None:
    assert await heard(raw(4), raw(5)) == [4, 5]


async def test_a_void_record_is_never_heard() -> None:
    assert await heard(raw(4), raw(5, at=4), raw(6)) == [4, 6]


async def test_an_internal_record_is_never_heard() -> None:
    assert await heard(raw(4), raw(5, ce_type=DECIDED)) == [4]


async def test_a_carrier_that_forgot_the_claim_would_hear_void_records(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(delivery, "claim_holds", lambda _: True)
    assert await heard(raw(4), raw(5, at=4)) == [4, 5]


class TestCommits:
    """When the offsets of a group are committed."""

    @staticmethod
    def group(now: list[float]) -> Group:
        async def deal(_: Any) -> None: ...

        carrier = Carrier("x", [ObjectivePublished], deal, Light(), Metrics())
        return Group(carrier, ["okr.objectives.events"], Light(), clock=lambda: now[0])

    @staticmethod
    async def commits(group: Group, *records: Any) -> bool:
        message: Any = StreamMessage(raw_message=records, body=list(map(LogRecord.of, records)))
        await group.take(message)
        return message.committed is None

    async def test_behind_what_was_dealt_with_always(self) -> None:
        group = self.group([0.0])
        assert [await self.commits(group, raw(n)) for n in range(3)] == [True, True, True]

    async def test_behind_what_is_not_heard_once_a_second(self) -> None:
        now = [0.0]
        group = self.group(now)
        other = raw(1, ce_type="okr.ObjectiveClosed.v1")
        assert [await self.commits(group, other) for _ in range(3)] == [True, False, False]
        now[0] = 1.0
        assert await self.commits(group, other)


def test_no_unsafe_default_is_left() -> None:
    async def deal(_: Any) -> None: ...

    made = Delivery("nowhere:1", client_id="x")
    group = Carrier("things.when_published", [ObjectivePublished], deal, Light(), Metrics())
    made.add(group, [ObjectivePublished], Light())
    broker = made._broker()
    settings = broker.config.broker_config
    assert settings.allow_auto_create_topics is False
    options = broker._connection_kwargs
    assert (options["acks"], options["enable_idempotence"]) == ("all", True)
    subscriber: Any = next(iter(broker.subscribers))
    assert subscriber.ack_policy is AckPolicy.NACK_ON_ERROR
    assert subscriber.group_id == "things.when_published"
    given = subscriber._connection_args
    assert given["auto_offset_reset"] == "earliest"
    assert given["enable_auto_commit"] is False
