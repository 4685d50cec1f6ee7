"""The API of the case itself: the list, registering, one case, its story, who complains."""

from __future__ import annotations

import hashlib

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response

from common.api import Nouns, Pages, checked_form, refuse_unknown_query
from common.errors import RuleBroken
from common.schema import ACTING, LISTING, READING, operation, query
from common.time import now
from complaints import privacy, registration, selectors
from complaints.access import visible_to
from complaints.api import fresh
from complaints.api.found import show, the_case, with_names
from complaints.api.said import NothingIn, ReportIn
from complaints.api.shown import ComplaintOut, ComplaintRowOut, EventOut, RevealOut
from complaints.forms.search import SearchForm
from complaints.models import Channel, Complaint, Severity, Status
from complaints.registration import Report
from staff.models import Person
from staff.session import person_of

KEY_LIMIT = 200

_FILTERS = [
    query(
        "q",
        _(
            "编号、单号、外部编号、姓名、电话，或客户说过的话里的字；"
            "`count` 最多数到这一页之后的第一件"
        ),
    ),
    query("status", _("状态；`open`:未结"), enum=["open", *Status.values]),
    query("clock", _("`late`:有超时；`soon`:24 小时内到期"), enum=["late", "soon"]),
    query("ruled", _("责任判定：`no` 待判定，`yes` 已判定"), enum=["no", "yes"]),
    query("severity", _("严重程度"), enum=Severity.values),
    query("channel", _("渠道"), enum=Channel.values),
    query("branch", _("机构代码：受理机构或责任机构")),
    OpenApiParameter("received_from", OpenApiTypes.DATE, description=_("受理日期自（含）")),
    OpenApiParameter("received_to", OpenApiTypes.DATE, description=_("受理日期至（含）")),
]
_KEY = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description=_("至多 200 个字符；同一个值再次提交不会登记第二件，返回 200 和已登记的那一件。"),
)


class Complaints(Nouns):
    """The cases in the person's reach."""

    @operation(
        _("投诉台账"),
        tag="complaints",
        returns=ComplaintRowOut(many=True),
        errors=LISTING,
        parameters=_FILTERS,
    )
    def list(self, request: Request) -> Response:
        """Newest first, filtered; the same filters as on the page."""
        refuse_unknown_query(request, frozenset(SearchForm.base_fields))
        at = now()
        form = SearchForm(request.query_params)
        checked_form(form)
        found = form.narrow(visible_to(person_of(request)), at, most=Pages().reach(request))
        return self.page(with_names(found), ComplaintRowOut, at=at)

    @operation(
        _("登记投诉"),
        tag="complaints",
        request=ReportIn,
        returns=ComplaintOut,
        status=201,
        errors=(400, 401, 403, 413, 415, 422),
        parameters=[_KEY],
        description=_(
            "登记的人即首问责任人，四个时限从 `received_at` 起算。不带时区的时间按公司时区理解。"
        ),
    )
    def create(self, request: Request) -> Response:
        """The new case; 200 and the first one when the key has been used before."""
        person, at = person_of(request), now()
        key = _submission_key(request, person)
        said = self.read(ReportIn)
        about = tuple(subject.pk for subject in said.pop("subjects", []))
        report = Report(**said, subject_ids=about)
        entered = registration.register_whole(report, by=person, at=at, submission_key=key)
        if not entered.is_new:
            _refuse_other_body(entered.complaint, report)
        if entered.is_plain:
            return Response(fresh.shown(entered, to=person, at=at), status=201)
        shown = show(request, entered.complaint, at=at)
        return Response(shown, status=201 if entered.is_new else 200)

    @operation(_("一件投诉"), tag="complaints", returns=ComplaintOut, errors=READING)
    def retrieve(self, request: Request, no: str) -> Response:
        """The case with its clocks and what this person may do now."""
        return Response(show(request, the_case(request, no), at=now()))


class Events(Nouns):
    """The story of a case."""

    @operation(_("投诉经过"), tag="complaints", returns=EventOut(many=True), errors=(401, 404))
    def list(self, request: Request, no: str) -> Response:
        """Who did what and when, the latest first."""
        return self.page(selectors.story(the_case(request, no)), EventOut)


class Reveals(Nouns):
    """Looking at what is masked."""

    @operation(
        _("查看联系方式（留痕）"),
        tag="complaints",
        request=NothingIn,
        returns=RevealOut,
        errors=ACTING,
    )
    def create(self, request: Request, no: str) -> Response:
        """The complainant's name and phone; the look is an event of the case."""
        found = the_case(request, no)
        self.read(NothingIn)
        seen = privacy.reveal(found.pk, by=person_of(request), at=now())
        return Response(RevealOut(seen).data)


def _submission_key(request: Request, person: Person) -> str | None:
    """The header as `registration.register` wants it: one's own, and never too long to keep.
    Raises RuleBroken `idempotency_key.invalid`."""
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    if not (0 < len(key) <= KEY_LIMIT and key.isascii() and key.isprintable()):
        raise RuleBroken(
            "idempotency_key.invalid",
            gettext("Idempotency-Key 须为 1 到 200 个可见的英文字符。"),
            field="Idempotency-Key",
        )
    own = f"api:{person.pk}:{key}"
    if len(own) <= KEY_LIMIT:
        return own
    return f"api:{person.pk}:sha256:{hashlib.sha256(key.encode()).hexdigest()}"


class KeyReused(RuleBroken):
    """The same key has come with another complaint."""

    status = 422


def _refuse_other_body(first: Complaint, report: Report) -> None:
    """Raises KeyReused when what was said is not what the key stands for."""
    told = ("channel", "what", "order_no")
    if any(getattr(first, name) != getattr(report, name) for name in told):
        raise KeyReused(
            "idempotency_key.reused",
            gettext("这个 Idempotency-Key 已用于另一件投诉，请换一个。"),
            field="Idempotency-Key",
        )
