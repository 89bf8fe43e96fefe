"""HTTP: how services declare their routes, and the one place that serves them all."""
