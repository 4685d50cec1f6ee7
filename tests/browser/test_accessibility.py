"""No axe violations: every page, as every role, light and dark. A shape that another role has seen
is not looked at again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from playwright.sync_api import Page, expect

from common.time import database_now
from complaints import incidents, policy_drafts
from complaints.incidents import Cause
from complaints.models import Channel, Incident, Policy, PolicyState
from intake.imports import import_jobs, import_work
from intake.imports.import_jobs import Source
from intake.lists import firm_import
from intake.models import Hook, ImportJob, Inlet, Item, Kind, Upload
from intake.systems import connections, hooks
from intake.systems.connections import Connection
from staff.models import Branch, Person
from tests.browser.doing import open_action, put, send
from tests.browser.fixtures import OpenAs
from tests.browser.scene import MINUTE, THURSDAY, Scene
from tests.complaints import scenes
from tests.conftest import MONDAY, Cast
from tests.intake.coming import set_aside

#: The pages by URL name; what is called with a case says which. A new page has to be added here.
PAGES: dict[str, Callable[[Scene], list[Any]]] = {
    "desk": lambda _s: [],
    "board": lambda _s: [],
    "load": lambda _s: [],
    "first-response": lambda _s: [],
    "acknowledgement-new": lambda s: [s.escalation.pk],
    "playbook": lambda _s: [],
    "playbook-entry": lambda _s: ["late"],
    "policy-list": lambda _s: [],
    "policy": lambda _s: [_draft().version],
    "policy-edit": lambda _s: [_draft().version],
    "complaint-list": lambda _s: [],
    "complaint-new": lambda _s: [],
    "complaint-detail": lambda s: [s.handled.no],
    "contact-new": lambda s: [s.fresh.no],
    "acceptance-new": lambda s: [s.fresh.no],
    "rejection-new": lambda s: [s.fresh.no],
    "triage-review": lambda s: [s.sorted_out.no],
    "triage-suggest": lambda s: [s.fresh.no],
    "ruling-new": lambda s: [s.handled.no],
    "ruling-suggest": lambda s: [s.fresh.no],
    "dispute-new": lambda s: [s.submitted.no],
    "dispute-review": lambda s: [s.disputed.complaint.no, s.disputed.pk],
    "dispute-decide": lambda s: [s.disputed.complaint.no, s.disputed.pk],
    "remedy-new": lambda s: [s.handled.no],
    "remedy-decide": lambda s: [s.handled.no, s.awaiting.pk],
    "remedy-deliver": lambda s: [s.handled.no, s.promised.pk],
    "remedy-cancel": lambda s: [s.handled.no, s.promised.pk],
    "allowance-new": lambda s: [s.handled.no],
    "allowance-grant": lambda s: [s.handled.no],
    "allowance-endorse": lambda s: [s.fresh.no, s.asked.pk],
    "allowance-decide": lambda s: [s.fresh.no, s.asked.pk],
    "allowance-resume": lambda s: [s.second.no, s.pause.pk],
    "handover-new": lambda s: [s.submitted.no],
    "handover-accept": lambda s: [s.handled.no],
    "handover-refuse": lambda s: [s.handled.no],
    "handover-withdraw": lambda s: [s.handled.no],
    "handover-decide": lambda s: [s.handled.no],
    "handover-list": lambda _s: [],
    "handover-shift": lambda _s: [],
    "departures": lambda _s: [],
    "absence-list": lambda _s: [],
    "callback-new": lambda s: [s.handled.no],
    "closure-new": lambda s: [s.handled.no],
    "reopening-new": lambda s: [s.closed.no],
    "withdrawal-new": lambda s: [s.fresh.no],
    "attachment-new": lambda s: [s.handled.no],
    "sheet-new": lambda s: [s.second.no],
    "sheet-return": lambda s: [s.submitted.no],
    "sheet-verify": lambda s: [s.submitted.no],
    "sheet-waive": lambda s: [s.handled.no],
    "sheet": lambda s: [s.submitted.no, 1],
    "inbox": lambda _s: [],
    "message-settings": lambda _s: [],
    "ranking": lambda _s: [],
    "ranking-cases": lambda _s: [],
    "first-response-cases": lambda _s: [],
    "system": lambda _s: [],
    "branch-list": lambda _s: [],
    "branch-new": lambda _s: [],
    "branch": lambda _s: ["WUX"],
    "branch-rename": lambda _s: ["WUX"],
    "branch-move": lambda _s: ["WUX"],
    "branch-close": lambda _s: ["WUX"],
    "branch-edit": lambda _s: ["WUX"],
    "imports": lambda _s: [],
    "import": lambda _s: [_list_of_people().pk],
    "connections": lambda _s: [],
    "connection": lambda _s: [_hook().inlet.key],
    "connection-new": lambda _s: [],
    "connection-key-new": lambda _s: [_hook().inlet.key],
    "hook": lambda _s: [_hook().inlet.key, _hook().pk],
    "hook-new": lambda _s: [_hook().inlet.key],
    "hook-secret": lambda _s: [_hook().inlet.key, _hook().pk],
    "item-list": lambda _s: _with_an_item(),
    "item": lambda _s: [_item().pk],
    "item-register": lambda _s: [_item().pk],
    "item-append": lambda _s: [_item().pk],
    "item-ignore": lambda _s: [_item().pk],
    "reconciliation": lambda _s: _with_an_item(),
    "inlet-list": lambda _s: _with_an_item(),
    "inlet-new": lambda _s: [],
    "inlet": lambda _s: [_item().inlet_id],
    "case-imports": lambda _s: _with_a_file(),
    "case-import": lambda _s: [_file_of_complaints().pk],
    "case-import-columns": lambda _s: [_file_of_complaints().pk],
    "volumes": lambda _s: [],
    "people": lambda _s: [],
    "person-new": lambda _s: [],
    "person": lambda _s: ["li"],
    "person-edit": lambda _s: ["li"],
    "post-new": lambda _s: ["li"],
    "sign-in": lambda _s: [],
    "account_reset_password": lambda _s: [],
    "account_reset_password_done": lambda _s: [],
    "account_reset_password_from_key": lambda _s: ["1", "worn-out"],
    "account_reset_password_from_key_done": lambda _s: [],
    "account_change_password": lambda _s: [],
    "account_reauthenticate": lambda _s: [],
    "mfa_index": lambda _s: [],
    "mfa_activate_totp": lambda _s: [],
    "mfa_add_webauthn": lambda _s: [],
    "mfa_generate_recovery_codes": lambda _s: [],
    "session-list": lambda _s: [],
    "token-list": lambda _s: [],
    "token-new": lambda _s: [],
    "api-docs": lambda _s: [],
    "feedback": lambda _s: [],
    "feedback-of-branch": lambda _s: ["LZ"],
    "feedback-privacy": lambda _s: [],
    "feedback-track": lambda _s: [],
    "feedback-codes": lambda _s: [],
    "feedback-code": lambda _s: ["WUX"],
    "paper-form": lambda _s: [],
    "customer-note": lambda s: [s.fresh.no],
    "incident-list": lambda s: [_incident(s).no][:0],
    "incident-new": lambda _s: [],
    "incident": lambda s: [_incident(s).no],
    "incident-contacts": lambda s: [_incident(s).no],
    "incident-members": lambda s: [_incident(s).no],
    "incident-leave": lambda s: [_incident(s).no],
    "incident-lead": lambda s: [_incident(s).no],
    "incident-result": lambda s: [_incident(s).no],
    "incident-close": lambda s: [_incident(s).no],
}
QUERY = {
    "ranking": "?week=2026-W47",
    "ranking-cases": "?week=2026-W47&branch=LZ&figure=complaints",
    "first-response-cases": "?week=2026-W47&figure=received",
    "contact-new": "?kind=apology",
    "inlet-new": "?channel=wecom",
}
#: What answers with no page: pieces of pages, files, and what only a POST reaches.
NO_PAGES = {
    "healthz", "readyz", "set_language", "sign-out", "complaint-hints", "complaint-lookup",
    "handover-accept-all", "absence-end", "complaint-draft", "complaint-draft-discard",
    "incident-suggest",
    "reveal", "attachment", "inbox-read", "message", "ranking-xlsx", "ranking-csv",
    "account_login", "admin-login", "admin-password-change", "openid_connect_login",
    "openid_connect_callback", "session-end", "session-end-others", "token-revoke",
    # only with a second factor, in tests/browser/test_second_factor.py
    "mfa_authenticate", "mfa_reauthenticate", "mfa_reauthenticate_webauthn", "mfa_deactivate_totp",
    "mfa_remove_webauthn", "mfa_view_recovery_codes",
    "acknowledgements", "first-response-samples", "item-raw", "item-retry", "reconciliation-csv",
    # a form like any other, once a case was drawn
    "inspection",
    "case-import-confirm", "case-import-cancel", "case-import-set-aside", "wechat", "wecom",
    "connection-key-end", "hook-trial", "hook-switch", "hook-call-again",
    # only with the key to a case, in tests/browser/test_feedback.py
    "feedback-receipt", "feedback-case", "feedback-withdrawal", "feedback-challenge",
    "feedback-message", "feedback-rating", "feedback-unsolved", "feedback-leave",
    "feedback-code-picture",
    "post-cancel", "policy-draft", "policy-reset", "policy-submission", "policy-approval",
}  # fmt: skip
#: The same for everybody; looked at in tests of their own.
SEEN_BY_STRANGERS = {
    "sign-in", "api-docs", "feedback", "feedback-of-branch", "feedback-privacy", "feedback-track",
}  # fmt: skip
#: How Swagger UI builds its rows, headings and landmarks is not ours to change.
SWAGGERS_OWN = {
    rule: {"enabled": False} for rule in ("nested-interactive", "heading-order", "region")
}
REFUSALS = {403, 404, 409}
ROLES = ["li", "wang", "chen", "lin", "gao", "root"]
#: The pages are dealt out to so many tests, which run side by side.
PARTS = 6
#: The shape of the page's content, and of what stands around it: elements with all that axe judges
#: by, of texts only that there are any, of equal neighbours one.
SHAPES = """() => {
    const PLAIN = /^(href|src|value|action|name|id|for|content|d|x|y|datetime|data-.*|hx-.*)$/;
    const REFERS = /^aria-(labelledby|describedby|controls|owns|activedescendant|current)$/;
    const shape = (node, without) => {
        const attributes = [...node.attributes].map(({ name, value }) =>
            PLAIN.test(name) || REFERS.test(name) ? name
                : `${name}=${value.replace(/\\d+/g, "0")}`);
        const inside = [];
        for (const child of node.childNodes) {
            if (child.nodeType === Node.TEXT_NODE && child.data.trim()) inside.push("#");
            if (child.nodeType !== Node.ELEMENT_NODE || child === without) continue;
            const one = shape(child, without);
            if (one !== inside.at(-1)) inside.push(one);
        }
        return `${node.localName}[${attributes.sort()}](${inside})`;
    };
    const main = document.querySelector("main");
    return [main ? shape(main) : "", shape(document.body, main)];
}"""


def _hook() -> Hook:
    """That of a connected system, with a call on its way."""
    found = Hook.objects.select_related("inlet").first()
    if found:
        return found
    root = Person.objects.get(username="root")
    said = Connection(name="订单系统", channel=Channel.OTHER, branch=Branch.objects.get(code="WUX"))
    inlet = connections.connect(said, lasts=timedelta(days=30), by=root, at=MONDAY)[0]
    made, _secret = hooks.create(
        inlet, url="https://example.com/told", events=["close"], by=root, at=MONDAY
    )
    hooks.trial(made, at=MONDAY)
    return made


def _draft() -> Policy:
    """A draft of a policy, with something wrong in it."""
    found = Policy.objects.filter(state=PolicyState.DRAFT).first()
    if found:
        return found
    chen = Person.objects.get(username="chen")
    made = policy_drafts.draft(Policy.objects.get(), by=chen, at=MONDAY)
    lengths = policy_drafts.content(made)
    sick = [replace(lengths[0], steps=lengths[0].steps[:1]), *lengths[1:]]
    vip = replace(lengths[0], severity="major", channel="p12345")
    return policy_drafts.save(made.pk, [*sick, vip], "改", by=chen, at=MONDAY)


def _incident(scene: Scene) -> Incident:
    """A mass incident of two cases, with its answer."""
    found = Incident.objects.first()
    if found:
        return found
    chen = Person.objects.get(username="chen")
    told = Cause(
        title="冷库停电", cause="停电六小时", category=scene.fresh.category,
        branch=scene.fresh.owner_branch,
    )  # fmt: skip
    numbers = [scene.fresh.no, scene.second.no]
    made, _went = incidents.gather(told, numbers, by=chen, at=THURSDAY)
    return incidents.answer(made.pk, result="全额退运费。", by=chen, at=THURSDAY)


def _list_of_people() -> Upload:
    """A list with a line of each kind, uploaded and not confirmed."""
    found = Upload.objects.first()
    if found:
        return found
    root = Person.objects.get(username="root")
    told = "用户名,姓名,角色,机构\nneu,新人,一线,WUX\nli,李静怡,,\nwang,王强,,\nx,,,\n"
    return firm_import.upload(Kind.PEOPLE, "人员.csv", told.encode(), by=root, at=MONDAY)


def _item() -> Item:
    """Something that came in and waits for a person."""
    found = Item.objects.first()
    if found:
        return found
    wuxi = Branch.objects.get(code="WUX")
    inlet = Inlet.objects.create(key="sms", name="短信", channel=Channel.SMS, branch=wuxi)
    return set_aside(inlet, "货没到，<b>快</b>".encode(), subject="货没到")


def _with_an_item() -> list[Any]:
    _item()
    return []


def _file_of_complaints() -> ImportJob:
    """A platform's file that was read and checked, with a row that can't be taken."""
    found = ImportJob.objects.first()
    if found:
        return found
    chen = Person.objects.get(username="chen")
    told = "受理编号,投诉内容,投诉类别\nS1,货没到,\nS2,箱子破了,天气\n"
    source = Source(channel=Channel.P12345, branch=Branch.objects.get(code="WUX"))
    file = SimpleUploadedFile("转办单.csv", told.encode())
    job = import_jobs.upload(source, file, by=chen, at=MONDAY)
    import_jobs.name_columns(job.pk, job.meanings, by=chen, at=MONDAY)
    import_work.work(database_now, seconds=60)
    return job


def _with_a_file() -> list[Any]:
    _file_of_complaints()
    return []


def url_names(patterns: list[Any] | None = None) -> Iterator[str]:
    """All names of the house's own addresses. Django's back office tests its pages itself; the
    API answers no pages, but for its handbook."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(pattern, URLResolver):
            if pattern.namespace != "admin":
                yield from url_names(pattern.url_patterns)
        elif isinstance(pattern, URLPattern) and pattern.name:
            yield pattern.name


