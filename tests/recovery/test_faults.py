"""The tools of the fault runs: a proxy that fails as told, a reconciler that finds each loss."""

from __future__ import annotations

import http.client
import os
import signal
import smtplib
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from complaints.escalation import sweep
from complaints.models import Complaint, Escalation
from notify.models import Delivery, Message, Outlet, OutletKind
from recovery.children import Child
from recovery.faults import reconcile
from recovery.faults.journal import Journal
from recovery.faults.keeper import Kept, holder_of_port
from recovery.faults.loop import Loop
from recovery.faults.proxy import Proxy, tcp
from recovery.faults.receipts import Receipts
from recovery.faults.sinks import MailSink, WebSink
from recovery.faults.table import faults
from tests.complaints.scenes import HOUR
from tests.conftest import MONDAY, Register
from tests.recovery.running import until


@pytest.fixture
def loop() -> Iterator[Loop]:
    loop = Loop()
    yield loop
    loop.stop()


@pytest.fixture
def receipts(tmp_path: Path) -> Iterator[Receipts]:
    receipts = Receipts(tmp_path / "receipts")
    yield receipts
    receipts.close()


# The proxy, in front of a web server that answers 200


@pytest.fixture
def proxy(loop: Loop, receipts: Receipts) -> Iterator[Proxy]:
    sink = WebSink(loop, receipts)
    proxy = Proxy(loop, tcp(sink.port))
    yield proxy
    proxy.close()
    sink.close()


def ask(proxy: Proxy, *, patience: float = 5.0) -> str:
    """How a request through the proxy ended, in one word."""
    line = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=patience)
    try:
        line.request("POST", "/", b"hello", {"Idempotency-Key": "one"})
        return str(line.getresponse().status)
    except TimeoutError:
        return "silence"
    except ConnectionRefusedError:
        return "refused"
    except ConnectionResetError:
        return "reset"
    except http.client.HTTPException as error:
        return type(error).__name__
    finally:
        line.close()


@pytest.mark.parametrize(
    ("mode", "ends"),
    [("pass", "200"), ("refuse", "refused"), ("reset", "reset"), ("cut:7", "reset")],
)
def test_the_proxy_fails_as_it_is_told_and_recovers(proxy: Proxy, mode: str, ends: str) -> None:
    proxy.set(mode)
    assert ask(proxy) == ends
    proxy.set("pass")
    assert ask(proxy) == "200"


def test_a_silent_proxy_takes_everything_and_says_nothing_until_it_passes_it_on(
    proxy: Proxy, receipts: Receipts
) -> None:
    proxy.set("silent")
    assert ask(proxy, patience=0.5) == "silence"
    assert len(receipts) == 0
    with socket.create_connection(("127.0.0.1", proxy.port)) as line:
        line.sendall(b"POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n")
        proxy.set("pass")
        assert line.recv(12) == b"HTTP/1.1 200"


def test_silence_also_falls_on_a_connection_that_is_open(proxy: Proxy) -> None:
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=0.5) as line:
        line.sendall(b"POST / HTTP/1.1\r\n")
        time.sleep(0.2)
        proxy.set("silent")
        line.sendall(b"Content-Length: 0\r\n\r\n")
        with pytest.raises(TimeoutError):
            line.recv(1)


def test_resetting_breaks_the_connections_that_are_open(proxy: Proxy) -> None:
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=5) as line:
        line.sendall(b"POST / HTTP/1.1\r\n")
        time.sleep(0.2)
        proxy.set("reset")
        with pytest.raises(ConnectionResetError):
            line.recv(1)


def test_a_slow_proxy_delays_each_way(proxy: Proxy) -> None:
    proxy.set("slow:200")
    begun = time.monotonic()
    assert ask(proxy) == "200"
    assert time.monotonic() - begun >= 0.4


def test_a_flapping_proxy_is_now_well_and_now_not(proxy: Proxy) -> None:
    proxy.set("flap")
    seen: set[str] = set()

    def both() -> bool:
        seen.add(ask(proxy))
        return {"200", "reset"} <= seen

    until(both, "never both")
    proxy.set("pass")
    assert {ask(proxy) for _ in range(5)} == {"200"}


@pytest.mark.parametrize("mode", ["", "loud", "slow:", "cut:many"])
def test_a_mode_that_there_is_not_is_refused(proxy: Proxy, mode: str) -> None:
    with pytest.raises(ValueError, match="no such mode"):
        proxy.set(mode)


# The world outside


