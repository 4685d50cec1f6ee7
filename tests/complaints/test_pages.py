"""The pages of the desk, seen without a browser: forms, lists, hints, downloads, odd requests."""

from __future__ import annotations

import html
import json
import re
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from complaints import allowances, attachments, closing, disputes, remedies, suggestions
from complaints.acknowledgement import acknowledge
from complaints.allowances import Wish
from complaints.escalation import sweep
from complaints.models import (
    AllowanceKind,
    AllowanceReason,
    Channel,
    Complaint,
    Escalation,
    Event,
    InvalidReason,
    PlaybookEntry,
    Remedy,
    RemedyKind,
    Severity,
    Supplier,
)
from quality import sheets
from staff.models import Person
from tests.complaints.scenes import (
    HOUR,
    MINUTE,
    accept,
    answer,
    apologise,
    call_back,
    reject,
    rule,
    submit,
)
from tests.conftest import MONDAY, Cast, Register

#: Two hours after Monday's cases come in: 14:00 in Shanghai.
NOW = MONDAY + 2 * HOUR
HTMX = {"HX-Request": "true"}
BIG = "字" * 600


@pytest.fixture(autouse=True)
def _today(_reference_data: None) -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def enter(person: Person) -> Client:
    """Somebody at the desk."""
    client = Client(raise_request_exception=False)
    client.force_login(person)
    return client


def page(answer: Any) -> str:
    text: str = answer.content.decode()
    return text


def beside(text: str, field: str) -> str:
    """What is said under a field of the form."""
    found = re.search(rf'id="id_{field}_error">(.*?)</div>', text, re.DOTALL)
    return found[1] if found else ""


# What may be done to a case, each with a form that is right and one that is not.


@dataclass(frozen=True)
class Deed:
    """`stage` brings a case there and gives the address; `wrong` leaves the sentence under
    `field` and what was typed in the form."""

    who: str
    stage: Callable[[Cast, Register], tuple[Complaint, str]]
    right: dict[str, Any]
    event: str
    wrong: dict[str, Any]
    field: str
    sentence: str
    kept: str = ""
    stranger: str = ""  # sees the case, but may not; nobody where all may


def at(address: str, *steps: Callable[[Complaint, Cast], object], **said: Any) -> Any:
    """A stage: a case of Li's that has come through the steps."""

    def stage(cast: Cast, register: Register) -> tuple[Complaint, str]:
        case = register(by=cast.li, **said)
        for step in steps:
            step(case, cast)
        remedy, allowance = case.remedies.first(), case.allowances.first()
        dispute = case.disputes.last()
        escalation = case.escalations.filter(level=1).first()
        return case, address.format(
            no=case.no, remedy=remedy and remedy.pk, escalation=escalation and escalation.pk,
            allowance=allowance and allowance.pk, dispute=dispute and dispute.pk,
        )  # fmt: skip

    return stage


def accepted(case: Complaint, cast: Cast) -> None:
    accept(case, cast, at=MONDAY)


def answered(case: Complaint, cast: Cast) -> None:
    answer(case, by=cast.li, at=MONDAY + MINUTE)


def promised(case: Complaint, cast: Cast) -> Remedy:
    return offer(case, cast.li, 50)


def asked_for(case: Complaint, cast: Cast) -> Remedy:
    return offer(case, cast.li, 500)


def ruled(case: Complaint, cast: Cast) -> None:
    rule(case, cast, at=MONDAY)


def disputed(case: Complaint, cast: Cast) -> None:
    disputes.dispute(case.pk, reasons="货到时已破损", by=cast.ma, at=MONDAY + HOUR)


def reviewed(case: Complaint, cast: Cast) -> None:
    disputes.review(case.disputes.get().pk, basis="查过", by=cast.lin, at=MONDAY + HOUR)
    disputes.dispute(case.pk, reasons="仍然不服", by=cast.ma, at=MONDAY + HOUR)


def rejected(case: Complaint, cast: Cast) -> None:
    reject(case, cast, at=MONDAY)


def escalated(case: Complaint, cast: Cast) -> None:
    sweep(until=MONDAY + HOUR)


def time_asked(case: Complaint, cast: Cast) -> None:
    allowances.ask(case.pk, PAUSE, by=cast.li, at=MONDAY)


def paused(case: Complaint, cast: Cast) -> None:
    allowances.grant(case.pk, PAUSE, by=cast.chen, at=MONDAY + HOUR)


def offer(case: Complaint, by: Person, amount: int) -> Remedy:
    return remedies.propose(
        case.pk, kind=RemedyKind.REFUND, amount=Decimal(amount), description="退运费", by=by,
        at=MONDAY,
    )  # fmt: skip


