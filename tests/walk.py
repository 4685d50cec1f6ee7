"""The walk: every address and method, as one visitor, with everybody else's ids and words."""

from __future__ import annotations

import io
import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from typing import Any
from urllib.parse import quote, unquote

import openpyxl
from django.apps import apps
from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RoutePattern

from complaints.models import Complaint
from recovery.doors import door_of
from staff import tokens
from staff.models import Person, Role, TokenScope
from tests.complaints.scenes import WORDS
from tests.world import Side, World, without_tokens

API = "api/v1/"
OFFICE = "back-office/"
#: What a stranger may open.
OPEN = {
    "sign-in", "healthz", "readyz", "set_language", "api-tokens", "api-schema", "api-docs",
    "api-nothing", "admin:login", "account_login", "admin-login", "mfa_authenticate",
    "openid_connect_login", "openid_connect_callback", "account_reset_password",
    "account_reset_password_done", "account_reset_password_from_key",
    "account_reset_password_from_key_done", "feedback", "feedback-of-branch", "feedback-challenge",
    "feedback-privacy", "feedback-receipt", "feedback-track", "feedback-case", "feedback-message",
    "feedback-rating", "feedback-unsolved", "feedback-withdrawal", "feedback-leave",
    "wechat", "wecom",
}  # fmt: skip
#: Answers 503 when the house is not well, as here, where nothing sweeps.
MAY_BE_ILL = {"readyz"}
#: Open to all, and 403 for whoever can't prove whose call it is.
SEALED = {"wechat", "wecom"}
#: New at each look: a form's key, and a riddle to solve. They read no case.
NEW_EACH_TIME = {"feedback", "feedback-of-branch", "feedback-challenge"}
#: Slow to write, and the same whoever asks.
SAME_FOR_ALL = {"api-schema"}
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")

Words = dict[str, Any]
Fill = Callable[[Side], list[Words]]


def _nothing(side: Side) -> list[Words]:
    return [{}]


@dataclass(frozen=True)
class Route:
    """How to fill an address: the queries of a GET and the bodies of a POST that name the
    side's branch, people, customers and words. `files` posts multipart."""

    queries: Fill = _nothing
    bodies: Fill = _nothing


def _search(side: Side) -> list[Words]:
    usual = [
        {"q": side.full.no}, {"q": side.phone}, {"q": side.name}, {"q": side.word("orderfull")},
        {"q": side.word("whatfull")}, {"branch": side.branch.code},
    ]  # fmt: skip
    return [
        {}, *usual, {"status": "open"}, {"clock": "late"}, {"ruled": "no"}, {"status": "nonsense"},
    ]  # fmt: skip


def _api_search(side: Side) -> list[Words]:
    return [words for words in _search(side) if words.get("status") != "nonsense"]


def _typed(side: Side) -> list[Words]:
    return [
        {"complainant_phone": side.phone},
        {"complainant_name": side.name},
        {"order_no": side.word("orderfull")},
        {"what": "货晚到三天，没有人接电话。"},
    ]


def _report(side: Side) -> Words:
    return {
        "channel": "phone", "what": "新的投诉，货晚到。", "severity": "minor",
        "complainant_name": "新客户", "complainant_phone": "13611112222",
    }  # fmt: skip


def _form_report(side: Side) -> list[Words]:
    more = {
        "received_at": "2026-11-20T10:00", "complainant_role": "customer",
        "category": side.category.pk, "concerned_branch": side.branch.pk,
    }  # fmt: skip
    return [{**_report(side), **more}, {**more, "what": ""}]


def _left(side: Side) -> list[Words]:
    """A public form without the work that a browser does."""
    return [
        {"what": "货晚到。", "name": "新客户", "agree": "on", "order_no": side.word("orderfull")}
    ]


def _api_report(side: Side) -> list[Words]:
    named = {"category": side.category.code, "concerned_branch": side.branch.code}
    return [{**_report(side), **named}]


_SENT_IN = {"outside_id": "A-1", "what": "货晚到", "complainant_phone": "13611112222"}
_TALK = {"kind": "progress", "means": "phone", "said": "在查"}
_CALL = {"means": "phone", "said": "可以"}
_WISH = {"kind": "pause", "reason": "customer", "minutes": 6, "note": "等客户寄来照片"}
_PARTS: Words = {**dict.fromkeys(WORDS, "具体内容"), "committed_on": "2027-01-20"}


def _ruling(side: Side) -> list[Words]:
    usual = {"branch": side.branch.pk, "person": side.front.pk, "basis": "依据"}
    shared = {"other1_branch": side.other_branch.pk, "other1_share": "40"}
    return [usual, {**usual, **shared, "evidence": side.file.pk}]


def _api_ruling(side: Side) -> list[Words]:
    usual = {"branch": side.branch.code, "person": side.front.username, "basis": "依据"}
    others = [{"branch": side.other_branch.code, "share": "40"}]
    return [usual, {**usual, "others": others, "evidence": [side.file.pk]}]


def _suggested(side: Side) -> list[Words]:
    return [{"branch": side.branch.pk, "person": side.front.pk, "note": "理由"}]


def _api_suggested(side: Side) -> list[Words]:
    return [{"branch": side.branch.code, "person": side.front.username, "note": "理由"}]


def _rejected(side: Side) -> list[Words]:
    twice = {"reason": "duplicate", "note": "重复", "duplicate_of": side.full.no}
    return [{"reason": "inquiry", "note": "只是询问"}, twice]


def _span(side: Side) -> Words:
    return {"since": "2027-03-01T09:00", "until": "2027-03-02T09:00", "reason": "leave"}


def _absence(side: Side) -> list[Words]:
    return [{**_span(side), "person": side.front.pk, "deputy": side.boss.pk}]


