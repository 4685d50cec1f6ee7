"""The API of calling back, closing, opening again and withdrawing."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request
from rest_framework.response import Response

from common.api import Nouns
from common.schema import operation
from common.time import now
from complaints import callbacks, closing
from complaints.api.found import show, the_case
from complaints.api.said import CallbackIn, NothingIn, ReopeningIn, WithdrawalIn
from complaints.api.shown import CallbackOut, ComplaintOut
from complaints.callbacks import Answers
from complaints.models import Callback
from staff.session import person_of


class Callbacks(Nouns):
    """Calls after the answer."""

    @operation(_("回访记录"), tag="callbacks", returns=CallbackOut(many=True), errors=(401, 404))
    def list(self, request: Request, no: str) -> Response:
        """In the order they were made."""
        found = Callback.objects.filter(complaint=the_case(request, no)).select_related("by")
        return self.page(found, CallbackOut)

    @operation(
        _("记录回访"),
        tag="callbacks",
        request=CallbackIn,
        returns=CallbackOut,
        status=201,
        description=_("不满意或未解决即重开新一轮；满意且已解决，又不缺什么，即客户侧结案。"),
    )
    def create(self, request: Request, no: str) -> Response:
        """The callback; look at the case for what followed."""
        found = the_case(request, no)
        answers = Answers(**self.read(CallbackIn))
        callback = callbacks.record(found.pk, answers, by=person_of(request), at=now())
        return Response(CallbackOut(callback).data, status=201)


class Closure(Nouns):
    """Closing for the customer."""

    @operation(_("客户侧结案"), tag="callbacks", request=NothingIn, returns=ComplaintOut)
    def create(self, request: Request, no: str) -> Response:
        """The case as it stands now."""
        found, at = the_case(request, no), now()
        self.read(NothingIn)
        return Response(show(request, closing.close(found.pk, by=person_of(request), at=at), at=at))


class Reopenings(Nouns):
    """A new round."""

    @operation(_("重开新一轮"), tag="callbacks", request=ReopeningIn, returns=ComplaintOut)
    def create(self, request: Request, no: str) -> Response:
        """The case in its new round."""
        found, at = the_case(request, no), now()
        said = self.read(ReopeningIn)
        reopened = closing.reopen(found.pk, **said, by=person_of(request), at=at)
        return Response(show(request, reopened, at=at))


class Withdrawal(Nouns):
    """The customer takes it back."""

    @operation(_("记录撤诉"), tag="callbacks", request=WithdrawalIn, returns=ComplaintOut)
    def create(self, request: Request, no: str) -> Response:
        """The case as it stands now."""
        found, at = the_case(request, no), now()
        said = self.read(WithdrawalIn)
        withdrawn = closing.withdraw(found.pk, **said, by=person_of(request), at=at)
        return Response(show(request, withdrawn, at=at))
