"""The API of the desk: what I owe, what has escalated, and what helps while typing."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request
from rest_framework.response import Response

from common.api import Nouns, chosen, refuse_unknown_query
from common.schema import LISTING, operation, query
from common.time import now
from complaints import guide, selectors
from complaints.access import visible_to
from complaints.acknowledgement import acknowledge, acknowledge_many
from complaints.api.said import AcknowledgementIn, AcknowledgementsIn
from complaints.api.shown import (
    AnsweredOut,
    CategoryRowOut,
    EscalationOut,
    LoadOut,
    OwedOut,
    PlaybookOut,
)
from complaints.loads import loads
from complaints.models import Category, ClockKind, Escalation, PlaybookEntry
from staff.session import person_of

_LEVELS = ["0", "1", "2", "3"]
_TYPED = 500


class Desk(Nouns):
    """What the person owes."""

    @operation(_("工作台：我欠的时限"), tag="desk", returns=OwedOut(many=True), errors=LISTING)
    def list(self, request: Request) -> Response:
        """The running clocks this person has to stop, soonest due first."""
        refuse_unknown_query(request, frozenset())
        owed = selectors.owed_by(person_of(request)).prefetch_related(selectors.pauses())
        return self.page(owed, OwedOut, at=now())


class Escalations(Nouns):
    """The board."""

    @operation(
        _("升级看板"),
        tag="desk",
        returns=EscalationOut(many=True),
        errors=(400, 401, 403),
        parameters=[
            query("level", _("级别；0 为预警"), enum=_LEVELS),
            query("kind", _("时限"), enum=ClockKind.values),
            query("acknowledged", _("`no`:等待确认的"), enum=["no"]),
            query("branch", _("负责机构的代码")),
            query("owner", _("首问责任人的用户名")),
        ],
    )
    def list(self, request: Request) -> Response:
        """What has been warned or breached in the person's reach, the gravest first."""
        refuse_unknown_query(
            request, frozenset({"level", "kind", "acknowledged", "branch", "owner"})
        )
        person = person_of(request)
        if person.role not in selectors.LEADING:
            raise PermissionDenied
        found = _narrowed(selectors.board(person), request)
        found = found.prefetch_related(selectors.pauses("clock__"))
        return self.page(found, EscalationOut, at=now())

    @operation(_("确认升级"), tag="desk", request=AcknowledgementIn, returns=EscalationOut)
    def acknowledge(self, request: Request, escalation_id: int) -> Response:
        """The escalation, acknowledged."""
        person, at = person_of(request), now()
        visible = Escalation.objects.filter(complaint__in=visible_to(person).values("pk"))
        found = visible.get(pk=escalation_id)
        said = self.read(AcknowledgementIn)
        done = acknowledge(found.pk, **said, by=person, at=at)
        return Response(EscalationOut(done, context={"at": at}).data)

    @operation(
        _("确认多项升级：逐项按同样的规则，做不到的说明原因"),
        tag="desk",
        request=AcknowledgementsIn,
        returns=AnsweredOut(many=True),
    )
    def acknowledge_many(self, request: Request) -> Response:
        """How each went, in the order given."""
        person, at = person_of(request), now()
        if person.role not in selectors.LEADING:
            raise PermissionDenied
        answered = acknowledge_many(**self.read(AcknowledgementsIn), by=person, at=at)
        return Response([AnsweredOut(each).data for each in answered])


class Loads(Nouns):
    """What people carry."""

    @operation(_("人员负荷"), tag="desk", returns=LoadOut(many=True), errors=LISTING)
    def list(self, request: Request) -> Response:
        """The people in reach, the heaviest load first."""
        refuse_unknown_query(request, frozenset())
        person = person_of(request)
        if person.role not in selectors.LEADING:
            raise PermissionDenied
        return self.page(loads(person, at=now()), LoadOut)


def _narrowed(found: QuerySet[Escalation], request: Request) -> QuerySet[Escalation]:
    if level := chosen(request, "level", _LEVELS):
        found = found.filter(level=int(level))
    if kind := chosen(request, "kind", ClockKind.values):
        found = found.filter(clock__kind=kind)
    if chosen(request, "acknowledged", ["no"]):
        found = found.filter(acknowledged_at=None, level__gt=0)
    if branch := _printable(request, "branch"):
        found = found.filter(selectors.of_branch(branch))
    if owner := _printable(request, "owner"):
        found = found.filter(complaint__owner__username=owner)
    return found


def _printable(request: Request, name: str) -> str:
    """The filter's value; what can't be a code finds nothing."""
    value = request.query_params.get(name, "")
    return value if value.isprintable() else "-"


class Categories(Nouns):
    """What complaints are about."""

    @operation(_("投诉类别"), tag="reference", returns=CategoryRowOut(many=True), errors=LISTING)
    def list(self, request: Request) -> Response:
        """The tree's active nodes; a case is filed under a leaf."""
        refuse_unknown_query(request, frozenset())
        below = Category.objects.filter(parent=OuterRef("pk"))
        found = Category.objects.filter(is_active=True).select_related("parent")
        return self.page(found.annotate(is_leaf=~Exists(below)), CategoryRowOut)


class Playbook(Nouns):
    """What to say and do."""

    @operation(
        _("应对指引"),
        tag="reference",
        returns=PlaybookOut(many=True),
        errors=LISTING,
        parameters=[
            query("what", _("正在输入的投诉内容：只返回最合适的几条")),
            query("category", _("类别代码：只返回最合适的几条")),
        ],
    )
    def list(self, request: Request) -> Response:
        """All entries; or, told what is being typed, the few that fit best."""
        refuse_unknown_query(request, frozenset({"what", "category"}))
        what = request.query_params.get("what", "")[:_TYPED].strip()
        code = request.query_params.get("category", "")
        if what or code:
            fitting = guide.matching(category=_category(code), what=what)
            return self.page(fitting, PlaybookOut)
        entries = PlaybookEntry.objects.filter(is_active=True)
        return self.page(entries.prefetch_related("categories"), PlaybookOut)


def _category(code: str) -> Category | None:
    return Category.objects.filter(code=code).first() if code.isprintable() else None
