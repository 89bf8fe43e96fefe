"""The catalogues: the same sentences in both languages, one for every code there is."""

import ast
import re
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.runtime.http.problems import STATUS
from shared.runtime.texts.catalogues import LANGUAGES, Language, catalogue, sentence

ROOT = Path(__file__).parents[3]
SECTIONS = sorted(catalogue("en"))


def called(folder: str, *names: str) -> Iterator[tuple[str, str]]:
    """(code, where) of each call of these functions whose first argument is a text."""
    for path in sorted((ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            for code in texts_of(node.args[0]) if name in names else ():
                yield code, f"{path.relative_to(ROOT)}:{node.lineno}"


def texts_of(node: ast.expr) -> Iterator[str]:
    """The texts that an expression may be, as far as it shows them."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.IfExp(body=one, orelse=other):
            yield from texts_of(one)
            yield from texts_of(other)
        case _:
            return


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_both_languages_have_the_same_sections_and_codes() -> None:
    chinese, english = (catalogue(language) for language in LANGUAGES)
    assert {s: sorted(chinese[s]) for s in chinese} == {s: sorted(english[s]) for s in english}


@pytest.mark.parametrize("section", SECTIONS)
def test_both_languages_name_the_same_facts(section: str) -> None:
    differing = {
        code
        for code in catalogue("en")[section]
        if placeholders(catalogue("en")[section][code])
        != placeholders(catalogue("zh-CN")[section][code])
    }
    assert not differing


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("section", SECTIONS)
def test_codes_are_in_order_and_sentences_are_not_empty(section: str, language: Language) -> None:
    found = catalogue(language)[section]
    assert list(found) == sorted(found)
    assert all(text.strip() for text in found.values())


def test_every_refusal_of_a_decider_has_its_sentence() -> None:
    missing = {
        f"{code} ({where})"
        for folder in ("services", "shared/eventing", "shared/events", "shared/okr")
        for code, where in called(folder, "Refused", "ReadingProblem")
        if code not in catalogue("en")["refusals"]
    }
    assert not missing


def test_every_fault_of_a_body_has_its_sentence() -> None:
    missing = {
        f"{code} ({where})"
        for folder in ("shared/okr", "shared/runtime/http", "services")
        for code, where in called(folder, "PydanticCustomError", "refusal")
        if re.fullmatch(r"[a-z0-9_]+", code) and code not in catalogue("en")["fields"]
    }
    assert not missing


def test_every_problem_of_the_edge_has_its_sentence() -> None:
    told = {*catalogue("en")["problems"], *catalogue("en")["refusals"]}
    raised = {code for code, _ in called("shared/runtime/http", "Problem", "retry_later")}
    malformed = {f"malformed_{why}" for why, _ in called("shared/runtime/http", "malformed")}
    assert raised | malformed | set(STATUS) <= told


def test_every_status_has_a_title() -> None:
    statuses = {*map(str, STATUS.values()), "400", "409"}
    assert statuses <= set(catalogue("en")["titles"])


def test_a_fact_that_nobody_told_is_a_dash() -> None:
    assert "—" in (sentence("problems", "scope_missing", "en") or "")


def test_a_fact_is_filled_in_and_never_read_as_a_template() -> None:
    facts = {"permission": "{0.__class__} {fault}"}
    assert facts["permission"] in (sentence("problems", "scope_missing", "en", facts) or "")
