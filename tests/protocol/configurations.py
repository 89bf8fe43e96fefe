"""The small worlds that are explored whole, and how large the two tiers are.

A world is small in everything but time: two or three owners, a handful of appends. What goes wrong
in a protocol like this one goes wrong in a small world first, and a small one can be seen whole.
"""

from dataclasses import replace

from tests.protocol.model import Configuration

ONE_VIEW = ((0,),)
TWO_LOGS = ((0, 0), (0, 1), (1, 0), (1, 1))

RACE = Configuration("two owners race", views=ONE_VIEW, appends=4)
ONE_BY_ONE = replace(RACE, name="two owners race, one command a run", longest_run=1)
VIEWS = Configuration("reference views older and newer", appends=3)
RETRIES = Configuration("retries", commands="aab", second_stream="b", views=ONE_VIEW)
EARLY = Configuration("asked before it is known", commands="aa", asks_early="a")
LATER = Configuration("a longer backlog", commands="abc", views=ONE_VIEW, appends=4, calm=True)
GROUP = Configuration("the group's offset is a hint", follows_group=True)
REGROWN_COMMANDS = Configuration(
    "the command topic grows again", regrown="acd", views=ONE_VIEW, edges=0
)

CUT = Configuration(
    "the log is cut",
    commands="abc",
    views=ONE_VIEW,
    longest_run=1,
    two_events="",
    appends=5,
    edges=0,
    cuts=1,
    cut_from=1,
    calm=True,
)
CUT_UNDER_EDGES = replace(CUT, name="the log is cut under an edge", appends=4, edges=1)
RESTORED = replace(CUT, name="the log is restored", appends=4, restore=True, strict=True)

SHORT = (
    RACE,
    ONE_BY_ONE,
    VIEWS,
    RETRIES,
    EARLY,
    LATER,
    GROUP,
    REGROWN_COMMANDS,
    Configuration("two logs to refer to", views=TWO_LOGS, longest_run=1),
    Configuration("three owners", owners=(0, 0, 1), views=ONE_VIEW),
    Configuration("a log that is not open yet", opened=False, views=ONE_VIEW),
    Configuration("an old leader's end", stale_ends=True, views=ONE_VIEW),
    Configuration("appends that land twice", duplicates=True, views=ONE_VIEW, edges=0),
    CUT,
    CUT_UNDER_EDGES,
    Configuration("the log is cut amid crashes", cuts=1, views=ONE_VIEW, edges=0),
    RESTORED,
)

LONG = (
    Configuration("two owners race at two views", appends=4),
    Configuration("five appends", commands="abac", appends=5, views=ONE_VIEW, edges=0),
    Configuration("two logs, four appends", views=TWO_LOGS, appends=4, longest_run=1),
    Configuration("three code versions", owners=(0, 1, 2), views=ONE_VIEW, appends=4),
    Configuration("two edges", edges=2, views=ONE_VIEW, appends=4),
    Configuration("asked early, four appends", commands="aab", asks_early="a", appends=4, edges=0),
    Configuration("opening, four appends", opened=False, views=ONE_VIEW, appends=4),
    Configuration("landing twice and old ends", duplicates=True, stale_ends=True, views=ONE_VIEW),
    Configuration("group's offset, four appends", follows_group=True, views=ONE_VIEW, appends=4),
    replace(CUT, name="cut from offset 0", cut_from=0),
    replace(CUT, name="cut under an edge, five appends", edges=1),
    replace(CUT, name="cut twice", cuts=2, cut_from=0, appends=4),
    Configuration("cut amid crashes, with an edge", cuts=1, views=ONE_VIEW),
    replace(CUT, name="cut amid crashes, four appends", appends=4, calm=False, edges=1),
    replace(RESTORED, name="restored, five appends", appends=5),
    replace(RESTORED, name="restored from offset 0", cut_from=0),
    Configuration("restored amid crashes", cuts=1, restore=True, strict=True, views=ONE_VIEW),
)
