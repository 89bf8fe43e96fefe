"""What the log says happened, told independently of the owner, and what must be true of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from shared.eventing.positions import Vector, at_or_beyond
from shared.eventing.wire import LogRecord, decided
from shared.okr.identity import event_id


@dataclass
class History:
    """The valid records of a partition's log, read by the plainest of readers."""

    versions: dict[str, int] = field(default_factory=dict)
    verdicts: dict[str, str] = field(default_factory=dict)
    """Command id → accepted, unchanged, or the code it was refused with; first answers only."""
    events: list[str] = field(default_factory=list)
    """The ids of all valid events, in their order."""
    void: int = 0
    answered: int = -1
    """The last command offset that was decided."""


def history_of(log: Sequence[LogRecord], commands: Sequence[LogRecord]) -> History:
    """Read a log; fails where it breaks a promise."""
    history = History()
    last_id, ids, batch = "", set[str](), list[LogRecord]()
    views: Vector = {}
    for record in log:
        if record.claim != record.offset:
            history.void += 1
            continue
        assert record.prev == last_id, f"{record.position} does not follow its predecessor"
        assert record.id not in ids, f"{record.position} says a second time what was said"
        ids.add(record.id)
        last_id = record.id
        batch.append(record)
        if record.is_log_opened:
            assert record is batch[0]
            batch = []
        elif record.is_decided:
            views = _decided(history, batch, commands, views)
            batch = []
    assert not batch, "a batch has no end"
    return history


def _decided(
    history: History, batch: Sequence[LogRecord], commands: Sequence[LogRecord], before: Vector
) -> Vector:
    closing = decided(batch[-1])
    run = commands[history.answered + 1 : closing.upto + 1]
    assert len(run) == closing.upto - history.answered > 0, "a Decided goes back, or too far"
    assert run[-1].id == closing.command
    accepted = _accepted(history, batch[:-1], commands)
    said = [*accepted, *(entry.command for entry in closing.refused), *closing.unchanged]
    repeats = [entry.command for entry in closing.repeats]
    assert sorted(said + repeats) == sorted(c.id for c in run), "a run leaves out, or adds"
    verdicts = {
        **dict.fromkeys(accepted, "accepted"),
        **dict.fromkeys(closing.unchanged, "unchanged"),
    }
    for entry in closing.refused:
        if entry.code != "not_yet":
            verdicts[entry.command] = entry.code
    for command, verdict in verdicts.items():
        first = history.verdicts.setdefault(command, verdict)
        assert first is verdict, f"{command} was {first} before it was {verdict}"
    for command in repeats:
        assert command in history.verdicts, f"{command} is called a repeat and is none"
    history.answered = closing.upto
    views = {t: {int(p): o for p, o in offsets.items()} for t, offsets in closing.views.items()}
    assert at_or_beyond(views, before), "a decision rests on an older view than one before it"
    return views


def _accepted(
    history: History, events: Sequence[LogRecord], commands: Sequence[LogRecord]
) -> list[str]:
    """The accepted commands of a run, in the order of their events; checks the versions."""
    accepted: list[str] = []
    index, src = 0, None
    for record in events:
        if record.src != src:
            index, src = 0, record.src
            accepted.append(commands[src or 0].id)
        assert record.id == event_id(accepted[-1], index)
        index += 1
        version = history.versions.get(record.stream, 0) + 1
        assert record.sequence == version, f"{record.stream} has a gap before {record.sequence}"
        history.versions[record.stream] = version
        history.events.append(record.id)
    return accepted
