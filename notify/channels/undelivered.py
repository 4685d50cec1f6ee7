"""How a channel says that it could not send."""

from __future__ import annotations


class Undelivered(Exception):
    """The message did not get out. `reason` is short and names no address and no secret.

    `permanent`: to try again would change nothing. `outlet_down`: the fault lies with the way
    out, not with this message, so that the others of the batch need not try it now.
    """

    def __init__(self, reason: str, *, permanent: bool = False, outlet_down: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.permanent = permanent
        self.outlet_down = outlet_down
