"""Establishing: the first thing an organization's log says is what kind of organization it is."""

import asyncio
from typing import Final

from services.organization.domain.policies import EstablishOrganization
from shared.eventing.answers import Accepted, OutcomeUnknown
from shared.eventing.commands import CommandRecord
from shared.events.deciding import SYSTEM
from shared.okr import identity
from shared.runtime.means import Means

SOURCE: Final = "/okr/organization/establishing"
PAUSE: Final = 0.2


async def establish(means: Means) -> None:
    """Ask until it is said, then be idle; said already, it says nothing new.

    The process is not ready before, so that nothing else can be recorded first.
    """
    light = means.readiness.component("establishing")
    settings = means.settings
    command = EstablishOrganization(training=settings.training, time_zone=settings.time_zone)
    kind = f"{settings.training} {settings.time_zone}"
    record = CommandRecord(
        id=identity.reaction_command_id(SOURCE, kind, command.stream),
        service="organization",
        command=command,
        actor=SYSTEM,
    )
    while True:
        try:
            answer = await means.edge.ask(record)
        except OutcomeUnknown as error:
            light.not_ready(f"waits for an answer: {error}")
            await asyncio.sleep(PAUSE)
            continue
        break
    if isinstance(answer, Accepted):
        light.ready()
    else:
        light.not_ready(
            "this organization was established otherwise: its kind (OKR_TRAINING) and its time"
            " zone (OKR_TIME_ZONE) are decided once"
        )
    await asyncio.Event().wait()
