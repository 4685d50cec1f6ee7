"""What the customer of a case was told and promised so far: what a new owner has to keep."""

from __future__ import annotations

from complaints.models import Complaint, Contact, Remedy
from complaints.models.remedy import BINDING

#: Older talks are in the story.
_TALKS = 10


def promised(complaint: Complaint) -> list[Remedy]:
    """The remedies that bind the firm, or would once approved, in their order."""
    return list(complaint.remedies.filter(state__in=BINDING).order_by("proposed_at"))


def told(complaint: Complaint) -> list[Contact]:
    """The talks that reached the customer, the latest first."""
    found = complaint.contacts.filter(reached=True).select_related("by")
    return list(found.order_by("-occurred_at")[:_TALKS])
