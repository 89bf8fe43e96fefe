"""The rules of the organization, one file an aggregate; state and evolve are the shared fold."""

from services.organization.domain.decider import DECIDER

__all__ = ["DECIDER"]