PAUSE = Wish(
    kind=AllowanceKind.PAUSE, reason=AllowanceReason.CUSTOMER_AWAY, minutes=12 * 60, note="等照片"
)
CASE = "/complaints/{no}/"
WISH = {"kind": "pause", "minutes": "12", "reason": "customer", "note": "等客户寄回照片"}
TALK = {
    "kind": "apology", "means": "phone", "reached": "yes", "occurred_at": "2026-11-16T12:20",
    "said": "向您道歉，马上查货。",
}  # fmt: skip
CALL = {
    "means": "phone", "reached": "yes", "satisfied": "yes", "solved": "yes", "score": "5",
    "occurred_at": "2026-11-16T13:00", "said": "处理得很快",
}  # fmt: skip
DEEDS = {
    "contact": Deed(
        "li", at(CASE + "contacts/"), TALK, "record_contact",
        {**TALK, "occurred_at": "2026-11-16T15:00"}, "occurred_at", "联系时间不能晚于现在。",
        kept="向您道歉，马上查货。",
    ),
    "accept": Deed(
        "chen", at(CASE + "acceptance/"), {}, "accept", {}, "", "", stranger="li"
    ),
    "reject": Deed(
        "chen", at(CASE + "rejection/"), {"reason": "inquiry", "note": "只是问价"}, "reject",
        {"note": "只是问价"}, "reason", "请选择无效原因。", kept="只是问价", stranger="li",
    ),
    "rule": Deed(
        "chen", at(CASE + "rulings/", accepted), {"basis": "货在兰州滞留"}, "rule",
        {"basis": "货在兰州滞留", "person": ""}, "person", "请选择整改责任人。",
        kept="货在兰州滞留", stranger="wang",
    ),
    "dispute": Deed(
        "ma", at(CASE + "disputes/", accepted, ruled), {"reasons": "货到时已破损"}, "dispute",
        {"reasons": "字" * 2001}, "reasons", "内容过长：最多 2000 个字，现有 2001 个字。",
        kept="字" * 2001, stranger="chen",
    ),
    "review dispute": Deed(
        "lin", at(CASE + "disputes/{dispute}/review/", accepted, ruled, disputed),
        {"upheld": "yes", "basis": "查过交接单"}, "review_dispute",
        {"basis": "查过交接单"}, "upheld", "请选择维持原判或改判。",
        kept="查过交接单", stranger="ma",
    ),
    "decide dispute": Deed(
        "gao", at(CASE + "disputes/{dispute}/decision/", accepted, ruled, disputed, reviewed),
        {"upheld": "yes", "basis": "终裁如下"}, "decide_dispute", {"basis": "终裁如下"}, "upheld",
        "请选择维持原判或改判。", kept="终裁如下", stranger="chen",
    ),
    "review triage": Deed(
        "lin", at(CASE + "triage/review/", rejected), {"upheld": "no", "opinion": "确是投诉"},
        "review_triage", {"upheld": "no", "opinion": ""}, "opinion", "请写明为什么改判为有效。",
        stranger="chen",
    ),
    "suggest triage": Deed(
        "li", at(CASE + "suggestions/triage/"), {"reason": "praise", "note": "是来道谢的"},
        "suggest_triage", {"note": BIG}, "note", "内容过长：最多 500 个字，现有 600 个字。",
        kept=BIG, stranger="chen",
    ),
    "suggest ruling": Deed(
        "li", at(CASE + "suggestions/ruling/"), {"note": "货在兰州"}, "suggest_ruling",
        {"note": "货在兰州", "branch": ""}, "branch", "请选择责任机构。", kept="货在兰州",
        stranger="chen",
    ),
    "propose": Deed(
        "li", at(CASE + "remedies/"), {"kind": "refund", "amount": "50", "description": "退运费"},
        "propose_remedy", {"kind": "refund", "amount": "51.5", "description": "  "}, "description",
        "请写明补救的内容。", kept='value="51.5"', stranger="chen",
    ),
    "decide": Deed(
        "wang", at(CASE + "remedies/{remedy}/decision/", asked_for),
        {"approve": "yes", "note": "同意"}, "decide_remedy", {"note": "再想想"}, "approve",
        "请选择批准或不批准。", kept="再想想", stranger="chen",
    ),
    "deliver": Deed(
        "li", at(CASE + "remedies/{remedy}/delivery/", promised), {"proof": "收据 12"},
        "deliver_remedy", {"proof": BIG}, "proof", "内容过长：最多 200 个字，现有 600 个字。",
        kept=BIG,
    ),
    "cancel": Deed(
        "li", at(CASE + "remedies/{remedy}/cancellation/", promised), {"note": "客户不要"},
        "cancel_remedy", {"note": "坏\x07字"}, "note", "内容包含控制字符，请删除后重试。",
        stranger="chen",
    ),
    "ask for time": Deed(
        "li", at(CASE + "allowances/"), WISH, "ask_time", {**WISH, "minutes": "49"}, "minutes",
        "暂停合计不能超过 48 小时，还可暂停 48 小时。", kept="等客户寄回照片", stranger="chen",
    ),
    "grant time": Deed(
        "chen", at(CASE + "allowances/grants/"), WISH, "grant_time", {**WISH, "minutes": "0"},
        "minutes", "请填写 1 到 72 之间的整数。", kept="等客户寄回照片", stranger="wang",
    ),
    "endorse time": Deed(
        "wang", at(CASE + "allowances/{allowance}/endorsement/", time_asked), {}, "endorse_time",
        {}, "", "", stranger="li",
    ),
    "decide time": Deed(
        "chen", at(CASE + "allowances/{allowance}/decision/", time_asked), {"granted": "yes"},
        "decide_time", {"granted": "no", "opinion": " "}, "opinion", "请写明不批准的原因。",
        stranger="wang",
    ),
    "resume time": Deed(
        "chen", at(CASE + "allowances/{allowance}/resumption/", paused), {}, "resume_time", {},
        "", "", stranger="li",
    ),
    "callback": Deed(
        "chen", at(CASE + "callbacks/", accepted, answered), CALL, "record_callback",
        {**CALL, "satisfied": "", "score": ""}, "satisfied", "请记录客户是否满意。",
        kept="处理得很快", stranger="li",
    ),
    "close": Deed(
        "li", at(CASE + "closure/", accepted, anonymous=True), {}, "close", {}, "", ""
    ),
    "reopen": Deed(
        "li", at(CASE + "reopenings/", accepted, answered), {"reason": "还是没到"}, "reopen",
        {"reason": "\u200b \u3000"}, "reason", "请写明客户为什么仍不满意。",
    ),
    "withdraw": Deed(
        "li", at(CASE + "withdrawal/"), {"said_by": "本人", "note": "来电撤诉"}, "withdraw",
        {"said_by": "", "note": "来电撤诉"}, "said_by", "请写明是谁提出撤诉的。", kept="来电撤诉",
    ),
    "acknowledge": Deed(
        "wang", at("/escalations/{escalation}/acknowledgement/", escalated), {"note": "在跟"},
        "acknowledge", {"note": BIG}, "note", "内容过长：最多 500 个字，现有 600 个字。", kept=BIG,
        stranger="li",
    ),
}  # fmt: skip
WORDED = {name: deed for name, deed in DEEDS.items() if deed.wrong}


def right(deed: Deed, cast: Cast) -> dict[str, Any]:
    """The good form, with the ids that only a test run knows."""
    if deed.event in ("rule", "suggest_ruling"):
        return {**deed.right, "branch": cast.lanzhou.pk, "person": cast.ma.pk}
    return deed.right


def wrong(deed: Deed, cast: Cast) -> dict[str, Any]:
    return {**deed.wrong, "branch": cast.lanzhou.pk} if deed.event == "rule" else deed.wrong


@pytest.mark.parametrize("name", DEEDS)
def test_the_form_is_shown_as_a_page_and_as_a_panel(
    cast: Cast, register: Register, name: str
) -> None:
    deed = DEEDS[name]
    _, address = deed.stage(cast, register)
    client = enter(getattr(cast, deed.who))
    whole, panel = client.get(address), client.get(address, headers=HTMX)
    assert (whole.status_code, panel.status_code) == (200, 200)
    assert "<!doctype html>" in page(whole)
    assert 'class="action-panel"' in page(panel)[:80]
    for text in (page(whole), page(panel)):
        assert f'action="{address}" method="post"' in text
        assert 'name="csrfmiddlewaretoken"' in text


@pytest.mark.parametrize("name", DEEDS)
def test_a_good_form_leads_back_to_the_case(cast: Cast, register: Register, name: str) -> None:
    deed = DEEDS[name]
    case, address = deed.stage(cast, register)
    client = enter(getattr(cast, deed.who))
    response = client.post(address, right(deed, cast))
    assert response.status_code == 302, beside(page(response), deed.field)
    assert response["Location"] == f"/complaints/{case.no}/"
    assert case.events.filter(kind=deed.event, actor=getattr(cast, deed.who)).count() == 1
    assert 'class="notice notice--met"' in page(client.get(response["Location"]))


@pytest.mark.parametrize("name", DEEDS)
def test_a_good_form_from_htmx_brings_the_fresh_case(
    cast: Cast, register: Register, name: str
) -> None:
    deed = DEEDS[name]
    case, address = deed.stage(cast, register)
    response = enter(getattr(cast, deed.who)).post(address, right(deed, cast), headers=HTMX)
    assert response.status_code == 200
    assert response["HX-Retarget"] == "#case"
    assert response["HX-Reswap"].startswith("outerHTML")
    text = page(response)
    assert text.startswith('<div class="stack" id="case">')
    assert 'hx-swap-oob="true"' in text
    assert 'class="notice notice--met"' in text
    assert case.events.filter(kind=deed.event).count() == 1


@pytest.mark.parametrize("headers", [{}, HTMX])
@pytest.mark.parametrize("name", WORDED)
def test_a_bad_form_says_why_beside_the_field_and_keeps_what_was_typed(
    cast: Cast, register: Register, name: str, headers: dict[str, str]
) -> None:
    deed = DEEDS[name]
    _, address = deed.stage(cast, register)
    before = Event.objects.count()
    response = enter(getattr(cast, deed.who)).post(address, wrong(deed, cast), headers=headers)
    assert response.status_code == 422
    text = page(response)
    assert deed.sentence in beside(text, deed.field)
    assert text.count('class="field__error"') == 1
    assert deed.kept in text
    assert "HX-Retarget" not in response
    assert Event.objects.count() == before


@pytest.mark.parametrize("name", [name for name, deed in DEEDS.items() if deed.stranger])
def test_whoever_may_not_is_told_so(cast: Cast, register: Register, name: str) -> None:
    deed = DEEDS[name]
    case, address = deed.stage(cast, register)
    client, before = enter(getattr(cast, deed.stranger)), Event.objects.count()
    for answer_ in (client.get(address), client.post(address, right(deed, cast))):
        assert answer_.status_code == 403
        assert "您没有权限对这件投诉执行" in page(answer_)
        assert f'href="/complaints/{case.no}/"' in page(answer_)
    panel = client.post(address, right(deed, cast), headers=HTMX)
    assert panel.status_code == 422
    assert 'class="action-panel"' in page(panel)[:80]
    assert Event.objects.count() == before


ENDED = ["accept", "propose", "callback", "close", "reopen", "withdraw", "contact", "reject"]


