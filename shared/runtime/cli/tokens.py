"""`okr token`: who one signs in as on an installation of one's own."""

import re
from pathlib import Path
from typing import Final

from rich.console import Console

from shared.runtime.auth.callers import ROLE_OF_OPERATOR
from shared.runtime.auth.issuing import LocalIssuer, local_issuer
from shared.runtime.cli.installation import Installation
from shared.runtime.cli.said import Said
from shared.runtime.people.store import PeopleStore
from shared.runtime.settings import Settings

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
    people = PeopleStore.of(settings)
    await people.start()
    try:
        person = await people.find_by_email(who)
    finally:
        await people.stop()
    if person is None:
        raise Said(f"No member has the e-mail {who}.")
    return issuer.mint(person.id)
