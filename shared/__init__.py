"""What every service shares, as a staircase: runtime → eventing → events → okr; nothing points up."""