@pytest.mark.parametrize("name", ENDED)
def test_what_does_not_fit_the_status_is_refused(cast: Cast, register: Register, name: str) -> None:
    deed = DEEDS[name]
    case, address = deed.stage(cast, register)
    closing.withdraw(case.pk, said_by="本人", note="来电", by=cast.li, at=NOW)
    client, before = enter(getattr(cast, deed.who)), Event.objects.count()
    for headers, status in (({}, 409), (HTMX, 422)):
        response = client.post(address, right(deed, cast), headers=headers)
        assert response.status_code == status
        assert "投诉目前是“已撤诉”，不能执行" in page(response)
    assert Event.objects.count() == before


def test_a_broken_rule_of_no_field_stands_above_the_form(cast: Cast, register: Register) -> None:
    case = register()
    accept(case, cast, at=MONDAY)
    response = enter(cast.li).post(f"/complaints/{case.no}/closure/")
    assert response.status_code == 422
    assert "还没有把处理结果告诉客户。" in page(response)
    assert 'role="alert"' in page(response)


def test_a_ruling_names_somebody_of_the_branch(cast: Cast, register: Register) -> None:
    case = register()
    accept(case, cast, at=MONDAY)
    form = {"branch": cast.lanzhou.pk, "person": cast.li.pk, "basis": "依据在此"}
    response = enter(cast.chen).post(f"/complaints/{case.no}/rulings/", form)
    assert response.status_code == 422
    assert "整改责任人必须是责任机构的在职人员。" in beside(page(response), "person")
    assert f'<option value="{cast.li.pk}" selected>' in page(response)
    assert "依据在此" in page(response)


def test_a_ruling_is_shared_between_branches_and_a_supplier(cast: Cast, register: Register) -> None:
    case = register()
    accept(case, cast, at=MONDAY)
    carrier = Supplier.objects.create(code="sf", name="顺达专线")
    client, address = enter(cast.chen), f"/complaints/{case.no}/rulings/"
    form = {
        "branch": cast.lanzhou.pk, "person": cast.ma.pk, "basis": "交接单签字",
        "other1_branch": cast.suzhou.pk, "other1_share": "30",
        "other2_supplier": carrier.pk, "other2_share": "9.5",
    }  # fmt: skip
    assert client.post(address, form).status_code == 302
    text = page(client.get(f"/complaints/{case.no}/"))
    for shown in ("60.5%", "苏州分公司</span> <span", "30%", "顺达专线", "9.5%", "主责"):
        assert shown in text
    again = page(client.get(address))  # a new ruling begins with what stands, and forgets nobody
    assert re.search(r'name="share" value="60.5"', again)
    assert re.search(r'name="other1_share" value="30"', again)
    assert f'<option value="{carrier.pk}" selected>' in again
    assert again.count("<details open>") == 2


@pytest.mark.parametrize(
    ("more", "field", "sentence"),
    [
        ({"other1_share": "30"}, "other1_branch", "请选一个机构，或一个外部供应商。"),
        ({"other1_branch": "{suzhou}"}, "other1_share", "请填写这一方的份额。"),
        ({"other1_branch": "{suzhou}", "other1_share": "30", "share": "60"}, "share",
         "各方份额合计须为 100%，现为 90%。"),
        ({"share": "99"}, "share", "各方份额合计须为 100%，现为 99%。"),
    ],
)  # fmt: skip
def test_shares_that_do_not_fit_are_said_beside_their_field(
    cast: Cast, register: Register, more: dict[str, str], field: str, sentence: str
) -> None:
    case = register()
    accept(case, cast, at=MONDAY)
    form = {"branch": cast.lanzhou.pk, "person": cast.ma.pk, "basis": "交接单签字"}
    filled = {name: value.format(suzhou=cast.suzhou.pk) for name, value in more.items()}
    response = enter(cast.chen).post(f"/complaints/{case.no}/rulings/", {**form, **filled})
    assert response.status_code == 422
    assert sentence in beside(page(response), field)
    assert not case.rulings.exists()


def test_to_change_a_ruling_the_answer_names_who_answers_instead(
    cast: Cast, register: Register
) -> None:
    case = register()
    for step in (accepted, ruled, disputed):
        step(case, cast)
    client = enter(cast.lin)
    address = f"/complaints/{case.no}/disputes/{case.disputes.get().pk}/review/"
    said = {"upheld": "no", "basis": "无锡漏扫", "branch": cast.wuxi.pk}
    assert "请选择整改责任人。" in beside(page(client.post(address, said)), "person")
    assert client.post(address, {**said, "person": cast.wang.pk}).status_code == 302
    text = page(client.get(f"/complaints/{case.no}/"))
    for shown in ("货到时已破损", "改判", "无锡漏扫", "可在 11-17 14:00 前申诉"):
        assert shown in text


def test_a_suggestion_is_taken_over_with_one_press(cast: Cast, register: Register) -> None:
    case = register()
    suggestions.suggest_triage(
        case.pk, reason=InvalidReason.PRAISE, note="是来道谢的", by=cast.li, at=MONDAY
    )
    suggestions.suggest_ruling(
        case.pk, branch=cast.lanzhou, person=cast.ma, note="货在兰州", by=cast.li, at=MONDAY
    )
    client = enter(cast.chen)
    links = re.findall(r'href="([^"]+\?[^"]+)" hx-get', page(client.get(f"/complaints/{case.no}/")))
    (sort,) = [html.unescape(link) for link in links if "rejection" in link]
    text = page(client.get(sort))
    assert re.search(r'name="reason" value="praise"[^>]*checked', text)
    assert "是来道谢的</textarea>" in text
    assert "采用" not in page(enter(cast.li).get(f"/complaints/{case.no}/"))
    accept(case, cast, at=MONDAY)
    links = re.findall(r'href="([^"]+\?[^"]+)" hx-get', page(client.get(f"/complaints/{case.no}/")))
    (rule_,) = [html.unescape(link) for link in links if "rulings" in link]
    text = page(client.get(rule_))
    assert f'<option value="{cast.lanzhou.pk}" selected>' in text
    assert f'<option value="{cast.ma.pk}" selected>' in text
    assert "货在兰州</textarea>" in text


def test_the_desks_show_what_waits_for_a_review(cast: Cast, register: Register) -> None:
    case = register()
    for step in (accepted, ruled, disputed):
        step(case, cast)
    sorted_out = register()
    rejected(sorted_out, cast)
    text = page(enter(cast.chen).get("/"))
    assert "待复核的争议" in text
    assert f"/complaints/{case.no}/disputes/" in text
    lin = page(enter(cast.lin).get("/"))
    assert "待终裁的争议" not in lin
    assert "待复核的分拣" in lin
    assert f"/complaints/{sorted_out.no}/triage/review/" in lin
    reviewed(case, cast)
    assert "待终裁的争议" in page(enter(cast.lin).get("/"))


def test_the_case_tells_what_a_wrong_sorting_has_cost(cast: Cast, register: Register) -> None:
    case = register(at=MONDAY - HOUR)
    reject(case, cast, at=MONDAY - HOUR)
    accept(case, cast, at=MONDAY + HOUR)
    text = page(enter(cast.li).get(f"/complaints/{case.no}/"))
    assert "第 1 轮的致歉在此期间到期，超时记在分拣名下，不计入机构的及时率。" in text
    assert text.count("超时记在分拣名下") == 1


def test_an_acknowledgement_from_the_board_leads_back_there(cast: Cast, register: Register) -> None:
    register()
    sweep(until=MONDAY + HOUR)
    raised = Escalation.objects.get(level=1)
    client = enter(cast.wang)
    address = f"/escalations/{raised.pk}/acknowledgement/"
    response = client.post(address, {"back": "board"})
    assert (response.status_code, response["Location"]) == (302, "/escalations/")
    again = client.post(address, {"back": "https://elsewhere.example/"})
    assert again.status_code == 422
    assert "这次升级已经有人确认过了。" in page(again)


