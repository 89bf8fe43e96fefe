"""`POST /v1/imports`: a file, and what became of each of its rows."""

import hashlib
from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from services.organization.imports.carry import DIFFERS, Asks, Carrying, Order, Report
from services.organization.imports.file import ImportFile
from services.organization.imports.plan import Plan, planned
from shared.eventing.answers import NotTailing, OutcomeUnknown, Overloaded
from shared.okr import identity
from shared.runtime.http.asking import author_key, idempotency_key
from shared.runtime.http.bodies import IMPORT_LIMIT, parse, read_body, require_json
from shared.runtime.http.exchange import Exchange, Reply, json_bytes, only, truth
from shared.runtime.http.problems import Problem, invalid, message, retry_later
from shared.runtime.http.routing import Operation
from shared.runtime.people.postgres import PeopleAway
from shared.runtime.people.store import PeopleStore
from shared.runtime.texts.catalogues import Language

PATH: Final = "/v1/imports"
WAIT: Final = 30.0


class RefusedRow(BaseModel):
    """A row that was left out, and why; `pointer` says where in the file."""

    row: int
    pointer: str
    code: str
    message: str


class ImportAnswer(BaseModel):
    """What became of the rows; those in `differs` wait for `update=true`."""

    rows: int
    created: int
    unchanged: int
    changed: int
    refused: list[RefusedRow]
    differs: list[RefusedRow]


def import_operation(edges: Mapping[str, Asks], people: PeopleStore) -> Operation:
    """The route, served by the edges of this process."""

    async def handle(exchange: Exchange, _path: dict[str, Any]) -> Reply:
        return await _import(exchange, edges, people)

    return Operation(
        method="POST",
        path=PATH,
        name="import_file",
        tag="imports",
        summary="Import a file in okr-import/1; importing again changes nothing.",
        permission="imports.write",
        handle=handle,
        parameters={},
        query={"dry_run": bool, "update": bool},
        headers={"Idempotency-Key": str | None},
        body=ImportFile,
        answer=ImportAnswer,
    )


async def _import(exchange: Exchange, edges: Mapping[str, Asks], people: PeopleStore) -> Reply:
    query = exchange.query()
    only(query, "dry_run", "update")
    key = idempotency_key(exchange.headers.get(b"idempotency-key"))
    require_json(exchange.headers)
    raw = await read_body(exchange.receive, exchange.headers, IMPORT_LIMIT)
    plan = _read(parse(raw))
    update = truth(query, "update")
    order = Order(
        import_id=identity.command_id(exchange.caller.id, "POST", PATH, key),
        digest=hashlib.sha256(raw).hexdigest(),
        actor=exchange.caller.actor,
        author=await author_key(people.keys, exchange.caller.id),
        dry=truth(query, "dry_run"),
        update=update,
        wait=WAIT,
    )
    carrying = Carrying(plan, order, edges, people)
    try:
        report = await carrying.run()
    except* Overloaded:
        raise retry_later("overloaded") from None
    except* NotTailing:
        raise retry_later("not_ready") from None
    except* OutcomeUnknown:
        raise retry_later("outcome_unknown") from None
    except* PeopleAway:
        raise retry_later("people_away") from None
    return _answer(plan, report, exchange.language)


def _read(value: Any) -> Plan:  # noqa: ANN401 - JSON is what it is
    try:
        return planned(ImportFile.model_validate(value))
    except ValidationError as error:
        raise invalid(error, value) from None


def _answer(plan: Plan, report: Report, language: Language) -> Reply:
    codes = {refusal.code for refusal in report.refusals.values()}
    if "not_allowed" in codes and not report.count("created", "changed", "unchanged", "differs"):
        raise Problem("not_allowed")
    if "idempotency_key_reused" in codes:
        raise Problem("idempotency_key_reused")
    told = [
        {
            "row": row.number,
            "pointer": row.pointer + report.refusals[row.number].pointer,
            "code": report.refusals[row.number].code,
            "message": message(
                report.refusals[row.number].code, report.refusals[row.number].facts, language
            ),
        }
        for row in plan.rows
        if row.number in report.refusals
    ]
    body = {
        "rows": len(plan.rows),
        "created": report.count("created"),
        "unchanged": report.count("unchanged"),
        "changed": report.count("changed", "differs"),
        "refused": [each for each in told if each["code"] != DIFFERS],
        "differs": [each for each in told if each["code"] == DIFFERS],
    }
    positions = ", ".join(map(str, report.positions.values()))
    headers = [(b"okr-position", positions.encode())] if positions else []
    return Reply(200, json_bytes(body), headers)
