"""Rows by key: both forms behave alike, and the live one finds out what it has to load."""

from collections.abc import Callable
from typing import Any

import pytest

from shared.eventing.rows import Missing, TableRows
from shared.eventing.rows_cached import CachedTable
from shared.eventing.rows_in_memory import MemoryTable
from shared.eventing.tables import Row, Table
from shared.eventing.tables import fingerprint as fingerprint_of

PEOPLE = Table(
    "people",
    key=("id",),
    columns={"id": "text", "team": "text", "site": "text", "age": "integer"},
    lookups=(("team",), ("team", "site")),
)
DAYS = Table(
    "days",
    key=("team", "day"),
    columns={"team": "text", "day": "integer", "mood": "text"},
)
LINES = Table("lines", key=("n",), columns={"n": "integer", "text": "text"}, blind=True)


class Everything:
    """The database of a cached table: loads whatever is wanted, from what was committed."""

    def __init__(self, table: Table, kept: int = 100) -> None:
        self.cached = CachedTable(table, kept)
        self.committed: dict[Any, Row] = {}

    def commit(self) -> None:
        rows, deleted = self.cached.changes()
        for key in deleted:
            self.committed.pop(key, None)
        for row in rows:
            self.committed[self.cached.table.key_of(row)] = row
        self.cached.commit()

    def run(self, batch: Callable[[TableRows], Any]) -> Any:
        while True:
            try:
                found = batch(self.cached)
            except Missing:
                self._load()
                self.cached.roll_back()
            else:
                if self.cached.unsettled:
                    self._load()
                    self.cached.settle()
                self.commit()
                return found

    def _load(self) -> None:
        assert self.cached.wanted or self.cached.wanted_groups
        rows = list(self.committed.values())
        key_of = self.cached.table.key_of
        wanted = set(self.cached.wanted)
        self.cached.load(wanted, [row for row in rows if key_of(row) in wanted])
        for lookup, value in set(self.cached.wanted_groups):
            group = [row for row in rows if _value(lookup, row) == value]
            self.cached.load_groups(lookup, [value], group)


class Memory:
    """All rows in memory."""

    def __init__(self, table: Table) -> None:
        self.rows = MemoryTable(table)

    def run(self, batch: Callable[[TableRows], Any]) -> Any:
        return batch(self.rows)


def _value(lookup: tuple[str, ...], row: Row) -> Any:
    return row[lookup[0]] if len(lookup) == 1 else tuple(row[name] for name in lookup)


@pytest.fixture(params=["in memory", "live", "live, keeping nothing"])
def rows_of(request: pytest.FixtureRequest) -> Callable[[Table], Memory | Everything]:
    match request.param:
        case "in memory":
            return Memory
        case "live":
            return Everything
        case _:
            return lambda table: Everything(table, kept=0)


RowsOf = Callable[[Table], Memory | Everything]


def test_what_was_put_is_there_with_nulls_for_the_rest(rows_of: RowsOf) -> None:
    people = rows_of(PEOPLE)
    people.run(lambda rows: rows.put({"id": "a", "team": "x"}))
    assert people.run(lambda rows: rows.get("a")) == {
        "id": "a",
        "team": "x",
        "site": None,
        "age": None,
    }


def test_setting_keeps_the_other_columns_and_makes_a_row_that_is_not_there(rows_of: RowsOf) -> None:
    people = rows_of(PEOPLE)
    people.run(lambda rows: rows.set("a", team="x"))
    people.run(lambda rows: rows.set("a", age=7))
    assert people.run(lambda rows: rows.get("a")) == {
        "id": "a",
        "team": "x",
        "site": None,
        "age": 7,
    }


def test_a_key_of_several_columns_is_a_tuple(rows_of: RowsOf) -> None:
    days = rows_of(DAYS)
    days.run(lambda rows: rows.set(("x", 3), mood="good"))
    assert days.run(lambda rows: rows.get(("x", 3))) == {"team": "x", "day": 3, "mood": "good"}
    assert days.run(lambda rows: rows.get(("x", 4))) is None


def test_a_group_is_found_in_the_order_of_keys_whatever_came_first(rows_of: RowsOf) -> None:
    people = rows_of(PEOPLE)

    def put_three(rows: TableRows) -> None:
        for key in ("c", "a", "b"):
            rows.put({"id": key, "team": "x"})

    people.run(put_three)
    assert _ids(people, team="x") == ["a", "b", "c"]
    assert _ids(people, team="y") == []


def test_who_moves_to_another_group_leaves_the_first(rows_of: RowsOf) -> None:
    people = rows_of(PEOPLE)
    people.run(lambda rows: rows.put({"id": "a", "team": "x", "site": "s"}))
    assert _ids(people, team="x") == ["a"]
    people.run(lambda rows: rows.set("a", team="y"))
    assert (_ids(people, team="x"), _ids(people, team="y")) == ([], ["a"])
    assert _ids(people, team="y", site="s") == ["a"]
    people.run(lambda rows: rows.set("a", site=None))
    assert _ids(people, team="y", site="s") == []


