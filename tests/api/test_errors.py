"""How each kind of failure is answered."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied, RequestDataTooBig, TooManyFilesSent
from django.db import OperationalError, connection, transaction
from django.http import Http404
from rest_framework import exceptions

from common.api import exception_handler
from common.errors import Conflict, NotAllowed, RuleBroken
from complaints.models import Complaint
from tests.api.conftest import in_chinese


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (RuleBroken("x.y", "不行。", field="x"), 400, "x.y"),
        (NotAllowed("x", "不许。"), 403, "x"),
        (Conflict("x", "已变。"), 409, "x"),
        (Complaint.DoesNotExist("Complaint matching query does not exist."), 404, "not_found"),
        (Http404("No Complaint matches"), 404, "not_found"),
        (exceptions.NotFound("Invalid page."), 404, "not_found"),
        (PermissionDenied("no"), 403, "permission_denied"),
        (RequestDataTooBig("too big"), 413, "too_large"),
        (TooManyFilesSent("too many"), 400, "bad_request"),
        (exceptions.NotAcceptable(), 406, "not_acceptable"),
        (exceptions.ParseError("JSON parse error"), 400, "parse_error"),
        (exceptions.Throttled(wait=3), 429, "error"),
    ],
)
def test_each_failure_has_its_status_code_and_sentence(
    error: Exception, status: int, code: str
) -> None:
    answer = exception_handler(error, {})
    assert answer is not None
    assert (answer.status_code, answer.data["code"]) == (status, code)
    assert in_chinese(answer.data["message"])


@pytest.mark.django_db
def test_a_database_that_takes_too_long_is_busy() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '10ms'")
        with pytest.raises(OperationalError) as slow, transaction.atomic():
            cursor.execute("SELECT pg_sleep(5)")
    answer = exception_handler(slow.value, {})
    assert answer is not None
    assert (answer.status_code, answer.data["code"]) == (503, "busy")
    assert answer["Retry-After"] == "5"


def test_our_own_mistakes_are_not_answered_as_the_callers() -> None:
    assert exception_handler(ZeroDivisionError(), {}) is None
