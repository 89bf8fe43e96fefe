"""Checkins: decides what progress is recorded, and says how each key result is doing.

Decides: progress, check-ins, tracking, the passing of days (`LogProgress`, `PublishCheckIn`, …).
Says: `KRTrackingStarted`, `KRProgressLogged`, `CheckInPublished`, `KRHealthChanged`, `DayBegan`, ….
Hears: organization (cycles, policies, roles, the clock) and objectives (what is to be tracked).
"""
