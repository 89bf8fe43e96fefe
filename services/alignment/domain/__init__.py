"""The rules of alignment: links, dependency requests, and that no link makes a loop. Pure."""

from services.alignment.domain.decider import DECIDER

__all__ = ["DECIDER"]
