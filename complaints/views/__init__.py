"""The pages of the desk, one concept a file."""
