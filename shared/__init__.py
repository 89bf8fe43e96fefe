"""What every service shares, a staircase: runtime → eventing → events → okr."""
