"""How much one request may bring. Django limits fields and fields' bytes, but spools files of any
size to the disk before anybody has asked who sends them."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from common.views import too_much

#: In bytes (128 MB): twice the largest file that any door takes, or six of the largest attachments.
LARGEST = 128 * 1024 * 1024


class Bodies:
    """Middleware; stands before whatever reads a body. What says that it is larger is refused with
    413, unread; what does not say how large it is (chunks), Django takes for empty."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        said = request.META.get("CONTENT_LENGTH") or ""
        if said.isdecimal() and int(said.lstrip("0")[:20] or "0") > LARGEST:
            return too_much(request)
        return self.get_response(request)
