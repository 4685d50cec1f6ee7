"""The API of the inbox, and of the choice by which ways out else to hear."""

from __future__ import annotations

from typing import Any

from django.urls import path
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from common.api import LabelOut, Nouns, StrictSerializer, chosen, refuse_unknown_query
from common.schema import ACTING, LISTING, operation, query
from common.time import now
from notify import selectors
from notify.inbox import mark_read
from notify.models import Message, OutletKind
from notify.preferences import choose
from staff.session import person_of


class MessageOut(serializers.Serializer[Message]):
    """What the person was told, in their language."""

    id = serializers.IntegerField()
    text = serializers.CharField(source="render")
    url = serializers.CharField()
    urgent = serializers.BooleanField()
    folded = serializers.IntegerField(help_text=_("这条消息代表多少条；0 表示它只是它自己。"))
    created_at = serializers.DateTimeField()
    read_at = serializers.DateTimeField(allow_null=True)


class MarkedOut(serializers.Serializer[Any]):
    """How many messages have been marked as read just now."""

    marked = serializers.IntegerField()


class OfferedOut(serializers.Serializer[Any]):
    """A way out that reaches the person, and whether they hear by it."""

    name = serializers.CharField(source="outlet.name")
    kind = serializers.ChoiceField(OutletKind.choices, source="outlet.kind")
    kind_label = LabelOut(OutletKind, source="outlet.kind")
    chosen = serializers.BooleanField()


class SettingsOut(serializers.Serializer[Any]):
    """The ways out that are offered, and the quiet hours in the firm's zone (or null)."""

    outlets = OfferedOut(many=True)
    quiet_from = serializers.TimeField(allow_null=True)
    quiet_until = serializers.TimeField(allow_null=True)


class SettingsIn(StrictSerializer):
    """The names of the ways out to hear by; two times, or none, for the quiet hours."""

    outlets = serializers.ListField(child=serializers.CharField(max_length=60), max_length=100)
    quiet_from = serializers.TimeField(allow_null=True, default=None)
    quiet_until = serializers.TimeField(allow_null=True, default=None)


class Settings(Nouns):
    """By which ways out the person hears, and when not."""

    @operation(_("我的消息设置"), tag="messages", returns=SettingsOut, errors=(401, 403))
    def show(self, request: Request) -> Response:
        """What is offered, and what of it is chosen."""
        person = person_of(request)
        choice = selectors.choice(person)
        offered = selectors.offered(person)
        shown = {
            "outlets": [
                {"outlet": each, "chosen": each.pk in choice.outlet_ids} for each in offered
            ],
            "quiet_from": choice.quiet_from,
            "quiet_until": choice.quiet_until,
        }
        return Response(SettingsOut(shown).data)

    @operation(
        _("修改我的消息设置"),
        tag="messages",
        request=SettingsIn,
        returns=SettingsOut,
        errors=(400, 401, 403, 413, 415),
    )
    def choose(self, request: Request) -> Response:
        """The settings as they are now."""
        choose(person_of(request), **self.read(SettingsIn))
        return self.show(request)


class Messages(Nouns):
    """The person's own messages."""

    @operation(
        _("我的消息"),
        tag="messages",
        returns=MessageOut(many=True),
        errors=LISTING,
        parameters=[query("unread", _("`1`:只要未读的"), enum=["1"])],
    )
    def list(self, request: Request) -> Response:
        """Newest first."""
        refuse_unknown_query(request, frozenset({"unread"}))
        found = selectors.inbox(person_of(request))
        unread = chosen(request, "unread", ["1"])
        return self.page(found.filter(read_at=None) if unread else found, MessageOut)

    @operation(
        _("把一条消息标为已读"),
        tag="messages",
        returns=MessageOut,
        errors=ACTING,
        operation_id="message_read_create",
    )
    def read_one(self, request: Request, message_id: int) -> Response:
        """The message, read."""
        self.read(StrictSerializer)
        own = selectors.inbox(person_of(request))
        own.get(pk=message_id)
        mark_read(person_of(request), at=now(), message_ids=[message_id])
        return Response(MessageOut(own.get(pk=message_id)).data)

    @operation(_("全部标为已读"), tag="messages", returns=MarkedOut, errors=ACTING)
    def read_all(self, request: Request) -> Response:
        """How many were unread."""
        self.read(StrictSerializer)
        return Response({"marked": mark_read(person_of(request), at=now())})


urlpatterns = [
    path("messages/", Messages.as_view({"get": "list"}), name="api-messages"),
    path(
        "messages/settings/",
        Settings.as_view({"get": "show", "put": "choose"}),
        name="api-message-settings",
    ),
    path("messages/read/", Messages.as_view({"post": "read_all"}), name="api-messages-read"),
    path(
        "messages/<int:message_id>/read/",
        Messages.as_view({"post": "read_one"}),
        name="api-message-read",
    ),
]
