"""The public form, and the way back to one's own case (`docs/public-form.md`)."""
