"""The ways by which strangers and other systems send words, each as it comes over the wire."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Sequence
from typing import Any

from django.test import Client, override_settings

from complaints.models import Channel, Complaint, Statement
from complaints.registration import WHAT_LIMIT
from intake import items
from intake.mail.reply_addresses import address_for
from intake.models import Inlet, Item, ItemState
from intake.public.forms import WHAT_LIMIT as FORM_LIMIT
from intake.wechat import accounts
from intake.wechat.small_talk import says_nothing
from tests.api.conftest import Caller
from tests.api.machines import ADDRESS, caller, opened, report
from tests.conftest import MONDAY
from tests.hostile.ways import PHONE, Desk, in_utf_8, refused, stored
from tests.hostile.words import Outcome, Stored
from tests.intake.mail.letters import DESK, SUN, arrive, letter, mailbox
from tests.intake.public.feedback import send as send_form
from tests.intake.wechat.platform import Platform, account, message

#: More than any test sends.
_MANY = 10_000


def mail(desk: Desk, words: Sequence[str], field: str) -> list[Outcome]:
    """A mail each, the words its body: a case of its own."""
    inlet = mailbox(desk.cast, hourly=_MANY)
    return [_of_mail(_mailed(inlet, number, each)) for number, each in enumerate(words)]


def answering_mail(desk: Desk, words: Sequence[str], field: str) -> list[Outcome]:
    """Answers to the mail in which the house has said that it has heard: to its case."""
    inlet = mailbox(desk.cast, hourly=_MANY)
    case = _mailed(inlet, _MANY, "货没到").complaint
    assert case
    to = address_for(DESK, inlet.pk, case.pk)
    return [_of_answer(_mailed(inlet, number, each, to)) for number, each in enumerate(words)]


def _mailed(inlet: Inlet, number: int, words: str, to: str = DESK) -> Item:
    body = base64.encodebytes(words.encode()).decode()
    how = {"Content_Transfer_Encoding": "base64"}
    return arrive(inlet, letter(body, subject="", to=to, number=number, **how))


def _of_mail(item: Item) -> Outcome:
    """Without the note that stands below the words of a sender whom nobody knows."""
    if item.state == ItemState.SET_ASIDE:
        return refused(item.code)
    assert item.complaint, (item.state, item.code)
    return Stored(item.complaint.what.removesuffix(f"\n〔来信人未核实：{SUN}〕"))


def _of_answer(item: Item) -> Outcome:
    if item.state == ItemState.SET_ASIDE:
        return refused(item.code)
    assert item.state == ItemState.APPENDED, (item.state, item.code)
    return Stored(Statement.objects.latest("pk").said)


def wechat(desk: Desk, words: Sequence[str], field: str) -> list[Outcome]:
    """Sealed calls of the platform, each of another follower; what says nothing by itself (a
    face, a greeting) comes from one who has a case, else it would wait for words."""
    platform = Platform()
    account(desk.cast, platform)
    _called(platform, "first", "货没到", sender="known")
    for number, each in enumerate(words):
        sender = "known" if says_nothing(each) else f"o{number}"
        _called(platform, f"m{number}", each, sender=sender)
    items.drain(lambda: MONDAY)
    accounts.forget(Channel.WECHAT, platform.key)
    found = {item.outside_id: item for item in Item.objects.all()}
    said = iter(Statement.objects.order_by("pk").values_list("said", flat=True))
    return [_of_message(found[f"m{number}"], said) for number in range(len(words))]


def _called(platform: Platform, number: str, words: str, *, sender: str) -> None:
    escaped = words.replace("]]>", "]]]]><![CDATA[>")
    answer = platform.send(message(number=number, sender=sender, Content=escaped))
    assert answer.status_code == 200, answer.status_code


def _of_message(item: Item, said: Any) -> Outcome:
    if item.state == ItemState.SET_ASIDE:
        return refused(item.code)
    if item.state == ItemState.APPENDED:
        return Stored(next(said))
    assert item.complaint, (item.state, item.code)
    return stored(item.complaint, "what")


def public_form(desk: Desk, words: Sequence[str], field: str) -> list[Outcome]:
    """`POST /feedback/`, a stranger's; each sits elsewhere and has a telephone of their own."""
    with override_settings(CAPTCHA_MAX=50):
        return [_filled_in(number, each, field) for number, each in enumerate(words)]


def _filled_in(number: int, words: str, field: str) -> Outcome:
    address = f"10.0.{number // 250}.{number % 250}"
    client = Client(raise_request_exception=False, REMOTE_ADDR=address)
    said = {"key": f"{number:032x}", "phone": f"138{number:08}", field: words}
    answer = send_form(client, **said)
    if answer.status_code == 302:
        case = Item.objects.latest("pk").complaint
        assert case
        return stored(case, field)
    assert answer.status_code == 422, answer.status_code
    ((name, errors),) = answer.context["form"].errors.as_data().items()
    assert name == field, name
    return refused(errors[0].code)


def machine_api(desk: Desk, words: Sequence[str], field: str) -> list[Outcome]:
    """`POST /api/v1/intake/complaints/`, another system's."""
    system = caller(desk.cast, opened(desk.cast))
    return [_handed_in(system, number, each, field) for number, each in enumerate(words)]


def _handed_in(system: Caller, number: int, words: str, field: str) -> Outcome:
    name = "what" if field == "what" else "complainant_name"
    said = report(str(number), **{"complainant_phone": PHONE, name: words})
    answer = system.send(ADDRESS, json.dumps(said).encode())
    told = answer.json()
    if answer.status_code == 201:
        return stored(Complaint.objects.get(no=told["no"]), field)
    assert 400 <= answer.status_code < 500, told
    assert told["field"] == name, told
    return refused(told["code"])


def in_a_mail(words: str) -> bool:
    """The note below the words has its share of what a case holds."""
    return in_utf_8(words) and not WHAT_LIMIT - 50 < len(words) <= WHAT_LIMIT


def in_an_answer(words: str) -> bool:
    """Several lines behind `>` are the mail that is answered, what stands below `--` is the
    signature."""
    is_signed = re.search(r"\n--[ \xa0]?(?:\n|$)", words)
    return in_utf_8(words) and not is_signed and len(re.findall(r"(?m)^\s{0,3}>", words)) < 2


def in_a_message(words: str) -> bool:
    """What XML 1.0 holds, and no more than a follower can type."""
    controls = any(each < " " and each not in "\t\n\r" for each in words)
    is_xml = in_utf_8(words) and not controls and not set(words) & {"\ufffe", "\uffff"}
    return is_xml and len(words) <= 2_048


def in_the_form(words: str) -> bool:
    """The form asks for less than a case holds."""
    return in_utf_8(words) and not FORM_LIMIT < len(words) <= WHAT_LIMIT
