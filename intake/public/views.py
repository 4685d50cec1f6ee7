"""What customers see: the form, the receipt, the way to their case. Nobody is asked who they are,
and nothing here needs a session or the cache."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.db import Error
from django.forms import Form
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from common.api import RETRY_AFTER
from common.errors import RuleBroken, is_away
from common.forms import attempt
from common.time import now
from complaints import by_customer
from complaints.models import ComplainantRole
from intake.public import captcha, own_case, public_form, receipts
from intake.public.form_reader import branch_of
from intake.public.forms import (
    FeedbackForm,
    MessageForm,
    RatingForm,
    TrackForm,
    UnsolvedForm,
    WithdrawForm,
)
from intake.public.holder import Held, held_by, hold, let_go
from intake.public.own_case import OwnCase
from intake.public.privacy_notice import CURRENT
from intake.public.public_form import More, Sent
from intake.public.receipts import Key, TooMany
from notify.post import msgid
from staff.client import counted
from staff.models import Branch, BranchKind

View = Callable[..., HttpResponse]

_KEY = re.compile(r"[0-9a-f]{32}")
#: Seconds; for who has tried too often.
_WAIT = "3600"
#: Where customers write at length about their own case, by the names of the fields.
_WORDS = ("said", "reason", "note")


def for_customers(view: View) -> View:
    """A page that faces outside: open to strangers, kept by no cache and in no index; its address
    is told to nobody else. While the database is away it says so, and what was typed comes back."""

    @wraps(view)
    def shown(request: HttpRequest, **named: Any) -> HttpResponse:
        try:
            response = view(request, **named)
        except Error as error:
            if not is_away(error):
                raise
            words = {"words": _words(request)}
            response = render(request, "feedback/errors/503.html", words, status=503)
            response["Retry-After"] = RETRY_AFTER
        response["X-Robots-Tag"] = "noindex, nofollow"
        # `no-referrer` would make the browser call its own origin null, and no form could be sent
        response["Referrer-Policy"] = "same-origin"
        return response

    return login_not_required(never_cache(shown))


def when_stale(again: View) -> Callable[[View], View]:
    """Of a page that has waited too long to be sent: this answers, with what was typed."""

    def marked(view: View) -> View:
        # read by common.views.csrf_failure
        view.when_stale = for_customers(again)  # type: ignore[attr-defined]
        return view

    return marked


# ---- the form ----


def stale(request: HttpRequest, branch_code: str = "") -> HttpResponse:
    """The page has waited too long to be sent: it comes back with what was typed."""
    typed = _typed(request, branch_code)
    return _form_page(request, typed, branch_code, 403, notice=_("页面已过期，请再按一次提交。"))


@when_stale(stale)
@for_customers
@require_http_methods(["GET", "POST"])
def feedback(request: HttpRequest, branch_code: str = "") -> HttpResponse:
    """The form; sent, it leads to the receipt. Whatever is wrong, what was typed stays."""
    try:
        if request.method == "POST" and "language" in request.POST:
            return _in_language(request, branch_code)
        return _answer(request, branch_code)
    except Error as error:
        if not is_away(error):
            raise
        response = _form_page(request, _typed(request, branch_code), branch_code, 503, away=True)
        response["Retry-After"] = RETRY_AFTER
        return response


@for_customers
@require_GET
def challenge(request: HttpRequest) -> HttpResponse:
    """Work for the browser, before it may send the form."""
    return JsonResponse(captcha.challenge(now()))


@for_customers
@require_GET
def privacy(request: HttpRequest) -> HttpResponse:
    """The notice in full."""
    return render(request, "feedback/privacy.html", {"notice": CURRENT})


def _answer(request: HttpRequest, branch_code: str) -> HttpResponse:
    branch = branch_of(branch_code)
    if branch_code and branch is None:
        return redirect("feedback")
    choices = [] if branch else _branches()
    if request.method == "GET":
        return _form_page(request, FeedbackForm(branches=choices), branch_code, 200, branch)
    form = FeedbackForm(request.POST, request.FILES, branches=choices)
    if form.is_valid():
        sent = _sent(request, form, branch)
        try:
            receipt = public_form.submit(sent, at=now())
        except RuleBroken as broken:
            form.add_error(None, broken.message)
            status = broken.status if isinstance(broken, TooMany) else 422
            return _form_page(request, form, branch_code, status, branch)
        response = redirect("feedback-receipt")
        hold(response, Held(Key(receipt_id=receipt.pk), sent.mark))
        return response
    return _form_page(request, form, branch_code, 422, branch)


def _sent(request: HttpRequest, form: FeedbackForm, branch: Branch | None) -> Sent:
    said = form.cleaned_data
    return Sent(
        key=_key(request),
        address=counted(request),
        solution=request.POST.get("altcha", ""),
        notice=CURRENT,
        what=said["what"],
        name=said["name"],
        phone=said["phone"],
        anonymous=said["anonymous"],
        role=ComplainantRole(said["role"] or ComplainantRole.CUSTOMER),
        order_no=said["order_no"],
        branch=branch.code if branch else said.get("branch", ""),
        wish=said["wish"],
        photos=said["photos"],
    )


def _typed(request: HttpRequest, branch_code: str) -> FeedbackForm:
    """What was typed, unjudged; asks the database nothing, so the branch waits in the address."""
    typed = request.POST.dict()
    chosen = typed.get("branch", "")
    kept = [(chosen, chosen)] if chosen and not branch_code else []
    return FeedbackForm(initial=typed, branches=kept)


def _form_page(
    request: HttpRequest,
    form: FeedbackForm,
    branch_code: str,
    status: int,
    branch: Branch | None = None,
    **more: Any,
) -> HttpResponse:
    context = {
        "form": form,
        "key": _key(request),
        "branch": branch,
        "notice_version": CURRENT,
        "photos_again": bool(request.FILES) if request.method == "POST" else False,
        **more,
    }
    response = render(request, "feedback/form.html", context, status=status)
    if status == TooMany.status:
        response["Retry-After"] = _WAIT
    return response


def _in_language(request: HttpRequest, branch_code: str) -> HttpResponse:
    """The same form in the other language, with what was typed."""
    language = request.POST.get("language", "")
    if not translation.check_for_language(language) or language not in dict(settings.LANGUAGES):
        language = settings.LANGUAGE_CODE
    translation.activate(language)
    request.LANGUAGE_CODE = translation.get_language()
    branch = branch_of(branch_code)
    choices = [] if branch else _branches()
    form = FeedbackForm(initial=request.POST.dict(), branches=choices)
    response = _form_page(request, form, branch_code, 200, branch)
    response.set_cookie(settings.LANGUAGE_COOKIE_NAME, language, samesite="Lax")
    return response


def _key(request: HttpRequest) -> str:
    """The form's own key, drawn when it is first shown."""
    said = request.POST.get("key", "")
    return said if _KEY.fullmatch(said) else secrets.token_hex(16)


