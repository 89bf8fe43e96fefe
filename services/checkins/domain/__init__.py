"""The rules of checkins: tracking of objectives, and the days. Pure."""

from services.checkins.domain.decider import DECIDER, Checkins

__all__ = ["DECIDER", "Checkins"]
