"""What any test may ask for: the stack, a database of its own, names of its own."""

import uuid
from collections.abc import AsyncIterator, Iterator

import asyncpg
import pytest
from hypothesis import settings

from tests.support.stack import Stack, running_stack

# A busy machine is slow, not wrong: what must be quick is a benchmark.
settings.register_profile("okr", deadline=None)
settings.load_profile("okr")


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The broker and the database, one pair for the whole run."""
    with running_stack(tmp_path_factory.mktemp("stack")) as found:
        yield found


@pytest.fixture
def own_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A pair for one test alone: what it kills nobody else uses, and its topics are empty."""
    with running_stack(tmp_path_factory.mktemp("own")) as found:
        yield found


@pytest.fixture
def prefix() -> str:
    """The beginning of this test's names: topics, groups."""
    return f"t{uuid.uuid4().hex[:12]}."


@pytest.fixture
async def database(stack: Stack) -> AsyncIterator[str]:
    """A connection string to an empty database that is gone after the test."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    connection = await asyncpg.connect(stack.postgres)
    try:
        await connection.execute(f"CREATE DATABASE {name}")
        base, _, _ = stack.postgres.rpartition("/")
        yield f"{base}/{name}"
        await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    finally:
        await connection.close()
