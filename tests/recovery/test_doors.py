"""Who may come through which door: all doors are declared, and the table in the docs is true."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response

import recovery.urls
from common.api import Nouns
from complaints.rules import Action
from recovery.access_table import BEGIN, END, table
from recovery.doors import ENTRANCES, STRANGERS, door_of
from recovery.places import BASE
from staff.models import Role
from tests.conftest import Cast
from tests.walk import addresses


def test_every_address_stands_in_the_table_and_nothing_else_does() -> None:
    known = {address.name for address in addresses() if not address.is_office}
    # at the back office's addresses, but our own
    ours = {"admin-login", "admin-password-change"}
    assert known == set(ENTRANCES) - ours


def test_the_table_in_the_docs_is_the_one_that_is_in_force() -> None:
    text = (BASE / "docs" / "access.md").read_text()
    written = text.partition(BEGIN)[2].partition(END)[0].strip()
    assert written == table(), "run: python3 manage.py access --write"


class Surprise(Nouns):
    """An API that nobody has declared."""

    def list(self, request: Request) -> Response:
        """A secret."""
        return Response(["secret"])


def surprise(request: HttpRequest) -> HttpResponse:
    return HttpResponse("secret")


@pytest.mark.parametrize("address", ["/surprise/", "/api/v1/surprise/"])
def test_an_address_that_is_not_declared_is_shut_to_all(
    cast: Cast, settings: Any, address: str
) -> None:
    module = ModuleType("surprising_addresses")
    more = [
        path("surprise/", surprise, name="surprise"),
        path("api/v1/surprise/", Surprise.as_view({"get": "list"}), name="api-surprise"),
    ]
    vars(module).update(vars(recovery.urls), urlpatterns=[*more, *recovery.urls.urlpatterns])
    settings.ROOT_URLCONF = module
    for person in cast.people:
        client = Client()
        client.force_login(person)
        answer = client.get(address)
        assert answer.status_code == 403, person
        assert b"secret" not in answer.content


@pytest.mark.parametrize(
    ("name", "method", "may"),
    [
        ("board", "GET", {"supervisor", "quality", "director", "gm"}),
        ("policy-approval", "POST", {"director", "gm"}),
        ("complaint-new", "GET", set(Role) - {"admin"}),
        ("admin:staff_person_changelist", "GET", {"admin"}),
        ("ruling-new", "POST", {"quality", "director", "gm"}),
    ],
)
def test_roles_are_let_in_as_section_8_of_the_domain_says(
    name: str, method: str, may: set[str]
) -> None:
    door = door_of(name, method)
    assert door is not None
    assert {role for role in Role if role in door.roles and door.may_act(role)} == may
    assert not door.strangers


def test_what_is_open_to_strangers_is_a_short_list() -> None:
    doors = {name for name, entrance in ENTRANCES.items() if entrance.do == STRANGERS}
    assert doors == {
        "healthz", "readyz", "set_language", "api-schema", "api-docs", "api-nothing", "sign-in",
        "sign-out", "api-tokens", "account_login", "admin-login", "mfa_authenticate",
        "openid_connect_login", "openid_connect_callback", "account_reset_password",
        "account_reset_password_done", "account_reset_password_from_key",
        "account_reset_password_from_key_done",
        # customers' pages, and calls that prove by their signature whose they are
        "feedback", "feedback-of-branch", "feedback-challenge", "feedback-privacy",
        "feedback-receipt", "feedback-track", "feedback-case", "feedback-message",
        "feedback-rating", "feedback-unsolved", "feedback-withdrawal", "feedback-leave",
        "wechat", "wecom",
    }  # fmt: skip
    assert door_of("nowhere", "GET") is None
    assert Action.REGISTER not in {entrance.do.action for entrance in ENTRANCES.values()}
