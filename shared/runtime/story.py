"""Stories: a training organization is led through calls at instants of their own (`okr-story/1`).

Playing one again changes nothing: every call has its key. A player that was interrupted begins at
the last step whose instant the organization's clock has reached.
"""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import httpx2

from shared.okr import identity

FORMAT: Final = "okr-story/1"
CLOCK: Final = "/v1/policies/clock"
TRIES: Final = 40
_PLACE: Final = re.compile(r"\{(objective|kr):([^}]+)\}")


class StoryStoppedError(Exception):
    """A step was refused; the sentence says which one and why."""


@dataclass(frozen=True, slots=True)
class Step:
    """One instant, and the call that is made then (none: only the clock moves)."""

    key: str
    at: datetime
    caller: str = "admin"
    method: str | None = None
    path: str = ""
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Story:
    """A story, read and with its names replaced by ids."""

    steps: tuple[Step, ...]

    def from_(self, now: datetime | None) -> tuple[Step, ...]:
        """The steps still to be played when the organization's clock shows `now`."""
        if now is None:
            return self.steps
        reached = [n for n, step in enumerate(self.steps) if step.at <= now]
        first = max(reached, default=0)
        return () if first == len(self.steps) - 1 and reached else self.steps[first:]


def read_story(path: Path) -> Story:
    """Read a story and the files beside it; raises `ValueError` for another format."""
    told = json.loads(path.read_text("utf-8"))
    if told.get("format") != FORMAT:
        raise ValueError(f"{path.name} is not in the format {FORMAT}")
    return Story(tuple(_step(step, told["cycle"], path.parent) for step in told["steps"]))


def _step(told: Mapping[str, Any], cycle: str, folder: Path) -> Step:
    if "body_file" in told:
        body = (folder / told["body_file"]).read_bytes()
    else:
        text = json.dumps(told.get("body", {}), ensure_ascii=False)
        body = with_ids(text, cycle).encode()
    return Step(
        key=told["key"],
        at=datetime.fromisoformat(told["at"]),
        caller=told.get("as", "admin"),
        method=told.get("method"),
        path=with_ids(told.get("path", ""), cycle),
        body=body,
    )


def with_ids(text: str, cycle: str) -> str:
    """Replace `{objective:K}` and `{kr:K/krN}` by the ids that an import gives to these keys."""

    def of(found: re.Match[str]) -> str:
        kind, key = found.groups()
        if kind == "objective":
            return identity.imported_objective_id(cycle, key)
        objective, _, key_result = key.rpartition("/")
        return identity.imported_key_result_id(cycle, objective, key_result)

    return _PLACE.sub(of, text)


async def play(
    story: Story,
    client: httpx2.AsyncClient,
    *,
    token: Callable[[str], str],
    at_rest: Callable[[], Awaitable[None]],
    played: Callable[[int, int], None] = lambda _done, _of: None,
) -> int:
    """Play what is left of a story; gives the number of calls made.

    `token` mints one for a member's key or `admin`; `at_rest` waits until nothing that was caused
    so far is still under way, so that it belongs to its own instant. Raises `StoryStoppedError`.
    """
    now = await _clock(client, token("admin"))
    steps, calls = story.from_(now), 0
    for n, step in enumerate(steps):
        await at_rest()
        if now is None or now < step.at:
            await _call(client, token("admin"), Step(
                f"{step.key}/clock", step.at, method="PUT", path=CLOCK,
                body=json.dumps({"to": step.at.isoformat()}).encode(),
            ))  # fmt: skip
            now = step.at
            await at_rest()
        if step.method is not None:
            await _call(client, token(step.caller), step)
            calls += 1
        played(n + 1, len(steps))
    await at_rest()
    return calls


async def _clock(client: httpx2.AsyncClient, token: str) -> datetime | None:
    """The organization's clock, once it was moved; None before."""
    answer = await client.get(CLOCK, headers={"Authorization": f"Bearer {token}"})
    if answer.status_code == httpx2.codes.NOT_FOUND:
        return None
    value = answer.raise_for_status().json()
    return datetime.fromisoformat(value["now"]) if value.get("moved") else None


async def _call(client: httpx2.AsyncClient, token: str, step: Step) -> None:
    headers = {
        "Authorization": f"Bearer {token}",
        "Idempotency-Key": step.key,
        "Content-Type": "application/json",
    }
    for tried in range(TRIES):
        answer = await client.request(
            step.method or "POST", step.path, content=step.body, headers=headers
        )
        if answer.is_success:
            _whole(step, answer)
            return
        problem = answer.json() if answer.content else {}
        if answer.status_code != httpx2.codes.SERVICE_UNAVAILABLE and (
            problem.get("code") != "not_yet"
        ):
            raise StoryStoppedError(
                f"The step {step.key} was refused: {problem.get('detail', answer.status_code)}"
            )
        await asyncio.sleep(min(0.05 * 2**tried, 2.0))
    raise StoryStoppedError(f"The step {step.key} got no answer, however often it was tried.")


def _whole(step: Step, answer: httpx2.Response) -> None:
    """An import that refused a row is no whole step."""
    refused = answer.json().get("refused") if answer.content else None
    if refused:
        first = refused[0]
        raise StoryStoppedError(
            f"The step {step.key} left rows out; row {first['row']}: {first['message']}"
        )
