"""Where the tests' own stack comes from, and that a run without one fails."""

from pathlib import Path
from typing import NoReturn

import pytest

from shared.runtime.stack import ChildFailed
from tests.support import containers, stack
from tests.support.stack import GivenStack, NoStack, running_stack


class Nothing:
    """A pair that cannot be had."""

    def __init__(self, *where: Path) -> None:
        self.where = where

    def start(self) -> NoReturn:
        raise self.why

    why: Exception = ChildFailed("no jars")


class NothingInDocker(Nothing):
    why = containers.NoDocker("no daemon")


def test_given_addresses_are_used_and_nothing_is_started(tmp_path: Path) -> None:
    given = {"OKR_TEST_KAFKA": "k:9092", "OKR_TEST_POSTGRES": "postgresql://p/okr"}
    with running_stack(tmp_path, given) as found:
        assert (found.kafka, found.postgres) == ("k:9092", "postgresql://p/okr")
    assert list(tmp_path.iterdir()) == []


async def test_a_given_stack_is_never_hurt() -> None:
    with pytest.raises(NoStack, match="is not ours"):
        await GivenStack("k:9092", "postgresql://p/okr").kill("kafka")


def test_one_address_without_the_other_is_an_error(tmp_path: Path) -> None:
    with (
        pytest.raises(NoStack, match="both OKR_TEST_KAFKA and OKR_TEST_POSTGRES"),
        running_stack(tmp_path, {"OKR_TEST_KAFKA": "k:9092"}),
    ):
        pass


def test_a_run_that_can_have_no_stack_fails_with_every_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stack, "EmbeddedStack", Nothing)
    monkeypatch.setattr(containers, "ContainerStack", NothingInDocker)
    with (
        pytest.raises(NoStack, match=r"embedded: no jars; containers: no daemon"),
        running_stack(tmp_path, {}),
    ):
        pass


def test_docker_that_does_not_answer_is_no_stack(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
    with pytest.raises(containers.NoDocker):
        containers.ContainerStack().start()