def test_every_address_is_either_looked_at_or_no_page() -> None:
    names = set(url_names())
    of_api = {name for name in names if name.startswith(("api-", "knox")) and name not in PAGES}
    assert names - of_api - NO_PAGES - set(PAGES) == set(), "add the new page to PAGES"
    assert (set(PAGES) | NO_PAGES) - names == set(), "these are gone"


@pytest.mark.parametrize("part", range(PARTS))
def test_every_page_as_each_role(part: int, scene: Scene, cast: Cast, open_as: OpenAs) -> None:
    pages = {
        role: open_as(getattr(cast, role), expects=REFUSALS, bypass_csp=True) for role in ROLES
    }
    found: list[str] = []
    seen: set[str] = set()
    for name in [name for name in PAGES if name not in SEEN_BY_STRANGERS][part::PARTS]:
        for role, page in pages.items():
            answer = page.goto(address(name, scene))
            assert answer is not None
            shapes = set(page.evaluate(SHAPES))
            if not shapes <= seen:
                seen |= shapes
                found += violations(page, f"{name} as {role} ({answer.status})")
    assert not found, "\n".join(found)


def test_what_opens_on_a_page(scene: Scene, cast: Cast, open_as: OpenAs) -> None:
    """Panels, sentences beside fields, menus, the help, the hints beside the form."""
    page = open_as(cast.chen, expects={422}, bypass_csp=True)
    page.goto(address("complaint-detail", scene))
    panel = open_action(page, "record_callback")
    found = violations(page, "the panel")
    send(panel)
    expect(panel.locator(".field__error").first).to_be_visible()
    found += violations(page, "the panel with its errors")
    page.locator(".menu summary").click()
    found += violations(page, "the menu")
    page.locator("[data-dialog=keys-help]").click()
    found += violations(page, "the help")

    page.goto(address("complaint-new", scene))
    put(page.locator("#register-form"), complainant_phone="13800138000", what="货晚到三天没送")
    expect(page.locator("#register-side")).to_contain_text("应对指引")
    expect(page.locator("#register-side")).to_contain_text("疑似重复")
    found += violations(page, "the hints")
    page.locator("[name=complainant_phone]").fill("")
    page.locator("[name=complainant_phone]").press_sequentially("13800138")
    expect(page.locator(".combo__list [role=option]").first).to_be_visible()
    found += violations(page, "the look-up")
    send(page.locator("#register-form"))
    expect(page.locator(".field__error").first).to_be_visible()
    found += violations(page, "the form with its errors")
    page.goto("/complaints/?received_from=2026-11-20&received_to=2026-11-01")
    found += violations(page, "the list with a wrong filter")
    page.goto("/complaints/?q=没有这样的投诉")
    found += violations(page, "an empty list")
    page.goto(address("policy-edit", scene))
    page.locator("[name=rows-0-hours]").fill("x")
    page.locator("[name=rows-0-steps-0-minutes]").fill("99")
    send(page.locator("#policy-form"))
    expect(page.locator(".field__error").first).to_be_visible()
    found += violations(page, "the policy with its errors")
    assert not found, "\n".join(found)


