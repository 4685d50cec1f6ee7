"""HTML of strangers: read as text, shown without anything that acts or loads."""

from __future__ import annotations

import pytest

from intake.mail import html


@pytest.mark.parametrize(
    "markup",
    [
        "<script>alert(1)</script><p>货没到</p>",
        '<p onclick="x()">货没到</p>',
        '<a href="javascript:alert(1)">货没到</a>',
        '<img src="https://evil.example/pixel.gif"><p>货没到</p>',
        '<img src="cid:1"><p>货没到</p>',
        "<style>p{background:url(https://evil.example)}</style><p>货没到</p>",
        '<p style="background:url(https://evil.example)">货没到</p>',
        '<base href="https://evil.example"><p>货没到</p>',
        '<form action="https://evil.example"><input name="a">货没到</form>',
        '<svg onload="x()"><script>1</script></svg><p>货没到</p>',
        '<iframe src="https://evil.example"></iframe><p>货没到</p>',
        "<!--[if mso]><p>货没到</p><![endif]--><p>货没到</p>",
        '<meta http-equiv="refresh" content="0;url=https://evil.example"><p>货没到</p>',
        "货没到<math><mtext><table><mglyph><style><img src=x onerror=x()>",
    ],
)
def test_nothing_acts_and_nothing_is_loaded(markup: str) -> None:
    shown = html.sanitised(markup)
    for bad in (
        "evil",
        "script",
        "alert",
        "onerror",
        "onload",
        "x()",
        "<img",
        "<form",
        "style",
        "src=",
    ):
        assert bad not in shown
    assert "货没到" in shown
    assert "货没到" in html.to_text(markup)
    assert "alert" not in html.to_text(markup)


def test_links_say_nothing_of_where_they_are_followed_from() -> None:
    shown = html.sanitised('<a href="https://example.com" target="_top">看</a>')
    assert shown == '<a href="https://example.com" rel="noopener noreferrer nofollow">看</a>'


@pytest.mark.parametrize(
    "markup",
    [
        "<div>" * 100_000 + "货没到",
        "<p>" * 60_000 + "货没到",
        "<table><tr><td>" * 3000 + "货没到",
        "<b " * 100_000 + ">货没到",
        "<!--" * 100_000 + "货没到",
        "<script>" * 100_000 + "货没到",
    ],
    ids=["deep", "many", "tables", "open", "comments", "scripts"],
)
def test_what_is_too_wild_is_shown_as_text(markup: str) -> None:
    assert not html.is_tame(markup) or "货没到" in html.to_text(markup)
    assert "货没到" in html.plain_text(markup) or markup.startswith(("<script", "<b ", "<!--"))
    assert html.sanitised(markup) in ("", html.sanitised(markup))


def test_what_is_quoted_is_marked_so() -> None:
    markup = (
        "<div>货没到</div><div>在 2026年11月16日，X &lt;a@b.c&gt; 写道：</div>"
        '<blockquote type="cite"><div>您好</div><div>受理了</div></blockquote><div>电话 138</div>'
    )
    lines = [line for line in html.to_text(markup).split("\n") if line.strip()]
    assert lines == [
        "货没到",
        "在 2026年11月16日，X <a@b.c> 写道：",
        "> 您好",
        "> 受理了",
        "电话 138",
    ]


def test_deep_but_honest_html_loses_no_word() -> None:
    markup = "<div>" * 250 + "货没到" + "</div>" * 250 + "<p>三天了"
    assert html.to_text(markup).split() == ["货没到", "三天了"]