def _api_absence(side: Side) -> list[Words]:
    return [{**_span(side), "person": side.front.username, "deputy": side.boss.username}]


def _offer(side: Side) -> list[Words]:
    return [{"receiver": side.boss.pk, "reason": "shift", "note": "请接着办"}]


def _api_offer(side: Side) -> list[Words]:
    return [{"receiver": side.boss.username, "reason": "shift", "note": "请接着办"}]


def _file(name: str) -> Fill:
    return lambda side: [{name: SimpleUploadedFile("b.txt", b"paper")}]


def _always(*bodies: Words) -> Fill:
    return lambda side: list(bodies)


def _founding(side: Side) -> list[Words]:
    return [
        {"code": "NEW", "name": "新分公司", "kind": "branch", "parent": side.branch.code,
         "since": "2026-11-24T10:00"},
    ]  # fmt: skip


def _taken_on(side: Side) -> list[Words]:
    return [
        {"username": "neu", "name": "新人", "role": "frontline", "branch": side.branch.code,
         "since": "2026-11-24T10:00"},
    ]  # fmt: skip


def _importing(side: Side) -> list[Words]:
    told = f"机构,月份,业务量\n{side.branch.code},2026-10,9600\n"
    return [{"kind": "volumes", "file": SimpleUploadedFile("b.csv", told.encode())}]


def _last_of(side: Side) -> str:
    """The number of the case that came into the side's incident last."""
    return side.incident.members.order_by("-complaint_id")[0].complaint.no


def _gathered(side: Side) -> list[Words]:
    told = {"title": "停电", "cause": "冷库停电", "cases": [side.full.no, side.fresh.no]}
    return [{**told, "category": side.category.pk, "branch": side.branch.code}]


def _api_gathered(side: Side) -> list[Words]:
    return [{**_gathered(side)[0], "category": side.category.code}]


def _bulk(side: Side) -> list[Words]:
    told = {"kind": "progress", "means": "phone", "said": "在查", "told": [_last_of(side)]}
    return [{**told, "occurred_at": "2026-11-25T11:00"}]


def _api_bulk(side: Side) -> list[Words]:
    told = {"kind": "progress", "means": "phone", "said": "在查"}
    return [{**told, "members": [{"case": _last_of(side), "reached": True}]}]


def _inlet(side: Side) -> list[Words]:
    return [{"key": "new", "name": "新入口", "branch": side.branch.pk, "receiver": side.front.pk}]


def _case_file(side: Side) -> list[Words]:
    told = f"编号,内容,机构\nZ1,货没到,{side.branch.code}\n"
    return [{"source": "p12345", "file": SimpleUploadedFile("b.csv", told.encode())}]


def _week(side: Side) -> list[Words]:
    return [{}, {"week": "2026-W47"}]


def _foreseen(side: Side) -> list[Words]:
    """The question of a preview."""
    usual = {"received_at": "2026-11-20T17:40", "severity": "critical", "channel": "phone"}
    return [{}, {**usual, "branch": side.branch.code}]


def _figures(side: Side) -> list[Words]:
    return [
        {"week": "2026-W47", "figure": figure, **branch}
        for figure in ("complaints", "compensation", "elsewhere", "unruled")
        for branch in ({"branch": side.branch.code}, {})
    ]


