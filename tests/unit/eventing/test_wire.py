"""Records on the wire: what is written is what is read."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.eventing.commands import CommandRecord, HeardCommand, headers_of, heard, value_of
from shared.eventing.drafts import event_draft, event_id
from shared.eventing.positions import Position, at_or_beyond, covers
from shared.eventing.topics import partition_of
from shared.eventing.wire import LogRecord, recorded
from shared.events.deciding import Actor, Command, Recorded
from shared.events.organization import MemberLeft
from shared.okr.identity import event_id as by_identity

NOW = datetime(2026, 1, 5, 9, 30, 0, 250_000, tzinfo=UTC)
MEMBER = str(uuid4())


class Leave(Command):
    """A member leaves."""

    member_id: str

    @property
    def stream(self) -> str:
        return f"member-{self.member_id}"


def landed(record: CommandRecord) -> LogRecord:
    return LogRecord(
        "okr.organization.commands", partition_of("organization", record.stream), 7, 1_000,
        record.stream.encode(), value_of(record), headers_of(record, NOW),
    )  # fmt: skip


def understood(record: CommandRecord) -> HeardCommand:
    return heard(landed(record), {"okr.command.Leave.v1": Leave})


@given(st.uuids(), st.integers(0, 500))
def test_an_event_id_is_the_one_of_the_contract(command: object, index: int) -> None:
    assert event_id(str(command), index) == by_identity(str(command), index)


def test_an_event_comes_back_as_it_was_said() -> None:
    said = Recorded(
        id=str(uuid4()), event=MemberLeft(member_id=MEMBER, successor_id=None),
        stream=f"member-{MEMBER}", sequence=3, at=NOW, actor=Actor("a", "service_account"),
        correlation="c", causation="d",
    )  # fmt: skip
    draft = event_draft("organization", said, at=12, prev="p", src=4, extras=[("okr_body", b"x")])
    record = LogRecord("t", 0, 12, 1_767_605_400_000, draft.key, draft.value, draft.headers)
    back = recorded(record)
    assert back.recorded_at == datetime(2026, 1, 5, 9, 30, tzinfo=UTC)
    assert (
        Recorded(**{**{f: getattr(back, f) for f in back.__slots__}, "recorded_at": None}) == said
    )
    assert (record.claim, record.prev, record.src, record.body) == (12, "p", 4, "x")


def test_a_command_comes_back_as_it_was_written() -> None:
    asked = CommandRecord(
        id=str(uuid4()), service="organization", command=Leave(member_id=MEMBER),
        actor=Actor("me", "user", frozenset({"auditor", "administrator"})), expect=4,
        after=(Position("okr.x.events", 3, 9),), body="digest", dry=True,
    )  # fmt: skip
    back = understood(asked)
    assert back.fault is None
    assert (back.data, back.actor, back.expect, back.after, back.body, back.dry) == (
        asked.command, asked.actor, 4, asked.after, "digest", True,
    )  # fmt: skip
    assert (back.correlation, back.causation) == (asked.id, asked.id)


def test_what_cannot_be_read_has_a_fault_and_raises_nothing() -> None:
    good = landed(CommandRecord(str(uuid4()), "organization", Leave(member_id=MEMBER), Actor("me")))
    assert heard(good, {}).fault is not None
    for value in (b"", b"{", b'{"type":"x","data":{}}', b"\xff"):
        bad = LogRecord("t", 0, 1, 0, good.key, value, good.headers.items())
        assert heard(bad, {"okr.command.Leave.v1": Leave}).fault is not None
    stray = LogRecord("t", 0, 1, 0, b"member-x", good.value, good.headers.items())
    assert heard(stray, {"okr.command.Leave.v1": Leave}).fault is not None
    assert heard(LogRecord("t", 0, 1, 0, b"", b"", []), {}).fault is not None


def test_a_position_reads_what_it_writes() -> None:
    position = Position("okr.objectives.events", 3, 1042)
    assert str(position) == "okr.objectives.events/3@1042"
    assert Position.parse(str(position)) == position


@pytest.mark.parametrize("text", ["", "a/b@c", "okr/3@-1", "okr/3@1 ", "okr/٣@1", "/1@1"])
def test_what_is_no_position_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="position"):
        Position.parse(text)


def test_a_view_covers_what_it_has_read() -> None:
    view = {"t": {0: 5}}
    assert covers(view, [Position("t", 0, 4)])
    assert not covers(view, [Position("t", 0, 5)])
    assert not covers(view, [Position("t", 1, 0)])
    assert at_or_beyond(view, {"t": {0: 5}})
    assert not at_or_beyond(view, {"t": {0: 6}})


def test_the_streams_of_the_organization_share_a_partition() -> None:
    assert len({partition_of("organization", f"member-{n}") for n in range(50)}) == 1
    assert len({partition_of("objectives", f"objective-{n}") for n in range(500)}) == 12
