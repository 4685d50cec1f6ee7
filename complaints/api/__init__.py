"""The API of the case, one noun a file; each parses, calls the service and shows."""
