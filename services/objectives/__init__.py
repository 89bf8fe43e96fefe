"""Objectives: decides what is aimed at, from a draft to its close, and how it is measured.

Decides: objectives with their key results: drafts, weights, targets, submitting, publishing,
closing, reopening, and what an import brings.
Says: `ObjectiveCreated`, `KRAdded`, `WeightsSet`, `ObjectivePublished`, `KRRetargeted`, ….
Hears: organization (cycles, owners, heads, roles, policies).
"""
