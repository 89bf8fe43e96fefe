"""Carries a declared read: what it shares with all others before and after its own question."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from shared.runtime.http.cursors import BadCursor, decode, encode
from shared.runtime.http.exchange import Exchange, Header, Reply, json_bytes
from shared.runtime.http.fields import read_instant
from shared.runtime.http.problems import Problem, retry_later
from shared.runtime.http.reads import (
    MOST_ITEMS,
    USUAL_ITEMS,
    Item,
    Models,
    Moment,
    Page,
    Query,
    Read,
    ReadRoute,
)

WAIT_SECONDS: Final = 5.0
_SHARED: Final = frozenset({"as_of", "clock", "limit", "cursor"})
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_LIMIT: Final = re.compile(r"[1-9][0-9]{0,2}", re.ASCII)


class Looking:
    """Serves the read routes of one service."""

    def __init__(self, models: Models) -> None:
        self._models = models

    async def answer(self, route: ReadRoute, exchange: Exchange, path: Mapping[str, Any]) -> Reply:
        """Answer one request; raises the `Problem` that ends it otherwise."""
        given = exchange.query()
        query = _query(route.query, given)
        after = exchange.after()
        if after and not await self._models.reached(after, WAIT_SECONDS):
            raise retry_later("read_not_yet")
        moment = await self._models.moment()
        as_of = _as_of(route, given, moment)
        read = Read(
            caller=exchange.caller,
            language=exchange.language,
            models=self._models,
            query=query,
            moment=moment,
            as_of=as_of,
            observed=_observed(given),
            limit=_limit(route, given),
            cursor=_cursor(route, given, exchange.path),
        )
        found = await route.answer(read, **path)
        at = instant_text(as_of or moment.now)
        headers: list[Header] = [(b"okr-position", moment.position.encode())]
        if isinstance(found, Page):
            return Reply(200, _page(found, exchange.path, given, at), headers)
        if found.version is not None:
            headers.append((b"etag", b'"%d"' % found.version))
        return Reply(200, _stamped(found, at), headers)


def resolve_as_of(text: str, moment: Moment) -> datetime | None:
    """The instant that `as_of` names; None for now. A later one than now is refused.

    A date is the end of that day in the organization's zone, and today means now.
    """
    zone = ZoneInfo(moment.zone)
    today = moment.now.astimezone(zone).date()
    if _DAY.fullmatch(text):
        try:
            day = date.fromisoformat(text)
            if day == today:
                return None
            following = datetime.combine(day + timedelta(days=1), datetime.min.time(), zone)
        except (ValueError, OverflowError):
            raise Problem("query_invalid", {"name": "as_of"}) from None
        instant = following.astimezone(UTC) - timedelta(microseconds=1)
    else:
        try:
            instant = read_instant(text)
        except ValueError:
            raise Problem("query_invalid", {"name": "as_of"}) from None
    if instant > moment.now:
        raise Problem("query_invalid", {"name": "as_of"})
    return instant


def instant_text(at: datetime) -> str:
    """An instant as answers write it."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _query(model: type[Query], given: Mapping[str, str]) -> Query:
    own = {name: value for name, value in given.items() if name not in _SHARED}
    try:
        return model.model_validate_strings(own)
    except ValidationError as error:
        name = error.errors()[0]["loc"][0] if error.errors()[0]["loc"] else "?"
        raise Problem("query_invalid", {"name": name}) from None


def _as_of(route: ReadRoute, given: Mapping[str, str], moment: Moment) -> datetime | None:
    text = given.get("as_of")
    if text is None:
        return None
    instant = resolve_as_of(text, moment)
    if instant is not None and not route.history:
        raise Problem("as_of_unsupported")
    return instant


def _observed(given: Mapping[str, str]) -> bool:
    clock = given.get("clock", "recorded")
    if clock not in {"recorded", "observed"}:
        raise Problem("query_invalid", {"name": "clock"})
    return clock == "observed"


def _limit(route: ReadRoute, given: Mapping[str, str]) -> int:
    text = given.get("limit")
    if text is None:
        return USUAL_ITEMS
    if not route.listing or not _LIMIT.fullmatch(text) or int(text) > MOST_ITEMS:
        raise Problem("query_invalid", {"name": "limit"})
    return int(text)


def _cursor(route: ReadRoute, given: Mapping[str, str], path: str) -> list[Any] | None:
    text = given.get("cursor")
    if text is None:
        return None
    if not route.listing:
        raise Problem("query_invalid", {"name": "cursor"})
    try:
        return decode(text, path, _filters(given))
    except BadCursor:
        raise Problem("query_invalid", {"name": "cursor"}) from None


def _filters(given: Mapping[str, str]) -> dict[str, str]:
    # A page may be of another size than the one before; all else must be the same question.
    return {name: value for name, value in given.items() if name not in {"cursor", "limit"}}


def _stamped(item: Item, at: str) -> bytes:
    if isinstance(item.body, bytes):
        # A stored document is sent as it is, with one more member.
        comma = b"" if item.body == b"{}" else b","
        return item.body[:-1] + comma + b'"as_of":"' + at.encode() + b'"}'
    return json_bytes({**item.body, "as_of": at})


def _page(page: Page, path: str, given: Mapping[str, str], at: str) -> bytes:
    items = b",".join(each if isinstance(each, bytes) else json_bytes(each) for each in page.items)
    following = None
    if page.following is not None:
        following = encode(page.following, path, _filters(given))
    tail = json_bytes({"next_cursor": following, "as_of": at})
    return b'{"items":[' + items + b"]," + tail[1:]
