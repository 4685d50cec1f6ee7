"""The API of what has to be known of a customer."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from common.api import Nouns, StrictSerializer
from common.fields import Text
from common.schema import operation
from common.time import now
from complaints import customers
from complaints.api.found import the_case
from complaints.models import CustomerNote
from staff.api import PersonOut
from staff.session import person_of


class CustomerNoteIn(StrictSerializer):
    """Special needs; an empty text takes away what stands."""

    words = Text(limit=customers.WORDS_LIMIT)


class CustomerNoteOut(serializers.Serializer[CustomerNote]):
    """What stands for the number of the case."""

    words = serializers.CharField()
    by = PersonOut()
    at = serializers.DateTimeField()


class CustomerNotes(Nouns):
    """Special needs of whoever calls from the number of the case."""

    @operation(
        _("客户须知"), tag="complaints", returns=CustomerNoteOut(many=True), errors=(401, 404)
    )
    def list(self, request: Request, no: str) -> Response:
        """What stands: one, or none."""
        standing = customers.standing(the_case(request, no).phone_key)
        return self.page([standing] if standing else [], CustomerNoteOut)

    @operation(
        _("记录客户须知"),
        tag="complaints",
        request=CustomerNoteIn,
        returns=CustomerNoteOut(many=True),
        description=_("按电话号码保存，看得到这个号码任何一件投诉的人都看得到；空的文字表示取消。"),
    )
    def create(self, request: Request, no: str) -> Response:
        """What stands from now on: one, or none."""
        found = the_case(request, no)
        customers.note(found.pk, **self.read(CustomerNoteIn), by=person_of(request), at=now())
        return self.list(request, no)
