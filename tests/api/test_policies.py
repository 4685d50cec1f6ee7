"""The API of the policies: read, asked what they would do, approved."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from complaints import policy_drafts
from complaints.models import ClockKind, Policy
from complaints.policy_drafts import content
from tests.api.conftest import Callers, instant, refused
from tests.complaints.scenes import HOUR, MINUTE
from tests.conftest import MONDAY, Cast

FRIDAY = "2026-11-20T17:40:00+08:00"
ASKED = {"received_at": FRIDAY, "branch": "WUX", "severity": "minor", "channel": "phone"}


@pytest.fixture
def draft(cast: Cast) -> Policy:
    return policy_drafts.draft(Policy.objects.get(), by=cast.chen, at=MONDAY)


def test_leaders_read_all_versions(api: Callers, cast: Cast, draft: Policy) -> None:
    rows = api(cast.wang).ask("policies/").json()["results"]
    assert [(row["version"], row["state"], row["in_force"]) for row in rows] == [
        (2, "draft", False), (1, "approved", True),
    ]  # fmt: skip
    assert rows[0]["drafted_by"] == {"username": "chen", "name": "陈洁"}
    assert instant(rows[0]["drafted_at"]) == MONDAY
    assert rows[1]["approved_by"] is None
    for person in (cast.li, cast.root):
        for address in ("policies/", "policies/1/", "policies/1/preview/"):
            refused(api(person).ask(address), 403, "permission_denied")
        refused(api(person).say("policies/2/approval/"), 403, "permission_denied")
    refused(api(cast.wang).ask("policies/9/"), 404, "not_found")
    refused(api(cast.wang).ask("policies/9/preview/"), 404, "not_found")
    refused(api(cast.wang).ask("policies/", state="draft"), 400, "unknown_field", "state")


def test_a_version_is_told_whole(api: Callers, cast: Cast) -> None:
    told = api(cast.wang).ask("policies/1/").json()
    assert [row["kind"] for row in told["clocks"]] == ClockKind.values
    apology = told["clocks"][0]
    assert (apology["minutes"], apology["severity"], apology["channel"]) == (60, "", "")
    assert apology["steps"][0] == {
        "level": 0, "offset_minutes": -30, "tells_debtor": True, "roles": [],
    }  # fmt: skip
    assert apology["steps"][3]["roles"] == ["quality", "director"]
    assert told["problems"] == []


def test_a_draft_says_what_is_wrong_with_it(api: Callers, cast: Cast, draft: Policy) -> None:
    sick = [replace(each, steps=each.steps[:2]) for each in content(draft)[:1]]
    policy_drafts.save(draft.pk, [*sick, *content(draft)[1:]], "", by=cast.chen, at=MONDAY)
    lin = api(cast.lin)
    [problem] = lin.ask("policies/2/").json()["problems"]
    assert (problem["code"], problem["kind"], problem["step"]) == ("level.none", "apology", None)
    refused(lin.say("policies/2/approval/"), 400, "policy.faulty")


def test_the_preview_says_when_and_whom(api: Callers, cast: Cast) -> None:
    told = api(cast.wang).ask("policies/1/preview/", **ASKED).json()
    assert (told["branch"]["code"], told["acknowledge_within_minutes"]) == ("WUX", 120)
    apology = told["clocks"][0]
    start = instant(FRIDAY)
    assert (apology["kind"], instant(apology["due_at"])) == ("apology", start + HOUR)
    first, *_middle, last = apology["alarms"]
    assert (instant(first["at"]), first["tells_owner"], first["people"]) == (
        start + 30 * MINUTE, True, [],
    )  # fmt: skip
    assert (instant(last["at"]), last["level"]) == (start + 3 * HOUR, 3)
    assert last["people"] == [{"username": "gao", "name": "高远"}]
    anonymous = api(cast.wang).ask("policies/1/preview/", **ASKED, anonymous="true").json()
    assert [clock["kind"] for clock in anonymous["clocks"]] == ["sheet"]


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"received_at": ""}, "required", "received_at"),
        ({"received_at": "Friday"}, "invalid", "received_at"),
        ({"received_at": "1901-01-01T00:00"}, "min_value", "received_at"),
        ({"received_at": "9999-12-31T23:59:59-12:00"}, "max_value", "received_at"),
        ({"branch": "NOWHERE"}, "invalid_choice", "branch"),
        ({"severity": "huge"}, "invalid_choice", "severity"),
        ({"channel": ""}, "required", "channel"),
        ({"kanal": "phone"}, "unknown_field", "kanal"),
    ],
)
def test_a_question_that_cannot_be_read_is_refused(
    api: Callers, cast: Cast, change: dict[str, str], code: str, field: str
) -> None:
    refused(api(cast.chen).ask("policies/1/preview/", **{**ASKED, **change}), 400, code, field)


def test_the_director_approves_once(api: Callers, cast: Cast, draft: Policy) -> None:
    lin, start = api(cast.lin), MONDAY + timedelta(days=3)
    body: dict[str, Any] = {"effective_from": start.isoformat(), "seen": MONDAY.isoformat()}
    refused(api(cast.chen).say("policies/2/approval/", body), 403, "permission_denied")
    refused(lin.say("policies/2/approval/", {"effective": "x"}), 400, "unknown_field", "effective")
    odd = {"effective_from": "tomorrow"}
    refused(lin.say("policies/2/approval/", odd), 400, "invalid", "effective_from")
    past = {"effective_from": (MONDAY - MINUTE).isoformat()}
    refused(lin.say("policies/2/approval/", past), 400, "effective_from.past", "effective_from")
    stale = {**body, "seen": (MONDAY - HOUR).isoformat()}
    refused(lin.say("policies/2/approval/", stale), 409, "draft.changed")
    done = lin.say("policies/2/approval/", body)
    assert done.status_code == 200
    assert (done.json()["state"], instant(done.json()["effective_from"])) == ("approved", start)
    refused(lin.say("policies/2/approval/", body), 409, "policy.approved")


def test_without_a_time_it_is_in_force_at_once(api: Callers, cast: Cast, draft: Policy) -> None:
    done = api(cast.gao).say("policies/2/approval/").json()
    assert instant(done["effective_from"]) == MONDAY
    assert done["in_force"] is True
