"""From a fold to its snapshot and back (rule 9), off the latency path."""

import asyncio
import json
import logging
from collections.abc import Callable, Mapping
from typing import Any, Final, Generic, TypeVar

from pydantic import TypeAdapter

from shared.eventing.committed import Committed, ResumePoint
from shared.eventing.fold import PartitionFold
from shared.eventing.snapshots import Snapshot, Snapshots
from shared.eventing.topics import events_topic
from shared.eventing.window import Window
from shared.events.deciding import Decider

log = logging.getLogger(__name__)

S = TypeVar("S")

SNAPSHOT_EVERY: Final = 5_000
"""Records after which a snapshot is worth its cost; with many states, twice their number."""


class Keeper(Generic[S]):
    """Restores the fold of a partition, and keeps snapshots of it, one at a time."""

    def __init__(
        self, decider: Decider[S, Any], partition: int, snapshots: Snapshots, fingerprint: str
    ) -> None:
        self._decider = decider
        self._partition = partition
        self._snapshots = snapshots
        self._fingerprint = fingerprint
        self._freezer = Freezer(decider)
        self._since = 0
        self._saving: asyncio.Task[None] | None = None

    async def restored(self) -> Committed[S]:
        """The newest snapshot, or the beginning where there is none of use."""
        topic = events_topic(self._decider.service)
        snapshot = await self._snapshots.load(
            self._decider.service, self._partition, self._fingerprint
        )
        if snapshot is not None:
            try:
                return self._freezer.thaw(self._partition, snapshot)
            except Exception as error:  # noqa: BLE001 - whatever it is, the log itself is there
                log.warning("a snapshot of %s/%s is of no use: %r", topic, self._partition, error)
        return Committed(self._decider, PartitionFold(topic, self._partition))

    def folded(self, records: int) -> None:
        """So many records were read from the log."""
        self._since += records

    def grown(self, committed: Committed[S], records: int) -> None:
        """So many records landed; takes a snapshot if it is time. Never waits."""
        self._since += records
        if self._since < max(SNAPSHOT_EVERY, 2 * len(committed.states)):
            return
        if self._saving is not None and not self._saving.done():
            return
        frozen = self._freezer.freeze(committed)
        if frozen is not None:
            self._since = 0
            self._saving = asyncio.create_task(self._save(frozen))

    async def settled(self) -> None:
        """Wait for the snapshot that is being kept, if there is one."""
        if self._saving is not None:
            await asyncio.wait([self._saving])

    async def _save(self, frozen: Callable[[], Snapshot]) -> None:
        try:
            snapshot = await asyncio.to_thread(frozen)
        except Exception:
            log.exception("no snapshot of %s/%s", self._decider.service, self._partition)
            return
        await self._snapshots.save(
            self._decider.service, self._partition, self._fingerprint, snapshot
        )


class Freezer(Generic[S]):
    """Turns the fold of a partition into a snapshot and back, by the type of its states."""

    def __init__(self, decider: Decider[S, Any]) -> None:
        self._decider = decider
        self._state: TypeAdapter[S] = TypeAdapter(decider.state_type)

    def freeze(self, committed: Committed[S]) -> Callable[[], Snapshot] | None:
        """Take the fold as it is now; the slow part is left to the function that is returned.

        States are immutable, so a shallow copy is a snapshot. None where the fold does not stand
        directly behind a valid `Decided`.
        """
        held = committed.fold.checkpoint
        if held is None or held.offset != committed.fold.last_offset:
            return None
        states, versions = dict(committed.states), dict(committed.versions)
        answers, reactions = committed.window.dumped()
        resume, opened_ms = committed.resume, committed.opened_ms

        def written() -> Snapshot:
            content = {
                "states": {
                    scope: self._state.dump_python(state, mode="json")
                    for scope, state in states.items()
                },
                "versions": versions,
                "answers": answers,
                "reactions": reactions,
                "upto": resume.upto,
                "command": resume.command,
                "views": resume.views,
                "opened_ms": opened_ms,
            }
            return Snapshot(held, json.dumps(content).encode())

        return written

    def thaw(self, partition: int, snapshot: Snapshot) -> Committed[S]:
        """The fold again; raises where it is not what this code has written."""
        content = json.loads(snapshot.content)
        fold = PartitionFold(events_topic(self._decider.service), partition, snapshot.held)
        committed = Committed(self._decider, fold)
        committed.states = {
            scope: self._state.validate_json(json.dumps(state))
            for scope, state in content["states"].items()
        }
        committed.versions = content["versions"]
        committed.opened_ms = content["opened_ms"]
        committed.window = Window.loaded(content["answers"], content["reactions"])
        committed.resume = ResumePoint(
            content["upto"], content["command"], _vector(content["views"])
        )
        return committed


def _vector(views: Mapping[str, Mapping[str, int]]) -> dict[str, dict[int, int]]:
    return {
        topic: {int(partition): offset for partition, offset in offsets.items()}
        for topic, offsets in views.items()
    }
