"""Carrying: commands to their owner, events onto the log, and the log to whoever folds it."""
