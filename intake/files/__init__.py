"""Files and what stands in them: rows of named cells, whatever the format (`docs/import.md`)."""