def test_the_sheet_that_only_its_rectifier_may_write(
    scene: Scene, cast: Cast, open_as: OpenAs
) -> None:
    page = open_as(cast.ma, expects={422}, bypass_csp=True)
    page.goto(address("sheet-new", scene))
    found = violations(page, "sheet-new")
    send(page)
    expect(page.locator(".field__error").first).to_be_visible()
    found += violations(page, "sheet-new with its errors")
    assert not found, "\n".join(found)


def test_a_case_that_stands_still_and_one_that_was_tried(
    scene: Scene, cast: Cast, open_as: OpenAs
) -> None:
    """The clock in its pause with what may be done about it; what is still wanted of the talks."""
    scenes.call_back(
        scene.handled, by=cast.chen, at=THURSDAY - MINUTE, reached=False, satisfied=None,
        solved=None,
    )  # fmt: skip
    page = open_as(cast.chen, bypass_csp=True)
    found = []
    for case, shown in ((scene.second, "停至"), (scene.handled, "回访 1 次没有联系上")):
        page.goto(reverse("complaint-detail", args=[case.no]))
        expect(page.locator("#case")).to_contain_text(shown)
        found += violations(page, case.no)
    assert not found, "\n".join(found)


def test_what_a_stranger_sees(cast: Cast, open_as: OpenAs) -> None:
    page = open_as(expects={404}, bypass_csp=True)
    page.goto(reverse("sign-in"))
    found = violations(page, "sign-in")
    page.get_by_label("用户名").fill("li")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_be_visible()
    found += violations(page, "sign-in refused")
    assert not found, "\n".join(found)


