"""The rules of objectives, a file for each part of an objective's life; the state is shared."""

from services.objectives.domain.decider import DECIDER

__all__ = ["DECIDER"]
