"""The one domain error, and the two kinds of it that doors answer differently."""

from __future__ import annotations

from django.db import DatabaseError, InterfaceError, OperationalError


def is_away(error: BaseException | None) -> bool:
    """Whether the database can't answer now. One that crashes in the middle of a statement may be
    reported as a bare DatabaseError, which names no mistake of ours."""
    return isinstance(error, OperationalError | InterfaceError) or type(error) is DatabaseError


class RuleBroken(Exception):
    """A rule of the house forbids this; nothing was changed.

    `code` is stable and English (`text.nul`, `over_authority`), `message` is a sentence for
    the person, `field` names the input beside which the sentence belongs (or None).
    """

    status = 400

    def __init__(self, code: str, message: str, *, field: str | None = None) -> None:
        super().__init__(code, message, field)
        self.code = code
        self.message = message
        self.field = field

    def __str__(self) -> str:
        return str(self.message)


class NotAllowed(RuleBroken):
    """The person may see the case but not do this."""

    status = 403


class Conflict(RuleBroken):
    """The case has moved on; what was asked no longer fits where it stands."""

    status = 409
