"""The import says what the article says: every word, every figure, and not one more."""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from tests.unit.demo.demo_files import (
    ARTICLE,
    DEMO,
    KeyResult,
    article_objectives,
    key_results,
    objectives,
    six_departments,
)

IMPORT = six_departments()
KEY_RESULTS = key_results(IMPORT)
EVERY_KEY_RESULT = pytest.mark.parametrize("kr", KEY_RESULTS.values(), ids=KEY_RESULTS.keys())

# How the article writes a deadline, and the day that it means.
DEADLINES = {
    "11 月 30 日": date(2021, 11, 30),
    "11 月 18 日": date(2021, 11, 18),
    "11 月底": date(2021, 11, 30),
    "12 月中旬": date(2021, 12, 20),
    "12 月底": date(2021, 12, 31),
    "7 月底": date(2021, 7, 31),
    "月底": date(2021, 12, 31),
    "2021 年第四季度": date(2021, 12, 31),
    "在 2022 年": date(2022, 12, 31),
}
NUMERALS = {"一": "1", "双": "2", "两": "2", "三": "3", "四": "4", "五": "5"}
# 一 in these words is no number.
NO_NUMBERS = ("一同", "一致性")
# A year that names a budget measures nothing.
NAMES = {"cfo/o1/kr1": {"2022"}}
ALL_OF_THEM = ("所有", "每个", "各")
COMPARATORS = {"低于": "<", "不超过": "<=", "至少": ">="}


def without_deadline(title: str) -> tuple[str, date | None]:
    for words, day in DEADLINES.items():
        if words in title:
            return title.replace(words, ""), day
    return title, None


def figures(text: str) -> Counter[str]:
    """Return the numbers of a text, Chinese numerals in digits."""
    for word in NO_NUMBERS:
        text = text.replace(word, "")
    for numeral, digit in NUMERALS.items():
        text = text.replace(numeral, f" {digit} ")
    return Counter(re.findall(r"\d+(?:\.\d+)?", text))