def test_the_link_of_the_desk_has_the_kind_chosen_already(cast: Cast, register: Register) -> None:
    case = register()
    text = page(enter(cast.li).get(f"/complaints/{case.no}/contacts/?kind=result"))
    assert re.search(r'name="kind" value="result"[^>]*checked', text)


# Files


def upload(name: str, content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def test_a_file_is_added_and_given_back_as_a_download(cast: Cast, register: Register) -> None:
    case, client = register(), enter(cast.li)
    files = [upload("收据 1.txt", "收据".encode()), upload("b.txt", b"second")]
    response = client.post(f"/complaints/{case.no}/attachments/", {"attachments": files})
    assert response.status_code == 302
    kept = list(case.attachments.all())
    assert [each.name for each in kept] == ["收据 1.txt", "b.txt"]
    download = client.get(f"/complaints/{case.no}/attachments/{kept[0].pk}/")
    assert b"".join(download) == "收据".encode()  # type: ignore[arg-type]
    assert download["Content-Disposition"].startswith("attachment; filename*=utf-8''")
    assert download["X-Content-Type-Options"] == "nosniff"
    assert download["Content-Type"] == "text/plain"


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.png", b"MZ\x90\x00 program", "内容与扩展名不符"),
        ("a.exe", b"MZ\x90\x00 program", "不支持“a.exe”这类文件"),
        ("a.txt", b"", "是空的"),
        ("a.txt", b"x" * (20 * 1024 * 1024 + 1), "超过 20 MB"),
    ],
)
def test_a_file_that_may_not_be_kept_is_named_beside_the_field(
    cast: Cast, register: Register, name: str, content: bytes, sentence: str
) -> None:
    case = register()
    form = {"attachments": [upload("good.txt", b"good"), upload(name, content)]}
    response = enter(cast.li).post(f"/complaints/{case.no}/attachments/", form)
    assert response.status_code == 422
    assert sentence in beside(page(response), "attachments")
    assert not case.attachments.exists()


def test_no_file_at_all_is_asked_for(cast: Cast, register: Register) -> None:
    response = enter(cast.li).post(f"/complaints/{register().no}/attachments/")
    assert response.status_code == 422
    assert "请选择文件。" in beside(page(response), "attachments")


def test_a_file_is_found_under_its_own_case_only(cast: Cast, register: Register) -> None:
    case, other, foreign = register(), register(), register(by=cast.zhao)
    kept = attachments.attach(case.pk, upload("a.txt", b"a"), by=cast.li, at=NOW)
    client = enter(cast.li)
    own = client.get(f"/complaints/{case.no}/attachments/{kept.pk}/")
    assert b"".join(own) == b"a"  # type: ignore[arg-type]
    for no in (other.no, foreign.no, "TS0000-0000000-0"):
        assert client.get(f"/complaints/{no}/attachments/{kept.pk}/").status_code == 404
    assert enter(cast.zhao).get(f"/complaints/{case.no}/attachments/{kept.pk}/").status_code == 404


# Registering


def report(cast: Cast, **said: Any) -> dict[str, Any]:
    usual = {
        "channel": "phone", "received_at": "2026-11-16T13:50", "complainant_phone": "13800138000",
        "complainant_name": "孙玉梅", "complainant_role": "sender", "what": "两箱瓷器碎了三只。",
        "order_no": "SF123", "category": cast.late_goods.pk, "severity": "major",
        "remedy_sought": "赔三只", "concerned_branch": cast.lanzhou.pk,
    }  # fmt: skip
    return {**usual, **said}


def test_a_complaint_is_registered(cast: Cast) -> None:
    client = enter(cast.li)
    response = client.post("/complaints/new/", report(cast))
    case = Complaint.objects.get()
    assert (response.status_code, response["Location"]) == (302, f"/complaints/{case.no}/")
    assert (case.owner, case.entered_by, case.owner_branch) == (cast.li, cast.li, cast.wuxi)
    assert case.received_at == NOW - 10 * MINUTE
    assert case.entered_at == NOW
    assert (case.what, case.order_no, case.severity) == ("两箱瓷器碎了三只。", "SF123", "major")
    assert case.concerned_branch == cast.lanzhou
    text = page(client.get(response["Location"]))
    assert f"已登记 {case.no}。" in text
    assert "draft-done-register" in text


def test_the_same_form_twice_makes_one_case(cast: Cast) -> None:
    client, key = enter(cast.li), str(uuid.uuid4())
    places = {
        client.post("/complaints/new/", report(cast, submission_key=key))["Location"]
        for _ in range(3)
    }
    assert Complaint.objects.count() == len(places) == 1
    assert "这份登记已经提交过" in page(client.get(places.pop()))


def test_the_same_key_of_somebody_else_is_another_form(cast: Cast) -> None:
    key = str(uuid.uuid4())
    for person in (cast.li, cast.zhao):
        enter(person).post("/complaints/new/", report(cast, submission_key=key))
    assert Complaint.objects.count() == 2


def test_files_come_with_the_complaint_or_neither_does(cast: Cast) -> None:
    client = enter(cast.li)
    bad = report(cast, attachments=[upload("a.txt", b"good"), upload("a.png", b"no picture")])
    response = client.post("/complaints/new/", bad)
    assert response.status_code == 422
    assert "内容与扩展名不符" in beside(page(response), "attachments")
    assert not Complaint.objects.exists()
    client.post("/complaints/new/", report(cast, attachments=[upload("a.txt", b"good")]))
    assert Complaint.objects.get().attachments.get().name == "a.txt"


def test_the_form_has_every_field_on_its_page(cast: Cast) -> None:
    text = page(enter(cast.li).get("/complaints/new/"))
    for name in (*report(cast), "anonymous", "settled_on_spot", "settlement", "attachments"):
        assert f'name="{name}"' in text, name
    assert 'enctype="multipart/form-data"' in text
    assert re.search(r'name="submission_key" value="[0-9a-f-]{36}"', text)
    assert 'value="2026-11-16T14:00"' in text


WRONG_REPORTS = [
    ({"received_at": "2026-11-16T14:01"}, "received_at", "受理时间不能晚于现在。"),
    ({"received_at": "2021-01-01T00:00"}, "received_at", "受理时间太早，请检查年份。"),
    ({"received_at": "2026-11-12T14:00"}, "received_at", "须由品质管理员补录"),
    ({"received_at": "昨天"}, "received_at", "请填写日期和时间"),
    ({"received_at": "0001-01-01T00:00"}, "received_at", "受理时间太早，请检查年份。"),
    ({"what": ""}, "what", "请写明投诉内容。"),
    ({"what": "\u200b\u3000"}, "what", "请写明投诉内容。"),
    ({"what": "字" * 10_001}, "what", "最多 10000 个字，现有 10001 个字"),
    ({"what": "坏\x00字"}, "what", "空字符"),
    ({"what": "坏\x1b字"}, "what", "控制字符"),
    ({"complainant_name": "名" * 61}, "complainant_name", "最多 60 个字"),
    ({"complainant_phone": "1" * 41}, "complainant_phone", "最多 40 个字"),
    ({"complainant_name": "", "complainant_phone": ""}, "complainant_phone", "客户不愿透露时勾选"),
    ({"category": ""}, "category", "请选择类别。"),
    ({"settled_on_spot": "on", "settlement": " "}, "settlement", "请写明现场是怎样处理"),
    ({"order_no": "S" * 61}, "order_no", "最多 60 个字"),
    ({"remedy_sought": "赔" * 501}, "remedy_sought", "最多 500 个字"),
]  # fmt: skip


@pytest.mark.parametrize(("said", "field", "sentence"), WRONG_REPORTS)
def test_a_bad_report_says_why_beside_the_field_and_keeps_the_rest(
    cast: Cast, said: dict[str, Any], field: str, sentence: str
) -> None:
    key = str(uuid.uuid4())
    form = report(cast, submission_key=key, **said)
    response = enter(cast.li).post("/complaints/new/", form)
    assert response.status_code == 422
    text = page(response)
    assert sentence in beside(text, field)
    assert text.count('class="field__error"') == 1
    assert not Complaint.objects.exists()
    for name in ("what", "order_no", "remedy_sought", "complainant_name"):
        typed = form[name]
        assert name in said or typed in text, name
    assert f'value="{key}"' in text
    assert f'<option value="{cast.lanzhou.pk}" selected>' in text


