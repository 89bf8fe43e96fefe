"""What a route may ask of its caller: a fixed list, so that a misspelt name fails the start.

The edge compares them with the scopes of a service token (a person's token has no scopes and is not
narrowed). Whether this caller may do this to that resource is decided by the owner of the stream.
"""

from typing import Final, Literal, get_args

Permission = Literal[
    "departments.write",
    "members.write",
    "cycles.write",
    "policies.write",
    "imports.write",
    "objectives.write",
    "reviews.write",
    "progress.write",
    "checkins.write",
    "alignments.write",
    "comments.write",
    "me.write",
    "webhooks.write",
    "tokens.write",
    "okrs.read",
    "people.read",
    "events.read",
    "exports.read",
    "audit.read",
    "me.read",
]

PERMISSIONS: Final[frozenset[str]] = frozenset(get_args(Permission))
"""Every permission there is; the scopes of service tokens are these names."""
