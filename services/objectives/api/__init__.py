"""Objectives over HTTP: the objectives themselves, and their key results."""
