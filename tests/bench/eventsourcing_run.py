"""The same events by the `eventsourcing` package: appended, and projected by its runner.

Everything is measured in its SQLite form with a file, as it comes: what is acknowledged is on disk.
Events are appended ready made, straight to its store; beside it by aggregates that say them, as its
applications do. Its runner reads from memory (its SQLite form cannot be subscribed to) and keeps
rows and tracking in the file; beside it in an SQLite database in memory, and in dictionaries.
"""

import asyncio
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, cast
from uuid import NAMESPACE_URL, UUID, uuid5

from eventsourcing.application import Application
from eventsourcing.dispatch import singledispatchmethod
from eventsourcing.domain import Aggregate, DomainEvent, event
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


class Reported(Aggregate):
    """What says these events where they are not ready made."""

    @event("Begun")
    def __init__(self, key: UUID) -> None:
        self.key = key

    @staticmethod
    def create_id(key: UUID) -> UUID:
        return key

    @event("Reported")
    def say(self, kind: str, data: dict[str, Any]) -> None:
        self.kind = kind
        self.data = data


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
        application = Application[Any](_events_in(place))
        began = time.perf_counter()
        for batch in found:
            application.events.put(batch)
        seconds = time.perf_counter() - began
        application.close()
    return seconds


def decide(found: Sequence[Sequence[Said]]) -> float:
    """Seconds for the same by aggregates that are loaded, say each event, and are saved."""
    with TemporaryDirectory() as place:
        application = Application[Any](_events_in(place))
        begun: set[UUID] = set()
        began = time.perf_counter()
        for batch in found:
            loaded: dict[UUID, Reported] = {}
            for said in batch:
                key = said.originator_id
                if key not in loaded:
                    get = application.repository.get
                    loaded[key] = get(key) if key in begun else Reported(key)
                    begun.add(key)
                loaded[key].say(said.kind, said.data)
            application.save(*loaded.values())
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
    with TemporaryDirectory() as place:
        on_disk = few / project(some, InSQLite, _at(str(Path(place) / "reports.db")))
    return {
        "events": count,
        "batch": count / max(1, len(found)),
        "append": count / append(found),
        "decide": few / decide(some),
        "project": on_disk,
        "project_memory": few
        / project(some, InSQLite, _at("file:reports?mode=memory&cache=shared")),
        "project_bare": few / project(some, InMemory, {}),
    }


def _events_in(place: str) -> dict[str, str]:
    """Where the events are kept."""
    return {"PERSISTENCE_MODULE": _SQLITE, "SQLITE_DBNAME": str(Path(place) / "events.db")}


def _at(database: str) -> dict[str, str]:
    """Where the projection keeps its rows."""
    return {"REPORTS_PERSISTENCE_MODULE": _SQLITE, "REPORTS_SQLITE_DBNAME": database}


if __name__ == "__main__":
    told = measured(cast("dict[str, Any]", json.load(sys.stdin)))
    sys.stdout.write(json.dumps(told) + "\n")
