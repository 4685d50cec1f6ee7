"""The codes that hang at a branch and lead its customers to the form, with the branch filled in."""

from __future__ import annotations

import io

import segno
from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse

from staff.access import branches_in_scope
from staff.models import Branch, Person, Role

#: Who prints them: for the branches in reach, the administrator for all.
READERS = (Role.SUPERVISOR, Role.QUALITY, Role.DIRECTOR, Role.ADMINISTRATOR)
#: Dots for a square of a PNG: 45 squares make 900 dots, sharp on a sheet of A4.
_SCALE = 20


def branches_of(person: Person) -> QuerySet[Branch]:
    """The live branches whose codes the person may print."""
    if person.role == Role.ADMINISTRATOR:
        return Branch.objects.live()
    return branches_in_scope(person).filter(closed_at=None)


def address_of(branch: Branch) -> str:
    """Where the code leads."""
    return f"{settings.SITE_URL}{reverse('feedback-of-branch', args=[branch.code])}"


def svg(branch: Branch, *, bare: bool = False) -> str:
    """The code as a drawing; `bare`: to stand in a page, which says how large it is."""
    out = io.BytesIO()
    drawn = _drawn(branch)
    if bare:
        drawn.save(
            out, kind="svg", xmldecl=False, svgns=False, omitsize=True, border=2,
            svgclass="code__drawing", lineclass=None,
        )  # fmt: skip
    else:
        drawn.save(out, kind="svg", scale=10, border=4)
    return out.getvalue().decode()


def png(branch: Branch) -> bytes:
    """The code as a picture."""
    out = io.BytesIO()
    _drawn(branch).save(out, kind="png", scale=_SCALE, border=4)
    return out.getvalue()


def _drawn(branch: Branch) -> segno.QRCode:
    # a quarter of it may be dirty or torn
    return segno.make_qr(address_of(branch), error="q")
