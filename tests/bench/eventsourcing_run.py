"""The same events by the `eventsourcing` package: appended, and projected by its runner.

Appending is measured in its SQLite form with a file: each batch is on disk when it is acknowledged,
as ours is. Its runner reads from memory (its SQLite form cannot be subscribed to) and keeps its
rows and its tracking in an SQLite database in memory, which spares it the disk as relaxed commits
spare us; what it does without any database is measured beside it.
"""

import asyncio
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, cast
from uuid import NAMESPACE_URL, uuid5

from eventsourcing.application import Application
from eventsourcing.dispatch import singledispatchmethod
from eventsourcing.domain import DomainEvent
from eventsourcing.persistence import ApplicationRecorder, Tracking, TrackingRecorder
from eventsourcing.popo import POPOApplicationRecorder, POPOTrackingRecorder
from eventsourcing.projection import Projection, ProjectionRunner
from eventsourcing.sqlite import SQLiteTrackingRecorder

from tests.bench.filling import batches, runs

_POPO: Final = {"PERSISTENCE_MODULE": "eventsourcing.popo"}
_SQLITE: Final = "eventsourcing.sqlite"
_LONGEST: Final = 240.0


class Said(DomainEvent):
    """An event of ours as one of theirs."""

    kind: str
    data: dict[str, Any]


class Measurements(TrackingRecorder):
    """One of our read models: the measurements, and the health of each key result."""

    def measured(self, key_result: str, n: int, data: str, tracking: Tracking) -> None:
        raise NotImplementedError

    def judged(self, key_result: str, health: str, tracking: Tracking) -> None:
        raise NotImplementedError


class InMemory(POPOTrackingRecorder, Measurements):
    """Dictionaries."""

    def __init__(self) -> None:
        super().__init__()
        self._measurements: dict[tuple[str, int], str] = {}
        self._health: dict[str, str] = {}

    def measured(self, key_result: str, n: int, data: str, tracking: Tracking) -> None:
        with self._database_lock:
            self._assert_tracking_uniqueness(tracking)
            self._insert_tracking(tracking)
            self._measurements[key_result, n] = data

    def judged(self, key_result: str, health: str, tracking: Tracking) -> None:
        with self._database_lock:
            self._assert_tracking_uniqueness(tracking)
            self._insert_tracking(tracking)
            self._health[key_result] = health


class InSQLite(SQLiteTrackingRecorder, Measurements):
    """Rows and tracking in one transaction."""

    def construct_create_table_statements(self) -> list[str]:
        measurements = "key_result TEXT, n INTEGER, data TEXT, PRIMARY KEY (key_result, n)"
        return [
            *super().construct_create_table_statements(),
            f"CREATE TABLE IF NOT EXISTS measurements ({measurements})",
            "CREATE TABLE IF NOT EXISTS health (key_result TEXT PRIMARY KEY, health TEXT)",
        ]

    def measured(self, key_result: str, n: int, data: str, tracking: Tracking) -> None:
        with self.datastore.transaction(commit=True) as cursor:
            self._insert_tracking(cursor, tracking)
            cursor.execute(
                "INSERT OR REPLACE INTO measurements VALUES (?, ?, ?)", (key_result, n, data)
            )

    def judged(self, key_result: str, health: str, tracking: Tracking) -> None:
        with self.datastore.transaction(commit=True) as cursor:
            self._insert_tracking(cursor, tracking)
            cursor.execute("INSERT OR REPLACE INTO health VALUES (?, ?)", (key_result, health))


class Reports(Projection[Measurements]):
    """What their documentation calls a projection."""

    name = "reports"

    @singledispatchmethod
    def process_event(self, domain_event: Any, tracking: Tracking) -> None:
        raise NotImplementedError(domain_event)

    @process_event.register
    def _(self, domain_event: Said, tracking: Tracking) -> None:
        data = domain_event.data
        if domain_event.kind == "KRProgressLogged":
            self.view.measured(data["key_result_id"], data["n"], json.dumps(data), tracking)
        else:
            self.view.judged(data["key_result_id"], data.get("to", ""), tracking)


def append(found: Sequence[Sequence[Said]]) -> float:
    """Seconds for appending these batches."""
    with TemporaryDirectory() as place:
        env = {"PERSISTENCE_MODULE": _SQLITE, "SQLITE_DBNAME": str(Path(place) / "events.db")}
        application = Application[Any](env)
        began = time.perf_counter()
        for batch in found:
            application.events.put(batch)
        seconds = time.perf_counter() - began
        application.close()
    return seconds


def project(found: Sequence[Sequence[Said]], view: type[Measurements], more: Any) -> float:
    """Seconds until its runner has projected these events."""
    recorder = POPOApplicationRecorder()

    class Filled(Application[Any]):
        """Its events are there before the runner begins."""

        name = "Filled"

        def construct_recorder(self) -> ApplicationRecorder:
            return recorder

    filling = Filled(_POPO)
    for batch in found:
        filling.events.put(batch)
    began = time.perf_counter()
    with ProjectionRunner(
        application_class=Filled, projection_class=Reports, view_class=view, env={**_POPO, **more}
    ) as runner:
        runner.wait(recorder.max_notification_id(), timeout=_LONGEST)
        return time.perf_counter() - began


async def _said(bootstrap: str) -> list[list[Said]]:
    """What checkins said, cut as the owner's batches were."""
    versions: dict[str, int] = {}

    def of(record: Any) -> Said:
        version = versions[record.stream] = versions.get(record.stream, 0) + 1
        return Said(  # type: ignore[call-arg]  # its metaclass makes it a dataclass
            originator_id=uuid5(NAMESPACE_URL, record.stream),
            originator_version=version,
            timestamp=record.at,
            kind=record.type.split(".")[1],
            data=json.loads(record.value),
        )

    return [[of(each) for each in run] for run in runs(await batches(bootstrap, ["checkins"]))]


def _some(found: list[list[Said]], least: int) -> list[list[Said]]:
    """The first batches, until there are so many events."""
    taken, count = [], 0
    for batch in found:
        taken.append(batch)
        count += len(batch)
        if count >= least:
            break
    return taken


def measured(spec: dict[str, Any]) -> dict[str, float]:
    """Events a second of each form."""
    found = asyncio.run(_said(spec["kafka"]))
    some = _some(found, spec["count"])
    count, few = sum(map(len, found)), sum(map(len, some))
    in_memory = {
        "REPORTS_PERSISTENCE_MODULE": _SQLITE,
        "REPORTS_SQLITE_DBNAME": "file:reports?mode=memory&cache=shared",
    }
    return {
        "events": count,
        "batch": count / max(1, len(found)),
        "append": count / append(found),
        "project": few / project(some, InSQLite, in_memory),
        "project_bare": few / project(some, InMemory, {}),
    }


if __name__ == "__main__":
    told = measured(cast("dict[str, Any]", json.load(sys.stdin)))
    sys.stdout.write(json.dumps(told) + "\n")