@pytest.mark.parametrize(
    "said",
    [
        {"channel": "smoke"}, {"severity": "9"}, {"complainant_role": "x"}, {"category": "999999"},
        {"category": "9" * 40}, {"category": "x\x00"}, {"concerned_branch": "9" * 30},
        {"submission_key": "no key"}, {"received_at": "9999-12-31T23:59"},
    ],
)  # fmt: skip
def test_a_forged_report_is_refused(cast: Cast, said: dict[str, Any]) -> None:
    response = enter(cast.li).post("/complaints/new/", report(cast, **said))
    assert response.status_code == 422
    assert not Complaint.objects.exists()


def test_a_category_with_others_below_it_is_no_choice(cast: Cast) -> None:
    top = cast.late_goods.parent
    assert top
    response = enter(cast.li).post("/complaints/new/", report(cast, category=top.pk))
    assert response.status_code == 422


@pytest.mark.parametrize(
    "what", ["😀👨‍👩‍👧 瓷器碎了", "𠮷野家 㛃", "<script>alert(1)</script>", "{{ 7 }}"]
)
def test_any_text_is_kept_and_shown_as_it_is(cast: Cast, what: str) -> None:
    client = enter(cast.li)
    client.post("/complaints/new/", report(cast, what=what))
    case = Complaint.objects.get()
    assert case.what == what
    text = page(client.get(f"/complaints/{case.no}/"))
    assert what.replace("<", "&lt;").replace(">", "&gt;") in text
    assert "<script>alert" not in text


def test_quality_enters_what_came_days_ago(cast: Cast) -> None:
    form = report(cast, received_at="2026-11-10T09:00")
    assert enter(cast.chen).post("/complaints/new/", form).status_code == 302


def test_the_administrator_registers_nothing(cast: Cast) -> None:
    client = enter(cast.root)
    assert client.get("/complaints/new/").status_code == 403
    assert client.post("/complaints/new/", report(cast)).status_code == 403
    assert not Complaint.objects.exists()


# What is shown while typing


def hint(person: Person, **typed: str) -> str:
    response = enter(person).post("/complaints/new/hints/", typed)
    assert response.status_code == 200
    return page(response)


def test_hints_show_duplicates_earlier_cases_and_the_playbook(
    cast: Cast, register: Register
) -> None:
    entry = PlaybookEntry.objects.create(
        code="late", title="晚到怎么说", say="先道歉", do="查货", offer="运费", report_to="主管"
    )
    entry.categories.set([cast.late_goods])
    case = register(order_no="SF123", what="从无锡发往兰州的两箱瓷器到货时碎了三只。")
    text = hint(cast.li, order_no="SF123")
    assert case.no in text
    assert "同单号" in text
    assert "同电话" in hint(cast.li, complainant_phone="+86 138 0013 8000")
    assert "内容相近" in hint(cast.li, what="发往兰州的两箱瓷器到货时碎了三只")
    assert "这位客户以前的投诉" in hint(cast.li, complainant_name="孙玉梅")
    text = hint(cast.li, what="货晚到，还没送")
    assert "看起来像“时效延误 / 派送延误”。" in text
    assert "先道歉" in text
    assert "先道歉" in hint(cast.li, category=str(cast.late_goods.pk))


def test_hints_tell_another_branch_nothing(cast: Cast, register: Register) -> None:
    case = register(order_no="SF123")
    for typed in (
        {"order_no": "SF123"}, {"complainant_phone": "13800138000"},
        {"complainant_name": "孙玉梅"}, {"what": case.what},
    ):  # fmt: skip
        assert case.no not in hint(cast.zhao, **typed)
        assert case.no not in hint(cast.root, **typed)
        assert case.no in hint(cast.li, **typed)


def test_hints_say_that_another_branch_has_it(cast: Cast, register: Register) -> None:
    register(order_no="SF123")
    told = "同一电话或单号，无锡分公司已有 1 件投诉在办或办过，您无权查看。"
    assert told in hint(cast.zhao, order_no="SF123")
    assert told in hint(cast.zhao, complainant_phone="13800138000")
    assert told not in hint(cast.zhao, complainant_name="孙玉梅")
    assert told not in hint(cast.li, order_no="SF123")


def test_hints_before_anything_is_typed(cast: Cast) -> None:
    assert "边填边查" in hint(cast.li)


@pytest.mark.parametrize(
    "typed",
    [
        {"what": "\x00"}, {"complainant_phone": "\x00" * 9}, {"complainant_name": "\x00孙"},
        {"category": "٣"}, {"category": "9" * 400}, {"category": "\x00"}, {"what": "字" * 100_000},
        {"order_no": "'; DROP TABLE"}, {"complainant_phone": "+" * 300}, {"nonsense": "x"},
        {"what": "%_\\ %%%%%%%%%%"},
    ],
)  # fmt: skip
def test_odd_typing_breaks_neither_hints_nor_look_up(cast: Cast, typed: dict[str, str]) -> None:
    client = enter(cast.li)
    for address in ("/complaints/new/hints/", "/complaints/new/lookup/"):
        assert client.post(address, typed).status_code == 200
        assert client.get(address).status_code == 405


def known(person: Person, **typed: str) -> list[dict[str, Any]]:
    text = page(enter(person).post("/complaints/new/lookup/", typed))
    fills = re.findall(r'data-fill="([^"]*)"', text)
    return [{"shown": text, **json.loads(each.replace("&quot;", '"'))} for each in fills]


def test_a_phone_of_seven_digits_finds_who_complained_before(
    cast: Cast, register: Register
) -> None:
    register(complainant_phone="13800138000", complainant_name="孙玉梅")
    register(complainant_phone="138-0013-8000", complainant_name="孙玉梅")
    (found,) = known(cast.li, complainant_phone="1380013")
    assert found["complainant_phone"] in ("138-0013-8000", "13800138000")
    assert found["complainant_name"] == "孙玉梅"
    assert "2 件" in found["shown"]
    assert ">138****8000<" in found["shown"]


@pytest.mark.parametrize(
    "typed",
    [
        "138001", "1", "+86 1380", "0086138", "+861380013"[:9], "008613800", "138 转 12345678",
        "138001;ext=99999", "+86 138 001", "８６１３８００", "8613800",
    ],
)  # fmt: skip
def test_fewer_digits_of_the_number_find_nobody(cast: Cast, register: Register, typed: str) -> None:
    """Country code, zeros before it and an extension are no digits of the number."""
    register(complainant_phone="13800138000")
    assert known(cast.li, complainant_phone=typed) == []


def test_a_name_alone_gives_no_phone_away(cast: Cast, register: Register) -> None:
    register(complainant_phone="13800138000", complainant_name="孙玉梅")
    (found,) = known(cast.li, complainant_name="孙玉梅")
    assert "complainant_phone" not in found
    assert "13800138000" not in found["shown"]
    assert ">138****8000<" in found["shown"]
    assert ">孙**<" in found["shown"]
    for part in ("孙玉", "孙", "玉梅", "孙玉梅梅", "%", "孙__"):
        assert known(cast.li, complainant_name=part) == []


def test_the_look_up_knows_no_anonymous_and_no_foreign_people(
    cast: Cast, register: Register
) -> None:
    register(anonymous=True, complainant_phone="13800138000")
    register(by=cast.zhao, complainant_phone="13800138001", complainant_name="周文")
    for phone in ("13800138000", "13800138001"):
        assert known(cast.li, complainant_phone=phone) == []
    assert known(cast.li, complainant_name="周文") == []
    assert known(cast.root, complainant_phone="13800138001") == []


# The list


