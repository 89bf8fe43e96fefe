"""What a process needs to run: settings, HTTP, auth, logs, metrics, the local stack, the CLI."""
