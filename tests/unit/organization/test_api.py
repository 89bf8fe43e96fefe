"""The organization over HTTP: which body is which command, and which body is none."""

from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from services.organization.app import SERVICE
from services.organization.domain import DECIDER
from services.organization.domain.cycles import (
    ActivateCycle,
    CloseCycle,
    PlanCycle,
    ReopenCycle,
    StartCycleReview,
)
from services.organization.domain.departments import (
    ChangeDepartment,
    CloseDepartment,
    CreateDepartment,
    MoveDepartment,
)
from services.organization.domain.members import (
    ChangeMember,
    EraseMember,
    JoinMember,
    LeaveMember,
)
from services.organization.domain.policies import (
    ApprovalPolicy,
    ChangeApproval,
    ChangeCadence,
    ChangeCalendar,
    ChangeHealthPolicy,
    MoveClock,
)
from shared.events.deciding import Command, command_type
from shared.okr.calendar import Stride, WorkingDays
from shared.okr.duty import Cadence
from shared.okr.health import HealthPolicy
from shared.runtime.http.writes import Named
from tests.support.people import CFO, CYCLE, FINANCE, RESEARCH, an_id, sealed
from tests.support.routes import CALL, COMMAND_ID, carried, faults, route, said

MEMBER = an_id("member")
WHY = sealed("why")

BODIES: list[tuple[str, dict[str, Any], str | None, Command]] = [
    (
        "POST /v1/departments",
        {},
        '{"name": " 财务部 ", "aliases": ["财务"], "external_id": "D-7"}',
        CreateDepartment(
            department_id=CALL.id, name="财务部", aliases=("财务",), external_id="D-7"
        ),
    ),
    (
        "PATCH /v1/departments/{department_id}",
        {"department_id": FINANCE},
        '{"head_id": null}',
        ChangeDepartment(department_id=FINANCE, head_id=None),
    ),
    (
        "POST /v1/departments/{department_id}/move",
        {"department_id": FINANCE},
        f'{{"parent_id": "{RESEARCH}", "reason": "why"}}',
        MoveDepartment(department_id=FINANCE, parent_id=RESEARCH, reason=WHY),
    ),
    (
        "POST /v1/departments/{department_id}/close",
        {"department_id": FINANCE},
        None,
        CloseDepartment(department_id=FINANCE),
    ),
    (
        "PATCH /v1/members/{member_id}",
        {"member_id": MEMBER},
        f'{{"department_id": "{FINANCE}", "roles": ["auditor"]}}',
        ChangeMember(member_id=MEMBER, department_id=FINANCE, roles=frozenset({"auditor"})),
    ),
    (
        "POST /v1/members/{member_id}/leave",
        {"member_id": MEMBER},
        f'{{"successor_id": "{CFO.id}"}}',
        LeaveMember(member_id=MEMBER, successor_id=CFO.id),
    ),
    (
        "POST /v1/members/{member_id}/erase",
        {"member_id": MEMBER},
        None,
        EraseMember(member_id=MEMBER),
    ),
    (
        "POST /v1/cycles",
        {},
        '{"name": "2026Q4", "start": "2026-10-01", "end": "2026-12-31"}',
        PlanCycle(cycle_id=CALL.id, name="2026Q4", start=date(2026, 10, 1), end=date(2026, 12, 31)),
    ),
    (
        "POST /v1/cycles/{cycle_id}/activate",
        {"cycle_id": CYCLE},
        "{}",
        ActivateCycle(cycle_id=CYCLE),
    ),
    (
        "POST /v1/cycles/{cycle_id}/review",
        {"cycle_id": CYCLE},
        '{"reason": "why"}',
        StartCycleReview(cycle_id=CYCLE, reason=WHY),
    ),
    (
        "POST /v1/cycles/{cycle_id}/close",
        {"cycle_id": CYCLE},
        "{}",
        CloseCycle(cycle_id=CYCLE),
    ),
    (
        "POST /v1/cycles/{cycle_id}/reopen",
        {"cycle_id": CYCLE},
        '{"reason": "why"}',
        ReopenCycle(cycle_id=CYCLE, reason=WHY),
    ),
    (
        "PUT /v1/policies/health",
        {},
        '{"at_risk_above": "5", "off_track_above": 20.5, "confidence_at_most": 4}',
        ChangeHealthPolicy(
            value=HealthPolicy(
                at_risk_above=Decimal(5), off_track_above=Decimal("20.5"), confidence_at_most=4
            )
        ),
    ),
    (
        "PUT /v1/policies/cadence",
        {},
        '{"every": {"weeks": 2}, "weekday": "mon", "grace_days": 3}',
        ChangeCadence(value=Cadence(every=Stride(weeks=2), weekday="mon")),
    ),
    (
        "PUT /v1/policies/calendar",
        {},
        '{"holidays": ["2026-10-01"], "workdays": ["2026-10-10"]}',
        ChangeCalendar(
            value=WorkingDays(
                holidays=frozenset({date(2026, 10, 1)}), workdays=frozenset({date(2026, 10, 10)})
            )
        ),
    ),
    (
        "PUT /v1/policies/approval",
        {},
        '{"two_person_close": true}',
        ChangeApproval(value=ApprovalPolicy(two_person_close=True)),
    ),
    (
        "PUT /v1/policies/clock",
        {},
        '{"to": "2021-09-01T09:00:00+08:00"}',
        MoveClock(to=datetime(2021, 9, 1, 9, tzinfo=timezone(timedelta(hours=8)))),
    ),
]