def parts_of(measure: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Return a composite's parts with their names, any other measure as its own nameless part."""
    if measure["kind"] == "composite":
        return [(part["name"], part["measure"]) for part in measure["parts"]]
    return [("", measure)]


def numbers_in(measure: dict[str, Any]) -> Iterator[str]:
    """Yield the numbers of one simple measure, apart from stage weights."""
    for name in ("baseline", "target", "percent", "limit", "quota"):
        if measure.get(name) is not None:
            yield measure[name]
    yield from measure.get("shares", {}).values()
    if "window" in measure:
        yield str(measure["window"]["months"])
    for _, value in measure.get("plan", ()):
        yield value


def words_in(kr: KeyResult) -> list[str]:
    """Return the names of its parts and stages."""
    words = []
    for name, measure in parts_of(kr.body):
        words += [name] if name else []
        words += [stage["name"] for stage in measure.get("stages", ())]
    return words


def test_there_are_six_departments_fifteen_objectives_and_forty_four_key_results() -> None:
    assert len(IMPORT["departments"]) == 6
    assert len(list(objectives(IMPORT))) == 15
    assert len(KEY_RESULTS) == 44


def test_objectives_and_key_results_are_the_articles_word_for_word_and_in_its_order() -> None:
    told = [(o["title"], [kr["title"] for kr in o["key_results"]]) for o in objectives(IMPORT)]
    assert told == article_objectives()


def test_departments_are_named_as_in_the_headings() -> None:
    headings = re.findall(r"^[二三四五六七]、(.+?部门?)的? ?OKR", ARTICLE, re.MULTILINE)
    assert [department["name"] for department in IMPORT["departments"]] == [
        heading.removesuffix("的") for heading in headings
    ]


def test_everybody_is_called_by_the_articles_role_and_the_first_role_leads() -> None:
    roles = re.findall(r"^  1\. (.+) OKR((?:\(.\))?)$", ARTICLE, re.MULTILINE)
    people = [person for d in IMPORT["departments"] for person in d["members"]]
    assert [(person["title"], person["name"]) for person in people] == [
        (role, role + number) for role, number in roles
    ]
    for department in IMPORT["departments"]:
        assert department["head"] == department["members"][0]["key"]


def test_owners_are_members_of_the_department_and_keys_are_unique() -> None:
    for department in IMPORT["departments"]:
        members = {person["key"] for person in department["members"]}
        assert {objective["owner"] for objective in department["objectives"]} == members
    keys = [objective["key"] for objective in objectives(IMPORT)]
    assert len(set(keys)) == len(keys)


def test_the_only_mention_is_the_product_department_by_its_alias() -> None:
    mentions = {
        f"{objective['key']}/{kr['key']}": kr["mentions"]
        for objective in objectives(IMPORT)
        for kr in objective["key_results"]
        if kr.get("mentions")
    }
    assert mentions == {"cfo/o3/kr3": ["产品部门"]}
    aliases = {alias: d["name"] for d in IMPORT["departments"] for alias in d["aliases"]}
    assert aliases["产品部门"] == "产研部门"
    assert "@产品部门" in KEY_RESULTS["cfo/o3/kr3"].title


def test_nothing_stands_there_that_the_article_does_not_say() -> None:
    assert IMPORT["company"]["objectives"] == []
    assert IMPORT["alignments"] == []
    assert IMPORT["readings"] == []


@EVERY_KEY_RESULT
def test_every_measure_is_valid(kr: KeyResult) -> None:
    assert kr.measure.kind == kr.body["kind"]


@EVERY_KEY_RESULT
def test_the_due_day_is_the_one_in_the_title(kr: KeyResult) -> None:
    assert kr.due == without_deadline(kr.title)[1]


@EVERY_KEY_RESULT
def test_every_figure_of_the_title_is_in_its_measure(kr: KeyResult) -> None:
    title, _ = without_deadline(kr.title)
    held = figures(" ".join(words_in(kr))) + Counter(
        number for _, measure in parts_of(kr.body) for number in numbers_in(measure)
    )
    assert set(figures(title)) - NAMES.get(kr.path, set()) <= set(held)


@EVERY_KEY_RESULT
def test_no_measure_holds_a_number_that_the_title_lacks(kr: KeyResult) -> None:
    for name, measure in parts_of(kr.body):
        for number in numbers_in(measure):
            if number == "100":
                assert any(word in kr.title for word in ALL_OF_THEM)
            else:
                assert number == "0" or number in figures(name or kr.title)
        assert {stage["weight"] for stage in measure.get("stages", ())} <= {"1"}


@EVERY_KEY_RESULT
def test_stages_and_parts_are_named_in_the_titles_own_words(kr: KeyResult) -> None:
    joints = r",并?|(?<=\d%)"
    for words in words_in(kr):
        assert all(clause in kr.title for clause in re.split(joints, words))


@EVERY_KEY_RESULT
def test_the_comparator_is_the_sentences_own(kr: KeyResult) -> None:
    for name, measure in parts_of(kr.body):
        if measure["kind"] == "threshold":
            said = [COMPARATORS[words] for words in COMPARATORS if words in (name or kr.title)]
            assert measure["comparator"] == (said[0] if said else ">=")


def test_a_change_in_percent_waits_for_its_baseline() -> None:
    changes = {
        kr.path: (measure["direction"], measure["percent"], measure["baseline"])
        for kr in KEY_RESULTS.values()
        for _, measure in parts_of(kr.body)
        if measure["kind"] == "relative"
    }
    assert changes == {
        "cfo/o1/kr2": ("decrease", "70", None),
        "marketing-director/o2/kr1": ("increase", "20", None),
        "purchasing-lead/o1/kr1": ("decrease", "10", None),
        "buyer-3/o1/kr2": ("increase", "50", None),
    }


def test_a_plan_begins_and_ends_with_the_quarter_that_the_title_names() -> None:
    planned = {kr.path: kr.body["plan"] for kr in KEY_RESULTS.values() if "plan" in kr.body}
    assert planned == {
        "cfo/o2/kr1": [["2021-10-01", "0"], ["2021-12-31", "80"]],
        "cfo/o2/kr2": [["2021-10-01", "0"], ["2021-12-31", "25"]],
    }


@EVERY_KEY_RESULT
def test_the_readme_gives_a_reason_for_every_measure(kr: KeyResult) -> None:
    readme = (DEMO / "README.md").read_text(encoding="utf-8")
    row = next(line for line in readme.splitlines() if line.startswith(f"| `{kr.path}` |"))
    _, _, title, _, due, why, _ = (cell.strip() for cell in row.split("|"))
    assert (title, due) == (kr.title, str(kr.due or ""))
    assert why
