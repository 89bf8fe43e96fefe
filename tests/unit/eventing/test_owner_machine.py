"""The owner of a partition against a broker that does its worst, step by step (hypothesis).

Two owners believe at once that they own the partition. Every operation may end well, late, or
unanswered; owners crash and pause anywhere; commands repeat; and the two decide differently,
because their reference views differ. After every step the log must tell a right history.
"""

import logging
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from shared.eventing import committed as committed_module
from shared.eventing import fold as fold_module
from shared.eventing import partition as partition_module
from shared.eventing import window as window_module
from shared.eventing.append import Landed
from shared.eventing.committed import ResumePoint
from shared.eventing.partition import PartitionOwner
from shared.eventing.window import Window
from tests.support.memory_log import MemoryView
from tests.support.owner_world import OwnerWorld

SHORT = settings(
    max_examples=500,
    stateful_step_count=50,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)

SEARCH = settings(
    SHORT, max_examples=3000, phases=[Phase.generate], derandomize=True, database=None,
    report_multiple_bugs=False,
)  # fmt: skip


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL + 1, "shared.eventing")


def test_whatever_happens_the_log_tells_a_right_history() -> None:
    run_state_machine_as_test(OwnerWorld, settings=SHORT)


FOLDED = PartitionOwner._folded_to_the_end
RESUME_POINT = committed_module.resume_point
DECIDE = PartitionOwner._decide


def _everything_landed(owner: Any, run: Any, outcome: Any) -> None:
    owner._believe(owner._committed, run, Landed(0))


def _counts_as_decided(owner: Any, run: Any, outcome: Any) -> None:
    owner._committed.resume = RESUME_POINT(run.closing)


async def _recovers_without_folding(owner: Any, committed: Any) -> bool:
    if committed.fold.checkpoint is None:
        return bool(await FOLDED(owner, committed))
    return True


def _one_too_early(last: Any) -> ResumePoint:
    point = RESUME_POINT(last)
    return ResumePoint(point.upto - 1, point.command, point.views)


async def _any_view_will_do(view: MemoryView, last: Any) -> None:
    """Rule 7 left out."""


def _takes_leave(owner: Any, committed: Any, waiting: Any) -> Any:
    run = DECIDE(owner, committed, waiting)
    committed.states.update(run.states)
    return run


BUGS: dict[str, tuple[object, str, Callable[..., Any]]] = {
    "void records are folded": (fold_module, "claim_holds", lambda record: True),
    "an unknown append is believed": (PartitionOwner, "_doubt", _everything_landed),
    "a void run is not decided again": (PartitionOwner, "_doubt", _counts_as_decided),
    "recovery does not fold to the end": (
        PartitionOwner, "_folded_to_the_end", _recovers_without_folding,
    ),
    "it resumes one command too early": (committed_module, "resume_point", _one_too_early),
    "the command at the resume point is decided again": (
        partition_module, "resume_command_is_the_same", lambda decided, found: False,
    ),
    "repeats are decided": (Window, "first_answer", lambda *_: None),
    "not_yet is remembered": (window_module, "not_yet_is_no_answer", lambda code: False),
    "an older view will do": (MemoryView, "reached", _any_view_will_do),
    "a run is believed before it landed": (PartitionOwner, "_decide", _takes_leave),
    "own answers are not remembered": (Window, "closed", lambda *_: None),
}  # fmt: skip


@pytest.mark.parametrize("bug", BUGS)
def test_a_planted_bug_is_found(bug: str, monkeypatch: pytest.MonkeyPatch) -> None:
    target, name, planted = BUGS[bug]
    monkeypatch.setattr(target, name, planted)
    with pytest.raises(AssertionError):
        run_state_machine_as_test(OwnerWorld, settings=SEARCH)
