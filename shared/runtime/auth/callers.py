"""The caller of a request, as the token names them."""

from dataclasses import dataclass
from typing import Final

from shared.events.deciding import Actor, AuthType


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: an opaque id (`ce_authid`), and what the token itself says of them.

    `scopes` is None for people; a service token may use only the permissions it lists.
    """

    id: str
    type: AuthType = "user"
    roles: frozenset[str] = frozenset()
    scopes: frozenset[str] | None = None

    @property
    def actor(self) -> Actor:
        """The caller as deciders know them."""
        return Actor(self.id, self.type, self.roles)

    def may_use(self, permission: str) -> bool:
        """Whether the token reaches this far; what the person may do is the owner's decision."""
        return self.scopes is None or permission in self.scopes


ROLE_OF_OPERATOR: Final = {"admin": "administrator", "auditor": "auditor"}
"""The names `okr token --as` knows besides members, and the role that such a token carries."""
