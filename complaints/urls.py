"""The addresses of the desk; nouns, with POST to do."""

from django.urls import path

from complaints.views import actions, case, desk, listing, playbook, register

_ONE = "complaints/<str:no>"
_REMEDY = f"{_ONE}/remedies/<int:remedy_id>"

urlpatterns = [
    path("", desk.desk, name="desk"),
    path("escalations/", desk.board, name="board"),
    path(
        "escalations/<int:escalation_id>/acknowledgement/",
        actions.acknowledgement,
        name="acknowledgement-new",
    ),
    path("playbook/", playbook.playbook, name="playbook"),
    path("playbook/<slug:code>/", playbook.playbook, name="playbook-entry"),
    path("complaints/", listing.case_list, name="complaint-list"),
    path("complaints/new/", register.register, name="complaint-new"),
    path("complaints/new/hints/", register.hints, name="complaint-hints"),
    path("complaints/new/lookup/", register.lookup, name="complaint-lookup"),
    path(f"{_ONE}/", case.detail, name="complaint-detail"),
    path(f"{_ONE}/reveals/", case.reveal, name="reveal"),
    path(f"{_ONE}/contacts/", actions.contact, name="contact-new"),
    path(f"{_ONE}/acceptance/", actions.acceptance, name="acceptance-new"),
    path(f"{_ONE}/rejection/", actions.rejection, name="rejection-new"),
    path(f"{_ONE}/rulings/", actions.ruling, name="ruling-new"),
    path(f"{_ONE}/remedies/", actions.remedy, name="remedy-new"),
    path(f"{_REMEDY}/decision/", actions.decision, name="remedy-decide"),
    path(f"{_REMEDY}/delivery/", actions.delivery, name="remedy-deliver"),
    path(f"{_REMEDY}/cancellation/", actions.cancellation, name="remedy-cancel"),
    path(f"{_ONE}/callbacks/", actions.callback, name="callback-new"),
    path(f"{_ONE}/closure/", actions.closure, name="closure-new"),
    path(f"{_ONE}/reopenings/", actions.reopening, name="reopening-new"),
    path(f"{_ONE}/withdrawal/", actions.withdrawal, name="withdrawal-new"),
    path(f"{_ONE}/attachments/", actions.attachment, name="attachment-new"),
    path(f"{_ONE}/attachments/<int:attachment_id>/", case.download, name="attachment"),
]