def test_the_handbook_of_the_api(cast: Cast, open_as: OpenAs) -> None:
    page = open_as(cast.li, bypass_csp=True)
    page.goto(reverse("api-docs"))
    expect(page.get_by_text("登记投诉", exact=True).first).to_be_visible()
    found = violations(page, "the handbook", rules=SWAGGERS_OWN)
    assert not found, "\n".join(found)


def address(name: str, scene: Scene) -> str:
    return reverse(name, args=PAGES[name](scene)) + QUERY.get(name, "")


def violations(page: Page, where: str, **options: Any) -> list[str]:
    """What axe finds, light; and dark what depends on colours."""
    page.wait_for_load_state()  # a link followed a moment ago
    page.emulate_media(color_scheme="light")
    page.evaluate(AXE_SCRIPT)
    found = _run(page, where, {"resultTypes": ["violations"], **options})
    page.emulate_media(color_scheme="dark")
    colours = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
    found += _run(page, f"{where}, dark", {"resultTypes": ["violations"], "runOnly": colours})
    return found


def _run(page: Page, where: str, options: dict[str, Any]) -> list[str]:
    answer = page.evaluate("options => axe.run(document, options)", options)
    return [
        f"{where}: {violation['id']} {node['target']} {node['failureSummary']}"
        for violation in answer["violations"]
        for node in violation["nodes"]
    ]
