"""Ways out that lead to receivers of our own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.notify import sinks


@pytest.fixture
def site(settings: Any) -> Any:
    settings.SITE_URL, settings.SITE_HOST = "https://desk.example.com", "desk.example.com"
    return settings


@pytest.fixture
def post_office(site: Any) -> Iterator[sinks.PostOffice]:
    with sinks.post_office() as office:
        site.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        site.EMAIL_HOST, site.EMAIL_PORT = "127.0.0.1", office.port
        site.EMAIL_USE_TLS = site.EMAIL_USE_SSL = False
        site.EMAIL_HOST_USER = site.EMAIL_HOST_PASSWORD = ""
        yield office


@pytest.fixture
def gateway(site: Any) -> Iterator[sinks.Gateway]:
    with sinks.gateway() as found:
        yield found


@pytest.fixture
def sms(site: Any, gateway: sinks.Gateway) -> sinks.Gateway:
    site.SMS_URL, site.SMS_TOKEN = f"http://{gateway.address}/send", "s3cret"
    return gateway
