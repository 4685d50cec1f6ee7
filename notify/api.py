"""The API of the inbox."""

from __future__ import annotations

from typing import Any

from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from common.api import Nouns, StrictSerializer, chosen, refuse_unknown_query
from common.schema import ACTING, LISTING, operation, query
from notify import selectors
from notify.inbox import mark_read
from notify.models import Message
from staff.session import person_of


class MessageOut(serializers.Serializer[Message]):
    """What the person was told, in their language."""

    id = serializers.IntegerField()
    text = serializers.CharField(source="render")
    url = serializers.CharField()
    urgent = serializers.BooleanField()
    created_at = serializers.DateTimeField()
    read_at = serializers.DateTimeField(allow_null=True)


class MarkedOut(serializers.Serializer[Any]):
    """How many messages have been marked as read just now."""

    marked = serializers.IntegerField()


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
        mark_read(person_of(request), at=timezone.now(), message_ids=[message_id])
        return Response(MessageOut(own.get(pk=message_id)).data)

    @operation(_("全部标为已读"), tag="messages", returns=MarkedOut, errors=ACTING)
    def read_all(self, request: Request) -> Response:
        """How many were unread."""
        self.read(StrictSerializer)
        return Response({"marked": mark_read(person_of(request), at=timezone.now())})


urlpatterns = [
    path("messages/", Messages.as_view({"get": "list"}), name="api-messages"),
    path("messages/read/", Messages.as_view({"post": "read_all"}), name="api-messages-read"),
    path(
        "messages/<int:message_id>/read/",
        Messages.as_view({"post": "read_one"}),
        name="api-message-read",
    ),
]
