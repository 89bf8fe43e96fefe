"""Checkpoints: how far each generation of a projection has folded each partition.

They move in the transaction that writes the rows, by compare-and-set on the generation's `step`:
whoever wrote in between, be it a second projector or one that was paused, makes the next move of
everybody else miss, and a miss changes nothing.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, Literal

import asyncpg

from shared.eventing.positions import Checkpoint
from shared.eventing.reader import Place

CHANNEL: Final = "okr_read"
"""Where every move is announced (`NOTIFY`), as `announcement` writes it."""

State = Literal["building", "current", "retired"]

_SCHEMA: Final = """
CREATE SCHEMA IF NOT EXISTS read;
CREATE TABLE IF NOT EXISTS read.generations (
    projection text COLLATE "C" NOT NULL,
    generation integer NOT NULL,
    version integer NOT NULL,
    fingerprint text NOT NULL,
    tables jsonb NOT NULL,
    state text NOT NULL,
    step bigint NOT NULL DEFAULT 0,
    latest timestamptz,
    PRIMARY KEY (projection, generation)
) WITH (fillfactor = 50);
CREATE UNIQUE INDEX IF NOT EXISTS generations_one_current
    ON read.generations (projection) WHERE state = 'current';
CREATE TABLE IF NOT EXISTS read.checkpoints (
    projection text COLLATE "C" NOT NULL,
    generation integer NOT NULL,
    topic text COLLATE "C" NOT NULL,
    partition integer NOT NULL,
    log_id text NOT NULL,
    next_offset bigint NOT NULL,
    ce_id text NOT NULL,
    PRIMARY KEY (projection, generation, topic, partition),
    FOREIGN KEY (projection, generation) REFERENCES read.generations ON DELETE CASCADE
) WITH (fillfactor = 50);
"""

_SCHEMA_LOCK: Final = 0x6F6B72_72656164  # "okrread"

_CURRENT: Final = """
SELECT generation, version, fingerprint, tables, step, latest FROM read.generations
WHERE projection = $1 AND state = 'current'
"""

_HELD: Final = """
SELECT topic, partition, log_id, next_offset, ce_id FROM read.checkpoints
WHERE projection = $1 AND generation = $2
"""

_MOVE: Final = """
WITH moved AS (
    UPDATE read.generations SET step = step + 1, latest = $4
    WHERE projection = $1 AND generation = $2 AND step = $3 RETURNING 1
), checkpoints AS (
    INSERT INTO read.checkpoints
    SELECT $1, $2, topic, partition, log_id, next_offset, ce_id
    FROM unnest($5::text[], $6::int[], $7::text[], $8::bigint[], $9::text[])
        AS c (topic, partition, log_id, next_offset, ce_id)
    WHERE EXISTS (SELECT FROM moved)
    ON CONFLICT (projection, generation, topic, partition) DO UPDATE
    SET log_id = excluded.log_id, next_offset = excluded.next_offset, ce_id = excluded.ce_id
)
SELECT pg_notify($10, $11) FROM moved
"""


@dataclass(frozen=True, slots=True)
class Generation:
    """One generation of a projection's tables, and how far it is."""

    projection: str
    number: int
    version: int
    fingerprint: str
    tables: tuple[str, ...]
    step: int = 0
    latest: datetime | None = None
    held: Mapping[Place, Checkpoint] = field(default_factory=dict)

    def moved(self, to: Mapping[Place, Checkpoint], latest: datetime | None) -> "Generation":
        """What it is after a move."""
        held = {**self.held, **to}
        return replace(self, step=self.step + 1, latest=latest, held=held)


async def make_schema(connection: asyncpg.Connection) -> None:
    """Make the schema and the two tables, if they are not there."""
    async with connection.transaction():
        # Two processes that start at once would both find nothing there.
        await connection.execute("SELECT pg_advisory_xact_lock($1)", _SCHEMA_LOCK)
        await connection.execute(_SCHEMA)


async def current(connection: asyncpg.Connection, projection: str) -> Generation | None:
    """The generation that queries read; step and checkpoints are of one snapshot."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        return await current_within(connection, projection)


async def current_within(
    connection: asyncpg.Connection, projection: str, *, lock: bool = False
) -> Generation | None:
    """The same within the caller's transaction; with `lock` nobody moves it before that ends."""
    row = await connection.fetchrow(_CURRENT + ("FOR UPDATE" if lock else ""), projection)
    return None if row is None else await _with_held(connection, projection, row)


async def move(
    connection: asyncpg.Connection,
    generation: Generation,
    to: Mapping[Place, Checkpoint],
    latest: datetime | None,
) -> bool:
    """Move the checkpoints inside the caller's transaction; False: somebody else has moved them.

    After False the caller rolls back, reads the generation again and trusts no row it has kept.
    """
    places = list(to.items())
    return bool(
        await connection.fetch(
            _MOVE,
            generation.projection,
            generation.number,
            generation.step,
            latest,
            [topic for (topic, _), _ in places],
            [partition for (_, partition), _ in places],
            [checkpoint.log_id for _, checkpoint in places],
            [checkpoint.offset + 1 for _, checkpoint in places],
            [checkpoint.ce_id for _, checkpoint in places],
            CHANNEL,
            announcement(generation.projection, generation.number, to),
        )
    )


def announcement(projection: str, generation: int, to: Mapping[Place, Checkpoint]) -> str:
    """The payload of a `NOTIFY`: which positions are visible from now on."""
    moved = [[topic, number, held.offset + 1] for (topic, number), held in to.items()]
    return json.dumps(
        {"projection": projection, "generation": generation, "moved": moved},
        separators=(",", ":"),
    )


async def vectors(
    connection: asyncpg.Connection, projections: Iterable[str]
) -> dict[str, tuple[int, dict[str, dict[int, int]]]]:
    """What is visible now: projection → (generation, topic → partition → next offset)."""
    rows = await connection.fetch(
        "SELECT projection, generation, topic, partition, next_offset"
        " FROM read.generations LEFT JOIN read.checkpoints USING (projection, generation)"
        " WHERE state = 'current' AND projection = ANY($1)",
        list(projections),
    )
    found: dict[str, tuple[int, dict[str, dict[int, int]]]] = {}
    for projection, generation, topic, partition, next_offset in rows:
        _, vector = found.setdefault(projection, (generation, {}))
        if topic is not None:
            vector.setdefault(topic, {})[partition] = next_offset
    return found


async def _with_held(
    connection: asyncpg.Connection,
    projection: str,
    row: Any,  # noqa: ANN401 - a record
) -> Generation:
    number, version, fingerprint, tables, step, latest = row
    held = {
        (topic, partition): Checkpoint(log_id, next_offset - 1, ce_id)
        for topic, partition, log_id, next_offset, ce_id in await connection.fetch(
            _HELD, projection, number
        )
    }
    return Generation(projection, number, version, fingerprint, tuple(tables), step, latest, held)