def _branches() -> list[tuple[str, str]]:
    live = Branch.objects.live().exclude(kind=BranchKind.HEADQUARTERS)
    return list(live.values_list("code", "name"))


# ---- the receipt, and the way back ----


@for_customers
@require_GET
def receipt(request: HttpRequest) -> HttpResponse:
    """The number of the case, and how to follow it; for the browser that has sent the form."""
    held = held_by(request)
    if held is None or not held.mark:
        return redirect("feedback-track")
    case = own_case.look(held.key, at=now())
    if case is None:
        return redirect("feedback-track")
    code = receipts.code_of(held.mark) if case.by_code else ""
    return render(request, "feedback/receipt.html", {"case": case, "code": _in_fours(code)})


@for_customers
@require_http_methods(["GET", "POST"])
def track(request: HttpRequest) -> HttpResponse:
    """Number and phone tail lead to the case; wrong ones all get the same answer."""
    form = TrackForm(request.POST if request.method == "POST" else None)
    status = 422 if request.method == "POST" else 200
    try:
        if form.is_valid():
            return _opened(request, form)
    except RuleBroken as broken:
        form.add_error(broken.field, broken.message)
        status = broken.status if isinstance(broken, TooMany) else 422
    response = render(request, "feedback/track.html", {"form": form}, status=status)
    if status == TooMany.status:
        response["Retry-After"] = _WAIT
    return response


def _opened(request: HttpRequest, form: TrackForm) -> HttpResponse:
    said = form.cleaned_data
    key = receipts.find(said["number"], said["tail"], address=counted(request), at=now())
    response = redirect("feedback-case")
    hold(response, Held(key))
    return response


@for_customers
@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    """The browser forgets the case: for a phone or a desk that others use too."""
    response = redirect("feedback-track")
    let_go(response)
    return response


def _in_fours(code: str) -> str:
    return "-".join(code[n : n + 4] for n in range(0, len(code), 4))


# ---- one's own case ----


def _again(name: str, form: type[Form]) -> View:
    """The case with this form of it as it was typed, to be sent once more."""

    def again(request: HttpRequest) -> HttpResponse:
        held = held_by(request)
        if held is None:
            return _expired(request)
        typed = {name: form(initial=request.POST.dict())}
        return _case_page(request, held, 403, notice=_("页面已过期，请再按一次提交。"), **typed)

    return again


def _withdraw_again(request: HttpRequest) -> HttpResponse:
    held = held_by(request)
    if held is None:
        return _expired(request)
    form = WithdrawForm(initial=request.POST.dict())
    notice = _("页面已过期，请再按一次提交。")
    return _withdrawal_page(request, held, form, 403, notice=notice)