#: Every address by its name, but for the back office's. A new one belongs here: what its query
#: and its body look like when they name things of the given side.
ROUTES: dict[str, Route] = {
    "healthz": Route(),
    "readyz": Route(),
    "system": Route(),
    "set_language": Route(bodies=_always({"language": "en", "next": "/"})),
    "sign-in": Route(bodies=_always({"username": "li", "password": "wrong"})),
    "account_login": Route(bodies=_always({"username": "li", "password": "wrong"})),
    "mfa_authenticate": Route(bodies=_always({"code": "123456"})),
    "openid_connect_login": Route(),
    "openid_connect_callback": Route(queries=_always({}, {"code": "x", "state": "y"})),
    "account_reset_password": Route(bodies=lambda side: [{"email": side.front.email}]),
    "account_reset_password_done": Route(),
    "account_reset_password_from_key": Route(
        bodies=_always({"password1": "new-word-2026", "password2": "new-word-2026"})
    ),
    "account_reset_password_from_key_done": Route(),
    "account_change_password": Route(bodies=_always({"oldpassword": "wrong"})),
    "account_reauthenticate": Route(bodies=_always({"password": "wrong"})),
    "mfa_reauthenticate": Route(bodies=_always({"code": "123456"})),
    "mfa_reauthenticate_webauthn": Route(bodies=_always({"credential": "{}"})),
    "mfa_index": Route(),
    "mfa_activate_totp": Route(bodies=_always({"code": "123456"})),
    "mfa_deactivate_totp": Route(),
    "mfa_add_webauthn": Route(bodies=_always({"credential": "{}"})),
    "mfa_remove_webauthn": Route(),
    "mfa_view_recovery_codes": Route(),
    "mfa_generate_recovery_codes": Route(),
    "session-list": Route(),
    "session-end": Route(),
    "session-end-others": Route(),
    "token-list": Route(),
    "token-new": Route(bodies=_always({"name": "程序", "scope": "read", "days": "30"})),
    "token-revoke": Route(),
    "sign-out": Route(),
    "branch-list": Route(queries=_always({}, {"as_of": "2026-11-01"}, {"as_of": "x"})),
    "branch-new": Route(bodies=_founding),
    "branch": Route(),
    "branch-rename": Route(bodies=_always({"name": "新名称", "since": "2026-11-24T10:00"})),
    "branch-move": Route(bodies=_always({"parent": "NW", "since": "2026-11-24T10:00"})),
    "branch-close": Route(bodies=_always({"into": "SUZ", "since": "2026-11-24T10:00"})),
    "branch-edit": Route(bodies=_always({"city": "无锡"})),
    "imports": Route(bodies=_importing),
    "import": Route(bodies=_always({"digest": "x"})),
    "wechat": Route(queries=_always({}, {"echostr": "x", "signature": "y"})),
    "wecom": Route(queries=_always({}, {"echostr": "x", "msg_signature": "y"})),
    "item-list": Route(queries=lambda side: [{}, {"state": "all"}, {"inlet": side.inlet.key}]),
    "item": Route(),
    "item-raw": Route(),
    "item-retry": Route(),
    "item-register": Route(bodies=_form_report),
    "item-append": Route(bodies=lambda side: [{"no": side.full.no, "said": "还没到"}]),
    "item-ignore": Route(bodies=_always({"reason": "广告"})),
    "reconciliation": Route(queries=_always({}, {"since": "2026-11-01"}, {"since": "x"})),
    "reconciliation-csv": Route(),
    "inlet-list": Route(),
    "inlet-new": Route(queries=_always({}, {"channel": "mail"}), bodies=_inlet),
    "inlet": Route(bodies=_inlet),
    "case-imports": Route(bodies=_case_file),
    "case-import": Route(),
    "case-import-columns": Route(bodies=_always({"column-0": "what"})),
    "case-import-confirm": Route(),
    "case-import-cancel": Route(),
    "case-import-set-aside": Route(),
    "volumes": Route(queries=_always({}, {"month": "2026-10"})),
    "people": Route(queries=lambda side: [{}, {"q": side.name}, {"branch": side.branch.code}]),
    "person-new": Route(bodies=_taken_on),
    "person": Route(),
    "person-edit": Route(bodies=_always({"name": "李静怡"})),
    "post-new": Route(
        bodies=_always({"role": "quality", "branch": "HQ", "since": "2026-11-24T10:00"})
    ),
    "post-cancel": Route(),
    "feedback": Route(bodies=_left),
    "feedback-of-branch": Route(bodies=_left),
    "feedback-challenge": Route(),
    "feedback-privacy": Route(),
    "feedback-receipt": Route(),
    "feedback-track": Route(bodies=lambda side: [{"number": side.full.no, "tail": "0000"}]),
    "feedback-case": Route(),
    "feedback-message": Route(bodies=lambda side: [{"no": side.full.no, "said": "补充"}]),
    "feedback-rating": Route(bodies=lambda side: [{"no": side.full.no, "score": "1"}]),
    "feedback-unsolved": Route(
        bodies=lambda side: [{"no": side.full.no, "reason": "没好", "round": "1"}]
    ),
    "feedback-withdrawal": Route(bodies=lambda side: [{"no": side.full.no, "note": "不要了"}]),
    "feedback-leave": Route(),
    "feedback-codes": Route(),
    "feedback-code": Route(),
    "feedback-code-picture": Route(),
    "desk": Route(),
    "board": Route(queries=_always({}, {"level": "1"}, {"acknowledged": "no"})),
    "acknowledgements": Route(bodies=lambda side: [{"ids": [side.raised.pk], "note": "跟进"}]),
    "load": Route(),
    "acknowledgement-new": Route(bodies=_always({"note": "跟进"})),
    "playbook": Route(queries=lambda side: [{}, {"q": side.word("whatfull")}]),
    "playbook-entry": Route(),
    "policy-list": Route(),
    "policy": Route(queries=_foreseen),
    "policy-edit": Route(queries=_foreseen, bodies=_always({"note": "改", "more": "apology"})),
    "policy-draft": Route(),
    "policy-reset": Route(bodies=_always({"based_on": "1"})),
    "policy-submission": Route(),
    "policy-approval": Route(bodies=_always({"effective_from": "2026-12-01T00:00"})),
    "complaint-list": Route(queries=_search),
    "complaint-new": Route(bodies=_form_report),
    "complaint-hints": Route(bodies=_typed),
    "complaint-lookup": Route(bodies=lambda side: _typed(side)[:2]),
    "complaint-detail": Route(),
    "reveal": Route(),
    "contact-new": Route(
        bodies=_always({**_TALK, "reached": "yes", "occurred_at": "2026-11-24T10:00"})
    ),
    "acceptance-new": Route(),
    "rejection-new": Route(bodies=_rejected),
    "triage-review": Route(bodies=_always({"upheld": "no", "opinion": "属实"})),
    "triage-suggest": Route(bodies=_always({"reason": "inquiry", "note": "只是询问"})),
    "ruling-new": Route(bodies=_ruling),
    "ruling-suggest": Route(bodies=_suggested),
    "dispute-new": Route(bodies=_always({"reasons": "不是我们"})),
    "dispute-review": Route(bodies=_always({"upheld": "yes", "basis": "查过"})),
    "dispute-decide": Route(bodies=_always({"upheld": "yes", "basis": "查过"})),
    "remedy-new": Route(bodies=_always({"kind": "gift", "amount": "1", "description": "伞"})),
    "remedy-decide": Route(bodies=_always({"approve": "yes"})),
    "remedy-deliver": Route(bodies=_always({"proof": "收据"})),
    "remedy-cancel": Route(bodies=_always({"note": "不要了"})),
    "allowance-new": Route(bodies=_always(_WISH)),
    "allowance-grant": Route(bodies=_always(_WISH)),
    "allowance-endorse": Route(),
    "allowance-decide": Route(bodies=_always({"granted": "yes"})),
    "allowance-resume": Route(),
    "handover-new": Route(bodies=_offer),
    "handover-accept": Route(),
    "handover-refuse": Route(bodies=_always({"answer": "不归我管"})),
    "handover-withdraw": Route(),
    "handover-decide": Route(bodies=lambda side: [{"owner": side.boss.pk, "opinion": "接着办"}]),
    "handover-list": Route(),
    "handover-accept-all": Route(bodies=lambda side: [{"no": side.full.no}]),
    "handover-shift": Route(bodies=_offer),
    "departures": Route(bodies=lambda side: [{"person": side.front.pk, "deed": "hand_up"}]),
    "absence-list": Route(bodies=_absence),
    "absence-end": Route(),
    "callback-new": Route(
        bodies=_always({**_CALL, "reached": "no", "occurred_at": "2026-11-24T10:00"})
    ),
    "closure-new": Route(),
    "reopening-new": Route(bodies=_always({"reason": "还是没到"})),
    "withdrawal-new": Route(bodies=_always({"said_by": "本人", "note": "来电"})),
    "attachment-new": Route(bodies=_file("attachments")),
    "attachment": Route(),
    "sheet-new": Route(
        bodies=_always({**_PARTS, "title_text": "标题"}),
    ),
    "sheet-return": Route(bodies=_always({"opinion": "不够具体"})),
    "sheet-verify": Route(bodies=_always({"opinion": "属实"})),
    "sheet-waive": Route(bodies=_always({"reason": "不需要"})),
    "sheet": Route(),
    "complaint-draft": Route(
        bodies=lambda side: [
            {"submission_key": "7b5d1f0e-5f0c-4f0e-9a53-8f7d4f3a2b10", "what": "货没到"}
        ]
    ),
    "complaint-draft-discard": Route(
        bodies=_always({"key": "7b5d1f0e-5f0c-4f0e-9a53-8f7d4f3a2b10"})
    ),
    "paper-form": Route(),
    "customer-note": Route(bodies=_always({"words": "仅限下午联系"})),
    "incident-list": Route(),
    "incident-new": Route(
        queries=lambda side: [{}, {"category": side.category.pk, "branch": side.branch.code}],
        bodies=_gathered,
    ),
    "incident-suggest": Route(
        bodies=lambda side: [{"category": side.category.pk, "branch": side.branch.code}]
    ),
    "incident": Route(queries=_always({}, {"owed": "apology"})),
    "incident-contacts": Route(queries=_always({}, {"kind": "result"}), bodies=_bulk),
    "incident-members": Route(bodies=lambda side: [{"numbers": side.full.no}]),
    "incident-leave": Route(bodies=lambda side: [{"case": _last_of(side), "reason": "另有原因"}]),
    "incident-lead": Route(bodies=lambda side: [{"case": _last_of(side)}]),
    "incident-result": Route(bodies=_always({"result": "退运费"})),
    "incident-close": Route(),
    "api-customer-note": Route(bodies=_always({"words": "仅限下午联系"})),
    "api-incidents": Route(bodies=_api_gathered),
    "api-incidents-suspected": Route(),
    "api-incident": Route(),
    "api-incident-members": Route(bodies=lambda side: [{"cases": [side.full.no]}]),
    "api-incident-departures": Route(
        bodies=lambda side: [{"case": _last_of(side), "reason": "另有原因"}]
    ),
    "api-incident-lead": Route(bodies=lambda side: [{"case": _last_of(side)}]),
    "api-incident-result": Route(bodies=_always({"result": "退运费"})),
    "api-incident-closure": Route(),
    "api-incident-contacts": Route(bodies=_api_bulk),
    "inbox": Route(queries=_always({}, {"unread": "1"})),
    "inbox-read": Route(),
    "message": Route(),
    "message-settings": Route(bodies=_always({"quiet_from": "22:00", "quiet_until": "07:00"})),
    "ranking": Route(queries=_week),
    "ranking-xlsx": Route(queries=_week),
    "ranking-csv": Route(queries=_week),
    "ranking-cases": Route(queries=_figures),
    "api-tokens": Route(bodies=_always({"username": "li", "password": "wrong"})),
    "api-token": Route(),
    "api-me": Route(),
    "api-branches": Route(queries=_always({}, {"as_of": "2026-11-01"})),
    "api-people": Route(queries=lambda side: [{}, {"branch": side.branch.code}]),
    "api-messages": Route(queries=_always({}, {"unread": "1"})),
    "api-messages-read": Route(),
    "api-message-read": Route(),
    "api-message-settings": Route(bodies=_always({"outlets": []})),
    "api-complaints": Route(queries=_api_search, bodies=_api_report),
    "api-complaint": Route(),
    "api-events": Route(),
    "api-reveals": Route(),
    "api-contacts": Route(bodies=_always({**_TALK, "reached": True})),
    "api-acceptance": Route(),
    "api-rejection": Route(bodies=_rejected),
    "api-sortings": Route(),
    "api-sorting-review": Route(bodies=_always({"upheld": False, "opinion": "属实"})),
    "api-suggestions": Route(),
    "api-triage-suggestion": Route(bodies=_always({"reason": "inquiry", "note": "只是询问"})),
    "api-ruling-suggestion": Route(bodies=_api_suggested),
    "api-rulings": Route(bodies=_api_ruling),
    "api-disputes": Route(bodies=_always({"reasons": "不是我们"})),
    "api-dispute-review": Route(bodies=_always({"upheld": True, "basis": "查过"})),
    "api-dispute-decision": Route(bodies=_always({"upheld": True, "basis": "查过"})),
    "api-remedies": Route(bodies=_always({"kind": "gift", "amount": "1", "description": "伞"})),
    "api-decision": Route(bodies=_always({"approve": True})),
    "api-delivery": Route(bodies=_always({"proof": "收据"})),
    "api-cancellation": Route(bodies=_always({"note": "不要了"})),
    "api-allowances": Route(bodies=_always(_WISH)),
    "api-allowance-grant": Route(bodies=_always(_WISH)),
    "api-allowance-endorsement": Route(),
    "api-allowance-decision": Route(bodies=_always({"granted": True})),
    "api-allowance-resumption": Route(),
    "api-handovers": Route(bodies=_api_offer),
    "api-handover-acceptance": Route(),
    "api-handover-refusal": Route(bodies=_always({"answer": "不归我管"})),
    "api-handover-withdrawal": Route(),
    "api-handover-decision": Route(
        bodies=lambda side: [{"owner": side.boss.username, "opinion": "接着办"}]
    ),
    "api-handovers-offered": Route(),
    "api-handovers-undecided": Route(),
    "api-absences": Route(bodies=_api_absence),
    "api-absence-end": Route(),
    "api-callbacks": Route(bodies=_always({**_CALL, "reached": False})),
    "api-closure": Route(),
    "api-reopenings": Route(bodies=_always({"reason": "还是没到"})),
    "api-withdrawal": Route(bodies=_always({"said_by": "本人", "note": "来电"})),
    "api-attachments": Route(bodies=_file("file")),
    "api-attachment": Route(),
    "api-desk": Route(),
    "api-escalations": Route(queries=_always({}, {"level": "1"}, {"acknowledged": "no"})),
    "api-acknowledgements": Route(bodies=lambda side: [{"ids": [side.raised.pk]}]),
    "api-loads": Route(),
    "api-acknowledgement": Route(bodies=_always({"note": "跟进"})),
    "api-policies": Route(),
    "api-policy": Route(),
    "api-policy-preview": Route(queries=_foreseen),
    "api-policy-approval": Route(bodies=_always({"effective_from": "2026-12-01T00:00+08:00"})),
    "api-suppliers": Route(),
    "api-departments": Route(),
    "api-categories": Route(),
    "api-playbook": Route(queries=lambda side: [{}, {"what": side.word("whatfull")}]),
    "api-sheets": Route(bodies=_always(_PARTS)),
    "api-sheet-return": Route(bodies=_always({"opinion": "不够具体"})),
    "api-sheet-verification": Route(bodies=_always({"opinion": "属实"})),
    "api-sheet-waiver": Route(bodies=_always({"reason": "不需要"})),
    "api-intake-complaints": Route(bodies=_always(_SENT_IN)),
    "api-intake-batch": Route(bodies=_always({"items": [_SENT_IN]})),
    "api-intake-complaint": Route(),
    "api-intake-statements": Route(bodies=_always({"outside_id": "S-1", "said": "又来催"})),
    "connections": Route(),
    "connection": Route(),
    "connection-new": Route(
        bodies=lambda side: [
            {
                "name": "订单系统",
                "channel": "other",
                "branch": side.branch.code,
                "days": "30",
                "receiver": side.front.username,
                "category": side.category.code,
            }
        ]
    ),
    "connection-key-new": Route(bodies=_always({"name": "更换", "days": "30"})),
    "connection-key-end": Route(),
    "hook": Route(),
    "hook-new": Route(bodies=_always({"url": "https://example.com/", "events": "close"})),
    "hook-secret": Route(),
    "hook-trial": Route(),
    "hook-switch": Route(),
    "hook-call-again": Route(),
    "api-ranking": Route(queries=_week),
    "first-response": Route(queries=_week),
    "first-response-cases": Route(
        queries=lambda side: [
            {"figure": figure, "week": "2026-W47", **branch}
            for figure in ("received", "unanswered", "went_outside")
            for branch in ({}, {"branch": side.branch.code})
        ]
    ),
    "first-response-samples": Route(bodies=_always({"week": "2026-W47", "count": "3"})),
    "inspection": Route(bodies=_always({"finding": "good"})),
    "api-system": Route(),
    "api-schema": Route(),
    "api-docs": Route(),
    "api-nothing": Route(),
}

