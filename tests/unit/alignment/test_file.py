"""From a file to links: a row of an import is the command that alignment understands."""

from decimal import Decimal
from typing import Any

from pydantic_core import to_json

from services.alignment.domain.commands import ImportAlignment
from services.organization.imports.commands import command_of
from services.organization.imports.file import ImportFile
from services.organization.imports.plan import Plan, planned
from shared.eventing.commands import WireCommand
from shared.okr import identity
from tests.support.people import sealed

CYCLE = {"name": "2026", "start": "2026-01-01", "end": "2026-12-31"}
METRIC = {"kind": "metric", "baseline": "0", "target": "50", "unit": "人"}


def a_file(*alignments: dict[str, Any], **more: Any) -> Plan:
    objectives = [
        {
            "key": f"{who}/o1",
            "owner": who,
            "title": "目标",
            "key_results": [{"key": "kr1", "title": "结果", "measure": METRIC}],
        }
        for who in ("lead", "engineer")
    ]
    told = {
        "format": "okr-import/1",
        "cycle": CYCLE,
        "company": {"name": "公司"},
        "departments": [
            {
                "key": "rd",
                "name": "产研部门",
                "members": [{"key": who, "name": who} for who in ("lead", "engineer")],
                "objectives": objectives,
            }
        ],
        "alignments": list(alignments),
    }
    return planned(ImportFile.model_validate(told | more))


def a_row(**more: Any) -> dict[str, Any]:
    return {"kind": "contributes", "from": "engineer/o1", "to": "lead/o1"} | more


def commands(plan: Plan, *, update: bool = False) -> list[ImportAlignment]:
    """What alignment is asked, as its owner reads it."""
    found = []
    for row in plan.rows:
        if row.kind == "alignment" and row.refusal is None:
            asked = command_of(row, plan, "id", sealed, update=update)
            assert asked is not None
            service, command = asked
            assert isinstance(command, WireCommand)
            assert (service, command.name, command.stream) == (
                "alignment",
                "ImportAlignment",
                "alignment",
            )
            found.append(ImportAlignment.model_validate_json(to_json(command.data)))
    return found


def test_a_row_is_a_link_between_what_its_keys_stand_for() -> None:
    engineers = identity.imported_objective_id("2026", "engineer/o1")
    leads = identity.imported_objective_id("2026", "lead/o1")
    result = identity.imported_key_result_id("2026", "lead/o1", "kr1")
    assert commands(a_file(a_row(weight=25), a_row(key_result="kr1", kind="supports"))) == [
        ImportAlignment(
            alignment_id=identity.imported_alignment_id(engineers, leads, None),
            kind="contributes",
            from_objective_id=engineers,
            to_objective_id=leads,
            weight=Decimal(25),
        ),
        ImportAlignment(
            alignment_id=identity.imported_alignment_id(engineers, leads, result),
            kind="supports",
            from_objective_id=engineers,
            to_objective_id=leads,
            to_key_result_id=result,
        ),
    ]


def test_an_update_is_asked_for() -> None:
    assert [each.update for each in commands(a_file(a_row()), update=True)] == [True]


def test_a_link_waits_for_both_of_its_objectives() -> None:
    plan = a_file(a_row(to="nobody/o1"))
    row = next(row for row in plan.rows if row.kind == "alignment")
    assert row.needs == ("objective \nengineer/o1", "objective \nnobody/o1")
    stages = [row.kind for stage in plan.staged() for row in stage]
    assert stages.index("alignment") > max(n for n, k in enumerate(stages) if k == "objective")


def test_two_rows_between_the_same_ends_are_one_too_many() -> None:
    plan = a_file(a_row(), a_row(kind="supports"), a_row(key_result="kr1"))
    refused = [row.refusal.code for row in plan.rows if row.refusal]
    assert refused == ["duplicate_key"]


def test_a_link_between_two_cycles_names_both() -> None:
    cycles = [CYCLE | {"key": "year"}, CYCLE | {"key": "next", "name": "2027"}]
    row = a_row(cycle="next", to_cycle="year")
    [command] = commands(a_file(row, cycle=None, cycles=cycles))
    assert command.from_objective_id == identity.imported_objective_id("2027", "engineer/o1")
    assert command.to_objective_id == identity.imported_objective_id("2026", "lead/o1")
