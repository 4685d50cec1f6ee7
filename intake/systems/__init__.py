"""Other systems: their keys, what they send, the hooks that call them (`docs/machine-api.md`)."""