def test_a_row_put_unread_leaves_the_group_it_was_in(rows_of: RowsOf) -> None:
    people = rows_of(PEOPLE)
    people.run(lambda rows: rows.put({"id": "a", "team": "x"}))
    people.run(lambda rows: rows.put({"id": "a", "team": "y"}))
    assert (_ids(people, team="x"), _ids(people, team="y")) == ([], ["a"])

    def put_and_look(rows: TableRows) -> list[Row]:
        rows.put({"id": "a", "team": "z"})
        rows.put({"id": "b", "team": "z"})
        return rows.where(team="z")

    assert [row["id"] for row in people.run(put_and_look)] == ["a", "b"]
    assert _ids(people, team="y") == []


def test_moving_there_and_back_within_a_batch_changes_no_group(rows_of: RowsOf) -> None:
    people = rows_of(PEOPLE)
    people.run(lambda rows: rows.put({"id": "a", "team": "x"}))
    _ids(people, team="x")

    def there_and_back(rows: TableRows) -> list[Any]:
        rows.set("a", team="y")
        between = [row["id"] for row in rows.where(team="x")]
        rows.set("a", team="x")
        return [between, [row["id"] for row in rows.where(team="x")]]

    assert people.run(there_and_back) == [[], ["a"]]
    assert _ids(people, team="x") == ["a"]


def test_a_deleted_row_is_gone_from_everywhere(rows_of: RowsOf) -> None:
    people = rows_of(PEOPLE)
    people.run(lambda rows: rows.put({"id": "a", "team": "x"}))
    people.run(lambda rows: rows.delete("a"))
    people.run(lambda rows: rows.delete("never there"))
    assert people.run(lambda rows: rows.get("a")) is None
    assert _ids(people, team="x") == []


def test_a_column_that_was_not_declared_is_refused(rows_of: RowsOf) -> None:
    with pytest.raises(KeyError, match="shoe"):
        rows_of(PEOPLE).run(lambda rows: rows.put({"id": "a", "shoe": 42}))


def test_a_lookup_that_was_not_declared_is_refused(rows_of: RowsOf) -> None:
    with pytest.raises(KeyError):
        rows_of(PEOPLE).run(lambda rows: rows.where(age=7))


def test_a_blind_table_is_put_and_never_read(rows_of: RowsOf) -> None:
    lines = rows_of(LINES)
    lines.run(lambda rows: rows.put({"n": 1, "text": "one"}))
    with pytest.raises(TypeError, match="blind"):
        lines.run(lambda rows: rows.get(1))
    with pytest.raises(TypeError, match="blind"):
        lines.run(lambda rows: rows.set(1, text="two"))


def test_a_row_that_is_not_here_is_loaded_before_it_is_changed() -> None:
    people = CachedTable(PEOPLE, 100)
    with pytest.raises(Missing):
        people.set("a", age=7)
    assert people.wanted == {"a"}


def test_a_row_that_is_put_whole_is_loaded_only_for_its_groups() -> None:
    people, days = CachedTable(PEOPLE, 100), CachedTable(DAYS, 100)
    days.put({"team": "x", "day": 3})
    assert (days.wanted, days.unsettled) == (set(), set())
    people.put({"id": "a", "team": "x"})
    assert (people.wanted, people.unsettled) == ({"a"}, {"a"})
    people.load(["a"], [])
    people.settle()
    assert people.changes()[0][0]["team"] == "x"


def test_all_that_a_group_lacks_is_wanted_at_once() -> None:
    people = CachedTable(PEOPLE, 100)
    people.load_groups(("team",), ["x"], [_person("a"), _person("b")])
    people.known.clear()
    with pytest.raises(Missing):
        people.where(team="x")
    assert people.wanted == {"a", "b"}


def test_a_change_back_to_what_was_there_is_not_written() -> None:
    people = CachedTable(PEOPLE, 100)
    people.load(["a"], [_person("a")])
    people.set("a", age=7)
    people.set("a", age=None)
    assert people.changes() == ([], [])


def test_changes_thrown_away_leave_no_trace() -> None:
    people = CachedTable(PEOPLE, 100)
    people.load_groups(("team",), ["x"], [_person("a")])
    people.set("a", team="y", age=7)
    people.roll_back()
    assert people.changes() == ([], [])
    assert [row["age"] for row in people.where(team="x")] == [None]


def test_a_declaration_that_names_what_it_has_not_is_refused() -> None:
    with pytest.raises(ValueError, match="people"):
        Table("people", key=("id",), columns={"name": "text"})
    with pytest.raises(ValueError, match="blind"):
        Table("lines", ("n",), {"n": "integer"}, lookups=(("n",),), blind=True)


def test_a_changed_declaration_changes_the_fingerprint() -> None:
    wider = Table("lines", ("n",), {**LINES.columns, "more": "text"}, blind=True)
    assert fingerprint_of((LINES,)) != fingerprint_of((wider,))
    assert fingerprint_of((LINES,)) == fingerprint_of((LINES,))


def _ids(table: Memory | Everything, **columns: Any) -> list[str]:
    found: list[Row] = table.run(lambda rows: rows.where(**columns))
    return [row["id"] for row in found]


def _person(key: str) -> Row:
    return {"id": key, "team": "x", "site": None, "age": None}
