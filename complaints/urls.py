"""The addresses of the desk; nouns, with POST to do."""

from django.urls import path

from complaints.views import (
    actions,
    case,
    departures,
    desk,
    handovers,
    listing,
    playbook,
    policies,
    register,
)

_ONE = "complaints/<str:no>"
_POLICY = "policies/<int:version>"
_REMEDY = f"{_ONE}/remedies/<int:remedy_id>"
_DISPUTE = f"{_ONE}/disputes/<int:dispute_id>"
_ALLOWANCE = f"{_ONE}/allowances/<int:allowance_id>"

urlpatterns = [
    path("", desk.desk, name="desk"),
    path("escalations/", desk.board, name="board"),
    path("escalations/acknowledgements/", desk.acknowledgements, name="acknowledgements"),
    path("load/", desk.load, name="load"),
    path(
        "escalations/<int:escalation_id>/acknowledgement/",
        actions.acknowledgement,
        name="acknowledgement-new",
    ),
    path("playbook/", playbook.playbook, name="playbook"),
    path("playbook/<slug:code>/", playbook.playbook, name="playbook-entry"),
    path("policies/", policies.policy_list, name="policy-list"),
    path(f"{_POLICY}/", policies.detail, name="policy"),
    path(f"{_POLICY}/edit/", policies.edit, name="policy-edit"),
    path(f"{_POLICY}/drafts/", policies.draft, name="policy-draft"),
    path(f"{_POLICY}/reset/", policies.reset, name="policy-reset"),
    path(f"{_POLICY}/submission/", policies.submission, name="policy-submission"),
    path(f"{_POLICY}/approval/", policies.approval, name="policy-approval"),
    path("handovers/", handovers.waiting, name="handover-list"),
    path("handovers/acceptance/", handovers.acceptance, name="handover-accept-all"),
    path("handovers/shift/", handovers.shift, name="handover-shift"),
    path("departures/", departures.departures, name="departures"),
    path("complaints/", listing.case_list, name="complaint-list"),
    path("complaints/new/", register.register, name="complaint-new"),
    path("complaints/new/hints/", register.hints, name="complaint-hints"),
    path("complaints/new/lookup/", register.lookup, name="complaint-lookup"),
    path(f"{_ONE}/", case.detail, name="complaint-detail"),
    path(f"{_ONE}/reveals/", case.reveal, name="reveal"),
    path(f"{_ONE}/contacts/", actions.contact, name="contact-new"),
    path(f"{_ONE}/acceptance/", actions.acceptance, name="acceptance-new"),
    path(f"{_ONE}/rejection/", actions.rejection, name="rejection-new"),
    path(f"{_ONE}/triage/review/", actions.triage_review, name="triage-review"),
    path(f"{_ONE}/suggestions/triage/", actions.triage_suggestion, name="triage-suggest"),
    path(f"{_ONE}/rulings/", actions.ruling, name="ruling-new"),
    path(f"{_ONE}/suggestions/ruling/", actions.ruling_suggestion, name="ruling-suggest"),
    path(f"{_ONE}/disputes/", actions.dispute, name="dispute-new"),
    path(f"{_DISPUTE}/review/", actions.dispute_review, name="dispute-review"),
    path(f"{_DISPUTE}/decision/", actions.dispute_decision, name="dispute-decide"),
    path(f"{_ONE}/remedies/", actions.remedy, name="remedy-new"),
    path(f"{_REMEDY}/decision/", actions.decision, name="remedy-decide"),
    path(f"{_REMEDY}/delivery/", actions.delivery, name="remedy-deliver"),
    path(f"{_REMEDY}/cancellation/", actions.cancellation, name="remedy-cancel"),
    path(f"{_ONE}/allowances/", actions.time_request, name="allowance-new"),
    path(f"{_ONE}/allowances/grants/", actions.time_grant, name="allowance-grant"),
    path(f"{_ALLOWANCE}/endorsement/", actions.time_endorsement, name="allowance-endorse"),
    path(f"{_ALLOWANCE}/decision/", actions.time_decision, name="allowance-decide"),
    path(f"{_ALLOWANCE}/resumption/", actions.time_resumption, name="allowance-resume"),
    path(f"{_ONE}/handovers/", actions.offer, name="handover-new"),
    path(f"{_ONE}/handovers/acceptance/", actions.offer_acceptance, name="handover-accept"),
    path(f"{_ONE}/handovers/refusal/", actions.offer_refusal, name="handover-refuse"),
    path(f"{_ONE}/handovers/withdrawal/", actions.offer_withdrawal, name="handover-withdraw"),
    path(f"{_ONE}/handovers/decision/", actions.offer_decision, name="handover-decide"),
    path(f"{_ONE}/callbacks/", actions.callback, name="callback-new"),
    path(f"{_ONE}/closure/", actions.closure, name="closure-new"),
    path(f"{_ONE}/reopenings/", actions.reopening, name="reopening-new"),
    path(f"{_ONE}/withdrawal/", actions.withdrawal, name="withdrawal-new"),
    path(f"{_ONE}/attachments/", actions.attachment, name="attachment-new"),
    path(f"{_ONE}/attachments/<int:attachment_id>/", case.download, name="attachment"),
]
