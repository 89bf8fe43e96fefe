"""A run: what each command is answered, and that one bad command hurts nobody but itself."""

import uuid
from datetime import datetime
from typing import Any

import pytest

from shared.eventing import run as run_module
from shared.eventing.commands import CommandRecord, HeardCommand, headers_of, heard, value_of
from shared.eventing.committed import Committed
from shared.eventing.drafts import event_id
from shared.eventing.fold import PartitionFold
from shared.eventing.positions import Position
from shared.eventing.run import ClosedRun, Run
from shared.eventing.topics import partition_of
from shared.eventing.wire import EPOCH, LogRecord, decided, recorded
from shared.events.deciding import Actor, Answer, Asked, Refused
from tests.support.tally import RAISES, SPOILS, Count, Counted, Tally

SERVICE = "objectives"
VIEWS = {"okr.organization.events": {0: 10}}
OBJECTIVE, OTHER = [
    objective
    for n in range(200)
    if partition_of(SERVICE, f"objective-{(objective := f'00000000-0000-0000-0000-{n:012d}')}") == 0
][:2]


def new_log(decider: Tally | None = None) -> Committed[Counted]:
    fold = PartitionFold("okr.objectives.events", 0)
    fold.log_id, fold.last_id, fold.last_offset, fold.next_offset = "log", "opened", 0, 1
    return Committed(decider or Tally(), fold)


def asks(times: int = 1, offset: int = 0, objective: str = OBJECTIVE, **more: Any) -> HeardCommand:
    """A command as its owner reads it, through its record."""
    filler = more.pop("filler", "")
    command = Count(objective_id=objective, times=times, filler=filler)
    name = more.pop("id", str(uuid.UUID(int=offset + 1)))
    record = CommandRecord(name, SERVICE, command, Actor("me"), **more)
    return heard(
        LogRecord(
            "okr.objectives.commands", 0, offset, 1_000 + offset, record.stream.encode(),
            value_of(record), headers_of(record, EPOCH),
        ),
        Tally.commands,
    )  # fmt: skip


def closed(*commands: HeardCommand, log: Committed[Counted] | None = None) -> ClosedRun[Counted]:
    run: Run[Counted, dict[str, int]] = Run(log or new_log(), 0, {}, VIEWS, fingerprint="code")
    for command in commands:
        run.decide(command)
    return run.close("closing")


def landed(run: ClosedRun[Counted]) -> list[LogRecord]:
    return [
        LogRecord("okr.objectives.events", 0, run.claim + n, 5_000, d.key, d.value, d.headers)
        for n, d in enumerate(run.drafts)
    ]


def codes(run: ClosedRun[Counted]) -> dict[str, str]:
    return {entry.command: entry.code for entry in run.closing.refused}


def test_a_run_ends_with_its_decided_and_claims_place_after_place() -> None:
    run = closed(asks(2), asks(1, 1, OTHER), asks(-1, 2))
    records = landed(run)
    assert [record.claim for record in records] == [1, 2, 3, 4]
    assert [record.prev for record in records] == ["opened", *(r.id for r in records[:-1])]
    assert [record.src for record in records[:-1]] == [0, 0, 1]
    assert [record.sequence for record in records[:-1]] == [1, 2, 1]
    closing = decided(records[-1])
    assert (closing.upto, closing.command) == (2, str(uuid.UUID(int=3)))
    assert closing.views == {"okr.organization.events": {"0": 10}}
    assert closing.fingerprint == "code"


def test_the_first_event_of_a_decision_is_the_cause_of_the_rest() -> None:
    command = asks(2, causation="the cause", correlation="the story")
    first, second, _ = landed(closed(command))
    assert (first.causation, second.causation) == ("the cause", first.id)
    assert (first.id, second.id) == (event_id(command.id, 0), event_id(command.id, 1))
    assert {first.correlation, second.correlation} == {"the story"}