def test_the_mail_server_notes_each_mail_with_its_id_before_it_answers(
    loop: Loop, receipts: Receipts
) -> None:
    sink = MailSink(loop, receipts)
    seen: list[str] = []
    sink.before_answer = lambda receipt, _port: seen.append(receipt.id)
    mail = EmailMessage()
    mail["Message-ID"], mail["From"], mail["To"] = "<message-7@house>", "a@house", "li@example.com"
    with smtplib.SMTP("127.0.0.1", sink.port, timeout=10) as line:
        line.send_message(mail)
        line.send_message(mail)
    assert receipts.counts() == {("mail", "message-7"): 2}
    assert seen == ["message-7", "message-7"]
    sink.close()


def test_the_web_server_notes_the_idempotency_key(loop: Loop, receipts: Receipts) -> None:
    sink = WebSink(loop, receipts)
    request = urllib.request.Request(
        f"http://127.0.0.1:{sink.port}/hook", b"{}", {"Idempotency-Key": "message-7"}
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.status == 200
    assert receipts.counts() == {("webhook", "message-7"): 1}
    sink.close()


def test_the_journal_remembers_every_number_a_key_was_told(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal")
    for no in ("TS1", "TS1", "TS2"):
        journal.add("clerk0-1", no)
    assert journal.snapshot() == {"clerk0-1": {"TS1", "TS2"}}
    assert (tmp_path / "journal").read_text().count("\n") == 3
    journal.close()


# The keeper


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    sleeping = Child("sleeper", [sys.executable, "-c", "import time; time.sleep(600)"])
    kept = Kept(sleeping, tmp_path / "pids")
    kept.up()
    until(lambda: kept.pid, "never started")
    yield kept
    kept.stop()


def test_a_killed_process_is_started_again(kept: Kept) -> None:
    first = kept.pid
    assert kept.kill()
    until(lambda: kept.pid not in (None, first), "never started again")
    assert kept.starts == 2


def test_a_process_that_is_held_down_stays_down_until_it_may_come_up(kept: Kept) -> None:
    kept.down()
    time.sleep(1)
    assert kept.pid is None
    kept.up()
    until(lambda: kept.pid, "never came up")


def test_a_frozen_process_can_be_ended(kept: Kept) -> None:
    pid = kept.pid
    assert pid is not None
    kept.signal(signal.SIGSTOP)
    kept.stop()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_the_holder_of_a_connection_is_found_though_another_leaves_by_its_port() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as one,
        socket.create_server(("127.0.0.1", 0)) as other,
        _leaving(0, one) as mine,
    ):
        port = mine.getsockname()[1]
        with _leaving(port, other) as given:
            words = [sys.executable, "-c", "import time; time.sleep(600)"]
            child = subprocess.Popen(words, pass_fds=[given.fileno()])
        try:
            among = [os.getpid(), child.pid]
            assert holder_of_port(port, one.getsockname()[1], among) == os.getpid()
            assert holder_of_port(port, other.getsockname()[1], among) == child.pid
            assert holder_of_port(port, port, among) is None
        finally:
            child.kill()
            child.wait()


def _leaving(port: int, server: socket.socket) -> socket.socket:
    """A connection to this server that leaves by this port, whoever else does."""
    connected = socket.socket()
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    connected.bind(("127.0.0.1", port))
    connected.connect(server.getsockname())
    return connected


# The reconciler: nothing wrong is nothing found; each thing wrong is found, by its name


def found(
    acknowledged: Mapping[str, set[str]] | None = None,
    receipts: Mapping[tuple[str, str], int] | None = None,
) -> dict[str, int]:
    """What is wrong an hour after MONDAY: names and numbers, without the zeros."""
    counts = reconcile.count(acknowledged or {}, lambda: receipts or {}, until=MONDAY + HOUR)
    return {name: number for name, number in asdict(counts).items() if number}


@pytest.fixture
def case(register: Register) -> Complaint:
    """A case of a clerk's, swept for its first hour: two warnings and level 1, four messages."""
    case = register(order_no="clerk0-1")
    sweep(until=MONDAY + HOUR)
    return case


def without_constraints(table: str, *names: str) -> None:
    """For the rest of the test the database itself refuses no double."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for name in names:
            cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name}")
            cursor.execute(f"DROP INDEX IF EXISTS {name}")


def deliver(message: Message, **how: Any) -> Delivery:
    usual = {"created_at": MONDAY, "available_at": MONDAY}
    mail = Outlet.objects.get(kind=OutletKind.MAIL)
    return Delivery.objects.create(message=message, outlet=mail, **{**usual, **how})


def test_a_house_in_order_counts_nothing(case: Complaint) -> None:
    assert found({"clerk0-1": {case.no}}) == {}
    assert reconcile.waiting(until=MONDAY + HOUR) == Message.objects.count() > 0


def test_a_number_that_no_case_has_is_a_lost_case(case: Complaint) -> None:
    assert found({"clerk0-1": {case.no}, "clerk0-2": {"TS2611-0000999-9"}}) == {"lost_cases": 1}


def test_a_case_under_another_key_is_a_lost_case(case: Complaint) -> None:
    assert found({"clerk0-2": {case.no}}) == {"lost_cases": 1}


def test_a_step_that_came_and_was_not_taken_is_missed(register: Register) -> None:
    register()
    assert found() == {"missed_steps": 3}


def test_of_a_poisoned_case_no_step_is_expected(register: Register) -> None:
    case = register()
    assert reconcile.missed_steps(until=MONDAY + HOUR, but=[case.pk]) == 0


def test_a_step_of_a_clock_that_was_met_before_is_not_expected(register: Register) -> None:
    case = register()
    case.clocks.filter(kind="apology").update(met_at=MONDAY + HOUR / 4, met_as="met", next_at=None)
    assert found() == {}


def test_a_step_without_its_event_is_torn(case: Complaint) -> None:
    Escalation.objects.filter(complaint=case, level=1).delete()
    assert found() == {"missed_steps": 1, "torn_steps": 1}


def test_a_recipient_without_a_message_is_untold(case: Complaint) -> None:
    Message.objects.filter(key__startswith="clock:")[0].delete()
    assert found() == {"untold": 1}


def test_a_digest_stands_for_exactly_as_many_messages_as_it_says(case: Complaint) -> None:
    single = Message.objects.filter(key__startswith="clock:")[0]
    Message.objects.filter(pk=single.pk).update(key="digest:urgent:0", folded=1)
    assert found() == {}
    Message.objects.filter(pk=single.pk).update(folded=3)
    assert found() == {"untold": 2}


def test_a_message_waits_until_all_its_deliveries_are_sent(case: Complaint) -> None:
    Message.objects.update(dispatched_at=MONDAY + HOUR)
    assert reconcile.waiting(until=MONDAY + HOUR) == 0
    delivery = deliver(Message.objects.all()[0], state="pending", available_at=MONDAY + 2 * HOUR)
    assert reconcile.waiting(until=MONDAY + HOUR) == 1
    Delivery.objects.filter(pk=delivery.pk).update(state="sent", sent_at=MONDAY + HOUR)
    assert reconcile.waiting(until=MONDAY + HOUR) == 0


def test_what_counts_as_sent_and_never_arrived_is_unsent(case: Complaint) -> None:
    message = Message.objects.all()[0]
    deliver(message, state="sent", sent_at=MONDAY)
    assert found() == {"unsent": 1}
    assert found(receipts={("mail", f"message-{message.pk}"): 1}) == {}
    assert found(receipts={("mail", f"message-{message.pk}"): 3}) == {"repeats": 2}


def test_two_cases_of_one_key_are_a_double(case: Complaint, register: Register) -> None:
    register(order_no="clerk0-1", at=MONDAY + HOUR)
    assert found() == {"double_cases": 1}


def test_two_numbers_told_for_one_key_are_a_double(case: Complaint, register: Register) -> None:
    other = register(order_no="clerk0-1", at=MONDAY + HOUR)
    assert found({"clerk0-1": {case.no, other.no}})["double_cases"] == 2


def test_a_step_taken_twice_is_a_double(case: Complaint) -> None:
    without_constraints(
        "complaints_escalation", "escalation_step_taken_once", "escalation_level_told_once"
    )
    twice = Escalation.objects.get(complaint=case, level=1)
    twice.pk = None
    twice.save()
    assert found() == {"double_steps": 2, "torn_steps": 1}


def test_a_message_told_twice_is_a_double(case: Complaint) -> None:
    without_constraints("notify_message", "message_told_once")
    twice = Message.objects.all()[0]
    twice.pk = None
    twice.save()
    assert found() == {"double_messages": 1}


def test_repeats_alone_are_no_fault_of_the_rows() -> None:
    assert reconcile.Counts(repeats=3).clean
    assert not reconcile.Counts(missed_steps=1).clean


def test_counts_are_told_apart_by_when_they_came_about() -> None:
    before = reconcile.Counts(missed_steps=1, repeats=2)
    after = reconcile.Counts(missed_steps=1, repeats=5)
    assert after.since(before) == reconcile.Counts(repeats=3)


def test_a_fault_that_there_is_not_is_refused_before_anything_starts() -> None:
    with pytest.raises(CommandError, match="No such fault: F99"):
        call_command("faults", "--only", "f3,F99")


def test_the_quick_run_plays_the_faults_that_every_change_has_to_pass() -> None:
    table = faults()
    assert len({fault.id for fault in table}) == len(table)
    quick = {fault.id for fault in table if fault.quick}
    assert {"F3", "F5", "F11", "F12", "F16", "F20", "F26", "F28"} <= quick
