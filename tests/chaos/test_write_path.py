"""No acknowledged command is lost, none takes effect twice, a refused one never does.

Processes are killed, paused and rolled, the broker and Postgres are killed, callers repeat
themselves and give up; every outcome that was unknown must resolve to the one truth.
"""

from collections.abc import Callable

import pytest

from tests.support.chaos import FaultKind, Storm, check, storm_over
from tests.support.owning import TallyService
from tests.support.stack import Stack

pytestmark = pytest.mark.chaos

SHORT = Storm(seed=20260701, commands=5_000, patience=240)


def _small(seed: int, bug: str, commands: int, *faults: FaultKind) -> Storm:
    return Storm(seed, commands, faults=faults, bug=bug, callers=48, pauses=(11, 12), patience=75)


BUGS = {
    storm.bug: storm
    for storm in (
        _small(1, "repeats are decided", 300),
        _small(2, "doubtful runs are believed", 2_000, "pause"),
        _small(3, "the hint is followed", 600, "kill", "kill"),
        _small(4, "the resume command is decided again", 600, "kill", "kill"),
    )
}


async def test_what_was_acknowledged_stays_true_whatever_is_killed(
    own_stack: Stack, prefix: str, record_property: Callable[[str, object], None]
) -> None:
    service = TallyService(own_stack.kafka, prefix)
    await service.start()
    try:
        told, histories = await storm_over(own_stack, service, SHORT)
    finally:
        await service.stop()
    check(told, histories)
    record_property("unknown", told.unknown)
    record_property("void", sum(history.void for history in histories.values()))


@pytest.mark.parametrize("bug", BUGS)
async def test_a_planted_bug_turns_the_storm_red(stack: Stack, prefix: str, bug: str) -> None:
    service = TallyService(stack.kafka, prefix)
    await service.start()
    try:
        with pytest.raises(AssertionError):
            check(*await storm_over(stack, service, BUGS[bug]))
    finally:
        await service.stop()