def listed(person: Person, **query: str) -> set[str]:
    response = enter(person).get("/complaints/", query)
    assert response.status_code == 200
    return {row["complaint"].no for row in response.context["rows"]}


moment = datetime.fromisoformat


@pytest.fixture
def shelf(cast: Cast, register: Register) -> dict[str, Complaint]:
    """Cases that the filters tell apart."""
    cases = {
        "plain": register(at=NOW, received_at=NOW - 30 * MINUTE),
        "old": register(by=cast.chen, at=NOW, received_at=moment("2026-11-10T23:59+08:00")),
        "midnight": register(by=cast.chen, at=NOW, received_at=moment("2026-11-11T00:00+08:00")),
        "critical": register(severity=Severity.CRITICAL, channel=Channel.P12345, order_no="YD9"),
        "ruled": register(complainant_name="周文", complainant_phone="13911112222"),
        "invalid": register(what="快递员骂人，态度恶劣。"),
    }  # fmt: skip
    accept(cases["old"], cast, at=NOW)
    accept(cases["ruled"], cast, at=MONDAY)
    rule(cases["ruled"], cast, at=MONDAY, person=cast.ma)
    reject(cases["invalid"], cast, at=MONDAY)
    return cases


FILTERS = [
    ({}, "plain old midnight critical ruled invalid"),
    ({"status": "open"}, "plain old midnight critical ruled"),
    ({"status": "invalid"}, "invalid"),
    ({"status": "handling"}, "old ruled"),
    ({"severity": "critical"}, "critical"),
    ({"channel": "p12345"}, "critical"),
    ({"branch": "LZ"}, "ruled"),
    ({"branch": "WUX"}, "plain critical ruled invalid"),
    ({"ruled": "yes"}, "ruled"),
    ({"ruled": "no"}, "old"),
    ({"received_from": "2026-11-11", "received_to": "2026-11-11"}, "midnight"),
    ({"received_to": "2026-11-10"}, "old"),
    ({"received_from": "2026-11-16"}, "plain critical ruled invalid"),
    ({"clock": "late"}, "old midnight critical ruled"),
    ({"clock": "soon"}, "plain critical ruled"),
    ({"q": "YD9"}, "critical"),
    ({"q": "周文"}, "ruled"),
    ({"q": "+86 139 1111 2222"}, "ruled"),
    ({"q": "态度恶劣"}, "invalid"),
    ({"q": "态度恶劣", "status": "open"}, ""),
    ({"q": "%"}, ""),
    ({"q": "__"}, ""),
]


@pytest.mark.parametrize(("query", "found"), FILTERS)
def test_each_filter_of_the_list(
    cast: Cast, shelf: dict[str, Complaint], query: dict[str, str], found: str
) -> None:
    names = {case.no: name for name, case in shelf.items()}
    assert {names[no] for no in listed(cast.chen, **query)} == set(found.split())


def test_a_number_is_found_in_any_case(cast: Cast, shelf: dict[str, Complaint]) -> None:
    assert listed(cast.li, q=shelf["plain"].no.lower()) == {shelf["plain"].no}


def test_the_list_masks_who_complains(cast: Cast, shelf: dict[str, Complaint]) -> None:
    text = page(enter(cast.chen).get("/complaints/", {"q": "周文"}))
    assert "139****2222" in text
    assert "周*" in text
    assert "13911112222" not in text


def test_a_filter_that_makes_no_sense_says_so(cast: Cast, shelf: dict[str, Complaint]) -> None:
    query = {"received_from": "2026-11-12", "received_to": "2026-11-11"}
    text = page(enter(cast.li).get("/complaints/", query))
    assert "结束日期不能早于开始日期。" in beside(text, "received_to")


def test_the_pages_of_the_list_keep_the_filter(cast: Cast, register: Register) -> None:
    for _ in range(51):
        register()
    client = enter(cast.li)
    first = client.get("/complaints/", {"status": "open", "severity": "minor"})
    assert "?status=open&amp;severity=minor&amp;page=2" in page(first)
    second = client.get("/complaints/", {"status": "open", "page": "2"})
    assert len(second.context["rows"]) == 1


ODD = [
    "page=abc", "page=0", "page=-1", f"page={10**30}", "page=" + "9" * 5000, "page=%00", "q=%00",
    "q=" + "%E5%AD%97" * 500, "q=%ff%fe", "q=%ED%A0%80", "q='%22);--", "level=9", "level=%C2%B2",
    "level=" + "1" * 5000, "kind=%00", "acknowledged=%00", "received_from=0001-01-01",
    "received_to=9999-12-31", "received_from=10000-01-01", "received_to=%00", "category=%00",
    "category=%27", "branch=%00", "branch=" + "9" * 400, "status=%00", "clock=x", "unread=%00",
    "a=1&" * 900, "week=%00", "week=9999-W53", "week=0000-W00", "week=2026-W99", "figure=%00",
    "figure=complaints&branch=%00", "kind=result&said=%00", "press_key=x", "files=x&attachments=x",
    "%00=%00", "&&&==", "occurred_at=%00&amount=abc&branch=x&person=x&committed_on=x",
]  # fmt: skip


#: Pages that read their query, and the form that reads it as its first values.
ASKED = ["/complaints/", "/escalations/", "/playbook/", "/messages/", "/rankings/weekly/cases/"]
#: Pages that should not mind one.
UNASKED = ["/", "/sign-in/", "/complaints/new/", "/healthz", "/rankings/weekly.csv"]


@pytest.mark.parametrize("address", [*ASKED, *UNASKED, "case", "contacts/", "sheets/"])
def test_no_odd_query_breaks_a_page(cast: Cast, register: Register, address: str) -> None:
    case = register()
    accept(case, cast, at=MONDAY)
    rule(case, cast, at=MONDAY, person=cast.wang)
    sweep(until=NOW)
    if not address.startswith("/"):
        address = f"/complaints/{case.no}/" + address.removeprefix("case")
    client = enter(cast.wang)
    for query in ODD if address in ASKED else ODD[::3] + ODD[-6:]:
        status = client.get(f"{address}?{query}").status_code
        assert status < 500, (address, query[:60])


@pytest.mark.parametrize(
    "no", ["%00", "%00x", "%ED%A0%80", "9" * 4000, "%F0%9F%98%80", "..%2f..", "%25", "TS'--"]
)
def test_no_odd_number_breaks_a_page(cast: Cast, no: str) -> None:
    client = enter(cast.chen)
    for below in ("", "contacts/", "reveals/", "attachments/1/", "sheets/", "sheets/1/",
                  "remedies/1/decision/", f"attachments/{10**30}/"):  # fmt: skip
        for ask in (client.get, client.post):
            assert ask(f"/complaints/{no}/{below}").status_code in (404, 405), (no, below)
    assert client.get(f"/playbook/{no}/").status_code == 404


@pytest.mark.parametrize("number", ["0", str(2**31), str(2**63), str(10**30), "-1"])
def test_no_odd_id_breaks_a_page(cast: Cast, register: Register, number: str) -> None:
    client, one = enter(cast.wang), f"/complaints/{register().no}/"
    for address in (
        f"{one}attachments/{number}/", f"{one}remedies/{number}/decision/",
        f"/escalations/{number}/acknowledgement/", f"/messages/{number}/", f"{one}sheets/{number}/",
    ):  # fmt: skip
        for ask in (client.get, client.post):
            assert ask(address).status_code in (404, 405), address


@pytest.mark.parametrize("address", ["/complaints/new/", "/complaints/new/hints/"])
def test_a_form_of_three_megabytes_is_refused_in_chinese(cast: Cast, address: str) -> None:
    response = enter(cast.li).post(
        address, "what=" + "x" * 3_000_000, content_type="application/x-www-form-urlencoded"
    )
    assert response.status_code == 413
    assert "请" in page(response)
    assert not Complaint.objects.exists()


def test_a_form_of_too_many_fields_is_refused_in_chinese(cast: Cast) -> None:
    response = enter(cast.li).post("/complaints/new/", {f"f{n}": "x" for n in range(1500)})
    assert response.status_code == 413
    assert "请" in page(response)


