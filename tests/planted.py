"""Mistakes in who sees what, planted on purpose: the walk through all addresses must find them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path
from rest_framework.request import Request

import complaints.access
import complaints.api.allowances
import complaints.api.attachments
import complaints.api.cases
import complaints.api.desk
import complaints.api.found
import complaints.api.remedies
import complaints.api.shown
import complaints.cases
import complaints.duplicates
import complaints.selectors
import complaints.views.actions
import complaints.views.case
import complaints.views.desk
import complaints.views.listing
import notify.selectors
import quality.api
import recovery.doors
import recovery.urls
import reports.access
import reports.figures
import reports.first_response
from common import walls
from complaints.duplicates import Elsewhere
from complaints.models import Allowance, Attachment, Complaint, Event, Remedy
from notify.models import Message
from quality.models import Sheet
from recovery.doors import EVERYONE, STRANGERS, Entrance
from staff import branches
from staff.access import Scope
from staff.eyes import eyes_of
from staff.models import Branch, Person
from tests.world import World

Patch = pytest.MonkeyPatch
Plant = Callable[[Patch, World, Any], None]


@dataclass(frozen=True)
class Planted:
    """A mistake; who walks past it, at which addresses, and a word of what the walk says."""

    name: str
    plant: Plant
    who: str | None
    addresses: tuple[str, ...]
    says: str = "shows"
    #: Nothing of another branch is shown while the second wall stands.
    second_wall_holds: bool = True


def everything(person: Person, at: Any = None) -> Any:
    """A `visible_to` that hides nothing."""
    return Complaint.objects.all()


def _forget(module: ModuleType) -> Plant:
    """The module forgets `visible_to`."""
    return lambda patch, world, settings: patch.setattr(module, "visible_to", everything)


def _set(target: Any, name: str, value: Any) -> Plant:
    return lambda patch, world, settings: patch.setattr(target, name, value, raising=False)


def _address(*more: URLPattern) -> Plant:
    """The firm's addresses, and these before them."""

    def plant(patch: Patch, world: World, settings: Any) -> None:
        module = ModuleType("planted_addresses")
        vars(module).update(vars(recovery.urls), urlpatterns=[*more, *recovery.urls.urlpatterns])
        settings.ROOT_URLCONF = module

    return plant


def _both(*plants: Plant) -> Plant:
    def plant(patch: Patch, world: World, settings: Any) -> None:
        for each in plants:
            each(patch, world, settings)

    return plant


def _door(name: str, entrance: Entrance | None) -> Plant:
    def plant(patch: Patch, world: World, settings: Any) -> None:
        doors = {key: kept for key, kept in recovery.doors.ENTRANCES.items() if key != name}
        patch.setattr(recovery.doors, "ENTRANCES", doors | ({name: entrance} if entrance else {}))

    return plant


# Doors that look a thing up by its own id


def _any_file(self: Any, request: Request, no: str, attachment_id: int) -> FileResponse:
    kept = Attachment.objects.get(pk=attachment_id)
    return FileResponse(kept.file.open("rb"), filename=kept.name)


def _download(request: HttpRequest, no: str, attachment_id: int) -> FileResponse:
    kept = get_object_or_404(Attachment, pk=attachment_id)
    return FileResponse(kept.file.open("rb"), filename=kept.name)


def _by_id_alone(found: Any, **names: Any) -> Any:
    names.pop("complaint", None)
    return get_object_or_404(found, **names)


def _remedy(request: Request, no: str, remedy_id: int) -> Remedy:
    return Remedy.objects.get(pk=remedy_id)


def _allowance(request: Request, no: str, allowance_id: int) -> Allowance:
    return Allowance.objects.get(pk=allowance_id)


def _case_of_any(request: Request, no: str) -> Complaint:
    return Complaint.objects.get(no=no)


def _print(request: HttpRequest, no: str, round_: int) -> HttpResponse:
    sheet = get_object_or_404(Sheet, complaint__no=no, round=round_)
    return HttpResponse(f"{sheet.no} {sheet.title} {sheet.cause}")


# Answers that tell more than they should


def _refuses_what_there_is(person: Person, no: str) -> Complaint:
    if Complaint.objects.filter(no=no).exists():
        raise Http404
    raise PermissionDenied


def _telling_header(request: HttpRequest, no: str) -> HttpResponse:
    case = Complaint.objects.filter(no=no).first()
    response = HttpResponse(status=404)
    response["X-Case"] = case.order_no if case else ""
    return response


