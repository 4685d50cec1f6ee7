"""E-mail, to the person's own address by the firm's server."""

from __future__ import annotations

from contextlib import suppress
from smtplib import SMTPDataError, SMTPRecipientsRefused, SMTPResponseException

from django.conf import settings
from django.core.mail import EmailMessage, get_connection

from notify.channels.undelivered import Undelivered
from notify.channels.words import identity, letter, sentence
from notify.models import Delivery, Message

#: "Service not available, closing transmission channel".
_CLOSING = 421


class Mails:
    """The mails of one batch, by one connection that is opened when it is first needed, and
    again when it was lost."""

    def __init__(self) -> None:
        self._connection = get_connection()
        self._lost_on: set[str] = set()

    def send(self, delivery: Delivery) -> None:
        """Hand it to the server. Raises Undelivered."""
        address = delivery.message.recipient.email
        if not address:
            raise Undelivered("no address", permanent=True)
        self.hand_over(_mail(delivery.message), address)

    def hand_over(self, mail: EmailMessage, address: str) -> None:
        """The same for a mail that is written already, to this one address."""
        self._open()
        try:
            self._connection.send_messages([mail])
        except SMTPRecipientsRefused as refused:
            raise _refused(max(code for code, _text in refused.recipients.values())) from refused
        except SMTPDataError as refused:
            raise _refused(refused.smtp_code) from refused
        except OSError as broken:
            raise self._lost(address, broken) from broken
        except ValueError as unfit:  # an address or a header that no mail may carry
            raise Undelivered(type(unfit).__name__, permanent=True) from unfit
        self._lost_on.clear()

    def _open(self) -> None:
        try:
            self._connection.open()
        except OSError as broken:
            raise Undelivered(_fault(broken), outlet_down=True) from broken

    def _lost(self, address: str, broken: OSError) -> Undelivered:
        """One address on which the server hangs up is that address's fault; two in a row are
        the server's."""
        self.close()
        self._lost_on.add(address)
        return Undelivered(_fault(broken), outlet_down=len(self._lost_on) > 1)

    def close(self) -> None:
        """Say good-bye to the server, if it still listens."""
        with suppress(OSError):
            self._connection.close()


def _refused(code: int) -> Undelivered:
    return Undelivered(f"SMTP {code}", permanent=code >= 500, outlet_down=code == _CLOSING)


def _fault(broken: OSError) -> str:
    if isinstance(broken, SMTPResponseException):
        return f"SMTP {broken.smtp_code}"
    return type(broken).__name__


def _mail(message: Message) -> EmailMessage:
    return EmailMessage(
        subject=sentence(message),
        body=letter(message),
        to=[message.recipient.email],
        headers={"Message-ID": f"<{identity(message)}@{settings.SITE_HOST}>"},
    )
