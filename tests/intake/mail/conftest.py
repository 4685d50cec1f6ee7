"""A way in for mail, and a server that mails go out by."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from intake.models import Inlet
from tests.conftest import Cast
from tests.intake.mail.letters import mailbox
from tests.notify import sinks


@pytest.fixture
def inlet(cast: Cast) -> Inlet:
    return mailbox(cast)


@pytest.fixture
def post_office(settings: Any) -> Iterator[sinks.PostOffice]:
    settings.SITE_URL, settings.SITE_HOST = "https://desk.example.com", "desk.example.com"
    with sinks.post_office() as office:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", office.port
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
        yield office