# The desk and the board


def test_the_desk_groups_what_is_owed_by_urgency(cast: Cast, register: Register) -> None:
    late = register()  # 12:00, apology was due 13:00
    soon = register(at=NOW, received_at=NOW - 30 * MINUTE)
    today = register(by=cast.chen, at=NOW, received_at=NOW - 20 * HOUR)
    context = enter(cast.li).get("/").context
    groups = {
        key: [(r["complaint"], r["face"].kind_label) for r in rows]
        for key, _, rows in context["groups"]
    }
    assert groups == {
        "late": [(late, "致歉")],
        "hour": [(soon, "致歉")],
        "later": [(late, "反馈"), (soon, "反馈")],
    }
    assert context["counts"] == {"late": 1, "hour": 1, "today": 0, "all": 4}
    context = enter(cast.chen).get("/").context
    assert context["counts"] == {"late": 1, "hour": 0, "today": 1, "all": 8}
    assert context["to_sort_count"] == 3
    assert today in [row["complaint"] for _, _, rows in context["groups"] for row in rows]


@pytest.mark.parametrize(
    ("minutes", "group"),
    [(-1, "late"), (0, "hour"), (59, "hour"), (60, "today"), (599, "today"), (600, "later")],
)
def test_the_borders_of_urgency(cast: Cast, register: Register, minutes: int, group: str) -> None:
    """14:00 now: midnight is 600 minutes away; a clock is late after its due."""
    register(by=cast.lin, at=NOW, received_at=NOW + minutes * MINUTE - 24 * HOUR)
    rows = {
        key: [row["face"].kind_label for row in rows]
        for key, _, rows in enter(cast.lin).get("/").context["groups"]
    }
    assert "反馈" in rows[group]


def test_the_desk_says_what_waits_for_a_word(cast: Cast, register: Register) -> None:
    for _ in range(10):
        offer(register(), cast.li, 500)
    case = register()
    accept(case, cast, at=MONDAY)
    wang, chen = enter(cast.wang).get("/"), enter(cast.chen).get("/")
    counted = re.search(r"待我审批</span><span class=\"counter-cell__value\">(\d+)<", page(wang))
    assert counted
    assert counted[1] == "10"
    assert (chen.context["to_sort_count"], chen.context["to_rule_count"]) == (10, 1)
    assert "待我审批" not in page(chen)
    assert "待分拣" not in page(wang)


def test_each_row_of_the_desk_leads_to_the_form_that_stops_its_clock(
    cast: Cast, register: Register
) -> None:
    case = register()
    accept(case, cast, at=MONDAY)
    rule(case, cast, at=MONDAY, person=cast.wang)
    one = f"/complaints/{case.no}/"
    for person, links in (
        (cast.li, [f"{one}contacts/?kind=apology", f"{one}contacts/?kind=result"]),
        (cast.wang, [f"{one}sheets/"]),
        (cast.chen, [f"{one}callbacks/"]),
    ):
        client = enter(person)
        text = page(client.get("/"))
        for link in links:
            assert f'href="{link}"' in text
            assert client.get(link).status_code == 200


def test_an_empty_desk_says_so(cast: Cast) -> None:
    assert "现在没有欠着的事" in page(enter(cast.li).get("/"))
    assert "/complaints/new/" not in page(enter(cast.root).get("/"))


def test_the_board_is_for_those_who_lead(cast: Cast) -> None:
    statuses = {p.username: enter(p).get("/escalations/").status_code for p in cast.people}
    assert statuses == {
        "li": 403, "zhao": 403, "root": 403, "wang": 200, "xu": 200, "ma": 200, "chen": 200,
        "lin": 200, "gao": 200,
    }  # fmt: skip


def test_the_board_is_filtered_and_counted(cast: Cast, register: Register) -> None:
    register()
    register(by=cast.zhao)
    sweep(until=MONDAY + 91 * MINUTE)
    first = Escalation.objects.filter(level=1, complaint__owner=cast.li).get()
    acknowledge(first.pk, note="", by=cast.wang, at=NOW)

    def levels(**query: str) -> list[int]:
        found = enter(cast.wang).get("/escalations/", query).context
        return [row["escalation"].level for row in found["rows"]]

    assert levels() == [2, 1, 0, 0]
    assert levels(level="2") == [2]
    assert levels(level="0") == [0, 0]
    assert levels(acknowledged="no") == [2]
    assert levels(kind="result") == []
    assert levels(kind="apology", level="1") == [1]
    assert levels(level="9") == [2, 1, 0, 0]
    context = enter(cast.wang).get("/escalations/", {"level": "2"}).context
    assert {row["level"]: row["count"] for row in context["levels"]} == {3: 0, 2: 1, 1: 1, 0: 2}
    assert context["board_count"] == 1


# The case page


def test_who_complains_is_masked_until_shown_and_the_look_is_kept(
    cast: Cast, register: Register
) -> None:
    case, client = register(), enter(cast.wang)
    one = f"/complaints/{case.no}/"
    text = page(client.get(one))
    assert "138****8000" in text
    assert "孙**" in text
    assert "13800138000" not in text
    assert "孙玉梅" not in text
    assert client.get(f"{one}reveals/").status_code == 405
    for headers in ({}, HTMX):
        shown = page(client.post(f"{one}reveals/", headers=headers))
        assert "13800138000" in shown
        assert "孙玉梅" in shown
    assert case.events.filter(kind="reveal", actor=cast.wang).count() == 2
    assert "13800138000" not in page(client.get(one))


def test_an_anonymous_name_is_never_shown(cast: Cast, register: Register) -> None:
    case = register(anonymous=True)
    text = page(enter(cast.li).post(f"/complaints/{case.no}/reveals/"))
    assert "孙玉梅" not in text
    assert "匿名" in text


def test_the_buttons_are_what_may_be_done_now(cast: Cast, register: Register) -> None:
    case = register()

    def offered(person: Person) -> set[str]:
        text = page(enter(person).get(f"/complaints/{case.no}/"))
        return set(re.findall(r'data-action="(\w+)"', text))

    assert offered(cast.li) == {
        "record_contact", "propose_remedy", "ask_time", "withdraw", "attach", "offer",
        "suggest_triage", "suggest_ruling",
    }  # fmt: skip
    assert offered(cast.chen) == {
        "record_contact", "accept", "reject", "grant_time", "withdraw", "attach",
    }  # fmt: skip
    accept(case, cast, at=MONDAY)
    rule(case, cast, at=MONDAY, person=cast.wang)
    assert {"submit_sheet", "dispute"} <= offered(cast.wang)
    assert "submit_sheet" not in offered(cast.li)
    assert {"record_callback", "waive_sheet", "rule"} <= offered(cast.chen)
    answer(case, by=cast.li, at=MONDAY)
    call_back(case, by=cast.chen, at=NOW)
    assert offered(cast.li) == {"record_contact", "reopen", "attach"}


def test_the_case_tells_of_its_pause_and_who_may_end_it(cast: Cast, register: Register) -> None:
    case = register()
    allowances.grant(case.pk, PAUSE, by=cast.chen, at=MONDAY + HOUR)
    text = page(enter(cast.chen).get(f"/complaints/{case.no}/"))
    assert 'class="clock-cell" data-state="paused"' in text
    assert "停至 11-17 01:00" in text
    assert "应于 <time" in text
    assert "原定 11-17 12:00" in text
    assert "已用 2 小时（净 1 小时），暂停至 11-17 01:00<br>原定 11-17 12:00" in text
    assert "提前恢复计时" in text
    seen_by_owner = page(enter(cast.li).get(f"/complaints/{case.no}/"))
    assert "暂停中" in seen_by_owner
    assert "提前恢复计时" not in seen_by_owner


