"""The public form: kept, registered at once, answered with a receipt; what is wrong is said beside
its field and what was typed stays."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from common import text, walls
from complaints.models import Attachment, Channel, Complaint, Severity
from intake import items
from intake.models import Inlet, Item, ItemState, Receipt
from intake.public import receipts
from staff import branches
from staff.models import Throttle
from tests.conftest import MONDAY, Cast
from tests.intake.public.feedback import PHONE, code_on, filled, no_on, photo, send, solution

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)

pytestmark = pytest.mark.usefixtures("monday")


@pytest.fixture
def monday(settings: Any) -> Any:
    settings.CAPTCHA_MAX = 50
    with time_machine.travel(MONDAY, tick=False) as clock:
        yield clock


def stranger(**how: Any) -> Client:
    return Client(raise_request_exception=False, **how)


def errors(page: Any) -> dict[str, Any]:
    return dict(page.context["form"].errors)


def test_a_customer_writes_and_holds_the_number_of_a_case(cast: Cast) -> None:
    client = stranger()
    answer = send(client, wish="退运费", order_no="SF100", photos=[photo(), photo("b.png")])
    assert (answer.status_code, answer["Location"]) == (302, "/feedback/receipt/")
    case = Complaint.objects.get()
    assert (case.channel, case.what, case.complainant_phone, case.severity) == (
        Channel.FORM, "货没到，电话也没人接。", PHONE, Severity.MINOR,
    )  # fmt: skip
    assert (case.remedy_sought, case.order_no, case.received_at) == ("退运费", "SF100", MONDAY)
    assert Attachment.objects.filter(complaint=case).count() == 2
    receipt = client.get("/feedback/receipt/")
    assert no_on(receipt) == case.no
    assert "查询码" not in receipt.content.decode()
    item = Item.objects.get()
    assert (item.state, item.complaint) == (ItemState.REGISTERED, case)
    said = json.loads(bytes(item.raw))
    assert said["agreed"] == {"notice": "2026-11", "at": MONDAY.isoformat()}
    assert Receipt.objects.get().notice == "2026-11"


def test_the_code_on_the_wall_fills_in_the_branch_and_its_front_line_hears_it(cast: Cast) -> None:
    client = stranger()
    assert "兰州分公司" in client.get("/feedback/LZ/").content.decode()
    send(client, "/feedback/LZ/")
    case = Complaint.objects.get()
    assert (case.concerned_branch, case.owner) == (cast.lanzhou, cast.zhao)
    assert client.get("/feedback/NIX/")["Location"] == "/feedback/"


def test_the_code_of_a_closed_branch_leads_to_its_heir(cast: Cast) -> None:
    branches.merge(cast.suzhou.pk, cast.wuxi, since=MONDAY, by=cast.root, at=MONDAY)
    client = stranger()
    assert "无锡分公司" in client.get("/feedback/SUZ/").content.decode()
    send(client, "/feedback/SUZ/")
    assert Complaint.objects.get().concerned_branch == cast.wuxi


def test_the_same_form_sent_twice_is_one_case_and_the_same_receipt(cast: Cast) -> None:
    client = stranger()
    form = filled(client)
    for _ in range(3):
        assert client.post("/feedback/", form).status_code == 302
    assert Complaint.objects.count() == Receipt.objects.count() == Item.objects.count() == 1
    send(client, key="f" * 32)
    assert Complaint.objects.count() == 2


@pytest.mark.parametrize(
    ("address", "more"),
    [
        ("/feedback/", {"what": "别的事"}), ("/feedback/WUX/", {}),
        ("/feedback/", {"wish": "退款"}), ("/feedback/", {"photos": [photo()]}),
        ("/feedback/", {"anonymous": None}),
    ],
    ids=["words", "branch", "wish", "photo", "name"],
)  # fmt: skip
def test_other_words_with_a_key_that_is_known_are_another_case_with_a_receipt_of_its_own(
    cast: Cast, address: str, more: dict[str, Any]
) -> None:
    first, second = stranger(), stranger()
    send(first, "/feedback/", anonymous="on")
    code = code_on(first.get("/feedback/receipt/"))
    assert send(second, address, **{"anonymous": "on", **more}).status_code == 302
    assert Complaint.objects.count() == Receipt.objects.count() == 2
    page = second.get("/feedback/receipt/")
    assert no_on(page) != no_on(first.get("/feedback/receipt/"))
    assert code[:4] not in page.content.decode()


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"what": ""}, "what"),
        ({"what": "\u200b\u2060 "}, "what"),
        ({"what": "坏\x00字"}, "what"),
        ({"what": "长" * 5001}, "what"),
        ({"name": "", "phone": ""}, "phone"),
        ({"phone": "123"}, "phone"),
        ({"name": "孙" * 61}, "name"),
        ({"branch": "NIX"}, "branch"),
        ({"branch": "W\x00X"}, "branch"),
        ({"role": "boss"}, "role"),
        ({"agree": None}, "agree"),
        ({"photos": [photo() for _ in range(6)]}, "photos"),
        ({"photos": [photo("a.png", b"MZ\x00")]}, "photos"),
        ({"photos": [photo("a.pdf", b"%PDF-1.4")]}, "photos"),
        ({"photos": [photo("a.png", b"")]}, "photos"),
        ({"altcha": ""}, "__all__"),
        ({"altcha": "bm9uc2Vuc2U="}, "__all__"),
        ({"altcha": "坏\x00"}, "__all__"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_what_was_typed_stays(
    cast: Cast, said: dict[str, Any], field: str
) -> None:
    client = stranger()
    answer = send(client, **{"order_no": "留着的单号", **said})
    assert answer.status_code == 422
    assert list(errors(answer)) == [field]
    assert "留着的单号" in answer.content.decode()
    assert not Item.objects.exists()


def test_the_branch_is_chosen_from_a_list_without_headquarters(cast: Cast) -> None:
    client = stranger()
    page = client.get("/feedback/").content.decode()
    assert "无锡分公司" in page
    assert '<option value="HQ"' not in page
    send(client, branch="WUX")
    assert Complaint.objects.get().concerned_branch == cast.wuxi


def test_who_wants_to_be_anonymous_is_kept_without_a_name_and_gets_a_secret_code(
    cast: Cast,
) -> None:
    client = stranger()
    send(client, anonymous="on")
    case = Complaint.objects.get()
    assert (case.anonymous, case.complainant_name, case.complainant_phone) == (True, "", "")
    assert PHONE not in bytes(Item.objects.get().raw).decode()
    code = code_on(client.get("/feedback/receipt/"))
    assert len(code) == 32
    kept = Receipt.objects.get()
    assert (kept.tail, kept.code_digest) == ("", receipts.digest_of(code))


def test_a_receipt_is_for_the_browser_that_has_sent_the_form(cast: Cast) -> None:
    client = stranger()
    send(client)
    assert stranger().get("/feedback/receipt/")["Location"] == "/feedback/track/"
    forged = stranger()
    forged.cookies["feedback"] = client.cookies["feedback"].value[:-1] + "x"
    assert forged.get("/feedback/receipt/").status_code == 302
    cookie = client.cookies["feedback"]
    assert (cookie["httponly"], cookie["path"], cookie["max-age"]) == (True, "/feedback/", 7200)


def test_what_nobody_can_receive_yet_is_kept_and_has_a_reference_that_opens_it(cast: Cast) -> None:
    for person in cast.people:
        person.is_active = False
        person.save(update_fields=["is_active"])
    client = stranger()
    assert send(client).status_code == 302
    item = Item.objects.get()
    assert (item.state, item.code) == (ItemState.SET_ASIDE, "receiver.nobody")
    assert item.reason == "没有人可以受理：请先安排人员。"
    reference = Receipt.objects.get().reference
    assert reference in client.get("/feedback/receipt/").content.decode()
    other = stranger()
    typed = {"number": reference.lower().replace("-", " "), "tail": "8000"}
    assert other.post("/feedback/track/", typed)["Location"] == "/feedback/case/"
    assert reference in other.get("/feedback/case/").content.decode()
    cast.li.is_active = cast.chen.is_active = True
    cast.li.save()
    cast.chen.save()
    Inlet.objects.update(branch=cast.wuxi)
    with walls.lifted():
        items.settle(item.pk, at=MONDAY, by=cast.chen)
    assert no_on(other.get("/feedback/case/")) == Complaint.objects.get().no


def test_the_house_writes_in_its_own_language_whatever_the_customers_is(cast: Cast) -> None:
    client = stranger(headers={"accept-language": "en"})
    assert '<html lang="en">' in client.get("/feedback/").content.decode()
    for person in cast.people:
        person.is_active = False
        person.save(update_fields=["is_active"])
    send(client)
    assert Item.objects.get().reason == "没有人可以受理：请先安排人员。"


def test_the_other_language_comes_with_what_was_typed(cast: Cast) -> None:
    client = stranger()
    answer = client.post("/feedback/", {"language": "en", "what": "半句话", "name": "孙"})
    page = answer.content.decode()
    assert answer.status_code == 200
    assert '<html lang="en">' in page
    assert "半句话" in page
    assert client.get("/feedback/track/").context["LANGUAGE_CODE"] == "en"
    assert not Item.objects.exists()


def test_a_page_left_open_too_long_comes_back_with_what_was_typed(cast: Cast) -> None:
    client = Client(enforce_csrf_checks=True)
    answer = client.post("/feedback/LZ/", {"what": "写了很久的话"})
    assert answer.status_code == 403
    page = answer.content.decode()
    assert "页面已过期" in page
    assert "写了很久的话" in page
    assert answer["Cache-Control"].startswith("max-age=0")


def test_a_closed_form_says_so(cast: Cast) -> None:
    send(stranger())
    Inlet.objects.update(is_active=False)
    answer = send(stranger(), key="f" * 32)
    assert errors(answer) == {"__all__": ["网上反馈暂未开放，请用其他方式联系我们。"]}


# ---- the captcha ----


def test_a_solution_is_good_once(cast: Cast) -> None:
    client = stranger()
    solved = solution(client)
    assert send(client, altcha=solved).status_code == 302
    answer = send(client, altcha=solved, key="f" * 32)
    assert errors(answer) == {"__all__": ["安全验证已用过，请再按一次提交。"]}
    assert Complaint.objects.count() == 1


def test_a_wrong_form_does_not_use_its_solution_up(cast: Cast) -> None:
    client = stranger()
    solved = solution(client)
    assert send(client, altcha=solved, what="").status_code == 422
    assert send(client, altcha=solved).status_code == 302


@pytest.mark.parametrize(("minutes", "status"), [(19, 302), (21, 422)])
def test_a_solution_does_not_keep(cast: Cast, monday: Any, minutes: int, status: int) -> None:
    client = stranger()
    form = filled(client)
    monday.shift(minutes * MINUTE)
    assert client.post("/feedback/", form).status_code == status


def test_a_solution_for_another_house_or_an_easier_task_is_none(cast: Cast, settings: Any) -> None:
    client = stranger()
    form = filled(client)
    settings.SECRET_KEY = "x" * 50
    assert client.post("/feedback/", form).status_code == 422


@pytest.mark.parametrize(
    "salt", ["a?b?c", "{drawn}?expires=9&{query}", "{drawn}?{query}expires=9&", "{drawn}?", "", "?"]
)
def test_a_solution_whose_salt_is_not_as_we_write_it_is_wrong(cast: Cast, salt: str) -> None:
    client = stranger()
    said = json.loads(base64.b64decode(solution(client)))
    drawn, _mark, query = said["salt"].partition("?")
    said["salt"] = salt.format(drawn=drawn, query=query)
    answer = send(client, altcha=base64.b64encode(json.dumps(said).encode()).decode())
    assert errors(answer) == {"__all__": ["安全验证没有通过，请再按一次提交。"]}


# ---- how often ----


def test_ten_an_hour_from_one_address_and_whoever_stands_elsewhere_may_still(
    cast: Cast, monday: Any
) -> None:
    client = stranger(REMOTE_ADDR="192.0.2.1")
    for n in range(10):
        assert send(client, key=f"{n:032x}", phone=f"1380013800{n}").status_code == 302
    answer = send(client, key="f" * 32, phone="13900139000", what="第十一件")
    assert (answer.status_code, answer["Retry-After"]) == (429, "3600")
    assert "第十一件" in answer.content.decode()
    far = stranger(REMOTE_ADDR="192.0.2.2")
    assert send(far, key="e" * 32, phone="13900139000").status_code == 302
    monday.shift(HOUR)
    assert send(client, key="f" * 32, phone="13900139000").status_code == 302
    assert Complaint.objects.count() == 12


def test_three_an_hour_of_one_phone_however_it_is_written(cast: Cast) -> None:
    for n, phone in enumerate(["13800138000", "+86 138-0013-8000", "１３８００１３８０００"]):
        client = stranger(REMOTE_ADDR=f"192.0.2.{n}")
        assert send(client, key=f"{n:032x}", phone=phone).status_code == 302
    client = stranger(REMOTE_ADDR="192.0.2.9")
    assert send(client, key="f" * 32, phone="0086 13800138000").status_code == 429


def test_a_forwarded_address_is_believed_of_trusted_proxies_only(cast: Cast, settings: Any) -> None:
    for n in range(10):
        client = stranger(headers={"x-forwarded-for": f"192.0.2.{n}"})
        send(client, key=f"{n:032x}", phone=f"1380013800{n}")
    client = stranger(headers={"x-forwarded-for": "192.0.2.99"})
    assert send(client, key="f" * 32, phone="13900139000").status_code == 429
    settings.TRUSTED_PROXIES = ["127.0.0.0/8"]
    assert send(client, key="f" * 32, phone="13900139000").status_code == 302


def test_no_address_is_kept(cast: Cast) -> None:
    send(stranger(REMOTE_ADDR="192.0.2.77"))
    rows = [*Throttle.objects.values_list("key", flat=True)]
    rows += [bytes(raw).decode() for raw in Item.objects.values_list("raw", flat=True)]
    assert len(rows) == 4  # the solution, the address, the phone; and the form
    assert not any("192.0.2.77" in row for row in rows)


# ---- what nobody means well ----


def test_hostile_bodies_get_a_page_of_ours_in_chinese(cast: Cast) -> None:
    client = stranger()
    plain = "application/x-www-form-urlencoded"
    fields = "&".join(f"f{n}=x" for n in range(2000))
    files = {f"f{n}": photo() for n in range(30)}
    for body, kind, status in [
        ("what=" + "a" * 3_000_000, plain, 413),
        (fields, plain, 413),
        ("--x\r\nbroken", "multipart/form-data; boundary=x", 422),
        ("nothing", "multipart/form-data", 400),
        (b"what=%ff%fe&altcha=%00", plain, 422),
        (b"\xff\xd8\xff", "image/jpeg", 422),
    ]:
        answer = client.post("/feedback/", body, content_type=kind)
        assert answer.status_code == status, (kind, answer.status_code)
        assert "查询进度" in answer.content.decode()
    assert client.post("/feedback/", files).status_code == 413
    assert client.get("/feedback/x%00y/").status_code == 404
    assert client.get("/feedback/nowhere/at/all/").status_code == 404
    assert client.put("/feedback/").status_code == 405
    assert not Item.objects.exists()


@pytest.mark.parametrize(
    "what",
    [
        "<script>alert(1)</script>", "{{7*7}} {% now %}", "' OR 1=1 --", "👨‍👩‍👧‍👦 㛃𠮷",
        "a" + "\u0301" * 4000, "第一行\r\n第二行\t。",
    ],
    ids=["script", "template", "sql", "emoji", "marks", "lines"],
)  # fmt: skip
def test_strange_words_are_kept_as_the_text_door_says_and_shown_escaped(
    cast: Cast, what: str
) -> None:
    client = stranger()
    send(client, what=what)
    kept = Complaint.objects.get().what
    assert kept == text.clean(what, limit=10_000, lines=True)
    page = client.get("/feedback/case/").content.decode()
    assert "<script>alert" not in page
    assert "49" not in page.split("您反馈的内容")[1].split("收到时间")[0]


def test_the_form_asks_nothing_of_the_cache_and_little_of_the_database(
    cast: Cast, django_assert_max_num_queries: Any
) -> None:
    client = stranger()
    with django_assert_max_num_queries(2):
        assert client.get("/feedback/").status_code == 200
    client.cookies["sessionid"] = "anything"
    with django_assert_max_num_queries(2):
        assert client.get("/feedback/").status_code == 200


def test_no_page_for_customers_may_be_kept_or_found(cast: Cast) -> None:
    client = stranger()
    send(client)
    for address in (
        "",
        "receipt/",
        "case/",
        "track/",
        "privacy/",
        "case/withdrawal/",
        "challenge/",
    ):
        answer = client.get(f"/feedback/{address}")
        assert answer.status_code == 200, address
        assert "no-store" in answer["Cache-Control"]
        assert answer["X-Robots-Tag"] == "noindex, nofollow"
        assert answer["Referrer-Policy"] == "same-origin"
        assert "script-src 'self'" in answer["Content-Security-Policy"]
        assert "sessionid" not in answer.cookies
