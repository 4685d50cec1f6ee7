"""Which channel reads what: the module that understands the items of each."""

from __future__ import annotations

from collections.abc import Callable

from complaints.models import Channel
from intake.models import Item
from intake.understood import Understood
from intake.wechat import reading as wechat

#: Raises RuleBroken for what a person has to look at; any other error sets the item aside too.
Reader = Callable[[Item], Understood]

READERS: dict[Channel, Reader] = {
    Channel.WECHAT: wechat.read,
    Channel.WECOM: wechat.read,
}
