"""Which channel reads what: the module that understands the items of each."""

from __future__ import annotations

from collections.abc import Callable

from complaints.models import Channel
from intake.mail import reading as mail
from intake.models import Item
from intake.understood import Understood

#: Raises RuleBroken for what a person has to look at; any other error sets the item aside too.
Reader = Callable[[Item], Understood]

READERS: dict[Channel, Reader] = {
    Channel.MAIL: mail.read,
}
