"""How a mailbox is set up: what its way in says, with what stands where it says nothing."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings

from intake.models import Inlet

IMAPS, IMAP = 993, 143


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Of `Inlet.settings`: `address` is where customers write to; `host` the IMAP server ("" when
    a mail server hands mails over by `receive_mail`), `security` `tls`, `starttls` or `none`.
    `plus`: the server takes `name+anything@` for `name@`. `acknowledge`: customers are told their
    number. `hourly`: more mails of one sender in an hour wait for a person. `machines`: addresses,
    or domains as `@example.com`, whose automatic mails are complaints, however many."""

    address: str = ""
    host: str = ""
    port: int = 0
    security: str = "tls"
    user: str = ""
    folder: str = "INBOX"
    plus: bool = False
    acknowledge: bool = True
    hourly: int = 50
    machines: tuple[str, ...] = ()

    @property
    def own_addresses(self) -> set[str]:
        """In lower case: what comes from them comes from ourselves."""
        return {self.address.lower(), settings.DEFAULT_FROM_EMAIL.lower()} - {""}

    @property
    def real_port(self) -> int:
        return self.port or (IMAPS if self.security == "tls" else IMAP)


def settings_of(inlet: Inlet) -> Settings:
    """What is written there, as far as it is known here; what is left empty is not."""
    known = {
        name: said
        for name in Settings.__annotations__
        if (said := inlet.settings.get(name, "")) not in ("", None)
    }
    if "machines" in known:
        known["machines"] = tuple(str(each).lower() for each in known["machines"])
    return Settings(**known)
