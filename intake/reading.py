"""Which channel reads what: the module that understands the items of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from complaints.models import Channel
from intake.mail import reading as mail
from intake.models import Item
from intake.public import form_reader
from intake.systems import machine
from intake.understood import Understood
from intake.wechat import reading as wechat

#: Raises RuleBroken for what a person has to look at; any other error sets the item aside too.
Reader = Callable[[Item], Understood]

#: What says by its media type how it is to be read, whatever channel its inlet is of.
BY_MEDIA_TYPE: Mapping[str, Reader] = {
    machine.COMPLAINT: machine.read_report,
    machine.STATEMENT: machine.read_statement,
}
READERS: dict[Channel, Reader] = {
    Channel.FORM: form_reader.read,
    Channel.WECHAT: wechat.read,
    Channel.WECOM: wechat.read,
    Channel.MAIL: mail.read,
}
