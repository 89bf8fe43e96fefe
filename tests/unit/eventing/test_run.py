"""A run: what a decider is asked, and that history tells nobody."""

from datetime import UTC, datetime, timedelta

import pytest

from services.notifications.domain import DECIDER, Inbox, TellHealth
from shared.eventing.commands import HeardCommand
from shared.eventing.committed import Committed
from shared.eventing.drafts import internal_draft
from shared.eventing.fold import NOTHING_BEFORE, PartitionFold
from shared.eventing.freezing import Freezer
from shared.eventing.run import ClosedRun, Run
from shared.eventing.topics import events_topic, partition_of
from shared.eventing.wire import LogRecord
from shared.events.deciding import SYSTEM
from shared.events.internal import LogOpened
from shared.okr import identity
from shared.okr.health import Health

OPENED = datetime(2026, 10, 9, 1, 0, tzinfo=UTC)
MEMBER = identity.import_id("member", "buyer")
PARTITION = partition_of("notifications", f"inbox-{MEMBER}")


def ms(instant: datetime) -> int:
    return int(instant.timestamp() * 1000)


def opened() -> Committed[Inbox]:
    """The fold of a log that was opened, and has said nothing else."""
    topic = events_topic("notifications")
    draft = internal_draft(
        "notifications",
        LogOpened(log_id="log", partitions=12),
        partition=PARTITION,
        at=0,
        prev=NOTHING_BEFORE,
        new_id=identity.import_id("cycle", "opened"),
    )
    record = LogRecord(topic, PARTITION, 0, ms(OPENED), draft.key, draft.value, draft.headers)
    committed: Committed[Inbox] = Committed(DECIDER, PartitionFold(topic, PARTITION))
    committed.take(record)
    return committed


def told(caused: datetime) -> HeardCommand:
    command = TellHealth(
        member_id=MEMBER,
        objective_id=identity.import_id("objective", "o"),
        key_result_id=identity.import_id("key_result", "kr"),
        before=Health.ON_TRACK,
        now=Health.AT_RISK,
        cause=identity.import_id("objective", "cause"),
        caused_at=caused,
        recorded_at=caused,
    )
    id_ = identity.reaction_command_id("/okr/checkins", "cause", "test")
    later = ms(OPENED + timedelta(hours=1))
    return HeardCommand(0, later, id_, command.stream, command, SYSTEM, id_, id_)


def decided(committed: Committed[Inbox], command: HeardCommand) -> ClosedRun[Inbox]:
    run = Run(committed, PARTITION, DECIDER.reference(), {}, fingerprint="test")
    run.decide(command)
    return run.close(identity.import_id("cycle", "closing"))


@pytest.mark.parametrize(
    ("caused", "notices"),
    [(OPENED - timedelta(seconds=1), 0), (OPENED + timedelta(seconds=1), 1)],
)
def test_what_happened_before_the_log_was_opened_is_history(caused: datetime, notices: int) -> None:
    run = decided(opened(), told(caused))
    assert len(run.drafts) == notices + 1


def test_a_snapshot_knows_when_the_log_was_opened() -> None:
    committed = opened()
    frozen = Freezer(DECIDER).freeze(committed)
    assert frozen is not None
    thawed = Freezer(DECIDER).thaw(PARTITION, frozen())
    assert thawed.opened_ms == ms(OPENED)