#: Every blank in an address that names something of a side: the id on it, and one that nothing has.
BLANKS: dict[str, tuple[Callable[[Side], Any], Any]] = {
    "no": (lambda side: side.full.no, "TS2611-9999999-9"),
    "remedy_id": (lambda side: side.offered.pk, 999_999_999),
    "dispute_id": (lambda side: side.disputed.pk, 999_999_999),
    "allowance_id": (lambda side: side.asked.pk, 999_999_999),
    "absence_id": (lambda side: side.leave.pk, 999_999_999),
    "attachment_id": (lambda side: side.file.pk, 999_999_999),
    "escalation_id": (lambda side: side.raised.pk, 999_999_999),
    "item_id": (lambda side: side.came.pk, 999_999_999),
    "message_id": (lambda side: side.letter.pk, 999_999_999),
    "round_": (lambda side: 1, 9),
    "incident_no": (lambda side: side.incident.no, "QS2611-9999999"),
    "inspection_id": (lambda side: side.drawn.pk, 999_999_999),
    "pk": (lambda side: side.passkey.pk, 999_999_999),
    "stay_id": (lambda side: side.stay.pk, 999_999_999),
    "grant_id": (lambda side: side.grant.pk, 999_999_999),
}
#: Blanks that all may fill.
COMMON = {
    "code": "late",
    "version": 1,
    "branch_code": "WUX",
    "username": "li",
    "upload_id": 999_999_999,
    "job_id": 999_999_999,
    "provider_id": "firm",
    "inlet_key": "nothing",
    "inlet_id": 999_999_999,
    "key_id": 999_999_999,
    "hook_id": 999_999_999,
    "call_id": 999_999_999,
    "uidb36": "1",
    "key": "set-password",
    "kind": "png",
}