def test_what_a_run_makes_true_is_what_a_fold_of_its_records_makes_true() -> None:
    commands = [asks(2), asks(0, 1), asks(-1, 2), asks(RAISES, 3), asks(1, 4, OTHER)]
    log, told = new_log(), new_log()
    run = closed(*commands, log=log)
    log.adopt(
        run.states, run.versions, run.firsts, run.closing, len(run.drafts), run.drafts[-1].id, 5_000
    )
    for record in landed(run):
        told.take(record)
    assert told.states == log.states
    assert told.versions == log.versions
    assert told.resume == log.resume
    assert told.window.dumped() == log.window.dumped()
    assert told.fold.checkpoint == log.fold.checkpoint


@pytest.mark.parametrize("times", [RAISES, SPOILS])
def test_a_command_on_which_the_code_fails_is_refused_with_a_fault_number(times: int) -> None:
    run = closed(asks(1), asks(times, 1), asks(1, 2))
    assert codes(run) == {str(uuid.UUID(int=2)): "internal_error"}
    assert run.closing.refused[0].detail == {"fault": "objectives-0-1"}
    assert [fault.number for fault in run.faults] == ["objectives-0-1"]
    assert run.versions == {f"objective-{OBJECTIVE}": 2}


def test_a_command_that_cannot_be_read_is_refused_and_recorded() -> None:
    bad = heard(LogRecord("okr.objectives.commands", 0, 0, 1, b"x", b"\xff", []), Tally.commands)
    run = closed(bad, asks(1, 1))
    assert codes(run) == {"": "internal_error"}
    assert run.versions == {f"objective-{OBJECTIVE}": 1}


class Unspeakable(Tally):
    """Refuses with facts that nobody can write down."""

    def decide(self, asked: Asked[Count], state: Counted, reference: dict[str, int]) -> Answer:
        return Refused("odd", {"thing": object()})


def test_a_refusal_that_cannot_be_written_down_is_a_fault() -> None:
    run = closed(asks(1), log=new_log(Unspeakable()))
    assert list(codes(run).values()) == ["internal_error"]


def test_a_repeat_is_answered_with_the_place_of_its_first_answer() -> None:
    log = new_log()
    first = [asks(1), asks(-1, 1), asks(0, 2)]
    for record in landed(closed(*first, log=log)):
        log.take(record)
    again = [asks(1, 3, id=first[0].id), asks(1, 4, id=first[1].id), asks(1, 5, id=first[2].id)]
    run = closed(*again, log=log)
    assert [(entry.command, entry.position) for entry in run.closing.repeats] == [
        (first[0].id, "okr.objectives.events/0@1"),
        (first[1].id, "okr.objectives.events/0@2"),
        (first[2].id, "okr.objectives.events/0@2"),
    ]
    assert len(run.drafts) == 1


def test_a_repeat_within_a_run_is_a_repeat() -> None:
    commands = [asks(1), asks(-1, 1), asks(1, 2, id=str(uuid.UUID(int=1)))]
    run = closed(*commands, asks(1, 3, id=str(uuid.UUID(int=2))))
    assert [entry.position for entry in run.closing.repeats] == [
        "okr.objectives.events/0@1",
        "okr.objectives.events/0@2",
    ]


def test_a_stale_version_is_refused_but_a_repeat_comes_first() -> None:
    run = closed(asks(1, expect=0), asks(1, 1, expect=0), asks(1, 2, id=str(uuid.UUID(int=1))))
    assert codes(run) == {str(uuid.UUID(int=2)): "version_stale"}
    assert run.closing.refused[0].detail == {"expected": 0, "version": 1}
    assert [entry.command for entry in run.closing.repeats] == [str(uuid.UUID(int=1))]


