"""The forms of the desk, one concept a file."""
