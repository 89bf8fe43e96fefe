"""The published language: every event of every service, one class each, pure."""
