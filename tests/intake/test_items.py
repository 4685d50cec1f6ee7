"""Whatever comes in is kept first, and then becomes one case, or says why not."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from threading import Event as Signal

import pytest
from django.db import OperationalError, connection, transaction

from common import walls
from common.errors import RuleBroken
from complaints.models import Attachment, Channel, Complaint, Event, Statement
from intake import inlets, items
from intake.items import Arrival
from intake.models import Inlet, Item, ItemState
from intake.reading import READERS
from intake.understood import File, Ignored, Told, Understood
from notify.models import Message
from staff import people
from staff.eyes import eyes_of
from staff.models import Role
from tests.complaints.scenes import HOUR
from tests.complaints.test_races import at_once, done
from tests.conftest import MONDAY, PASSWORD, Cast

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00\x00\x00\rIHDR" + b"\x00" * 20
READ: list[Callable[[Item], Understood]] = []


def stopped(at: datetime) -> Callable[[], datetime]:
    """A clock that stands still."""
    return lambda: at


def read(item: Item) -> Understood:
    return READ[-1](item)


@pytest.fixture(autouse=True)
def _reader() -> Iterator[None]:
    READERS[Channel.SMS] = read
    READ.append(lambda item: Told(what=bytes(item.raw).decode(), name="孙玉梅"))
    yield
    READ.clear()
    del READERS[Channel.SMS]


@pytest.fixture
def inlet(cast: Cast) -> Inlet:
    return Inlet.objects.create(
        key="sms", name="短信", channel=Channel.SMS, branch=cast.wuxi, category=cast.rude
    )


def arrive(inlet: Inlet, words: str = "货没到", outside_id: str = "1") -> Item:
    arrival = Arrival(outside_id=outside_id, raw=words.encode(), sender="13800138000")
    return items.keep(inlet, arrival, at=MONDAY)[0]


def test_what_arrives_waits_as_it_came_until_it_is_settled(inlet: Inlet) -> None:
    item = arrive(inlet)
    assert (item.state, bytes(item.raw), item.size) == (ItemState.WAITING, "货没到".encode(), 9)
    assert items.settle(item.pk, at=MONDAY).state == ItemState.REGISTERED
    case = Complaint.objects.get()
    assert (case.what, case.channel, case.received_at) == ("货没到", Channel.SMS, MONDAY)
    assert Item.objects.get().complaint == case


def test_the_front_line_with_the_fewest_open_cases_hears_it_first(cast: Cast, inlet: Inlet) -> None:
    qian = people.hire(
        "qian", name="钱多", role=Role.FRONTLINE, branch=cast.wuxi, password=PASSWORD,
        email="qian@example.com",
    )  # fmt: skip
    for number in range(4):
        items.settle(arrive(inlet, f"第 {number} 件", str(number)).pk, at=MONDAY)
    owners = list(Complaint.objects.order_by("pk").values_list("owner", flat=True))
    assert owners == [cast.li.pk, qian.pk, cast.li.pk, qian.pk]


def test_a_named_receiver_hears_what_comes_for_the_branch_and_others_for_theirs(
    cast: Cast, inlet: Inlet
) -> None:
    inlet.receiver = cast.wang
    inlet.save()
    items.settle(arrive(inlet).pk, at=MONDAY)
    READ.append(lambda item: Told(what="别处的事", name="孙", branch=cast.lanzhou))
    items.settle(arrive(inlet, outside_id="2").pk, at=MONDAY)
    assert [case.owner for case in Complaint.objects.order_by("pk")] == [cast.wang, cast.zhao]


def test_the_same_again_is_the_same_item_and_one_case(inlet: Inlet) -> None:
    for _ in range(3):
        item = arrive(inlet)
        items.settle(item.pk, at=MONDAY)
    assert Complaint.objects.count() == 1
    assert Item.objects.get().repeats == 2


def test_a_conversation_is_one_case_while_that_is_open(cast: Cast, inlet: Inlet) -> None:
    READ.append(lambda item: Told(what=bytes(item.raw).decode(), name="孙", conversation="c1"))
    first = items.settle(arrive(inlet, "货没到").pk, at=MONDAY)
    second = items.settle(arrive(inlet, "还没到", "2").pk, at=MONDAY + HOUR / 2)
    assert second.state == ItemState.APPENDED
    assert second.complaint == first.complaint
    assert Statement.objects.get().said == "还没到"
    assert Event.objects.filter(kind="hear", actor=None).count() == 1
    assert Message.objects.filter(recipient=cast.li, key__startswith="heard:").count() == 1
    Complaint.objects.update(status="withdrawn")
    third = items.settle(arrive(inlet, "又有事", "3").pk, at=MONDAY + HOUR)
    assert third.state == ItemState.REGISTERED
    fourth = items.settle(arrive(inlet, "再补一句", "4").pk, at=MONDAY + HOUR)
    assert fourth.complaint == third.complaint


def test_what_is_nothing_for_us_says_why(inlet: Inlet) -> None:
    READ.append(lambda item: Ignored("auto_reply", "自动回复。"))
    item = items.settle(arrive(inlet).pk, at=MONDAY)
    assert (item.state, item.code, item.reason) == ("ignored", "auto_reply", "自动回复。")


def test_a_rule_sets_it_aside_for_a_person_and_nothing_is_half_written(inlet: Inlet) -> None:
    READ.append(lambda item: Told(what="\u200b", name="孙"))
    item = items.settle(arrive(inlet).pk, at=MONDAY)
    assert (item.state, item.code) == (ItemState.SET_ASIDE, "what.blank")
    assert not Complaint.objects.exists()


def broken(item: Item) -> Understood:
    raise ZeroDivisionError


def test_an_error_nobody_thought_of_is_tried_again_and_then_shown(cast: Cast, inlet: Inlet) -> None:
    READ.append(broken)
    item = arrive(inlet)
    at = MONDAY
    for _ in range(items.PATIENCE - 1):
        assert items.drain(stopped(at)) == 1
        item.refresh_from_db()
        assert item.state == ItemState.WAITING
        assert item.next_try_at
        at = item.next_try_at
    items.drain(lambda: at)
    item.refresh_from_db()
    assert (item.state, item.code) == (ItemState.SET_ASIDE, "unexpected")
    READ.pop()
    assert items.settle(item.pk, at=at).state == ItemState.SET_ASIDE
    assert items.settle(item.pk, at=at, by=cast.chen).state == ItemState.REGISTERED
    assert Item.objects.get().settled_by == cast.chen


class Killed(BaseException):
    """The process is gone: nothing that it had begun is written."""


def test_what_ends_its_process_is_tried_so_often_too_and_holds_up_no_other(
    cast: Cast, inlet: Inlet
) -> None:
    def deadly(item: Item) -> Understood:
        if item.outside_id == "1":
            raise Killed
        return Told(what="别的事", name="孙")

    READ.append(deadly)
    item, at = arrive(inlet), MONDAY
    arrive(inlet, outside_id="2")
    for _ in range(items.PATIENCE):
        with pytest.raises(Killed):
            items.drain(stopped(at))
        assert items.drain(stopped(at)) == int(at == MONDAY)
        at += timedelta(minutes=1)
    assert items.drain(lambda: at) == 1
    item.refresh_from_db()
    assert (item.state, item.code) == (ItemState.SET_ASIDE, "unexpected")
    assert Complaint.objects.get().what == "别的事"
    READ.pop()
    assert items.settle(item.pk, at=at, by=cast.chen).state == ItemState.REGISTERED


def test_one_that_cannot_even_be_looked_at_holds_up_no_other(
    inlet: Inlet, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = items.settle

    def settle(item_id: int, *, at: datetime) -> Item:
        if item_id == first.pk:
            raise OperationalError("lock timeout")
        return real(item_id, at=at)

    first = arrive(inlet)
    arrive(inlet, outside_id="2")
    monkeypatch.setattr(items, "settle", settle)
    assert items.drain(lambda: MONDAY) == 2
    assert Complaint.objects.count() == 1


@pytest.mark.parametrize("name", ["..", ".", "", "照片/", "/"])
def test_a_file_whose_name_is_none_is_kept_under_another(inlet: Inlet, name: str) -> None:
    READ.append(lambda item: Told(what="看照片", name="孙", files=[File(name, PNG)]))
    assert items.settle(arrive(inlet).pk, at=MONDAY).state == ItemState.REGISTERED
    assert Attachment.objects.get().name.startswith("file")


def test_files_come_along_and_those_that_may_not_be_kept_are_named(inlet: Inlet) -> None:
    READ.append(
        lambda item: Told(
            what="看照片", name="孙", files=[File("照片.png", PNG), File("x.exe", b"MZ\x00")]
        )
    )
    items.settle(arrive(inlet).pk, at=MONDAY)
    assert Attachment.objects.get().name == "照片.png"
    assert "x.exe" in Statement.objects.get().said


@pytest.mark.xdist_group("races")
def test_what_waits_is_taken_once_by_however_many_drain(
    transactional_db: None, inlet: Inlet
) -> None:
    for number in range(12):
        arrive(inlet, f"第 {number} 件", str(number))
    done(at_once([lambda: items.drain(lambda: MONDAY)] * 6))
    assert Complaint.objects.count() == 12
    assert Item.objects.filter(state=ItemState.REGISTERED).count() == 12


@pytest.mark.xdist_group("races")
def test_two_words_of_one_conversation_at_once_are_one_case(
    transactional_db: None, inlet: Inlet
) -> None:
    def slowly(item: Item) -> Understood:
        time.sleep(0.1)
        return Told(what=bytes(item.raw).decode(), name="孙", conversation="c1")

    READ.append(slowly)
    found = [arrive(inlet, f"第 {number} 句", str(number)) for number in range(4)]
    done(at_once([partial(items.settle, item.pk, at=MONDAY) for item in found]))
    assert Complaint.objects.get().statements.count() == 3


@pytest.mark.xdist_group("races")
def test_words_for_a_case_that_is_just_being_closed_begin_another(
    transactional_db: None, inlet: Inlet
) -> None:
    READ.append(lambda item: Told(what=bytes(item.raw).decode(), name="孙", conversation="c1"))
    first = items.settle(arrive(inlet).pk, at=MONDAY).complaint
    second = arrive(inlet, "又有事", "2")
    locked = Signal()

    def close() -> None:
        with transaction.atomic():
            case = Complaint.objects.select_for_update().get()
            locked.set()
            _until_somebody_waits()
            case.status = "withdrawn"
            case.save(update_fields=["status"])

    def write() -> Item:
        assert locked.wait(10)
        return items.settle(second.pk, at=MONDAY)

    _closed, settled = done(at_once([close, write]))
    assert settled.state == ItemState.REGISTERED
    assert settled.complaint != first


def _until_somebody_waits() -> None:
    ends = time.monotonic() + 10
    while time.monotonic() < ends:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return
        time.sleep(0.02)
    raise AssertionError


@pytest.mark.parametrize("by_hand", ["registered", "appended"])
def test_after_what_was_done_by_hand_the_customer_goes_on_in_that_case(
    cast: Cast, inlet: Inlet, by_hand: str
) -> None:
    old = items.settle(arrive(inlet, outside_id="0").pk, at=MONDAY).complaint
    assert old
    READ.append(broken)
    item = arrive(inlet)
    items.settle(item.pk, at=MONDAY, by=cast.chen)
    READ.append(lambda item: Told(what="还没到", name="孙", conversation="c1", address="sun"))
    if by_hand == "appended":
        items.appended_by_hand(item.pk, old.no, said="x", by=cast.chen, at=MONDAY)
    else:
        told = items.hold_talk(items.hold_set_aside(item.pk))
        items.taken_by_hand(item.pk, old, told, by=cast.chen, at=MONDAY)
    settled = Item.objects.get(pk=item.pk)
    assert settled.thread
    assert (settled.state, settled.thread.address) == (by_hand, "sun")
    assert items.settle(arrive(inlet, outside_id="2").pk, at=MONDAY).complaint == old


@pytest.mark.xdist_group("races")
def test_the_same_item_arriving_and_settled_at_once_is_one_case(
    transactional_db: None, inlet: Inlet
) -> None:
    done(at_once([lambda: items.settle(arrive(inlet).pk, at=MONDAY)] * 8))
    assert Complaint.objects.count() == 1
    assert Item.objects.count() == 1


def test_a_person_settles_what_was_set_aside_once(cast: Cast, inlet: Inlet) -> None:
    READ.append(lambda item: Told(what="", name="孙"))
    one = items.settle(arrive(inlet).pk, at=MONDAY)
    items.ignore(one.pk, reason="广告", by=cast.chen, at=MONDAY)
    with pytest.raises(RuleBroken, match="已经处理过"):
        items.ignore(one.pk, reason="广告", by=cast.chen, at=MONDAY)


def test_too_much_is_kept_up_to_the_limit_and_set_aside(
    inlet: Inlet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(items, "LARGEST", 8)
    item = items.settle(arrive(inlet, "货没到").pk, at=MONDAY)
    assert (item.state, item.code, len(bytes(item.raw)), item.size) == (
        "set_aside", "item.too_large", 8, 9,
    )  # fmt: skip


@pytest.mark.parametrize("outside_id", ["x" * 300, "a\x00b", "\ud800", "換行\n"])
def test_an_id_that_cannot_be_kept_is_known_by_its_digest(inlet: Inlet, outside_id: str) -> None:
    assert arrive(inlet, outside_id=outside_id).outside_id.startswith("sha256:")
    assert arrive(inlet, outside_id=outside_id).pk == Item.objects.get().pk


def test_what_came_is_read_at_headquarters_alone(cast: Cast, inlet: Inlet) -> None:
    items.settle(arrive(inlet).pk, at=MONDAY)
    for person, sees in ((cast.li, 0), (cast.wang, 0), (cast.chen, 1), (cast.root, 0)):
        with walls.eyes(eyes_of(person)):
            assert Item.objects.count() == sees, person
    Complaint.objects.update(subject_ids=[cast.chen.pk])
    with walls.eyes(eyes_of(cast.chen)):
        assert not Item.objects.exists()


def test_secrets_are_sealed_in_the_table(inlet: Inlet) -> None:
    inlets.seal(inlet, token="geheim", password="x")
    inlet.save()
    with connection.cursor() as cursor:
        cursor.execute("SELECT secrets FROM intake_inlet")
        assert "geheim" not in cursor.fetchone()[0]
    found = inlets.active(Channel.SMS, "sms")
    assert found
    assert inlets.secrets_of(found) == {"token": "geheim", "password": "x"}
    inlets.seal(found, password="")
    assert inlets.secrets_of(found) == {"token": "geheim"}


def test_an_old_item_waits_for_quality(cast: Cast, inlet: Inlet) -> None:
    item = arrive(inlet)
    late = MONDAY + timedelta(hours=80)
    assert items.settle(item.pk, at=late).code == "received_at.late_entry"
    settled = items.settle(item.pk, at=late, by=cast.chen)
    assert settled.state == ItemState.REGISTERED
    assert Complaint.objects.get().received_at == MONDAY
