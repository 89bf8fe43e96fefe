"""The arithmetic of the domain: every rule that yields a number, exact and pure.

Measures and readings say what is measured; `progress`, `expected`, `health`, `duty` and `rollup`
turn them into figures; `calendar` and `identity` give days and ids. Nothing here knows a clock, a
driver or a service.
"""
