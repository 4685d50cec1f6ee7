"""What counts as a database that is away, and what as a mistake of ours."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, DataError, IntegrityError, InterfaceError, OperationalError
from django.test import RequestFactory

from common.api import exception_handler
from common.errors import is_away
from common.views import broken

AWAY = [OperationalError, InterfaceError, DatabaseError]
OURS = [IntegrityError, DataError, ValueError]


@pytest.mark.parametrize("kind", [*AWAY, *OURS])
def test_only_a_database_that_does_not_answer_is_away(kind: type[Exception]) -> None:
    assert is_away(kind("server closed the connection unexpectedly")) == (kind in AWAY)


@pytest.mark.parametrize("kind", AWAY)
def test_the_api_answers_503_and_says_when_to_come_again(kind: type[Exception]) -> None:
    answer = exception_handler(kind("gone"), {})
    assert answer is not None
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")


@pytest.mark.parametrize(("kind", "status"), [(DatabaseError, 503), (IntegrityError, 500)])
def test_a_page_says_so_too(kind: type[Exception], status: int) -> None:
    try:
        raise kind("gone")
    except kind:
        page = broken(RequestFactory().get("/"))
    assert page.status_code == status
