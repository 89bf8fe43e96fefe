"""Read models: what everybody reads, folded from the logs and answered with its position.

Decides: nothing.
Says: nothing.
Hears: organization, objectives, checkins and notifications. `projections` turn events into rows and
figures; `queries` answer GET routes from them.
"""
