"""The verbs: they know ports, never adapters."""