def _counting(request: HttpRequest) -> JsonResponse:
    newest = Complaint.objects.order_by("-pk").values_list("no", flat=True)
    return JsonResponse({"next": list(newest)})


def _hasty(request: HttpRequest, no: str) -> HttpResponse:
    Complaint.objects.filter(no=no).update(remedy_sought="改了")
    return HttpResponse(status=404)  # raised, it would undo what was written


def _breaking(request: HttpRequest) -> HttpResponse:
    raise ValueError("broken")


def _exported(request: HttpRequest) -> HttpResponse:
    rows = Complaint.objects.values_list("no", "what")
    return HttpResponse("\n".join(map(",".join, rows)), content_type="text/csv")


class _Cached:
    """A list that remembers for everybody what somebody else has read."""

    def __init__(self, somebody: Person) -> None:
        with walls.eyes(eyes_of(somebody)):
            self.kept = "\n".join(Complaint.objects.values_list("what", flat=True))

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse(self.kept)


def _cached(patch: Patch, world: World, settings: Any) -> None:
    cached = _Cached(world.cast.zhao)
    _address(path("complaints/", cached, name="complaint-list"))(patch, world, settings)


def _more_in_rows(self: Any, complaint: Complaint) -> dict[str, Any]:
    alike = Complaint.objects.filter(category=complaint.category)
    return {"alike": list(alike.values_list("what", flat=True))}


def _named_after_phone(patch: Patch, world: World, settings: Any) -> None:
    lanzhou = Branch.objects.get(pk=world.cast.lanzhou.pk)
    lanzhou.name = world.northwest.phone
    branches.save(lanzhou)


def _all_branches(person: Person) -> Any:
    return Branch.objects.all()


def _all_numbers(person: Person, **typed: Any) -> list[Elsewhere]:
    return [Elsewhere(no, 1) for no in Complaint.objects.values_list("no", flat=True)]


_desk = complaints.views.desk.desk
_page = complaints.views
_files = complaints.api.attachments