@dataclass(frozen=True)
class Address:
    """One pattern of the resolver; `route` has its blanks as `<name>`."""

    name: str
    route: str
    blanks: tuple[str, ...]
    methods: frozenset[str]

    @property
    def is_api(self) -> bool:
        return self.route.startswith(API)

    @property
    def is_office(self) -> bool:
        return self.route.startswith(OFFICE)

    @property
    def names_a_case(self) -> bool:
        return bool(set(self.blanks) & set(BLANKS))

    def filled(self, values: Mapping[str, Any]) -> str:
        """The path with the blanks filled in."""
        path = self.route
        for name in self.blanks:
            path = path.replace(f"<{name}>", quote(str(values[name])))
        return f"/{path}"


def addresses() -> list[Address]:
    """All of them, from the resolver itself."""
    return list(_addresses(get_resolver().url_patterns, "", ""))


def _addresses(patterns: Any, prefix: str, namespace: str) -> Iterator[Address]:
    for pattern in patterns:
        route = prefix + _route(pattern.pattern)
        if isinstance(pattern, URLResolver):
            inner = f"{pattern.namespace}:" if pattern.namespace else ""
            yield from _addresses(pattern.url_patterns, route, namespace + inner)
        else:
            yield _address(pattern, route, namespace)


def _address(pattern: URLPattern, route: str, namespace: str) -> Address:
    blanks = tuple(pattern.pattern.converters) or tuple(pattern.pattern.regex.groupindex)
    actions = getattr(pattern.callback, "actions", None)  # a viewset says what it takes
    methods = {name.upper() for name in actions} if actions else set(METHODS)
    return Address(namespace + (pattern.name or route), route, blanks, frozenset(methods))


