"""Organization: decides the tree of departments, who belongs to it, its cycles and its policies.

Decides: departments, members and their roles, cycles, policies, the training clock, and what an
import brings of these. One boundary for all of it, because a tree is one thing.
Says: `DepartmentCreated`, `MemberJoined`, `CyclePlanned`, `PolicyChanged`, ….
Hears: nobody.
"""
