"""Alignment: decides which objectives are linked, and which department helps which objective.

Decides: the handshake of an alignment (propose, counter, accept, decline, withdraw, unlink), the
dependency request (@部门), what a file tells of either, and what expires.
Says: `AlignmentProposed`, `AlignmentLinked`, `HelpRequested`, `HelpPromised`, ….
Hears: organization (cycles, heads, roles) and objectives (whose they are, whom they mention); the
days of checkins, because proposals expire.
"""
