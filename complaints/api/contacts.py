"""The API of talks with the customer."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request
from rest_framework.response import Response

from common.api import Nouns
from common.schema import operation
from common.time import now
from complaints import contacts
from complaints.api.found import the_case
from complaints.api.said import ContactIn
from complaints.api.shown import ContactOut
from complaints.contacts import Talk
from complaints.models import Contact
from staff.session import person_of


class Contacts(Nouns):
    """Talks: the only thing that stops the 1H and 24H clocks."""

    @operation(_("客户联系记录"), tag="contacts", returns=ContactOut(many=True), errors=(401, 404))
    def list(self, request: Request, no: str) -> Response:
        """In the order they were held."""
        found = Contact.objects.filter(complaint=the_case(request, no)).select_related("by")
        return self.page(found, ContactOut)

    @operation(
        _("记录联系（致歉、进度、结果）"),
        tag="contacts",
        request=ContactIn,
        returns=ContactOut,
        status=201,
        description=_("联系上客户的致歉停 1H，结果停 24H，以通话发生的时间为准。"),
    )
    def create(self, request: Request, no: str) -> Response:
        """The talk as it was written down."""
        found = the_case(request, no)
        talk = Talk(**self.read(ContactIn))
        contact = contacts.record(found.pk, talk, by=person_of(request), at=now())
        return Response(ContactOut(contact).data, status=201)
