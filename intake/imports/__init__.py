"""Complaints out of a platform's file: mapped, checked, confirmed (`docs/import.md`)."""