def test_what_the_views_have_not_heard_is_not_yet_there_and_may_be_asked_again() -> None:
    log = new_log()
    command = asks(1, after=(Position("okr.organization.events", 0, 10),))
    run = closed(command, log=log)
    assert codes(run) == {command.id: "not_yet"}
    for record in landed(run):
        log.take(record)
    again = closed(asks(1, 1, id=command.id), log=log)
    assert again.closing.repeats == ()
    assert again.versions == {command.stream: 1}


def test_a_view_that_is_there_or_is_not_heard_keeps_nobody_waiting() -> None:
    after = (Position("okr.organization.events", 0, 9), Position("okr.elsewhere.events", 0, 99))
    assert codes(closed(asks(1, after=after))) == {}


def test_a_dry_run_changes_nothing_and_is_no_first_answer() -> None:
    dry = asks(2, dry=True)
    run = closed(dry, asks(1, 1, id=dry.id), asks(-1, 2, dry=True))
    accepted, refused = run.closing.tried
    assert (accepted.version, len(accepted.events), accepted.code) == (2, 2, None)
    assert accepted.events[0]["type"] == "okr.ObjectivePublished.v1"
    assert (refused.code, refused.pointer, refused.detail) == (
        "negative", "/times", {"times": -1},
    )  # fmt: skip
    assert run.versions == {dry.stream: 1}


def test_a_command_in_the_wrong_partition_is_refused() -> None:
    stray = next(
        objective
        for n in range(100)
        if partition_of(SERVICE, f"objective-{(objective := str(uuid.UUID(int=n)))}") != 0
    )
    assert list(codes(closed(asks(1, objective=stray))).values()) == ["internal_error"]


def test_a_command_that_would_not_fit_a_batch_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_module, "DECISION_BYTES", 3_000)
    run = closed(asks(1), asks(50, 1), asks(1, 2))
    assert codes(run) == {str(uuid.UUID(int=2)): "too_large"}
    assert run.versions == {f"objective-{OBJECTIVE}": 2}


def test_a_run_is_full_before_its_batch_is(monkeypatch: pytest.MonkeyPatch) -> None:
    run: Run[Counted, dict[str, int]] = Run(new_log(), 0, {}, VIEWS, fingerprint="code")
    assert not run.full
    monkeypatch.setattr(run_module, "RUN_BYTES", 10)
    run.decide(asks(1))
    assert run.full


def test_a_reaction_to_an_older_event_than_the_last_is_not_decided_again() -> None:
    log = new_log()
    source = "checkins.when_published@okr.objectives.events/0@"
    run = closed(asks(1, reaction=f"{source}7"), log=log)
    assert run.closing.reactions == {"checkins.when_published@okr.objectives.events/0": 7}
    for record in landed(run):
        log.take(record)
    older = closed(asks(1, 1, reaction=f"{source}6"), log=log)
    assert older.closing.unchanged == (str(uuid.UUID(int=2)),)
    assert closed(asks(1, 2, reaction=f"{source}7"), log=log).versions != {}


def test_an_unchanged_answer_tells_version_and_body() -> None:
    run = closed(asks(2), asks(0, 1, body="digest"))
    name = str(uuid.UUID(int=2))
    assert run.closing.unchanged == (name,)
    assert (run.closing.versions, run.closing.bodies) == ({name: 2}, {name: "digest"})


def test_an_answer_tells_the_digest_of_its_body_and_its_reaction_once() -> None:
    command = asks(2, body="digest", reaction="r@t/0@1", traceparent="00-trace")
    first, second, _ = landed(closed(command))
    assert (first.body, first.reaction, first.text("traceparent")) == (
        "digest", "r@t/0@1", "00-trace",
    )  # fmt: skip
    assert (second.body, second.reaction, second.text("traceparent")) == (None, None, "00-trace")


def test_the_instant_of_an_event_is_the_broker_time_of_its_command() -> None:
    event = recorded(landed(closed(asks(1)))[0])
    assert event.at == datetime.fromisoformat("1970-01-01T00:00:01+00:00")
