"""An owner process for the chaos tests: bootstrap, service, connection string, bug or nothing.

Its decisions are wayward on purpose: whether a command is refused is drawn by lot, so two owners
never agree, and nothing but the protocol keeps the answers one.
"""

import asyncio
import random
import sys
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

from shared.eventing import partition
from shared.eventing.append import Landed
from shared.eventing.committed import ResumePoint
from shared.eventing.partition import PartitionOwner
from shared.eventing.window import Window
from shared.events.deciding import Answer, Asked, Refused
from tests.support.owner_process import serve
from tests.support.tally import Count, Counted, Tally


class Wayward(Tally):
    """Refuses one command in eight, without a reason."""

    def decide(self, asked: Asked[Count], state: Counted, reference: dict[str, int]) -> Answer:
        if random.random() < 1 / 8:
            return Refused("wayward", {"lot": random.random()})
        return super().decide(asked, state, reference)


def _repeats_are_decided() -> None:
    patch.object(Window, "first_answer", lambda *_: None).start()


def _doubtful_runs_are_believed() -> None:
    async def serving(owner: PartitionOwner[Any, Any]) -> None:
        committed = owner._committed
        assert committed is not None
        owner.standing = partition.Standing(serving=True)
        while True:
            run = owner._decide(committed, await owner.inbox.waiting())
            await owner._log.append(owner._partition, run.drafts, run.claim)
            owner._believe(committed, run, Landed(0))

    patch.object(PartitionOwner, "_serve", serving).start()


def _the_hint_is_followed() -> None:
    """Resume where the topic ends: what a committed offset that ran ahead would say."""

    async def resume(owner: PartitionOwner[Any, Any], committed: Any) -> None:
        _, end = await owner.inbox.bounds()
        committed.resume = ResumePoint(end - 1, "", committed.resume.views)
        owner.inbox.seek(end)

    patch.object(PartitionOwner, "_resume", resume).start()


def _the_resume_command_is_decided_again() -> None:
    resumed = PartitionOwner._resume

    async def resume(owner: PartitionOwner[Any, Any], committed: Any) -> None:
        await resumed(owner, committed)
        owner.inbox.seek(max(committed.resume.upto, 0))

    patch.object(PartitionOwner, "_resume", resume).start()
    patch.object(partition, "resume_command_is_the_same", lambda *_: True).start()


BUGS: dict[str, Callable[[], None]] = {
    "repeats are decided": _repeats_are_decided,
    "doubtful runs are believed": _doubtful_runs_are_believed,
    "the hint is followed": _the_hint_is_followed,
    "the resume command is decided again": _the_resume_command_is_decided_again,
}


if __name__ == "__main__":
    bootstrap, service, dsn, bug = [*sys.argv[1:], "", ""][:4]
    if bug:
        BUGS[bug]()
    asyncio.run(serve(bootstrap, service, dsn, Wayward))