def _route(pattern: Any) -> str:
    """`complaints/<str:no>/` as `complaints/<no>/`; the few patterns that are regular
    expressions (the back office's) as their one group."""
    if isinstance(pattern, RoutePattern):
        return re.sub(r"<(?:\w+:)?(\w+)>", r"<\1>", str(pattern))
    groups = list(pattern.regex.groupindex)
    return f"<{groups[0]}>{'/' if groups[0] == 'app_label' else ''}" if groups else ""


@dataclass
class Found:
    """What the walk has come across: faults in sentences, and by address which of the visitor's
    own words were shown."""

    faults: list[str] = field(default_factory=list)
    shown: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    calls: int = 0


@dataclass
class Visitor:
    """Somebody who calls: a person of the cast, or a stranger."""

    person: Person | None
    own: list[Side]
    foreign: list[Side]
    session: str = ""
    token: str = ""

    @property
    def name(self) -> str:
        return self.person.username if self.person else "stranger"


def visitor(world: World, person: Person | None) -> Visitor:
    """The visitor, signed in at both doors; what they may see follows from who they are, not
    from `visible_to`."""
    own, foreign = _reach(world, person)
    made = Visitor(person, own, foreign)
    if person:
        client = Client()
        client.force_login(person)
        made.session = client.cookies[settings.SESSION_COOKIE_NAME].value
        made.token = tokens.issue(person, name="", scope=TokenScope.ALL, lasts=timedelta(hours=12))[
            1
        ]
    return made


def _reach(world: World, person: Person | None) -> tuple[list[Side], list[Side]]:
    both = list(world.sides())
    if person is None or person.role == Role.ADMINISTRATOR:
        return [], both
    if person.branch == world.cast.headquarters:
        return both, []
    in_east = person.branch in (world.cast.wuxi, world.cast.east)
    return [both[0 if in_east else 1]], [both[1 if in_east else 0]]


def walk(
    world: World, caller: Visitor, *, only: Callable[[Address], bool] = lambda address: True
) -> Found:
    """Call every address with every method. Foreign ids must be answered as those of nothing,
    no answer may hold a foreign word, and no refused call may change a row."""
    found = Found()
    step = _Step(world, caller, found, digest())
    for address in addresses():
        if only(address):
            step.take(address)
    return found


#: Pages about the whole firm, which the firm publishes, or about the house.
ABOUT_ALL = re.compile(r"(api-)?(ranking.*|system|departures)|healthz|readyz|api-schema|api-docs")


def read(world: World, caller: Visitor) -> dict[str, tuple[int, str]]:
    """What the visitor reads at every address of their own side, by address and query; without
    what is about the whole firm."""
    step = _Step(world, caller, Found(), digest())
    side = (caller.own or list(world.sides()))[0]
    return {
        f"{address.name} {words}": _plain(
            step.ask(address, "GET", address.filled(step.values(address, side)), words)[0],
            address,
            step.values(address, side),
        )
        for address in addresses()
        if not address.is_office
        and not ABOUT_ALL.fullmatch(address.name)
        and address.name not in NEW_EACH_TIME
        for words in ROUTES[address.name].queries(side)
        if "GET" in address.methods
    }


@cache
def _tables() -> list[str]:
    """Those of the cases and what hangs on them."""
    return sorted(
        model._meta.db_table
        for label in ("complaints", "quality", "notify")
        for model in apps.get_app_config(label).get_models(include_auto_created=True)
    )


#: What a statement begins with that changes no row: all others may.
_READS = re.compile(
    r"SELECT (?!\w+\()|SELECT set_config\(|SAVEPOINT|RELEASE|ROLLBACK|SET |PREPARE "
    r"|EXECUTE (read_\d+|reach_of_a_person) "
)


@contextmanager
def writing() -> Iterator[list[str]]:
    """The statements of the block that may have changed a row."""
    found: list[str] = []

    def note(execute: Any, sql: str, values: Any, many: bool, context: Any) -> Any:
        if not _READS.match(sql):
            found.append(sql)
        return execute(sql, values, many, context)

    with connection.execute_wrapper(note):
        yield found


