"""The case and what hangs on it, one concept a file."""

from complaints.models.allowance import (
    Allowance,
    AllowanceKind,
    AllowanceReason,
    AllowanceState,
)
from complaints.models.attachment import Attachment
from complaints.models.callback import Callback
from complaints.models.category import Category
from complaints.models.clock import LONGEST_PAUSE, ROUND_KINDS, Clock, ClockKind, MetAs
from complaints.models.complaint import (
    Channel,
    ComplainantRole,
    Complaint,
    InvalidReason,
    Severity,
    Status,
)
from complaints.models.contact import Contact, ContactKind, Means
from complaints.models.customer_card import CustomerNote, Draft
from complaints.models.department import Department
from complaints.models.dispute import Dispute, DisputeOutcome
from complaints.models.escalation import Escalation
from complaints.models.event import Event
from complaints.models.handover import Handover, HandoverReason, HandoverState
from complaints.models.incident import Incident, IncidentMember, IncidentState
from complaints.models.outside import OutsideReference
from complaints.models.ownership import Ownership, OwnershipReason
from complaints.models.playbook import PlaybookEntry
from complaints.models.policy import Policy, PolicyClock, PolicyState, PolicyStep
from complaints.models.rating import Rating
from complaints.models.remedy import Remedy, RemedyKind, RemedyState
from complaints.models.ruling import WHOLE, Ruling, RulingPart, RulingStage, percent
from complaints.models.search import SearchDue, SearchGrams, SearchText
from complaints.models.statement import Statement
from complaints.models.suggestion import Suggestion, SuggestionKind
from complaints.models.supplier import Supplier
from complaints.models.triage import Triage, TriageOutcome

__all__ = [
    "LONGEST_PAUSE",
    "ROUND_KINDS",
    "WHOLE",
    "Allowance",
    "AllowanceKind",
    "AllowanceReason",
    "AllowanceState",
    "Attachment",
    "Callback",
    "Category",
    "Channel",
    "Clock",
    "ClockKind",
    "ComplainantRole",
    "Complaint",
    "Contact",
    "ContactKind",
    "CustomerNote",
    "Department",
    "Dispute",
    "DisputeOutcome",
    "Draft",
    "Escalation",
    "Event",
    "Handover",
    "HandoverReason",
    "HandoverState",
    "Incident",
    "IncidentMember",
    "IncidentState",
    "InvalidReason",
    "Means",
    "MetAs",
    "OutsideReference",
    "Ownership",
    "OwnershipReason",
    "PlaybookEntry",
    "Policy",
    "PolicyClock",
    "PolicyState",
    "PolicyStep",
    "Rating",
    "Remedy",
    "RemedyKind",
    "RemedyState",
    "Ruling",
    "RulingPart",
    "RulingStage",
    "SearchDue",
    "SearchGrams",
    "SearchText",
    "Severity",
    "Statement",
    "Status",
    "Suggestion",
    "SuggestionKind",
    "Supplier",
    "Triage",
    "TriageOutcome",
    "percent",
]
