"""The routes as the document at /openapi.json tells them, without anything running."""

from pathlib import Path
from typing import Any

import httpx2

from services.readmodels.app import SERVICE
from services.readmodels.projections import PROJECTIONS
from services.readmodels.queries.pool import Pool
from services.readmodels.queries.view import View
from shared.eventing.visible import Visible
from shared.runtime.auth.issuing import local_issuer
from shared.runtime.auth.tokens import Tokens
from shared.runtime.http.app import public_app
from shared.runtime.http.gate import Gate
from shared.runtime.http.limits import Rate
from shared.runtime.http.looking import Looking
from shared.runtime.http.operations import read_operation
from shared.runtime.metrics import Metrics
from shared.runtime.people.store import PeopleStore
from shared.runtime.settings import Settings

PROMISED = {
    "/v1/company",
    "/v1/company/summary",
    "/v1/cycles",
    "/v1/cycles/{cycle_id}",
    "/v1/departments",
    "/v1/departments/{department_id}",
    "/v1/departments/{department_id}/summary",
    "/v1/members",
    "/v1/members/{member_id}",
    "/v1/notifications",
    "/v1/notifications/{notice_id}",
    "/v1/objectives",
    "/v1/objectives/{objective_id}",
    "/v1/objectives/{objective_id}/check-ins",
    "/v1/objectives/{objective_id}/check-ins/{n}",
    "/v1/objectives/{objective_id}/key-results",
    "/v1/objectives/{objective_id}/key-results/{key_result_id}",
    "/v1/objectives/{objective_id}/key-results/{key_result_id}/progress",
    "/v1/objectives/{objective_id}/key-results/{key_result_id}/progress/{n}",
    "/v1/policies/{name}",
}


def application(data: Path) -> Any:
    """The public application with these routes; its database is nowhere."""
    settings = Settings(postgres="postgresql://nobody@127.0.0.1:1/nothing", data_dir=data)
    dsn = settings.postgres
    view = View(Pool(dsn), Visible(PROJECTIONS, dsn=dsn), PeopleStore.of(settings))
    operations = [
        read_operation(route, Looking(view)) for reads in SERVICE.reads for route in reads.declared
    ]
    tokens = Tokens([local_issuer(settings).trusted])
    return public_app(operations, Gate(tokens, Rate(1_000, 1_000), Metrics(), most_under_way=100))


async def asked(data: Path, path: str, **headers: str) -> httpx2.Response:
    transport = httpx2.ASGITransport(app=application(data))
    async with httpx2.AsyncClient(transport=transport, base_url="http://okr.test") as client:
        return await client.get(path, headers=headers)


async def test_what_is_promised_is_served_and_described(tmp_path: Path) -> None:
    document = (await asked(tmp_path, "/openapi.json")).json()
    assert set(document["paths"]) == PROMISED
    answers = document["paths"]["/v1/objectives/{objective_id}"]["get"]["responses"]["200"]
    shape = answers["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
    told = document["components"]["schemas"][shape]["properties"]
    assert {"progress", "expected", "health", "coverage", "key_results"} <= set(told)


async def test_nobody_reads_without_a_token(tmp_path: Path) -> None:
    for path in sorted(PROMISED):
        assert (await asked(tmp_path, path)).status_code == 401, path


async def test_without_a_database_a_read_is_503_and_no_fault(tmp_path: Path) -> None:
    issuer = local_issuer(Settings(data_dir=tmp_path))
    token = issuer.mint_operator("admin")
    answer = await asked(tmp_path, "/v1/company", authorization=f"Bearer {token}")
    assert (answer.status_code, answer.json()["code"]) == (503, "not_ready")