def digest() -> dict[str, str]:
    """A hash over every row of each of them."""
    each = "SELECT '{0}' AS name, md5(string_agg(t::text, '|' ORDER BY t::text)) AS hash FROM {0} t"
    rows = " UNION ALL ".join(each.format(table) for table in _tables())
    with connection.cursor() as cursor:
        cursor.execute(rows)
        return {name: str(hash_) for name, hash_ in cursor.fetchall()}


@dataclass
class Answer:
    """What came back: the status, the body, and all of it that can be read, as one text."""

    status: int
    body: str
    text: str
    location: str


@dataclass
class _Step:
    world: World
    caller: Visitor
    found: Found
    before: dict[str, str]
    client: Client = field(default_factory=lambda: Client(raise_request_exception=False))

    def take(self, address: Address) -> None:
        """One address, with all its methods and fillings."""
        route = ROUTES.get(address.name)
        if route is None and not address.is_office:
            self.fault(
                address, "", "is new: say in ROUTES of tests/walk.py what its query and its body "
                "look like when they name another branch's things",
            )  # fmt: skip
            return
        strange = set(address.blanks) - set(BLANKS) - set(COMMON)
        if strange and not address.is_office:
            self.fault(
                address, "", f"has a blank that is new: say in BLANKS of tests/walk.py what "
                f"{', '.join(sorted(strange))} is for each side, and which value nothing has",
            )  # fmt: skip
            return
        if address.name in SAME_FOR_ALL and self.caller.person:
            return
        for method in self.methods(address):
            self.call(address, route or Route(), method)

    def methods(self, address: Address) -> tuple[str, ...]:
        """What is worth asking: the three rare methods are one to a page; and who has no business
        in the back office is turned away before it looks at the method."""
        person = self.caller.person
        if address.is_office and person and not person.is_staff:
            return ("GET",)
        if person and person.username != "li":  # one tries what hardly any address takes
            return METHODS[:2]
        return METHODS if address.is_api else METHODS[:3]

    def call(self, address: Address, route: Route, method: str) -> None:
        foreign, own = self.caller.foreign[:1], self.caller.own[:1]
        if method not in ("GET", "POST"):
            self.unusual(address, method, (foreign or own)[0])
        elif address.is_office:
            self.plain(address, route, method, self.office(address), (foreign or own)[0])
        elif not address.names_a_case:
            for side in [*foreign, *own]:
                self.plain(address, route, method, COMMON, side)
        else:
            for side in foreign:
                self.foreign(address, route, method, side)
            for side in own:
                self.own(address, route, method, side)

    def unusual(self, address: Address, method: str, side: Side) -> None:
        """Methods that hardly any address takes."""
        values = self.office(address) if address.is_office else self.values(address, side)
        answer, changed = self.ask(address, method, address.filled(values), {})
        self.check_stranger(address, method, answer)
        if changed:
            self.fault(address, method, f"was refused, and yet changed {changed}")

    def values(self, address: Address, side: Side) -> Words:
        """The blanks of the address filled with what is the side's."""
        return {
            name: COMMON[name] if name in COMMON else BLANKS[name][0](side)
            for name in address.blanks
        }

    def plain(
        self, address: Address, route: Route, method: str, values: Mapping[str, Any], side: Side
    ) -> None:
        """An address that names no case, with the side's words in query and body."""
        told = self.words(route, method, side)
        for words in told if side in self.caller.foreign else told[:3]:
            answer, _changed = self.ask(address, method, address.filled(values), words)
            self.check_stranger(address, method, answer)

    def foreign(self, address: Address, route: Route, method: str, side: Side) -> None:
        """Another branch's ids: all of them, and its inner ids under a case of one's own."""
        theirs = self.values(address, side)
        nothing = {name: BLANKS[name][1] for name in address.blanks}
        pairs = [(theirs, nothing)]
        if address.blanks[0] == "no" and len(address.blanks) > 1 and "round_" not in address.blanks:
            for own in self.caller.own[:1]:
                mine = {"no": own.full.no}
                pairs.append(({**theirs, **mine}, {**nothing, **mine}))
        for these, those in pairs:
            for words in self.words(route, method, side)[:1]:
                self.compare(address, method, (these, those), words)

    def compare(
        self, address: Address, method: str, pair: tuple[Words, Words], words: Words
    ) -> None:
        answer, changed = self.ask(address, method, address.filled(pair[0]), words)
        if changed:
            self.fault(address, method, f"was refused, and yet changed {changed}")
        self.check_stranger(address, method, answer)
        other, _changed = self.ask(address, method, address.filled(pair[1]), words)
        if self.caller.person and answer.status not in (
            404,
            405,
            self.turned_away(address, method),
        ):
            self.fault(address, method, f"answers {answer.status} for another branch's")
        if _plain(answer, address, pair[0]) != _plain(other, address, pair[1]):
            self.fault(address, method, "tells another branch's thing from one there is not")

    def own(self, address: Address, route: Route, method: str, side: Side) -> None:
        """One's own ids in the path, another branch's in the body."""
        values = self.values(address, side)
        if "message_id" in values and self.caller.person != side.boss:
            return
        for other in self.caller.foreign[:1] or [side]:
            for words in self.words(route, method, other):
                self.ask(address, method, address.filled(values), words)
        for case in side.cases if (address.name, method) == ("complaint-detail", "GET") else []:
            self.ask(address, method, address.filled({"no": case.no}), {})

    def words(self, route: Route, method: str, side: Side) -> list[Words]:
        if method == "GET":
            return route.queries(side)
        return route.bodies(side) if method == "POST" else [{}]

    def office(self, address: Address) -> dict[str, Any]:
        """The blanks of the back office: a row of the page's own model, or a foreign case."""
        name = address.name.removeprefix("admin:")
        for model in apps.get_models():
            if name.startswith(f"{model._meta.app_label}_{model._meta.model_name}_"):
                row = model._default_manager.first()
                return {"object_id": row.pk if row else 0, "id": row.pk if row else 0}
        return {
            "content_type_id": ContentType.objects.get_for_model(Complaint).pk,
            "object_id": self.world.northwest.full.pk,
            "id": self.world.northwest.front.pk,
            "app_label": "complaints",
            "url": f"complaints/complaint/{self.world.northwest.full.pk}/change",
        }

    def ask(self, address: Address, method: str, path: str, words: Words) -> tuple[Answer, str]:
        """One call, undone afterwards; the tables it had changed. Looks through the answer."""
        self.found.calls += 1
        headers = {}
        self.client.cookies.clear()
        if address.is_api and self.caller.token:
            headers["Authorization"] = f"Token {self.caller.token}"
        elif self.caller.session:
            self.client.cookies[settings.SESSION_COOKIE_NAME] = self.caller.session
        with transaction.atomic():
            with writing() as statements:
                response = _send(self.client, address, method, path, dict(words), headers)
                answer = _answer(response)
            refused = method != "GET" and answer.status >= 400
            changed = self.changed() if refused and statements else ""
            transaction.set_rollback(True)
        self.look(address, method, path, words, answer)
        self.check_door(address, method, answer)
        return answer, changed

    def turned_away(self, address: Address, method: str) -> int:
        """403 where nobody of this role may come, whatever there is; 401 where only systems come;
        else 404."""
        door = door_of(address.name, method)
        if door and door.systems:
            return 401
        return 403 if door and not door.lets_in(self.caller.person) else 404

    def check_door(self, address: Address, method: str, answer: Answer) -> None:
        """Whoever the table of doors lets in comes in, and nobody else."""
        door = door_of(address.name, method)
        if door is None:
            self.fault(address, method, "is new: say in recovery/doors.py who may come")
        elif self.caller.person and answer.status != 405:
            let_in = door.lets_in(self.caller.person)
            refused = answer.status == (401 if door.systems else 403)
            if not let_in and not refused:
                self.fault(address, method, f"answers {answer.status} to who may not come in")
            asks_more = door.of_case or address.is_office or address.name in SEALED
            looks = method == "GET" and not asks_more
            if looks and let_in and refused:  # what is done may be refused for what is named
                self.fault(address, method, "refuses whom its door lets in")

    def changed(self) -> str:
        """The tables whose rows are not what they were before the walk."""
        after = digest()
        return ", ".join(name for name in sorted(after) if after[name] != self.before[name])

    def look(self, address: Address, method: str, path: str, words: Words, answer: Answer) -> None:
        sent = unquote(path) + " ".join(str(value) for value in words.values())
        if answer.status >= 500 and address.name not in MAY_BE_ILL:
            self.fault(address, method, f"breaks with {answer.status}")
        for side in self.caller.foreign:
            shown = {token for token in side.found_in(answer.text) if token not in sent}
            if shown:
                self.fault(address, method, f"shows {', '.join(sorted(shown)[:5])}")
        for side in self.caller.own:
            self.found.shown[address.name] |= side.found_in(answer.text)

    def check_stranger(self, address: Address, method: str, answer: Answer) -> None:
        """Who is not signed in is sent to the door, whatever they ask for."""
        if self.caller.person or address.name in OPEN:
            return
        if address.is_api and answer.status == 401:
            return
        doors = ("/sign-in/", f"/{OFFICE}login/")
        if not address.is_api and answer.status == 302 and answer.location.startswith(doors):
            return
        if address.name == "sign-out" and answer.status in (302, 405):
            return  # leaving twice does no harm
        self.fault(address, method, f"answers a stranger with {answer.status}")

    def fault(self, address: Address, method: str, what: str) -> None:
        self.found.faults.append(
            f"{self.caller.name}: {method} /{address.route} ({address.name}) {what}"
        )


