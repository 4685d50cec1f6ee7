"""The API of people: signing in and out, who I am, branches, and whom a ruling may name."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import QuerySet
from django.urls import path
from django.utils.translation import gettext_lazy as _
from drf_spectacular.authentication import SessionScheme
from drf_spectacular.contrib.knox_auth_token import KnoxTokenScheme
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from common.api import LabelOut, Nouns, StrictSerializer, refuse_unknown_query
from common.fields import Choice, Day, Later, Named
from common.schema import LISTING, operation, query
from common.time import now
from staff import absences, passwords, tokens, tree
from staff.absences import Leave
from staff.access import scope_of
from staff.client import counted
from staff.models import Absence, AbsenceReason, Branch, BranchKind, Person, Role
from staff.session import person_of

_SCOPES = {
    "nothing": _("不看投诉"),
    "branch": _("本机构"),
    "subtree": _("本机构及下级"),
    "everything": _("全公司"),
}


class TokenScheme(KnoxTokenScheme):  # type: ignore[no-untyped-call]
    """How the API's description speaks of our tokens."""

    target_class = "staff.tokens.TokenAuthentication"
    name = "token"


class BrowserScheme(SessionScheme):  # type: ignore[no-untyped-call]
    """How it speaks of a browser that is signed in."""

    target_class = "staff.door.gate.SessionAuthentication"


class BranchNameOut(serializers.Serializer[Branch]):
    """A branch as it is named beside other things."""

    code = serializers.CharField()
    name = serializers.CharField()


class BranchRowOut(BranchNameOut):
    """A branch with its place in the firm; closed ones say when, and who took over."""

    kind = serializers.ChoiceField(choices=BranchKind.choices)
    kind_label = LabelOut(BranchKind)
    city = serializers.CharField()
    parent = serializers.CharField(  # type: ignore[assignment]  # a field, not the property
        source="parent.code", default=None, allow_null=True
    )
    closed_at = serializers.DateTimeField(allow_null=True)
    heir = serializers.CharField(source="heir.code", default=None, allow_null=True)


class PersonOut(serializers.Serializer[Person]):
    """A person as they are named beside other things."""

    username = serializers.CharField()
    name = serializers.CharField()


class PersonRowOut(PersonOut):
    """A person with role and branch."""

    role = serializers.ChoiceField(choices=Role.choices)
    role_label = LabelOut(Role)
    branch = BranchNameOut()


class MeOut(PersonRowOut):
    """Who is signed in, and how far they may look."""

    scope = serializers.SerializerMethodField()
    scope_label = serializers.SerializerMethodField()

    def get_scope(self, person: Person) -> str:
        """`nothing`, `branch`, `subtree` or `everything`."""
        return scope_of(person).value

    def get_scope_label(self, person: Person) -> str:
        """The same in words."""
        return str(_SCOPES[scope_of(person).value])


class SignInIn(StrictSerializer):
    """Name and password."""

    username = serializers.CharField(max_length=150)
    password = serializers.CharField(max_length=passwords.LONGEST, trim_whitespace=False)


class TokenOut(serializers.Serializer[Any]):
    """The token, shown this once."""

    token = serializers.CharField()
    expires_at = serializers.DateTimeField()
    person = MeOut()


class Tokens(Nouns):
    """Signing in."""

    authentication_classes = ()

    @operation(
        _("登录，取得令牌"),
        tag="sign-in",
        request=SignInIn,
        returns=TokenOut,
        status=201,
        errors=(400, 401, 403, 415),
        auth=[],
        description=_(
            "之后每次请求带上 `Authorization: Token <令牌>`。令牌只显示这一次，到期作废。"
            "使用两步验证的账号在网页“API 令牌”里新建令牌。"
        ),
    )
    def create(self, request: Request) -> Response:
        """A token for the one who knows the password."""
        said = self.read(SignInIn)
        person, token, expires_at = tokens.sign_in(
            said["username"], said["password"], address=counted(request), at=now()
        )
        shown = TokenOut({"token": token, "expires_at": expires_at, "person": person})
        return Response(shown.data, status=201)


class CurrentToken(Nouns):
    """Signing out."""

    authentication_classes = (tokens.TokenAuthentication,)

    @operation(_("退出，作废当前令牌"), tag="sign-in", status=204, errors=(401,))
    def destroy(self, request: Request) -> Response:
        """The token that came with this request is worth nothing from now on."""
        request.auth.delete()
        return Response(status=204)


class Me(Nouns):
    """Who is signed in."""

    @operation(_("我是谁"), tag="sign-in", returns=MeOut, errors=(401,))
    def retrieve(self, request: Request) -> Response:
        """The person, their branch and their reach."""
        return Response(MeOut(person_of(request)).data)


