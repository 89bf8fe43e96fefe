"""Identity: every id is derived, so a retry meets the same stream and an import finds its own.

All ids are UUID text (`uuid5`). The formulas are part of the contract with integrators.
"""

from typing import Literal
from uuid import NAMESPACE_URL, UUID, uuid5

ImportKind = Literal["department", "member", "cycle", "objective", "key_result", "alignment"]


def command_id(principal: str, method: str, path: str, key: str) -> str:
    """Return the id of a command that came with an Idempotency-Key; `principal` = `ce_authid`."""
    return str(uuid5(NAMESPACE_URL, f"{principal}\n{method}\n{path}\n{key}"))


def reaction_command_id(ce_source: str, ce_id: str, reaction: str) -> str:
    """Return the id of the command with which `reaction` answers one event."""
    return str(uuid5(NAMESPACE_URL, f"{ce_source}\n{ce_id}\n{reaction}"))


def event_id(command: str, index: int) -> str:
    """Return the id of the event number `index` (from 0) that a command caused."""
    return str(uuid5(UUID(command), str(index)))


def created_id(command: str) -> str:
    """Return the id of the resource that a command creates."""
    return str(uuid5(UUID(command), "id"))


def further_id(command: str, n: int) -> str:
    """Return the id of the n-th further resource that the same command creates."""
    return str(uuid5(UUID(command), f"id:{n}"))


def import_id(kind: ImportKind, key: str) -> str:
    """Return the id of something imported, whoever imports it; `key` is complete (see below)."""
    return str(uuid5(NAMESPACE_URL, f"okr-import\n{kind}\n{key}"))


def imported_objective_id(cycle_name: str, key: str) -> str:
    """Return the id of an imported objective: file keys are unique within a cycle only."""
    return import_id("objective", f"{cycle_name}\n{key}")


def imported_key_result_id(cycle_name: str, objective_key: str, key: str) -> str:
    """Return the id of an imported key result, whose key is unique within its objective."""
    return import_id("key_result", f"{cycle_name}\n{objective_key}\n{key}")


def imported_alignment_id(from_id: str, to_id: str, key_result_id: str | None) -> str:
    """Return the id of an imported alignment: between two ends there is one, of whatever kind."""
    return import_id("alignment", f"{from_id}\n{to_id}\n{key_result_id or ''}")
