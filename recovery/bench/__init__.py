"""Measures what the house promises, next to the raw limit of the same machine in the same run."""