PLANTED = [
    Planted("case page", _forget(_page.case), "wang", ("complaint-detail",)),
    Planted("case page for the administrator", _forget(_page.case), "root", ("complaint-detail",)),
    Planted("its files", _forget(_page.case), "wang", ("attachment",)),
    Planted("its printed sheet", _forget(_page.case), "li", ("sheet",)),
    Planted("its buttons", _forget(_page.case), "wang", ("sheet-waive",), "answers 403"),
    Planted("its forms", _forget(_page.case), "zhao", ("contact-new",), "answers 200"),
    Planted("a look at the customer", _forget(_page.case), "ma", ("reveal",), "answers"),
    Planted("list", _forget(_page.listing), "li", ("complaint-list",)),
    Planted("acknowledging", _both(_forget(_page.actions), _forget(complaints.cases)), "wang",
            ("acknowledgement-new",), "answers"),
    Planted("API case", _forget(complaints.api.found), "zhao", ("api-complaint",)),
    Planted("API story", _forget(complaints.api.found), "wang", ("api-events",)),
    Planted("API talks", _forget(complaints.api.found), "wang", ("api-contacts",)),
    Planted("API remedies", _forget(complaints.api.found), "li", ("api-remedies",)),
    Planted("API list", _forget(complaints.api.cases), "li", ("api-complaints",)),
    Planted("API acknowledging", _both(_forget(complaints.api.desk), _forget(complaints.cases)),
            "wang", ("api-acknowledgement",), "answers"),
    Planted("API sheets", _set(quality.api, "the_case", _case_of_any), "xu", ("api-sheets",)),
    Planted("board", _forget(complaints.selectors), "ma", ("board",)),
    Planted("API board", _forget(complaints.selectors), "wang", ("api-escalations",)),
    Planted("look-up", _forget(complaints.selectors), "li", ("complaint-lookup",)),
    Planted("earlier cases", _forget(complaints.selectors), "li", ("complaint-hints",)),
    Planted("duplicates", _forget(complaints.duplicates), "xu", ("complaint-hints",)),
    Planted("numbers of duplicates", _set(complaints.duplicates, "elsewhere", _all_numbers), "li",
            ("complaint-hints",)),
    Planted("audit", _forget(reports.first_response), "wang", ("first-response-cases",)),
    Planted("figures of any branch", _both(
        _forget(reports.figures), _set(reports.access, "branches_in_scope", _all_branches)), "ma",
        ("ranking-cases",)),
    Planted("story of all", _set(complaints.selectors, "story", lambda case: Event.objects.all()),
            "li", ("complaint-detail",)),
    Planted("scope by role", _set(
        complaints.access, "reach_of", lambda person: (Scope.EVERYTHING, person.branch_id, "")),
        "root", ("complaint-list",)),
    Planted("scope by branch", _both(
        _set(complaints.access, "branches_within", lambda *reach: Branch.objects.all()),
        _set(complaints.access, "_visible_now", complaints.access._visible)), "zhao",
        ("complaint-list",)),
    Planted("remedy by its id", _both(
        _set(complaints.api.remedies, "the_remedy", _remedy), _forget(complaints.cases)), "wang",
        ("api-decision",), "answers"),
    Planted("pause by its id", _both(
        _set(complaints.api.allowances, "the_allowance", _allowance), _forget(complaints.cases)),
        "wang", ("api-allowance-endorsement",), "answers"),
    Planted("remedy page by its id", _set(_page.actions, "get_object_or_404", _by_id_alone), "wang",
            ("remedy-decide",), "answers"),
    Planted("API file by its id", _set(_files.Attachments, "retrieve", _any_file), "wang",
            ("api-attachment",)),
    Planted("file by its id", _address(path(
        "complaints/<str:no>/attachments/<int:attachment_id>/", _download, name="attachment")),
        "wang", ("attachment",)),
    Planted("sheet by its case", _address(path(
        "complaints/<str:no>/sheets/<int:round_>/", _print, name="sheet")), "wang", ("sheet",)),
    Planted("everybody's inbox", _set(notify.selectors, "inbox", lambda p: Message.objects.all()),
            "li", ("inbox",)),
    Planted("somebody's message", _set(notify.selectors, "inbox", lambda p: Message.objects.all()),
            "li", ("message",), "answers 302"),
    Planted("API inbox", _set(notify.selectors, "inbox", lambda p: Message.objects.all()), "ma",
            ("api-messages",)),
    Planted("refusal that tells", _set(_page.case, "find", _refuses_what_there_is), "li",
            ("complaint-detail",), "tells another branch's thing"),
    Planted("header that tells", _address(path(
        "complaints/<str:no>/", _telling_header, name="complaint-detail")), "wang",
        ("complaint-detail",)),
    Planted("numbers of all", _address(path("playbook/", _counting, name="playbook")), "li",
            ("playbook",)),
    Planted("export of all", _address(path("rankings/weekly.csv", _exported, name="ranking-csv")),
            "wang", ("ranking-csv",)),
    Planted("a cache for all", _cached, "wang", ("complaint-list",), second_wall_holds=False),
    Planted("rows with too much", _set(
        complaints.api.shown.ComplaintRowOut, "to_representation", _more_in_rows), "wang",
        ("api-complaints",)),
    Planted("a word in a workbook", _named_after_phone, "wang", ("ranking-xlsx",),
            second_wall_holds=False),
    Planted("a word in a text file", _named_after_phone, "wang", ("ranking-csv",),
            second_wall_holds=False),
    Planted("a write before the refusal", _address(path(
        "complaints/<str:no>/hasty/", _hasty, name="closure-new")), "wang", ("closure-new",),
        "was refused, and yet changed complaints_complaint"),
    Planted("a page that breaks", _address(path("playbook/", _breaking, name="playbook")), "li",
            ("playbook",), "breaks with 500", second_wall_holds=False),
    Planted("a door without a lock", _set(_desk, "login_required", False), None, ("desk",),
            "answers a stranger with", second_wall_holds=False),
    Planted("a door for strangers", _both(
        _set(_desk, "login_required", False), _door("desk", Entrance(STRANGERS, STRANGERS))), None,
        ("desk",), "desk", second_wall_holds=False),
    Planted("a door too wide", _door("board", Entrance(EVERYONE, EVERYONE)), "li", ("board",),
            "refuses whom its door lets in", second_wall_holds=False),
    Planted("a door not declared", _door("load", None), "wang", ("load",),
            "say in recovery/doors.py", second_wall_holds=False),
    Planted("an address that is new", _address(path("surprises/", _desk, name="surprise")), "wang",
            ("surprise",), "is new: say in ROUTES", second_wall_holds=False),
    Planted("a blank that is new", _address(path("presents/<int:present_id>/", _desk, name="desk")),
            "wang", ("desk",), "has a blank that is new", second_wall_holds=False),
]  # fmt: skip
