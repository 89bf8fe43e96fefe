"""Snapshots of every service's states: what is thawed is what was frozen."""

import importlib
from typing import Any

import pytest
from pydantic import TypeAdapter

from shared.eventing.committed import Committed, ResumePoint
from shared.eventing.fold import PartitionFold
from shared.eventing.freezing import Freezer, Keeper
from shared.eventing.positions import Checkpoint
from shared.eventing.snapshots import NoSnapshots, Snapshot
from shared.events.deciding import Decider
from shared.events.internal import Decided
from tests.support.tally import Tally
from tests.unit.checkins.history import OBJECTIVE, tracked

SERVICES = ("organization", "objectives", "checkins", "alignment", "notifications")
HELD = Checkpoint("log-a", 7, "d7")


def decider_of(service: str) -> Decider[Any, Any]:
    decider: Decider[Any, Any] = importlib.import_module(f"services.{service}.domain").DECIDER
    return decider


def committed(decider: Decider[Any, Any], **states: Any) -> Committed[Any]:
    found = Committed(decider, PartitionFold(f"okr.{decider.service}.events", 3, HELD))
    found.states = states
    found.versions = dict.fromkeys(states, 4)
    found.resume = ResumePoint(12, "command", {"okr.organization.events": {0: 5, 11: 6}})
    found.window.accepted("d993be63-92ba-40e9-9f29-b8337fa599e1", 5, 1_000)
    found.window.closed(Decided(upto=1, command="c", fingerprint="f", reactions={"r": 4}), 7, 1_000)
    return found


def thawed(original: Committed[Any]) -> Committed[Any]:
    freezer = Freezer(original.decider)
    frozen = freezer.freeze(original)
    assert frozen is not None
    return freezer.thaw(3, frozen())


@pytest.mark.parametrize("service", SERVICES)
def test_the_states_of_every_service_can_be_frozen(service: str) -> None:
    decider = decider_of(service)
    TypeAdapter(decider.state_type).rebuild(raise_errors=True)
    original = committed(decider, scope=decider.initial("scope"))
    assert thawed(original).states == original.states


def test_a_tracked_objective_comes_back_as_it_was() -> None:
    history = tracked()
    stream = f"tracking-{OBJECTIVE}"
    original = committed(decider_of("checkins"), **{stream: history.state(stream)})
    assert thawed(original).states == original.states


def test_everything_that_a_decision_rests_on_comes_back() -> None:
    original = committed(Tally(), scope=Tally().initial("scope"))
    back = thawed(original)
    assert (back.versions, back.resume) == (original.versions, original.resume)
    assert back.window.dumped() == original.window.dumped()
    assert back.fold.checkpoint == HELD
    assert back.fold.begin() == HELD.offset


def test_a_fold_in_the_middle_of_a_batch_is_not_frozen() -> None:
    original = committed(Tally())
    original.fold.last_offset += 1
    assert Freezer(original.decider).freeze(original) is None


class Rubbish(NoSnapshots):
    """Has a snapshot that nobody can read."""

    async def load(self, service: str, partition: int, fingerprint: str) -> Snapshot:  # type: ignore[override]
        return Snapshot(HELD, b"{}")


async def test_a_snapshot_of_no_use_means_to_begin_at_the_beginning() -> None:
    restored = await Keeper(Tally(), 3, Rubbish(), "code").restored()
    assert restored.fold.checkpoint is None