@pytest.mark.parametrize(
    ("operation", "path", "body", "command"),
    [pytest.param(*row, id=type(row[3]).__name__) for row in BODIES],
)
def test_a_body_becomes_its_command(
    operation: str, path: dict[str, Any], body: str | None, command: Command
) -> None:
    method, _, template = operation.partition(" ")
    made = said(route(SERVICE.writes, method, template), body, **path)
    assert made == command
    assert carried(command) == command
    assert carried(command).model_fields_set >= command.model_fields_set
    assert command_type(command) in DECIDER.commands


def test_names_travel_beside_the_command() -> None:
    body = f'{{"display_name": "王敏", "email": "min@example.com", "department_id": "{FINANCE}"}}'
    made = said(route(SERVICE.writes, "POST", "/v1/members"), body)
    assert made == Named(
        JoinMember(member_id=CALL.id, department_id=FINANCE, amendment_id=COMMAND_ID),
        CALL.id,
        {"display_name": "王敏", "email": "min@example.com", "title": None, "external_id": None},
    )
    assert isinstance(made, Named)
    assert "王敏" not in made.command.model_dump_json()


def test_a_change_of_details_names_their_fields_only() -> None:
    write = route(SERVICE.writes, "PATCH", "/v1/members/{member_id}")
    made = said(write, '{"display_name": "王敏", "title": null}', member_id=MEMBER)
    assert made == Named(
        ChangeMember(member_id=MEMBER, details=("display_name", "title"), amendment_id=COMMAND_ID),
        MEMBER,
        {"display_name": "王敏", "title": None},
    )


@pytest.mark.parametrize(
    ("operation", "path", "body", "expected"),
    [
        ("POST /v1/departments", {}, "{}", ("/name", "missing")),
        ("POST /v1/departments", {}, '{"name": " "}', ("/name", "string_too_short")),
        ("POST /v1/departments", {}, '{"name": "x", "hue": 1}', ("/hue", "extra_forbidden")),
        (
            "POST /v1/departments",
            {},
            '{"name": "x", "parent_id": "7"}',
            ("/parent_id", "string_pattern_mismatch"),
        ),
        (
            "PATCH /v1/departments/{department_id}",
            {"department_id": FINANCE},
            '{"name": null}',
            ("/name", "string_type"),
        ),
        (
            "POST /v1/members",
            {},
            f'{{"display_name": "x", "department_id": "{FINANCE}", "email": "nobody"}}',
            ("/email", "string_pattern_mismatch"),
        ),
        (
            "POST /v1/members",
            {},
            f'{{"display_name": "x", "department_id": "{FINANCE}", "roles": ["king"]}}',
            ("/roles/0", "literal_error"),
        ),
        (
            "POST /v1/members/{member_id}/leave",
            {"member_id": MEMBER},
            "{}",
            ("/successor_id", "missing"),
        ),
        (
            "POST /v1/cycles",
            {},
            '{"name": "x", "start": "2026-10-02", "end": "2026-10-01"}',
            ("/end", "ends_before_start"),
        ),
        (
            "POST /v1/cycles",
            {},
            '{"name": "x", "start": "02.10.2026", "end": "2026-12-01"}',
            ("/start", "date_expected"),
        ),
        (
            "POST /v1/cycles/{cycle_id}/reopen",
            {"cycle_id": CYCLE},
            "{}",
            ("/reason", "missing"),
        ),
        (
            "PUT /v1/policies/health",
            {},
            '{"at_risk_above": 30}',
            ("/off_track_above", "policy_not_ordered"),
        ),
        (
            "PUT /v1/policies/calendar",
            {},
            '{"holidays": ["2026-10-01"], "workdays": ["2026-10-01"]}',
            ("/workdays", "day_in_both"),
        ),
        ("PUT /v1/policies/clock", {}, '{"to": "2021-09-01"}', ("/to", "instant_expected")),
        (
            "PUT /v1/policies/clock",
            {},
            '{"to": "9999-12-31T00:00:00Z"}',
            ("/to", "date_out_of_range"),
        ),
    ],
)
def test_a_body_that_does_not_fit_says_where_and_why(
    operation: str, path: dict[str, Any], body: str, expected: tuple[str, str]
) -> None:
    method, _, template = operation.partition(" ")
    assert faults(route(SERVICE.writes, method, template), body, **path) == [expected]