class Branches(Nouns):
    """The units of the firm."""

    @operation(
        _("机构"),
        tag="reference",
        returns=BranchRowOut(many=True),
        errors=LISTING,
        parameters=[query("as_of", _("日期，如 2026-11-20：当天结束时的机构，含后来撤并的"))],
    )
    def list(self, request: Request) -> Response:
        """The branches as they are, in the order of their names; or the whole tree of a day, each
        behind its parent."""
        refuse_unknown_query(request, frozenset({"as_of"}))
        written = request.query_params.get("as_of", "")
        if not written:
            live = Branch.objects.live().select_related("parent", "heir")
            return self.page(live, BranchRowOut)
        moment = tree.end_of(_day(written), now())
        return self.page(list(tree.as_of(moment).branches.values()), BranchRowOut)


class People(Nouns):
    """Whom a ruling may name."""

    @operation(
        _("在职人员（可判为整改责任人）"),
        tag="reference",
        returns=PersonRowOut(many=True),
        errors=LISTING,
        parameters=[query("branch", _("机构代码"))],
    )
    def list(self, request: Request) -> Response:
        """The active people of the firm or of one branch, administrators left out."""
        refuse_unknown_query(request, frozenset({"branch"}))
        return self.page(_people(request.query_params.get("branch", "")), PersonRowOut)


def _day(written: str) -> date:
    """Raises ValidationError beside `as_of`."""
    try:
        return Day().to_internal_value(written)
    except serializers.ValidationError as error:
        raise serializers.ValidationError({"as_of": error.detail}) from error


def _people(branch: str) -> QuerySet[Person]:
    active = Person.objects.filter(is_active=True).exclude(role=Role.ADMINISTRATOR)
    found = active.select_related("branch").order_by("branch__sort_key", "sort_key", "username")
    if not branch:
        return found
    return found.filter(branch__code=branch) if branch.isprintable() else found.none()


class NothingIn(StrictSerializer):
    """Nothing more to say."""


class AbsenceIn(StrictSerializer):
    """Who is away (left out: oneself), and who stands in, by their usernames."""

    person = Named(Person.objects.filter(is_active=True), by="username", required=False)
    since = Later()
    until = Later()
    deputy = Named(
        Person.objects.filter(is_active=True), by="username", required=False, allow_null=True
    )
    reason = Choice(AbsenceReason)


class AbsenceOut(serializers.Serializer[Absence]):
    """That somebody is away; `until` moves forward to the moment it was ended early."""

    id = serializers.IntegerField()
    person = PersonOut()
    deputy = PersonOut(allow_null=True)
    since = serializers.DateTimeField()
    until = serializers.DateTimeField()
    planned_until = serializers.DateTimeField()
    reason = serializers.ChoiceField(choices=AbsenceReason.choices)
    reason_label = LabelOut(AbsenceReason)
    by = PersonOut()


class Absences(Nouns):
    """Who is away, and who stands in."""

    @operation(_("不在岗"), tag="people", returns=AbsenceOut(many=True), errors=LISTING)
    def list(self, request: Request) -> Response:
        """One's own, and for those who lead those of their people; the latest first."""
        refuse_unknown_query(request, frozenset())
        return self.page(absences.within_reach(person_of(request)), AbsenceOut)

    @operation(
        _("登记不在岗"),
        tag="people",
        request=AbsenceIn,
        returns=AbsenceOut,
        status=201,
        errors=(400, 401, 403, 409, 413, 415),
    )
    def create(self, request: Request) -> Response:
        """The absence; whoever stands in acts from its start on."""
        by = person_of(request)
        leave = Leave(**{"person": by, **self.read(AbsenceIn)})
        return Response(AbsenceOut(absences.plan(leave, by=by, at=now())).data, status=201)

    @operation(_("提前回岗"), tag="people", request=NothingIn, returns=AbsenceOut)
    def end(self, request: Request, absence_id: int) -> Response:
        """The absence, ended now."""
        found = absences.within_reach(person_of(request)).get(pk=absence_id)
        self.read(NothingIn)
        ended = absences.end(found.pk, by=person_of(request), at=now())
        return Response(AbsenceOut(ended).data)


urlpatterns = [
    path("tokens/", Tokens.as_view({"post": "create"}), name="api-tokens"),
    path("tokens/current/", CurrentToken.as_view({"delete": "destroy"}), name="api-token"),
    path("me/", Me.as_view({"get": "retrieve"}), name="api-me"),
    path("branches/", Branches.as_view({"get": "list"}), name="api-branches"),
    path(
        "absences/",
        Absences.as_view({"get": "list", "post": "create"}),
        name="api-absences",
    ),
    path(
        "absences/<int:absence_id>/end/",
        Absences.as_view({"post": "end"}),
        name="api-absence-end",
    ),
    path("people/", People.as_view({"get": "list"}), name="api-people"),
]
