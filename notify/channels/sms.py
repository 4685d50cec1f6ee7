"""SMS, by any gateway that takes `{to, text, id}` as JSON."""

from __future__ import annotations

import requests
from django.conf import settings

from notify.channels.undelivered import Undelivered
from notify.channels.words import identity, letter
from notify.models import Delivery
from notify.selectors import sms_number

#: Seconds to connect and to wait for an answer.
_PATIENCE = (4, 10)
#: The gateway has understood, and will never take this message.
_REFUSED = (400, 422)


def send(delivery: Delivery) -> None:
    """Hand it to the gateway. Raises Undelivered."""
    message = delivery.message
    to = sms_number(message.recipient)
    if not to:
        raise Undelivered("no number", permanent=True)
    status = _post({"to": to, "text": letter(message, apart=" "), "id": identity(message)})
    if not 200 <= status < 300:
        refused = status in _REFUSED
        raise Undelivered(f"HTTP {status}", permanent=refused, outlet_down=not refused)


def _post(body: dict[str, str]) -> int:
    """The answer's status. Its body is not read: a gateway can't hold us up with it."""
    headers = {"Authorization": f"Bearer {settings.SMS_TOKEN}", "Idempotency-Key": body["id"]}
    try:
        with requests.post(
            settings.SMS_URL,
            json=body,
            headers=headers,
            timeout=_PATIENCE,
            allow_redirects=False,
            stream=True,
        ) as answer:
            return int(answer.status_code)
    except requests.RequestException as broken:
        raise Undelivered(type(broken).__name__, outlet_down=True) from None