def _send(
    client: Client, address: Address, method: str, path: str, words: Words, headers: Words
) -> Any:
    if method == "GET":
        return client.get(path, words, headers=headers)
    has_file = any(isinstance(value, SimpleUploadedFile) for value in words.values())
    for value in words.values():
        if isinstance(value, SimpleUploadedFile):
            value.seek(0)
    if method == "POST" and (has_file or not address.is_api):
        return client.post(path, words, headers=headers)
    return client.generic(
        method, path, json.dumps(words), content_type="application/json", headers=headers
    )


def _answer(response: Any) -> Answer:
    """The answer as text, a workbook cell by cell, with its headers and cookies."""
    raw = b"".join(response) if response.streaming else response.content
    kind = response.get("Content-Type", "")
    body = _cells(raw) if "spreadsheetml" in kind else raw.decode("utf-8", "replace")
    headers = unquote("\n".join(f"{name}: {value}" for name, value in response.headers.items()))
    cookies = unquote("\n".join(morsel.value for morsel in response.cookies.values()))
    text = "\n".join([body, _unescaped(body), headers, cookies])
    return Answer(response.status_code, f"{kind}\n{body}", text, response.get("Location", ""))


_ESCAPED = re.compile(r"\\u([0-9a-f]{4})")


def _unescaped(text: str) -> str:
    """JSON's `\\uXXXX` as the characters they stand for, if there are any."""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if "\\u" in text else ""


def _cells(body: bytes) -> str:
    book = openpyxl.load_workbook(io.BytesIO(body))
    values = [
        str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row if cell.value
    ]
    return "\n".join([*book.sheetnames, *values])


_KEY = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def _plain(answer: Answer, address: Address, values: Mapping[str, Any]) -> tuple[int, str]:
    """The answer without what it repeats of the path, and without what is new each time."""
    text = _KEY.sub("KEY", without_tokens(answer.body))
    for value in (address.filled(values), quote(address.filled(values), safe="")):
        text = text.replace(value, "PATH")
    return answer.status, text