def _expired(request: HttpRequest) -> HttpResponse:
    """The way back in, with the words that could not be sent, to be copied."""
    words = _words(request)
    notice = _("查询已过期，您写的内容还没有发送：请先复制下面的文字，再重新输入编号查询。")
    context = {
        "form": TrackForm(),
        "notice": notice if words else _("查询已过期，请重新输入编号查询。"),
        "words": words,
    }
    return render(request, "feedback/track.html", context, status=403)


def _words(request: HttpRequest) -> str:
    """What was typed at length."""
    return next((request.POST[name] for name in _WORDS if request.POST.get(name)), "")


@for_customers
@require_GET
def case(request: HttpRequest) -> HttpResponse:
    """Where the case stands, and what its customer can do."""
    held = held_by(request)
    if held is None:
        return redirect("feedback-track")
    return _case_page(request, held)


@when_stale(_again("message", MessageForm))
@for_customers
@require_POST
def message(request: HttpRequest) -> HttpResponse:
    """Words and photos besides."""
    form = MessageForm(request.POST, request.FILES)

    def send() -> None:
        said = form.cleaned_data
        more = More(key=_key(request), what=said["said"], photos=said["photos"])
        _do(request, lambda case_id: public_form.add(case_id, more, at=now()))

    return _done(request, form, "message", send, _("已收到您的补充说明。"))


@when_stale(_again("rating", RatingForm))
@for_customers
@require_POST
def rating(request: HttpRequest) -> HttpResponse:
    """One to five."""
    form = RatingForm(request.POST)

    def send() -> None:
        score, said = form.cleaned_data["score"], form.cleaned_data["said"]
        content = score >= 4
        _do(
            request,
            lambda case_id: by_customer.rate(
                case_id, score=score, satisfied=content, said=said, at=now()
            ),
        )

    return _done(request, form, "rating", send, _("谢谢您的评价。"))


@when_stale(_again("unsolved", UnsolvedForm))
@for_customers
@require_POST
def unsolved(request: HttpRequest) -> HttpResponse:
    """It is not solved: a new round."""
    form = UnsolvedForm(request.POST)

    def send() -> None:
        said = form.cleaned_data
        _do(
            request,
            lambda case_id: by_customer.reopen(
                case_id, round_=said["round"], reason=said["reason"], at=now()
            ),
        )

    return _done(request, form, "unsolved", send, _("已转给负责人重新处理，我们会尽快联系您。"))


@when_stale(_withdraw_again)
@for_customers
@require_http_methods(["GET", "POST"])
def withdrawal(request: HttpRequest) -> HttpResponse:
    """Asks once more, and takes the case back."""
    held = held_by(request)
    if held is None:
        return redirect("feedback-track") if request.method == "GET" else _expired(request)
    form = WithdrawForm(request.POST if request.method == "POST" else None)
    if request.method == "GET":
        return _withdrawal_page(request, held, form, 200)

    def send() -> bool:
        note = form.cleaned_data["note"]
        how = msgid(lambda: _("客户本人在网上查询页提出（已核对编号和电话后四位或查询码）"))
        _do(
            request,
            lambda case_id: by_customer.withdraw(case_id, note=note, how=how, at=now()),
        )
        return True

    if form.is_valid() and attempt(form, send):
        messages.success(request, _("已撤回。谢谢您告诉我们。"))
        return redirect("feedback-case")
    return _withdrawal_page(request, held, form, 422)


def _do(request: HttpRequest, deed: Callable[[int], object]) -> None:
    held = held_by(request)
    if held is None:
        raise RuleBroken("case.expired", _("查询已过期，请重新输入编号查询。"))
    own_case.act(held.key, deed, no=request.POST.get("no", ""))


def _done(
    request: HttpRequest, form: Any, name: str, send: Callable[[], None], sentence: str
) -> HttpResponse:
    """Back to the case; refused, the case with the form as it was typed."""
    held = held_by(request)
    if held is None:
        return _expired(request)

    def sent() -> bool:
        send()
        return True

    if form.is_valid() and attempt(form, sent):
        messages.success(request, sentence)
        return redirect("feedback-case")
    return _case_page(request, held, status=422, refused=form, **{name: form})


def _case_page(request: HttpRequest, held: Held, status: int = 200, **more: Any) -> HttpResponse:
    found = own_case.look(held.key, at=now())
    if found is None:
        return redirect("feedback-track")
    usual: dict[str, Any] = {
        "message": MessageForm(),
        "rating": RatingForm(),
        "unsolved": UnsolvedForm(initial={"round": found.round}),
    }
    context = {"case": found, "key": secrets.token_hex(16), **usual, **more}
    return render(request, "feedback/case.html", context, status=status)


def _withdrawal_page(
    request: HttpRequest, held: Held, form: WithdrawForm, status: int, **more: Any
) -> HttpResponse:
    found: OwnCase | None = own_case.look(held.key, at=now())
    if found is None or not found.no:
        return redirect("feedback-track")
    if not found.may_withdraw and status == 200:
        return redirect("feedback-case")
    context = {"case": found, "form": form, **more}
    return render(request, "feedback/withdrawal.html", context, status=status)
