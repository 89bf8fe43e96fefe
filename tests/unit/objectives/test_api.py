"""Objectives over HTTP: which body is which command, and which body is none."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from services.objectives.app import SERVICE
from services.objectives.domain import DECIDER
from services.objectives.domain.drafting import CreateObjective, EditObjective
from services.objectives.domain.key_results import AddKeyResult, CancelKeyResult, EditKeyResult
from services.objectives.domain.measuring import Changes, Retarget
from services.objectives.domain.publishing import (
    CloseObjective,
    PublishObjective,
    ReopenObjective,
    ReturnObjective,
    SubmitObjective,
)
from services.objectives.domain.weighing import SetWeights
from shared.events.deciding import Command, command_type
from tests.support.aims import AIM, BUYERS, DAYS, FIRST, SECOND, by_id, new
from tests.support.people import BUYER, CYCLE, RESEARCH, sealed
from tests.support.routes import CALL, carried, faults, route, said

WHY = sealed("why")
ITEM = "/v1/objectives/{objective_id}"
KEY_RESULT = f"{ITEM}/key-results/{{key_result_id}}"
AT = {"objective_id": AIM}
AT_FIRST = {"objective_id": AIM, "key_result_id": FIRST}
METRIC = '{"kind": "metric", "baseline": 1.5, "target": "1", "unit": "天"}'
OWNER = f'{{"type": "member", "id": "{BUYER.id}"}}'

BODIES: list[tuple[str, dict[str, Any], str | None, Command]] = [
    (
        "POST /v1/objectives",
        {},
        (
            f'{{"cycle_id": "{CYCLE}", "owner": {OWNER}, "title": "降本", "description": "why",'
            f' "key_results": [{{"title": "甲", "measure": {METRIC}, "weight": "40"}},'
            f' {{"title": "乙", "measure": {METRIC}, "weight": 60,'
            f' "due": {{"month_end": "2026-11"}},'
            f' "mentions": ["{RESEARCH}", "{RESEARCH}"]}}]}}'
        ),
        CreateObjective(
            objective_id=CALL.id,
            cycle_id=CYCLE,
            owner=BUYERS,
            title="降本",
            description=WHY,
            key_results=(
                new(CALL.further(1), DAYS, title="甲", weight="40"),
                new(
                    CALL.further(2),
                    DAYS,
                    title="乙",
                    weight="60",
                    due=date(2026, 11, 30),
                    mentions=(RESEARCH,),
                ),
            ),
        ),
    ),
    (
        f"PATCH {ITEM}",
        AT,
        '{"description": null, "confidential": true}',
        EditObjective(objective_id=AIM, description=None, confidential=True),
    ),
    (
        f"PATCH {ITEM}",
        AT,
        f'{{"description": "why", "owner": {OWNER}}}',
        EditObjective(objective_id=AIM, description=WHY, owner=BUYERS),
    ),
    (
        f"PUT {ITEM}/weights",
        AT,
        f'{{"weights": {{"{FIRST}": 40, "{SECOND}": "60"}}, "reason": "why"}}',
        SetWeights(objective_id=AIM, weights=by_id(first="40", second="60"), reason=WHY),
    ),
    (f"POST {ITEM}/submit", AT, None, SubmitObjective(objective_id=AIM)),
    (
        f"POST {ITEM}/return",
        AT,
        '{"comment": "why"}',
        ReturnObjective(objective_id=AIM, comment=WHY),
    ),
    (f"POST {ITEM}/publish", AT, None, PublishObjective(objective_id=AIM)),
    (
        f"POST {ITEM}/close",
        AT,
        '{"outcome": "partly", "note": "why"}',
        CloseObjective(objective_id=AIM, outcome="partly", note=WHY),
    ),
    (
        f"POST {ITEM}/reopen",
        AT,
        '{"reason": "why"}',
        ReopenObjective(objective_id=AIM, reason=WHY),
    ),
    (
        f"POST {ITEM}/key-results",
        AT,
        f'{{"title": "甲", "measure": {METRIC}, "weight": 20, "weights": {{"{FIRST}": "80"}}}}',
        AddKeyResult(
            objective_id=AIM,
            key_result=new(CALL.id, DAYS, title="甲", weight="20"),
            weights=by_id(first="80"),
        ),
    ),
    (
        f"PATCH {KEY_RESULT}",
        AT_FIRST,
        '{"title": "甲", "due": null}',
        EditKeyResult(objective_id=AIM, key_result_id=FIRST, title="甲", due=None),
    ),
    (
        f"POST {KEY_RESULT}/retarget",
        AT_FIRST,
        '{"target": 0.5, "plan": null, "part": "一", "reason": "why"}',
        Retarget(
            objective_id=AIM,
            key_result_id=FIRST,
            changes=Changes(target="0.5", plan=None),
            part="一",
            reason=WHY,
        ),
    ),
    (
        f"POST {KEY_RESULT}/retarget",
        AT_FIRST,
        '{"baseline": "200"}',
        Retarget(objective_id=AIM, key_result_id=FIRST, changes=Changes(baseline=Decimal(200))),
    ),
    (
        f"POST {KEY_RESULT}/cancel",
        AT_FIRST,
        f'{{"reason": "why", "weights": {{"{SECOND}": "100"}}}}',
        CancelKeyResult(
            objective_id=AIM, key_result_id=FIRST, reason=WHY, weights=by_id(second="100")
        ),
    ),
]


@pytest.mark.parametrize(
    ("operation", "path", "body", "command"),
    [pytest.param(*row, id=f"{n}-{type(row[3]).__name__}") for n, row in enumerate(BODIES)],
)
def test_a_body_becomes_its_command(
    operation: str, path: dict[str, Any], body: str | None, command: Command
) -> None:
    method, _, template = operation.partition(" ")
    made = said(route(SERVICE.writes, method, template), body, **path)
    assert made == command
    assert made.model_dump_json() == command.model_dump_json()
    assert carried(command) == command
    assert command_type(command) in DECIDER.commands


def a_draft(key_results: str) -> str:
    """The body of a draft with these key results."""
    return (
        f'{{"cycle_id": "{CYCLE}", "owner": {OWNER}, "title": "降本",'
        f' "key_results": {key_results}}}'
    )


@pytest.mark.parametrize(
    ("operation", "path", "body", "expected"),
    [
        (
            "POST /v1/objectives",
            {},
            a_draft(f'[{{"title": "甲", "measure": {METRIC}, "weight": 40}}]'),
            ("/key_results", "weights_not_100"),
        ),
        (
            "POST /v1/objectives",
            {},
            a_draft(
                f'[{{"title": "甲", "measure": {METRIC}, "weight": 40}},'
                f' {{"title": "乙", "measure": {METRIC}}}]'
            ),
            ("/key_results", "weights_needed"),
        ),
        (
            "POST /v1/objectives",
            {},
            a_draft(f'[{{"title": "甲", "measure": {METRIC}, "weight": 0}}]'),
            ("/key_results/0/weight", "weight_not_positive"),
        ),
        (
            "POST /v1/objectives",
            {},
            a_draft('[{"title": "甲", "measure": {"kind": "metric", "baseline": 1, "target": 1}}]'),
            ("/key_results/0/measure/metric/target", "baseline_equals_target"),
        ),
        (f"PATCH {ITEM}", AT, '{"title": null}', ("/title", "string_type")),
        (f"PATCH {ITEM}", AT, '{"confidential": "yes"}', ("/confidential", "bool_type")),
        (
            f"PATCH {ITEM}",
            AT,
            f'{{"cycle_id": "{CYCLE}"}}',
            ("/cycle_id", "extra_forbidden"),
        ),
        (
            f"PUT {ITEM}/weights",
            AT,
            f'{{"weights": {{"{FIRST}": 40}}, "reason": "why"}}',
            ("/weights", "weights_not_100"),
        ),
        (f"POST {ITEM}/close", AT, '{"outcome": "won"}', ("/outcome", "literal_error")),
        (
            f"POST {ITEM}/key-results",
            AT,
            f'{{"title": "甲", "measure": {METRIC}, "weights": {{"{FIRST}": "100"}}}}',
            ("/weight", "weights_needed"),
        ),
        (
            f"POST {ITEM}/key-results",
            AT,
            f'{{"title": "甲", "measure": {METRIC}, "weight": 30, "weights": {{"{FIRST}": 80}}}}',
            ("/weights", "weights_not_100"),
        ),
        (f"POST {KEY_RESULT}/retarget", AT_FIRST, '{"target": 2}', ("/reason", "reason_needed")),
        (f"POST {KEY_RESULT}/retarget", AT_FIRST, '{"reason": "x"}', ("", "nothing_to_change")),
        (
            f"POST {KEY_RESULT}/retarget",
            AT_FIRST,
            '{"target": null, "reason": "x"}',
            ("/target", "value_needed"),
        ),
        (
            f"POST {KEY_RESULT}/cancel",
            AT_FIRST,
            f'{{"reason": "x", "weights": {{"{SECOND}": 99}}}}',
            ("/weights", "weights_not_100"),
        ),
    ],
)
def test_a_body_that_does_not_fit_says_where_and_why(
    operation: str, path: dict[str, Any], body: str, expected: tuple[str, str]
) -> None:
    method, _, template = operation.partition(" ")
    assert faults(route(SERVICE.writes, method, template), body, **path) == [expected]
