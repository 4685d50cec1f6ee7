"""Lists of people, branches and volumes, previewed line by line (`docs/branches.md`)."""
