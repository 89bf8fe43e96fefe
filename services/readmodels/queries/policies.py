"""Policies as they hold now, and the organization's clock."""

from datetime import datetime
from typing import Any, Final

from pydantic_core import from_json

from services.readmodels.projections.written import instant
from services.readmodels.queries.view import View
from shared.okr.calendar import DEFAULT_ZONE, day_of
from shared.okr.duty import Cadence
from shared.okr.health import HealthPolicy
from shared.okr.holidays import DEFAULT_CALENDAR
from shared.runtime.http.problems import Problem
from shared.runtime.http.reads import Item, Query, Read, Reads

reads = Reads("readmodels", tag="policies")

_POLICIES: Final = """
SELECT name, revision, value, version FROM read.okrs_policies WHERE name IN ($1, $2)
"""
_BEGUN: Final = "SELECT max(began) AS day FROM read.okrs_days"
_CLOCK: Final = "clock"
_ORGANIZATION: Final = "organization"

_UNSET: Final[dict[str, dict[str, Any]]] = {
    "health": HealthPolicy().model_dump(mode="json"),
    "cadence": Cadence().model_dump(mode="json"),
    "calendar": DEFAULT_CALENDAR.model_dump(mode="json"),
    "approval": {"next_level_up": False, "two_person_close": False},
    "organization": {"training": False, "time_zone": DEFAULT_ZONE},
    "clock": {},
}
"""What holds until a policy is set: revision 0."""


@reads.item("/v1/policies/{name}", permission="okrs.read")
async def get_policy(read: Read[View, Query], name: str) -> Item:
    """A policy as it holds now; `clock` tells the organization's time."""
    if name not in _UNSET:
        raise Problem("not_found")
    rows = await read.models.fetch(_POLICIES, name, _ORGANIZATION)
    set_ = {row["name"]: row for row in rows}
    row = set_.get(name)
    version = row["version"] if row else 0
    body = {"name": name, "revision": row["revision"] if row else 0, "version": version}
    if name == _CLOCK:
        training = set_.get(_ORGANIZATION)
        (begun,) = await read.models.fetch(_BEGUN)
        body |= _clock(read.moment.now, read.moment.zone, row, begun["day"])
        body["training"] = bool(training and from_json(training["value"]).get("training"))
    else:
        body |= from_json(row["value"]) if row else _UNSET[name]
    return Item(body, version=version)


def _clock(now: datetime, zone: str, row: Any, begun: Any) -> dict[str, Any]:  # noqa: ANN401
    """What time it is, and up to which day all that is tracked has been judged."""
    value = from_json(row["value"]) if row else {}
    return {
        "moved": row is not None,
        "now": instant(now),
        "offset": value.get("offset_seconds", "0"),
        "today": day_of(now, zone).isoformat(),
        "days_begun": begun.isoformat() if begun else None,
    }
