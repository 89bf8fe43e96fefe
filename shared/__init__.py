"""What the services share, as a staircase: runtime, eventing, events, okr; nothing points up."""
