"""The GET routes over the projections; each file reads like the part of the contract it serves."""
