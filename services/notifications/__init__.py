"""Notifications: decides who is told what, once per cause.

Decides: notices of members (`TellHealth`, `ReadNotice`).
Says: `NoticeQueued`, `NoticeRead`.
Hears: organization and objectives (whose a key result is) and checkins (what became of it).
"""
