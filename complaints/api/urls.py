"""The addresses of the case's API; nouns, with POST to do."""

from typing import Any

from django.urls import path

from complaints.api import (
    allowances,
    attachments,
    callbacks,
    cases,
    contacts,
    customers,
    desk,
    handovers,
    incidents,
    policies,
    remedies,
    rulings,
    triage,
)

_ONE = "complaints/<str:no>"
_INCIDENT = "incidents/<str:incident_no>"
_POLICY = "policies/<int:version>"
_REMEDY = f"{_ONE}/remedies/<int:remedy_id>"
_DISPUTE = f"{_ONE}/disputes/<int:dispute_id>"
_ALLOWANCE = f"{_ONE}/allowances/<int:allowance_id>"
_LIST_CREATE: dict[str, Any] = {"get": "list", "post": "create"}

urlpatterns = [
    path("complaints/", cases.Complaints.as_view(_LIST_CREATE), name="api-complaints"),
    path(f"{_ONE}/", cases.Complaints.as_view({"get": "retrieve"}), name="api-complaint"),
    path(f"{_ONE}/events/", cases.Events.as_view({"get": "list"}), name="api-events"),
    path(f"{_ONE}/reveals/", cases.Reveals.as_view({"post": "create"}), name="api-reveals"),
    path(
        f"{_ONE}/customer-note/",
        customers.CustomerNotes.as_view(_LIST_CREATE),
        name="api-customer-note",
    ),
    path("incidents/", incidents.Incidents.as_view(_LIST_CREATE), name="api-incidents"),
    path(
        "incidents/suspected/",
        incidents.Incidents.as_view({"get": "suspected"}),
        name="api-incidents-suspected",
    ),
    path(f"{_INCIDENT}/", incidents.Incidents.as_view({"get": "retrieve"}), name="api-incident"),
    path(
        f"{_INCIDENT}/members/",
        incidents.Incidents.as_view({"get": "members", "post": "join"}),
        name="api-incident-members",
    ),
    path(
        f"{_INCIDENT}/departures/",
        incidents.Incidents.as_view({"post": "leave"}),
        name="api-incident-departures",
    ),
    path(
        f"{_INCIDENT}/lead/",
        incidents.Incidents.as_view({"post": "lead"}),
        name="api-incident-lead",
    ),
    path(
        f"{_INCIDENT}/result/",
        incidents.Incidents.as_view({"post": "result"}),
        name="api-incident-result",
    ),
    path(
        f"{_INCIDENT}/closure/",
        incidents.Incidents.as_view({"post": "close"}),
        name="api-incident-closure",
    ),
    path(
        f"{_INCIDENT}/contacts/",
        incidents.Incidents.as_view({"post": "contact"}),
        name="api-incident-contacts",
    ),
    path(f"{_ONE}/contacts/", contacts.Contacts.as_view(_LIST_CREATE), name="api-contacts"),
    path(
        f"{_ONE}/acceptance/", triage.Acceptance.as_view({"post": "create"}), name="api-acceptance"
    ),
    path(f"{_ONE}/rejection/", triage.Rejection.as_view({"post": "create"}), name="api-rejection"),
    path(f"{_ONE}/sortings/", triage.Sortings.as_view({"get": "list"}), name="api-sortings"),
    path(
        f"{_ONE}/sortings/review/",
        triage.Sortings.as_view({"post": "review"}),
        name="api-sorting-review",
    ),
    path(
        f"{_ONE}/suggestions/",
        triage.Suggestions.as_view({"get": "list"}),
        name="api-suggestions",
    ),
    path(
        f"{_ONE}/suggestions/triage/",
        triage.Suggestions.as_view({"post": "triage"}),
        name="api-triage-suggestion",
    ),
    path(
        f"{_ONE}/suggestions/ruling/",
        triage.Suggestions.as_view({"post": "ruling"}),
        name="api-ruling-suggestion",
    ),
    path(f"{_ONE}/rulings/", rulings.Rulings.as_view(_LIST_CREATE), name="api-rulings"),
    path(f"{_ONE}/disputes/", rulings.Disputes.as_view(_LIST_CREATE), name="api-disputes"),
    path(
        f"{_DISPUTE}/review/",
        rulings.Disputes.as_view({"post": "review"}),
        name="api-dispute-review",
    ),
    path(
        f"{_DISPUTE}/decision/",
        rulings.Disputes.as_view({"post": "decide"}),
        name="api-dispute-decision",
    ),
    path(f"{_ONE}/remedies/", remedies.Remedies.as_view(_LIST_CREATE), name="api-remedies"),
    path(
        f"{_REMEDY}/decision/", remedies.Remedies.as_view({"post": "decide"}), name="api-decision"
    ),
    path(
        f"{_REMEDY}/delivery/", remedies.Remedies.as_view({"post": "deliver"}), name="api-delivery"
    ),
    path(
        f"{_REMEDY}/cancellation/",
        remedies.Remedies.as_view({"post": "cancel"}),
        name="api-cancellation",
    ),
    path(f"{_ONE}/allowances/", allowances.Allowances.as_view(_LIST_CREATE), name="api-allowances"),
    path(
        f"{_ONE}/allowances/grants/",
        allowances.Allowances.as_view({"post": "grant"}),
        name="api-allowance-grant",
    ),
    path(
        f"{_ALLOWANCE}/endorsement/",
        allowances.Allowances.as_view({"post": "endorse"}),
        name="api-allowance-endorsement",
    ),
    path(
        f"{_ALLOWANCE}/decision/",
        allowances.Allowances.as_view({"post": "decide"}),
        name="api-allowance-decision",
    ),
    path(
        f"{_ALLOWANCE}/resumption/",
        allowances.Allowances.as_view({"post": "resume"}),
        name="api-allowance-resumption",
    ),
    path(f"{_ONE}/handovers/", handovers.Handovers.as_view(_LIST_CREATE), name="api-handovers"),
    *(
        path(
            f"{_ONE}/handovers/{noun}/",
            handovers.Handovers.as_view({"post": verb}),
            name=f"api-handover-{noun}",
        )
        for noun, verb in (
            ("acceptance", "accept"),
            ("refusal", "refuse"),
            ("withdrawal", "withdraw"),
            ("decision", "decide"),
        )
    ),
    path(f"{_ONE}/callbacks/", callbacks.Callbacks.as_view(_LIST_CREATE), name="api-callbacks"),
    path(f"{_ONE}/closure/", callbacks.Closure.as_view({"post": "create"}), name="api-closure"),
    path(
        f"{_ONE}/reopenings/",
        callbacks.Reopenings.as_view({"post": "create"}),
        name="api-reopenings",
    ),
    path(
        f"{_ONE}/withdrawal/",
        callbacks.Withdrawal.as_view({"post": "create"}),
        name="api-withdrawal",
    ),
    path(
        f"{_ONE}/attachments/",
        attachments.Attachments.as_view(_LIST_CREATE),
        name="api-attachments",
    ),
    path(
        f"{_ONE}/attachments/<int:attachment_id>/",
        attachments.Attachments.as_view({"get": "retrieve"}),
        name="api-attachment",
    ),
    path(
        "handovers/offered/",
        handovers.WaitingHandovers.as_view({"get": "offered"}),
        name="api-handovers-offered",
    ),
    path(
        "handovers/undecided/",
        handovers.WaitingHandovers.as_view({"get": "undecided"}),
        name="api-handovers-undecided",
    ),
    path("desk/", desk.Desk.as_view({"get": "list"}), name="api-desk"),
    path("escalations/", desk.Escalations.as_view({"get": "list"}), name="api-escalations"),
    path(
        "escalations/acknowledgements/",
        desk.Escalations.as_view({"post": "acknowledge_many"}),
        name="api-acknowledgements",
    ),
    path("loads/", desk.Loads.as_view({"get": "list"}), name="api-loads"),
    path(
        "escalations/<int:escalation_id>/acknowledgement/",
        desk.Escalations.as_view({"post": "acknowledge"}),
        name="api-acknowledgement",
    ),
    path("policies/", policies.Policies.as_view({"get": "list"}), name="api-policies"),
    path(f"{_POLICY}/", policies.Policies.as_view({"get": "retrieve"}), name="api-policy"),
    path(
        f"{_POLICY}/preview/",
        policies.Policies.as_view({"get": "preview"}),
        name="api-policy-preview",
    ),
    path(
        f"{_POLICY}/approval/",
        policies.Policies.as_view({"post": "approve"}),
        name="api-policy-approval",
    ),
    path("suppliers/", rulings.Suppliers.as_view({"get": "list"}), name="api-suppliers"),
    path("departments/", rulings.Departments.as_view({"get": "list"}), name="api-departments"),
    path("categories/", desk.Categories.as_view({"get": "list"}), name="api-categories"),
    path("playbook/", desk.Playbook.as_view({"get": "list"}), name="api-playbook"),
]
