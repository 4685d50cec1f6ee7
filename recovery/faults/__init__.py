"""The house under faults: a whole one of its own is started, broken on purpose, and counted."""
