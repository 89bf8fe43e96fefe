"""What stands in Postgres is the fold of the logs: live in any batches, and built again beside."""

from collections.abc import Sequence
from dataclasses import replace
from random import Random

import pytest

from services.readmodels.projections import PROJECTIONS
from shared.eventing.digests import digest, stored_digests
from shared.eventing.projector import Projector
from shared.eventing.reader import Batch
from shared.eventing.rebuild import build
from shared.eventing.wire import log_opened
from tests.integration.readmodels.reading import log_of, projector_of, tail_of
from tests.support.event_log import batches_of
from tests.support.suite import Suite
from tests.unit.readmodels.busy_quarter import busy_quarter

pytestmark = pytest.mark.integration


async def stored(dsn: str) -> dict[str, dict[str, str]]:
    """Table → digest of each projection, as queries see them."""
    found = {}
    for projection in PROJECTIONS:
        told = await stored_digests(projection, dsn=dsn)
        assert told is not None
        found[projection.name] = dict(told.tables)
    return found


def folded(suite: Suite) -> dict[str, dict[str, str]]:
    """The same of a fold in memory."""
    found = {}
    for projection in PROJECTIONS:
        tables = suite.folded(projection).tables
        found[projection.name] = {
            name: digest(table.table, table.rows.values()) for name, table in tables.items()
        }
    return found


def shuffled(suite: Suite, seed: int) -> list[list[Batch]]:
    """The logs as a projector may get them: a few runs of a few partitions at a time."""
    random = Random(seed)
    left = {
        place: [
            # The checkpoint names the log that it is of.
            replace(batch, through=replace(batch.through, log_id=log_opened(records[0]).log_id))
            for batch in batches_of(records, [random.randint(1, 6) for _ in records])
        ]
        for place, records in log_of(suite).records.items()
    }
    fetched: list[list[Batch]] = []
    while left:
        places = random.sample(sorted(left), random.randint(1, len(left)))
        fetched.append([left[place].pop(0) for place in places])
        left = {place: batches for place, batches in left.items() if batches}
    return fetched


async def live(projector: Projector, fetched: Sequence[Sequence[Batch]]) -> None:
    """Apply what was fetched, one time after the other."""
    for batches in fetched:
        assert await projector._apply(batches)
    assert projector.ready, projector.status()


@pytest.mark.parametrize("seed", range(3))
async def test_live_in_postgres_equals_a_fold_in_memory(database: str, seed: int) -> None:
    suite = busy_quarter()
    projector = projector_of(Suite(), database)
    await projector._begin()
    await live(projector, shuffled(suite, seed))
    assert await stored(database) == folded(suite)
    for member in projector._members:
        await member.live.disconnect()


async def test_a_rebuild_stands_beside_and_says_the_same(database: str) -> None:
    suite = busy_quarter()
    projector = projector_of(Suite(), database)
    await projector._begin()
    await live(projector, shuffled(suite, 7))
    before = await stored(database)
    failed = await build(PROJECTIONS, dsn=database, bootstrap="none", make_tail=tail_of(suite))
    assert not failed
    assert await stored(database) == before == folded(suite)
    for member in projector._members:
        await member.live.disconnect()


async def test_what_was_fetched_again_changes_nothing(database: str) -> None:
    suite = busy_quarter()
    projector = projector_of(Suite(), database)
    await projector._begin()
    fetched = shuffled(suite, 11)
    await live(projector, fetched)
    await live(projector, fetched[len(fetched) // 2 :])
    assert await stored(database) == folded(suite)
    for member in projector._members:
        await member.live.disconnect()
