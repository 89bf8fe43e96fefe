"""Alignments over HTTP: which body is which command, and which body is none."""

from decimal import Decimal
from typing import Any, get_args

import pytest

from services.alignment.api import writes
from services.alignment.domain import DECIDER
from services.alignment.domain.commands import (
    AcceptAlignment,
    AnyChore,
    CounterAlignment,
    DeclineAlignment,
    DeliverHelp,
    ImportAlignment,
    ProposeAlignment,
    RequestHelp,
    RequestMentioned,
    UnlinkAlignment,
    WithdrawAlignment,
)
from shared.events.deciding import Command, command_type
from tests.support.people import RESEARCH, sealed
from tests.support.routes import CALL, carried, faults, route, said
from tests.unit.alignment.history import A_LINK, BUY, INVENT, RESULT, SAVE

WHY = sealed("why")
INNER = (*get_args(AnyChore), ImportAlignment, RequestMentioned)
ALL = "/v1/alignments"
ITEM = f"{ALL}/{{alignment_id}}"
AT = {"alignment_id": A_LINK}
FROM = f'"kind": "contributes", "from_objective_id": "{BUY}"'

BODIES: list[tuple[str, dict[str, Any], str | None, Command]] = [
    (
        f"POST {ALL}",
        {},
        f'{{{FROM}, "to": {{"objective_id": "{SAVE}"}}}}',
        ProposeAlignment(
            alignment_id=CALL.id,
            kind="contributes",
            from_objective_id=BUY,
            to_objective_id=SAVE,
        ),
    ),
    (
        f"POST {ALL}",
        {},
        (
            f'{{{FROM}, "to": {{"objective_id": "{SAVE}", "key_result_id": "{RESULT}"}},'
            ' "weight": 12.50, "message": "why"}'
        ),
        ProposeAlignment(
            alignment_id=CALL.id,
            kind="contributes",
            from_objective_id=BUY,
            to_objective_id=SAVE,
            to_key_result_id=RESULT,
            weight=Decimal("12.5"),
            message=WHY,
        ),
    ),
    (
        f"POST {ALL}",
        {},
        f'{{{FROM}, "to": {{"department_id": "{RESEARCH}"}}, "message": "why"}}',
        RequestHelp(
            alignment_id=CALL.id,
            objective_id=BUY,
            department_id=RESEARCH,
            kind="contributes",
            message=WHY,
        ),
    ),
    (f"POST {ITEM}/accept", AT, None, AcceptAlignment(alignment_id=A_LINK)),
    (
        f"POST {ITEM}/accept",
        AT,
        f'{{"objective_id": "{INVENT}"}}',
        AcceptAlignment(alignment_id=A_LINK, objective_id=INVENT),
    ),
    (
        f"POST {ITEM}/counter",
        AT,
        '{"message": "why"}',
        CounterAlignment(alignment_id=A_LINK, message=WHY),
    ),
    (
        f"POST {ITEM}/counter",
        AT,
        f'{{"message": "why", "kind": "supports", "weight": null, "objective_id": "{INVENT}"}}',
        CounterAlignment(
            alignment_id=A_LINK, message=WHY, kind="supports", weight=None, objective_id=INVENT
        ),
    ),
    (
        f"POST {ITEM}/decline",
        AT,
        '{"reason": "why"}',
        DeclineAlignment(alignment_id=A_LINK, reason=WHY),
    ),
    (f"POST {ITEM}/withdraw", AT, None, WithdrawAlignment(alignment_id=A_LINK)),
    (
        f"POST {ITEM}/unlink",
        AT,
        '{"reason": "why"}',
        UnlinkAlignment(alignment_id=A_LINK, reason=WHY),
    ),
    (f"POST {ITEM}/deliver", AT, None, DeliverHelp(alignment_id=A_LINK)),
]


@pytest.mark.parametrize(
    ("at", "path", "body", "command"), [pytest.param(*row, id=row[0]) for row in BODIES]
)
def test_a_body_is_a_command(
    at: str, path: dict[str, Any], body: str | None, command: Command
) -> None:
    method, _, declared = at.partition(" ")
    made = said(route((writes,), method, declared), body, **path)
    assert made == command
    assert isinstance(made, Command)
    assert carried(made) == command
    assert made.model_fields_set == command.model_fields_set or not hasattr(made, "names")


def test_every_command_of_people_has_its_route() -> None:
    inner = {command_type(cls) for cls in INNER}
    told = {command_type(command) for *_, command in BODIES}
    assert told == set(DECIDER.commands) - inner


def test_what_a_route_makes_has_its_place() -> None:
    assert route((writes,), "POST", ALL).creates == f"{ALL}/{{id}}"


@pytest.mark.parametrize(
    ("at", "body", "fault"),
    [
        (ALL, f'{{{FROM}, "to": {{}}}}', ("/to", "one_end_needed")),
        (
            ALL,
            f'{{{FROM}, "to": {{"objective_id": "{SAVE}", "department_id": "{RESEARCH}"}}}}',
            ("/to", "one_end_needed"),
        ),
        (
            ALL,
            f'{{{FROM}, "to": {{"department_id": "{RESEARCH}", "key_result_id": "{RESULT}"}}}}',
            ("/to/key_result_id", "one_end_needed"),
        ),
        (
            ALL,
            f'{{{FROM}, "to": {{"objective_id": "{SAVE}"}}, "weight": "0"}}',
            ("/weight", "weight_not_positive"),
        ),
        (
            ALL,
            f'{{{FROM}, "to": {{"objective_id": "{SAVE}"}}}}'.replace("contributes", "likes"),
            ("/kind", "literal_error"),
        ),
        (f"{ITEM}/counter", '{"kind": "supports"}', ("/message", "missing")),
        (f"{ITEM}/counter", '{"message": "why", "weight": -1}', ("/weight", "weight_not_positive")),
        (f"{ITEM}/decline", "{}", ("/reason", "missing")),
        (f"{ITEM}/unlink", '{"reason": " "}', ("/reason", "string_too_short")),
        (f"{ITEM}/accept", '{"objective_id": "x"}', ("/objective_id", "string_pattern_mismatch")),
    ],
)
def test_a_body_that_is_none_says_where(at: str, body: str, fault: tuple[str, str]) -> None:
    path = AT if at != ALL else {}
    assert faults(route((writes,), "POST", at), body, **path) == [fault]
