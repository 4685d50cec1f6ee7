"""How the operations of the API are described: a summary in Chinese, and every error it has."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema

from common.api import ErrorOut

F = TypeVar("F", bound=Callable[..., Any])

_SENTENCES: dict[int, Any] = {
    400: _("内容不符合规定；`field` 指出是哪一项。"),
    401: _("未登录，或登录凭证已过期。"),
    403: _("看得到，但无权这样做。"),
    404: _("不存在，或无权查看：两者的回答相同。"),
    409: _("投诉目前的状态不允许这样做。"),
    413: _("内容太大。"),
    415: _("不接受这种类型或编码。"),
    422: _("同一个 Idempotency-Key 用在了另一份内容上。"),
    503: _("系统暂时不能处理；过 `Retry-After` 秒后原样重发。"),
}
#: Errors of an operation that reads, and of one that acts on a case.
READING = (401, 403, 404)
LISTING = (400, 401, 403, 404)
ACTING = (400, 401, 403, 404, 409, 413, 415)


def operation(
    summary: Any,
    *,
    tag: str,
    returns: Any = None,
    status: int = 200,
    request: Any = None,
    errors: Sequence[int] = ACTING,
    parameters: Sequence[OpenApiParameter] = (),
    description: Any = "",
    media_type: str = "application/json",
    **more: Any,
) -> Callable[[F], F]:
    """Describe the operation that follows; `returns` is the serializer of a success."""
    responses: dict[Any, Any] = {
        (status, media_type) if returns is not None else status: returns,
        **{code: OpenApiResponse(ErrorOut, _SENTENCES[code]) for code in errors},
    }
    decorate: Callable[[F], F] = extend_schema(
        summary=summary,
        description=description,
        tags=[tag],
        request=request,
        responses=responses,
        parameters=list(parameters),
        **more,
    )
    return decorate


def query(name: str, description: Any, **more: Any) -> OpenApiParameter:
    """A filter in the address."""
    return OpenApiParameter(name, str, OpenApiParameter.QUERY, description=description, **more)
