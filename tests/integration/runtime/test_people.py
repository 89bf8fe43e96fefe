"""The people store on the real Postgres: staged, settled, unique, erased, and away."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from shared.runtime.people.keyring import KeyDestroyed
from shared.runtime.people.migrating import migrate, newest_version
from shared.runtime.people.postgres import PeopleAway
from shared.runtime.people.store import PeopleStore, Person, Taken
from shared.runtime.settings import Settings

pytestmark = pytest.mark.integration


@pytest.fixture
def settings(database: str, tmp_path: Path) -> Settings:
    return Settings(postgres=database, data_dir=tmp_path)


@pytest.fixture
async def people(settings: Settings) -> AsyncIterator[PeopleStore]:
    store = PeopleStore.of(settings)
    await store.start()
    await store.postgres.connected()
    yield store
    await store.stop()


def an_id() -> str:
    return str(uuid4())


async def named(people: PeopleStore, **details: str | None) -> str:
    """Somebody with these details."""
    person, command = an_id(), an_id()
    await people.stage(command, person, details)
    await people.settle(command)
    return person


class TestTheSchema:
    async def test_many_processes_may_start_at_once(self, database: str) -> None:
        connections = [await asyncpg.connect(database) for _ in range(5)]
        versions = await asyncio.gather(*(migrate(each) for each in connections))
        for each in connections:
            await each.close()
        assert set(versions) == {newest_version()}

    async def test_a_second_start_changes_nothing(self, settings: Settings) -> None:
        for _ in range(2):
            store = PeopleStore.of(settings)
            await store.start()
            await store.postgres.connected()
            await store.stop()


class TestDetails:
    async def test_they_are_so_once_the_command_was_accepted(self, people: PeopleStore) -> None:
        person, command = an_id(), an_id()
        await people.stage(command, person, {"display_name": "李雷", "email": "l@x.cn"})
        assert await people.read([person]) == {}
        await people.settle(command)
        assert await people.read([person]) == {
            person: Person(person, display_name="李雷", email="l@x.cn")
        }

    async def test_a_refused_command_changes_nobody(self, people: PeopleStore) -> None:
        person, command = an_id(), an_id()
        await people.stage(command, person, {"display_name": "李雷"})
        await people.drop(command)
        await people.settle(command)
        assert await people.read([person]) == {}

    async def test_what_is_left_out_stays_and_null_clears(self, people: PeopleStore) -> None:
        person = await named(people, display_name="a", title="b", external_id=None)
        command = an_id()
        await people.stage(command, person, {"title": None, "external_id": "7"})
        await people.settle(command)
        assert await people.read([person]) == {
            person: Person(person, display_name="a", external_id="7")
        }

    async def test_a_command_settles_once(self, people: PeopleStore) -> None:
        person, first, second = an_id(), an_id(), an_id()
        for command, name in ((first, "old"), (second, "new")):
            await people.stage(command, person, {"display_name": name})
            await people.settle(command)
        await people.stage(first, person, {"display_name": "old"})
        await people.settle(first)
        assert (await people.read([person]))[person].display_name == "new"

    async def test_they_settle_in_another_process_too(
        self, people: PeopleStore, settings: Settings
    ) -> None:
        person, command = an_id(), an_id()
        await people.stage(command, person, {"display_name": "a"})
        other = PeopleStore.of(settings)
        await other.start()
        await other.postgres.connected()
        await other.settle(command)
        await other.stop()
        assert (await people.read([person]))[person].display_name == "a"

    async def test_what_nobody_can_send_again_is_swept(
        self, people: PeopleStore, database: str
    ) -> None:
        old, new = an_id(), an_id()
        for command in (old, new):
            await people.stage(command, an_id(), {"display_name": "a"})
        connection = await asyncpg.connect(database)
        await connection.execute(
            "update people.staged set staged_at = now() - interval '9 days' where command_id = $1",
            old,
        )
        await people.sweep()
        left = await connection.fetch("select command_id from people.staged")
        await connection.close()
        assert [row["command_id"] for row in left] == [new]

    async def test_all_of_an_import_or_none_of_it(self, people: PeopleStore) -> None:
        await named(people, email="l@x.cn")
        one, two = an_id(), an_id()
        with pytest.raises(Taken):
            await people.write([(one, {"display_name": "a"}), (two, {"email": "L@X.cn"})])
        assert await people.read([one, two]) == {}


class TestUniqueness:
    @pytest.mark.parametrize(
        ("field", "mine", "theirs"),
        [("email", "Li@x.cn", "li@X.CN"), ("external_id", "A-7", "A-7")],
    )
    async def test_what_is_of_one_person_is_taken(
        self, people: PeopleStore, field: str, mine: str, theirs: str
    ) -> None:
        await named(people, **{field: mine})
        with pytest.raises(Taken, match=f"{field}_taken"):
            await people.stage(an_id(), an_id(), {field: theirs})

    async def test_one_may_say_ones_own_again(self, people: PeopleStore) -> None:
        person = await named(people, email="l@x.cn")
        await people.stage(an_id(), person, {"email": "l@x.cn"})

    async def test_of_two_commands_under_way_the_first_keeps_it(self, people: PeopleStore) -> None:
        one, two = (an_id(), an_id()), (an_id(), an_id())
        for command, person in (one, two):
            await people.stage(command, person, {"display_name": "a", "email": "l@x.cn"})
        for command, _ in (one, two):
            await people.settle(command)
        found = await people.read([one[1], two[1]])
        assert [found[p].email for p in (one[1], two[1])] == ["l@x.cn", None]
        assert found[two[1]].display_name == "a"

    async def test_people_are_found_by_address_and_number(self, people: PeopleStore) -> None:
        person = await named(people, email="Li@x.cn", external_id="7")
        found = await people.find_by_email("li@X.cn")
        assert found is not None
        assert found.id == person
        assert (await people.find_by_external_ids(["7", "8"]))["7"].id == person
        assert await people.find_by_email("nobody@x.cn") is None


class TestErasure:
    async def test_it_leaves_nothing_of_a_person(self, people: PeopleStore, database: str) -> None:
        person = await named(people, display_name="李雷雷", email="leilei@x.cn", title="经理甲")
        await people.stage(an_id(), person, {"display_name": "李雷雷又名"})
        sealed = (await people.keys.author(person)).seal("秘密")
        await people.erase(person)
        assert await people.read([person]) == {person: Person(person, erased=True)}
        assert await people.keys.open_all([sealed]) == {sealed: None}
        connection = await asyncpg.connect(database)
        rows = [
            str(row)
            for table in ("person", "staged", "author_key")
            for row in await connection.fetch(f"select * from people.{table}")  # noqa: S608 - ours
        ]
        await connection.close()
        assert not [row for row in rows if "李雷雷" in row or "leilei" in row or "经理甲" in row]

    async def test_it_may_be_repeated_and_nothing_settles_behind_it(
        self, people: PeopleStore
    ) -> None:
        person, late = await named(people, display_name="a"), an_id()
        for _ in range(2):
            await people.erase(person)
        await people.stage(late, person, {"display_name": "b"})
        await people.settle(late)
        assert await people.read([person]) == {person: Person(person, erased=True)}

    async def test_who_never_wrote_can_be_erased_and_never_will(self, people: PeopleStore) -> None:
        person = an_id()
        await people.erase(person)
        with pytest.raises(KeyDestroyed):
            await people.keys.author(person)

    async def test_the_address_is_free_again(self, people: PeopleStore) -> None:
        await people.erase(await named(people, email="l@x.cn", external_id="7"))
        await named(people, email="l@x.cn", external_id="7")


class TestKeys:
    async def test_two_processes_make_one_key(
        self, people: PeopleStore, settings: Settings
    ) -> None:
        other = PeopleStore.of(settings)
        await other.start()
        await other.postgres.connected()
        mine, theirs = await asyncio.gather(people.keys.author("m-1"), other.keys.author("m-1"))
        assert theirs.open(mine.seal("a")) == "a"
        await other.stop()

    async def test_no_key_stands_in_the_database_as_it_is(
        self, people: PeopleStore, database: str
    ) -> None:
        await people.keys.author("m-1")
        connection = await asyncpg.connect(database)
        wrapped = await connection.fetchval("select wrapped from people.author_key")
        await connection.close()
        assert len(wrapped) == 12 + 32 + 16


class TestAway:
    async def test_it_says_so_and_comes_back_by_itself(
        self, settings: Settings, database: str
    ) -> None:
        nowhere = settings.model_copy(update={"postgres": "postgresql://x@127.0.0.1:1/x"})
        store = PeopleStore.of(nowhere)
        await store.start()
        with pytest.raises(PeopleAway):
            await store.read([an_id()])
        async with asyncio.timeout(30):
            while "Error" not in str(store.postgres.reason):
                await asyncio.sleep(0.01)
        store.postgres._dsn = database
        async with asyncio.timeout(30):
            await store.postgres.connected()
        assert (store.postgres.reason, await store.read([])) == (None, {})
        await store.stop()

    async def test_a_connection_that_breaks_is_replaced(
        self, people: PeopleStore, database: str
    ) -> None:
        connection = await asyncpg.connect(database)
        await connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = current_database() and pid <> pg_backend_pid()"
        )
        await connection.close()
        async with asyncio.timeout(30):
            while True:
                try:
                    await people.read([])
                except PeopleAway:
                    continue
                break
        assert people.postgres.reason is None
