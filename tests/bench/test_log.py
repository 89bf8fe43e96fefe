"""The log without HTTP: the owner of a backlog, the live projection, the rebuild."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import asyncpg
import pytest

from tests.bench import filling
from tests.bench.company import Company
from tests.bench.machine import Crew, shares_text, spent
from tests.bench.rows import Baseline, Board, Row, at_least
from tests.bench.runs import measured
from tests.bench.sizes import SEED, Sizes
from tests.support.stack import Stack, running_stack

pytestmark = pytest.mark.bench


@dataclass
class Mill:
    """A broker and a database with a company's history; what is measured adds to it."""

    stack: Stack
    company: Company
    crew: Crew

    def measured(self, module: str, **spec: Any) -> tuple[dict[str, Any], dict[str, float]]:
        """What a process measured, and processor seconds of broker and database meanwhile."""
        before = self.crew.seconds()
        told = measured(module, {**self.where, **spec})
        return told, spent(before, self.crew.seconds())

    @property
    def where(self) -> dict[str, str]:
        return {"kafka": self.stack.kafka, "postgres": self.stack.postgres}

    def events(self, *services: str) -> int:
        found = asyncio.run(filling.batches(self.stack.kafka, services))
        return sum(len(batch.records) for batch in found)


@pytest.fixture(scope="module")
def mill(tmp_path_factory: pytest.TempPathFactory, much: Sizes) -> Iterator[Mill]:
    """Everything is tracked and every read model is up to date."""
    data = tmp_path_factory.mktemp("mill")
    company = Company(much.log_objectives, SEED)
    with running_stack(data) as stack:
        mill = Mill(stack, company, Crew(data))
        asyncio.run(filling.history(stack.kafka, company))
        asyncio.run(filling.following(stack.kafka, company))
        mill.measured("owner_run", count=len(company.goals))
        mill.measured("projector_run", measure="rebuild")
        yield mill


@pytest.fixture(scope="module")
def package(mill: Mill, much: Sizes) -> dict[str, Any]:
    """What the `eventsourcing` package does with the events that the owner has said."""
    told, _ = mill.measured("eventsourcing_run", count=much.slow_events)
    return told


@pytest.fixture(scope="module")
def owner(mill: Mill, much: Sizes) -> tuple[dict[str, Any], dict[str, float], int]:
    """The backlog, decided; and the events that this made."""
    before = mill.events("checkins")
    asyncio.run(filling.backlog(mill.stack.kafka, mill.company, much.commands, SEED))
    told, others = mill.measured("owner_run", count=much.commands)
    return told, others, mill.events("checkins") - before


def test_the_owner_of_a_backlog(
    owner: tuple[dict[str, Any], dict[str, float], int],
    package: dict[str, Any], board: Board, much: Sizes,
) -> None:  # fmt: skip
    told, others, events = owner
    rate = told["decided"] / told["seconds"]
    said = rate * events / much.commands
    alone = package["append"]
    took = {"owner": told["cpu"], **others}
    board.add(
        Row(
            "owner", "owner, backlog of LogProgress with its health, one core", rate,
            " commands/s", at_least(15_000),
            [Baseline(
                f"eventsourcing (SQLite file) appending the same events in the same batches: "
                f"{alone:,.0f} events/s, ours {said:,.0f}",
                said / alone, at_least(10),
            ), Baseline(
                f"the same said by its aggregates, loaded and saved: {package['decide']:,.0f}",
                said / package["decide"],
            )],
            f"{events} events of {much.commands} commands, {package['batch']:.0f} a batch, "
            f"{told['doubts']} appends in doubt, process busy "
            f"{100 * told['cpu'] / told['seconds']:.0f} %; "
            + shares_text(took, told["decided"], "a command"),
        )
    )  # fmt: skip


def test_the_live_projection(
    mill: Mill,
    owner: tuple[dict[str, Any], dict[str, float], int],
    package: dict[str, Any],
    board: Board,
) -> None:
    _, _, said = owner
    events = said + asyncio.run(filling.notices(mill.stack.kafka, mill.company))
    told, others = mill.measured("projector_run", measure="live")
    rate = events / told["seconds"]
    board.add(
        Row(
            "live", "live projection, all read models (okrs, notices)", rate, " events/s",
            at_least(8_000),
            [_runner(rate, package, 5)],
            f"{events} events; " + shares_text({"projector": told["cpu"], **others}, events,
                                               "an event"),
        )
    )  # fmt: skip


def test_the_rebuild(mill: Mill, package: dict[str, Any], board: Board) -> None:
    events = mill.events("organization", "objectives", "checkins", "notifications")
    told, others = mill.measured("projector_run", measure="rebuild")
    tables = asyncio.run(_tables(mill.stack.postgres))
    copied, _ = mill.measured("bare", measure="copy", tables=tables)
    rate = events / told["seconds"]
    board.add(
        Row(
            "rebuild", "rebuild of all read models", rate, " events/s", at_least(40_000),
            [
                _runner(rate, package, 20),
                Baseline(
                    f"bare COPY of the same {copied['rows']:,} rows: {copied['seconds']:.2f} s, "
                    f"the rebuild {told['seconds']:.2f} s",
                    100 * copied["seconds"] / told["seconds"], at_least(25), " %",
                ),
            ],
            f"{events} events; " + shares_text({"rebuild": told["cpu"], **others}, events,
                                               "an event"),
        )
    )  # fmt: skip


def _runner(rate: float, package: dict[str, Any], least: float) -> Baseline:
    return Baseline(
        f"eventsourcing's projection runner doing one of them (SQLite file): "
        f"{package['project']:,.0f} events/s; in memory {package['project_memory']:,.0f}; "
        f"without a database {package['project_bare']:,.0f}",
        rate / package["project"], at_least(least),
    )  # fmt: skip


async def _tables(dsn: str) -> list[str]:
    """The tables that queries read now."""
    connection = await asyncpg.connect(dsn)
    try:
        rows = await connection.fetch(
            "SELECT projection, generation, jsonb_array_elements_text(tables) AS name"
            " FROM read.generations WHERE state = 'current'"
        )
        return [f"{row['projection']}_v{row['generation']}_{row['name']}" for row in rows]
    finally:
        await connection.close()
