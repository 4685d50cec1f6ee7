"""The pages of the policies: who reads them, and drafting without JavaScript."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
import time_machine
from django.test import Client

from complaints import policy_drafts
from complaints.models import Policy, PolicyState
from complaints.policy_drafts import Step, content
from notify.models import Message
from staff.models import Person
from tests.complaints.scenes import HOUR, MINUTE
from tests.conftest import MONDAY, Cast

READERS = {"wang", "xu", "chen", "lin", "gao"}
EVERYONE = ["li", "wang", "xu", "chen", "lin", "gao", "root"]


@pytest.fixture(autouse=True)
def _today(_reference_data: None) -> Iterator[None]:
    with time_machine.travel(MONDAY, tick=False):
        yield


def enter(person: Person) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(person)
    return client


def page(answer: Any) -> str:
    text: str = answer.content.decode()
    return text


class _Form(HTMLParser):
    """What a browser without JavaScript would send of the form with this id."""

    def __init__(self, form_id: str) -> None:
        super().__init__()
        self.form_id, self.inside, self.select = form_id, False, ""
        self.sent: dict[str, Any] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        if tag == "form":
            self.inside = said.get("id") == self.form_id
        if not self.inside:
            return
        if tag == "select":
            self.select = said["name"] or ""
            self.sent.setdefault(self.select, "")
        elif tag == "option" and "selected" in said:
            self.sent[self.select] = said["value"]
        elif tag == "input" and said.get("type") in ("checkbox", "radio"):
            if "checked" in said:
                self.sent.setdefault(said["name"] or "", []).append(said.get("value") or "on")
        elif tag == "input" and said.get("name"):
            self.sent[said["name"] or ""] = said.get("value") or ""


def filled(answer: Any, form_id: str = "policy-form") -> dict[str, Any]:
    form = _Form(form_id)
    form.feed(page(answer))
    assert form.sent.pop("csrfmiddlewaretoken")
    return form.sent


@pytest.fixture
def draft(cast: Cast) -> Policy:
    return policy_drafts.draft(Policy.objects.get(), by=cast.chen, at=MONDAY)


@pytest.mark.parametrize("who", EVERYONE)
def test_leaders_read_the_front_line_and_the_administrator_do_not(
    cast: Cast, draft: Policy, who: str
) -> None:
    client = enter(getattr(cast, who))
    expected = 200 if who in READERS else 403
    for address in ("/policies/", "/policies/1/", "/policies/2/"):
        assert client.get(address).status_code == expected, address
    drafts = who in ("chen", "lin", "gao")
    assert client.get("/policies/2/edit/").status_code == (200 if drafts else 403)
    assert ("修改草稿" in page(client.get("/policies/2/"))) == drafts
    assert ('id="approve"' in page(client.get("/policies/2/"))) == (who in ("lin", "gao"))
    for verb in ("drafts", "reset", "submission"):
        posted = client.post(f"/policies/2/{verb}/").status_code
        assert (posted == 403) == (not drafts), verb
    approved = client.post("/policies/2/approval/").status_code
    assert (approved == 403) == (who not in ("lin", "gao"))


def test_what_there_is_not_is_404(cast: Cast) -> None:
    client = enter(cast.lin)
    for version in ("9", "99999999999999999999"):
        for rest in ("", "edit/"):
            assert client.get(f"/policies/{version}/{rest}").status_code == 404
        assert client.post(f"/policies/{version}/approval/").status_code == 404


def test_the_list_says_which_version_is_in_force(cast: Cast, draft: Policy) -> None:
    policy_drafts.approve(draft.pk, effective_from=MONDAY + HOUR, by=cast.lin, at=MONDAY)
    policy_drafts.draft(draft, by=cast.chen, at=MONDAY)
    client = enter(cast.wang)

    def standings() -> list[str]:
        return re.findall("现行|待生效|草稿|已停用", page(client.get("/policies/")))

    assert standings() == ["草稿", "待生效", "现行"]
    with time_machine.travel(MONDAY + HOUR, tick=False):
        assert standings() == ["草稿", "现行", "已停用"]


def test_a_version_is_told_in_hours_and_minutes(cast: Cast) -> None:
    text = page(enter(cast.wang).get("/policies/1/"))
    for words in (
        "1 小时", "72 小时", "到期前 30 分钟", "到期前 12 小时", "到期时", "到期后 2 小时",
        "首问责任人、主管", "品质管理员、服务总监", "整改责任人",
    ):  # fmt: skip
        assert words in text, words


def test_the_preview_answers_what_the_address_asks(cast: Cast) -> None:
    client = enter(cast.chen)
    usual = page(client.get("/policies/1/"))
    assert 'value="2026-11-20T17:40"' in usual
    assert "11-20 星期五 18:10" in usual
    asked = {
        "received_at": "2026-11-19T08:00", "branch": "LZ", "severity": "critical",
        "channel": "phone",
    }  # fmt: skip
    text = page(client.get("/policies/1/", asked))
    assert "11-19 星期四 08:00" in text
    assert "马兰" in text
    assert "王强" not in text
    wrong = page(client.get("/policies/1/", {**asked, "received_at": "x", "branch": "\x00"}))
    assert "请填写日期和时间" in wrong
    assert "星期" not in wrong


def test_a_draft_is_begun_changed_and_saved_without_javascript(cast: Cast) -> None:
    client = enter(cast.chen)
    begun = client.post("/policies/1/drafts/")
    assert begun["Location"] == "/policies/2/edit/"
    sent = filled(client.get("/policies/2/edit/"))
    assert (sent["rows-0-hours"], sent["rows-0-minutes"]) == ("1", "")
    sent |= {"rows-0-hours": "", "rows-0-minutes": "45", "note": "致歉改为 45 分钟"}
    saved = client.post("/policies/2/edit/", sent)
    assert saved["Location"] == "/policies/2/edit/"
    made, first = Policy.objects.order_by("-version")
    assert made.note == "致歉改为 45 分钟"
    assert content(made)[0] == replace(content(first)[0], minutes=45)
    assert content(made)[1:] == content(first)[1:]


def test_steps_and_rows_come_and_go_by_buttons_and_nothing_typed_is_lost(
    cast: Cast, draft: Policy
) -> None:
    client = enter(cast.chen)
    sent = filled(client.get("/policies/2/edit/"))
    sent |= {"note": "还没写完", "rows-0-hours": "不是数"}
    more = client.post("/policies/2/edit/", {**sent, "less": "rows-0-steps-0"})
    sent = filled(more)
    assert more.status_code == 200
    assert "请填写整数" not in page(more)  # nothing is judged before it is saved
    assert (sent["note"], sent["rows-0-hours"]) == ("还没写完", "不是数")
    assert sent["rows-0-steps-TOTAL_FORMS"] == "4"
    sent = filled(client.post("/policies/2/edit/", {**sent, "more": "rows-0-steps"}))
    assert sent["rows-0-steps-4-level"] == "0"  # all levels are there: a warning
    sent |= {
        "rows-0-hours": "1", "rows-0-steps-4-minutes": "40",
        "rows-0-steps-4-tells_debtor": "on", "rows-0-steps-4-roles": ["quality"],
    }  # fmt: skip
    sent = filled(client.post("/policies/2/edit/", {**sent, "more": "apology"}))
    assert sent["rows-TOTAL_FORMS"] == "6"
    assert (sent["rows-1-kind"], sent["rows-1-severity"]) == ("apology", "")
    assert sent["rows-1-steps-4-minutes"] == "40"  # a copy of the general row
    sent |= {"rows-1-channel": "p12345", "rows-1-hours": "", "rows-1-minutes": "30"}
    sent |= {"rows-1-steps-4-minutes": "20", "rows-1-steps-0-minutes": "10"}
    sent = filled(client.post("/policies/2/edit/", {**sent, "more": "result"}))
    assert sent["rows-TOTAL_FORMS"] == "7"
    sent = filled(client.post("/policies/2/edit/", {**sent, "less": "rows-3"}))
    assert client.post("/policies/2/edit/", sent).status_code == 302
    general, special, *rest = content(Policy.objects.get(version=2))
    assert Step(0, -40, True, ("quality",)) in general.steps
    assert (special.channel, special.minutes) == ("p12345", 30)
    assert Step(0, -20, True, ("quality",)) in special.steps
    assert [each.kind for each in rest] == ["result", "sheet", "callback", "resubmit"]


WRONG = [
    ({"rows-0-hours": "", "rows-0-minutes": ""}, "请填写时间。"),
    ({"rows-0-hours": "0"}, "时长至少 1 分钟。"),
    ({"rows-0-hours": "2161"}, "最多 90 天。"),
    ({"rows-0-minutes": "60"}, "分钟最多 59。"),
    ({"rows-0-hours": "-1"}, "不能小于 0。"),
    ({"rows-0-steps-0-minutes": "0"}, "预警要早于到期，至少 1 分钟。"),
    ({"rows-0-steps-3-level": "1"}, "这一级已经有了，每级只能有一条。"),
    ({"note": "字" * 501}, "内容过长"),
]


@pytest.mark.parametrize(("typed", "sentence"), WRONG)
def test_what_is_wrong_is_said_beside_the_field(
    cast: Cast, draft: Policy, typed: dict[str, str], sentence: str
) -> None:
    client = enter(cast.chen)
    sent = filled(client.get("/policies/2/edit/")) | typed
    answer = client.post("/policies/2/edit/", sent)
    assert answer.status_code == 422
    assert sentence in page(answer)
    assert filled(answer) == sent
    assert content(Policy.objects.get(version=2)) == content(Policy.objects.get(version=1))


def test_two_rows_for_one_kind_of_case_are_refused_beside_the_second(
    cast: Cast, draft: Policy
) -> None:
    client = enter(cast.chen)
    sent = filled(client.get("/policies/2/edit/"))
    sent = filled(client.post("/policies/2/edit/", {**sent, "more": "sheet"}))
    answer = client.post("/policies/2/edit/", sent)
    assert answer.status_code == 422
    assert "请选择严重程度或渠道" in page(answer)


@pytest.mark.parametrize("said", [{}, {"rows-TOTAL_FORMS": "x"}, {"more": "rows-9-steps"}])
def test_odd_requests_change_nothing(cast: Cast, draft: Policy, said: dict[str, str]) -> None:
    before = content(draft)
    answer = enter(cast.chen).post("/policies/2/edit/", said)
    assert answer.status_code in (200, 422)
    assert content(draft) == before
    for place in ("rows-0-steps-99", "rows-x", "rows-0-steps-0-level", "nonsense", "rows-²"):
        sent = filled(enter(cast.chen).get("/policies/2/edit/"))
        for button in ("more", "less"):
            again = enter(cast.chen).post("/policies/2/edit/", {**sent, button: place})
            assert filled(again) == sent


def test_a_draft_that_cannot_be_approved_yet_says_why_and_where(cast: Cast, draft: Policy) -> None:
    sick = [
        replace(each, steps=each.steps[:2]) if each.kind == "callback" else each
        for each in content(draft)
    ]
    policy_drafts.save(draft.pk, sick, "", by=cast.chen, at=MONDAY)
    edited = page(enter(cast.chen).get("/policies/2/edit/"))
    panel = edited.split('id="kind-callback"')[1].split('id="kind-resubmit"')[0]
    assert "没有升级：超时以后没有人会知道。" in panel
    client = enter(cast.lin)
    read = page(client.get("/policies/2/"))
    assert "回访：没有升级" in read
    assert "data-primary" not in read.split('id="approve"')[1]
    assert "提请批准" not in page(enter(cast.chen).get("/policies/2/"))
    refused = client.post("/policies/2/approval/", {})
    assert refused.status_code == 422
    assert "还有 1 处要改" in page(refused)


def test_from_the_request_to_the_approval(cast: Cast, draft: Policy) -> None:
    chen, lin = enter(cast.chen), enter(cast.lin)
    asked = chen.post("/policies/2/submission/", follow=True)
    assert "已通知林涛。" in page(asked)
    letter = Message.objects.get(recipient=cast.lin)
    read = lin.get(letter.url)
    assert read.status_code == 200
    seen = re.search('name="seen" value="([^"]+)"', page(read))
    assert seen is not None
    past = lin.post("/policies/2/approval/", {"effective_from": "2026-11-16T11:59"})
    assert past.status_code == 422
    assert "生效时间不能早于现在" in page(past)
    assert lin.get("/policies/2/approval/")["Location"] == "/policies/2/"
    done = lin.post(
        "/policies/2/approval/", {"effective_from": "2026-11-18T00:00", "seen": seen[1]}
    )
    assert done["Location"] == "/policies/2/"
    draft.refresh_from_db()
    assert (draft.state, draft.approved_by) == (PolicyState.APPROVED, cast.lin)
    assert draft.effective_from == MONDAY + timedelta(hours=36)
    assert "待生效" in page(lin.get("/policies/2/"))
    assert chen.get("/policies/2/edit/")["Location"] == "/policies/2/"


def test_nobody_approves_what_was_changed_behind_the_open_page(cast: Cast, draft: Policy) -> None:
    lin = enter(cast.lin)
    seen = re.search('name="seen" value="([^"]+)"', page(lin.get("/policies/2/")))
    assert seen is not None
    longer = [replace(each, minutes=each.minutes + 1) for each in content(draft)]
    policy_drafts.save(draft.pk, longer, "", by=cast.chen, at=MONDAY + MINUTE)
    refused = lin.post("/policies/2/approval/", {"seen": seen[1]})
    assert refused.status_code == 422
    assert "这份草稿刚刚被陈洁改过" in page(refused)


def test_a_draft_is_reset_and_a_second_one_is_refused(cast: Cast, draft: Policy) -> None:
    policy_drafts.save(draft.pk, content(draft)[:2], "", by=cast.chen, at=MONDAY)
    client = enter(cast.chen)
    answer = client.post("/policies/2/reset/", {"based_on": "1"}, follow=True)
    assert "草稿已换成 V1 的内容。" in page(answer)
    assert content(draft) == content(Policy.objects.get(version=1))
    assert "没有这个版本。" in page(client.post("/policies/2/reset/", {}, follow=True))
    again = client.post("/policies/1/drafts/", follow=True)
    assert "已有一份草稿（V2）" in page(again)