def test_a_request_is_answered_from_the_case_page(cast: Cast, register: Register) -> None:
    case = register()
    asked = allowances.ask(case.pk, PAUSE, by=cast.li, at=MONDAY)
    links = {
        person.username: set(
            re.findall(
                rf'href="[^"]+/{asked.pk}/(\w+)/"',
                page(enter(person).get(f"/complaints/{case.no}/")),
            )
        )
        for person in (cast.li, cast.wang, cast.chen)
    }
    assert links == {"li": set(), "wang": {"endorsement"}, "chen": {"decision"}}
    assert "ask_time" not in page(enter(cast.li).get(f"/complaints/{case.no}/"))
    answer(case, by=cast.li, at=MONDAY + HOUR)
    text = page(enter(cast.chen).get(f"/complaints/{case.no}/"))
    assert "未及批准" in text
    assert f"/{asked.pk}/decision/" not in text


def test_an_overdue_24h_is_offered_no_more_time(cast: Cast, register: Register) -> None:
    case = register(received_at=NOW - 24 * HOUR - MINUTE, by=cast.li)
    assert "ask_time" not in page(enter(cast.li).get(f"/complaints/{case.no}/"))
    assert "grant_time" not in page(enter(cast.chen).get(f"/complaints/{case.no}/"))


def test_after_an_attempt_the_case_page_says_what_is_still_needed(
    cast: Cast, register: Register
) -> None:
    case = register(received_at=NOW - 30 * MINUTE, at=NOW - 30 * MINUTE)
    client = enter(cast.li)
    tried = {**TALK, "reached": "no", "occurred_at": "2026-11-16T13:40"}
    client.post(f"/complaints/{case.no}/contacts/", tried)
    text = page(client.get(f"/complaints/{case.no}/"))
    assert "已尝试 1 次；在 13:55 到 14:30 之间换一种方式" in text


def test_a_sheet_returned_twice_says_so(cast: Cast, register: Register) -> None:
    case = register(received_at=NOW - 60 * HOUR, at=NOW - 60 * HOUR)
    accept(case, cast, at=NOW - 59 * HOUR)
    rule(case, cast, at=NOW - 59 * HOUR)
    for hours in (50, 48):
        submit(case, by=cast.ma, at=NOW - hours * HOUR)
        sheets.send_back(case.pk, opinion="不实", by=cast.chen, at=NOW - (hours - 1) * HOUR)
    submit(case, by=cast.ma, at=NOW - 40 * HOUR)
    text = page(enter(cast.chen).get(f"/complaints/{case.no}/"))
    assert "两次退回" in text
    assert text.count('class="clock-cell"') == 5


@pytest.mark.parametrize(
    ("who", "shown"), [("wang", False), ("chen", True), ("lin", True), ("gao", True)]
)
def test_the_board_tells_quality_how_much_was_recorded_late(
    cast: Cast, register: Register, who: str, shown: bool
) -> None:
    case = register()
    apologise(case, by=cast.li, at=NOW - MINUTE, occurred_at=MONDAY)
    apologise(case, by=cast.li, at=NOW - MINUTE)
    text = page(enter(getattr(cast, who)).get("/escalations/"))
    assert ("近 7 天补记率 1/2" in text) == shown


def test_every_button_leads_to_its_form(cast: Cast, register: Register) -> None:
    case = register()
    accept(case, cast, at=MONDAY)
    rule(case, cast, at=MONDAY, person=cast.wang)
    asked_for(case, cast)
    sweep(until=NOW)
    for person in (cast.li, cast.wang, cast.chen, cast.lin, cast.gao):
        client = enter(person)
        links = re.findall(r'hx-get="([^"]+)"', page(client.get(f"/complaints/{case.no}/")))
        assert links
        for link in links:
            assert client.get(link, headers=HTMX).status_code == 200, (person, link)


# The playbook


@pytest.fixture
def entries(cast: Cast) -> list[PlaybookEntry]:
    said = {"do": "查", "offer": "给", "report_to": "报"}
    late = PlaybookEntry.objects.create(
        code="late", title="货晚到", say="先道歉", keywords=["晚到"], **said
    )
    rude = PlaybookEntry.objects.create(code="rude", title="骂人", say="对不起", **said)
    PlaybookEntry.objects.create(code="gone", title="旧的", say="旧", is_active=False, **said)
    late.categories.set([cast.late_goods])
    rude.categories.set([cast.rude])
    return [late, rude]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, {"late", "rude"}), ({"q": "晚到"}, {"late"}), ({"q": "对不起"}, {"rude"}),
        ({"q": "\x00"}, {"late", "rude"}), ({"category": "delay"}, {"late"}),
        ({"category": "rude"}, {"rude"}), ({"category": "x"}, set()), ({"q": "旧"}, set()),
        ({"q": "%"}, set()),
    ],
)  # fmt: skip
def test_the_playbook_is_searched(
    cast: Cast, entries: list[PlaybookEntry], query: dict[str, str], found: set[str]
) -> None:
    response = enter(cast.li).get("/playbook/", query)
    assert {entry.code for entry in response.context["entries"]} == found


def test_an_entry_has_a_page_of_its_own(cast: Cast, entries: list[PlaybookEntry]) -> None:
    client = enter(cast.li)
    assert "先道歉" in page(client.get("/playbook/late/"))
    assert client.get("/playbook/gone/").status_code == 404
    assert client.get("/playbook/none/").status_code == 404


# How many queries a page costs: pinned, and no more when there is more to show


def fill(cast: Cast, register: Register, n: int) -> Complaint:
    """`n` more cases with something of everything; the last of them."""
    for _ in range(n):
        case = register(concerned_branch=cast.suzhou)
        accept(case, cast, at=MONDAY)
        rule(case, cast, at=MONDAY, person=cast.wang)
        asked_for(case, cast)
        register(severity=Severity.MAJOR)
    sweep(until=NOW)
    return case


def hang(cast: Cast, case: Complaint, n: int) -> None:
    """`n` more of everything that a case page lists."""
    for _ in range(n):
        at = MONDAY + (5 * case.callbacks.count() + 5) * MINUTE
        offer(case, cast.li, 10)
        rule(case, cast, at=MONDAY, person=cast.wang)
        answer(case, by=cast.li, at=at)
        attachments.attach(case.pk, upload("a.txt", b"a"), by=cast.li, at=at)
        call_back(case, by=cast.chen, at=at + MINUTE, satisfied=False, said="不行")


def queries(client: Client, address: str, count: Any) -> int:
    client.get(address)  # warm
    with count as captured:
        assert client.get(address).status_code == 200
    return len(captured)


#: Page, who looks, and how many queries it takes at most; seven of them set the reader's eyes.
COSTS = [
    ("/", "li", 26), ("/", "chen", 34), ("/", "wang", 30), ("/complaints/", "chen", 19),
    ("/complaints/?status=open&clock=late", "wang", 20), ("/escalations/", "wang", 20),
    ("/escalations/", "chen", 21),
    ("/messages/", "wang", 16), ("/playbook/", "li", 16),
]  # fmt: skip


@pytest.mark.parametrize(("address", "who", "most"), COSTS)
def test_a_page_costs_the_same_however_much_it_shows(
    cast: Cast,
    register: Register,
    django_assert_max_num_queries: Any,
    settings: Any,
    address: str,
    who: str,
    most: int,
) -> None:
    settings.INCIDENT_CASES = 99  # that some are alike costs four more, once
    client = enter(getattr(cast, who))
    fill(cast, register, 1)
    few = queries(client, address, django_assert_max_num_queries(most))
    fill(cast, register, 5)
    many = queries(client, address, django_assert_max_num_queries(most))
    assert many == few


@pytest.mark.parametrize(("who", "most"), [("li", 54), ("wang", 56), ("chen", 62), ("gao", 58)])
def test_a_case_costs_the_same_however_long_its_story(
    cast: Cast, register: Register, django_assert_max_num_queries: Any, who: str, most: int
) -> None:
    case = fill(cast, register, 1)
    hang(cast, case, 1)
    client, address = enter(getattr(cast, who)), f"/complaints/{case.no}/"
    few = queries(client, address, django_assert_max_num_queries(most))
    hang(cast, case, 4)
    many = queries(client, address, django_assert_max_num_queries(most))
    assert many == few
