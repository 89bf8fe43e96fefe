"""`okr token`: who one signs in as on an installation of one's own."""

import asyncio
import re
from pathlib import Path
from typing import Final

from rich.console import Console

from shared.runtime.auth.callers import ROLE_OF_OPERATOR
from shared.runtime.auth.issuing import LocalIssuer, local_issuer
from shared.runtime.cli.installation import Installation
from shared.runtime.cli.said import Said
from shared.runtime.people.postgres import PeopleAway
from shared.runtime.people.store import PeopleStore, Person
from shared.runtime.settings import Settings

PATIENCE: Final = 10.0
ASK_EVERY: Final = 0.02

_ID: Final = re.compile(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}")


async def print_token(data: Path, who: str, out: Console) -> None:
    """Print a token of an operator or a member, and nothing else, so that it can be piped."""
    settings = Installation(data).settings()
    issuer = local_issuer(settings)
    out.print(await minted(issuer, settings, who), soft_wrap=True, markup=False)


async def minted(issuer: LocalIssuer, settings: Settings, who: str) -> str:
    """A token of `admin`, `auditor`, a member's id, or the member with an e-mail."""
    if who in ROLE_OF_OPERATOR:
        return issuer.mint_operator(who)
    if _ID.fullmatch(who):
        return issuer.mint(who)
    if "@" not in who:
        raise Said(f"{who} is none of: admin, auditor, a member's id, a member's e-mail.")
    person = await _member(settings, who)
    if person is None:
        raise Said(f"No member has the e-mail {who}.")
    return issuer.mint(person.id)


async def _member(settings: Settings, email: str) -> Person | None:
    people = PeopleStore.of(settings)
    await people.start()
    try:
        async with asyncio.timeout(PATIENCE):
            while True:
                try:
                    return await people.find_by_email(email)
                except PeopleAway:
                    await asyncio.sleep(ASK_EVERY)
    except TimeoutError:
        raise Said(f"The people store is away: {people.postgres.reason}.") from None
    finally:
        await people.stop()
