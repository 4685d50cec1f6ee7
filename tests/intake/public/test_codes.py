"""反馈二维码: who prints which, and where they lead."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from tests.conftest import Cast


def signed_in(cast: Cast, name: str) -> Client:
    client = Client()
    client.force_login(getattr(cast, name))
    return client


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("wang", {"WUX"}), ("xu", {"EAST", "WUX", "SUZ"}), ("ma", {"LZ"}),
        ("chen", {"HQ", "EAST", "NW", "WUX", "SUZ", "LZ"}),
        ("lin", {"HQ", "EAST", "NW", "WUX", "SUZ", "LZ"}),
        ("root", {"HQ", "EAST", "NW", "WUX", "SUZ", "LZ"}),
        ("li", None), ("gao", None),
    ],
)  # fmt: skip
def test_each_prints_those_of_the_branches_in_reach(
    cast: Cast, name: str, codes: set[str] | None
) -> None:
    client = signed_in(cast, name)
    answer = client.get("/feedback-codes/")
    if codes is None:
        assert answer.status_code == 403
        return
    assert set(re.findall(r'"/feedback-codes/(\w+)/"', answer.content.decode())) == codes
    for code in ("WUX", "LZ"):
        expected = 200 if code in codes else 404
        for kind in ("", "svg/", "png/"):
            assert client.get(f"/feedback-codes/{code}/{kind}").status_code == expected


def test_the_sheet_and_its_files_are_drawn_by_the_house(cast: Cast) -> None:
    client = signed_in(cast, "wang")
    page = client.get("/feedback-codes/WUX/").content.decode()
    assert "/feedback/WUX/" in page
    assert "<svg" in page
    assert "style=" not in page.split('class="poster__code"')[1].split("</section>")[0]
    svg = client.get("/feedback-codes/WUX/svg/")
    assert svg["Content-Disposition"] == 'attachment; filename="feedback-WUX.svg"'
    png = client.get("/feedback-codes/WUX/png/")
    assert png.content.startswith(b"\x89PNG")
    assert client.get("/feedback-codes/WUX/gif/").status_code == 404
