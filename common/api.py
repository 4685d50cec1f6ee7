"""What the API of every room shares: how it says no, how it reads, how it pages."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from copy import copy, deepcopy
from typing import Any, ClassVar

from django.core.exceptions import (
    ObjectDoesNotExist,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
)
from django.db.models import QuerySet, TextChoices
from django.forms import BaseForm
from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import exceptions, serializers, viewsets
from rest_framework.pagination import PageNumberPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import exception_handler as drf_exception_handler

from common import paging
from common.errors import RuleBroken, is_away

_Errors = list[dict[str, str | None]]


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """A broken rule as its status with code, sentence and field; what can't be seen as 404; a
    body too big as 413; a database that can't answer now as 503. None: it is our failure."""
    match error:
        case RuleBroken():
            return _answer(error.status, [_error(error.code, error.message, error.field)])
        case ObjectDoesNotExist() | Http404() | exceptions.NotFound():
            return _answer(404, [_error("not_found", _("没有找到，或您无权查看。"), None)])
        case exceptions.ValidationError():
            return _answer(400, list(_flatten(error.get_full_details())))
        case RequestDataTooBig():
            return Response(failed(413), status=413)
        case SuspiciousOperation():
            return _answer(400, [_error("bad_request", _("请求无法读取。"), None)])
        case _ if is_away(error):
            return Response(failed(503), status=503, headers={"Retry-After": RETRY_AFTER})
        case PermissionDenied():
            error = exceptions.PermissionDenied()
    response = drf_exception_handler(error, context)
    if response is not None and isinstance(error, exceptions.APIException):
        response.data = _body([_own_words(error)])
    return response


#: Seconds after which a program may ask again.
RETRY_AFTER = "5"


def failed(status: int) -> dict[str, Any]:
    """The body of an answer without a view: 413 for what is too large; of our own failures 503
    while the database is away, else 500."""
    if status == 413:
        return _body([_error("too_large", _("内容太大，无法接收。"), None)])
    if status == 503:
        return _body([_error("busy", _("系统正忙，请稍后再试。"), None)])
    return _body([_error("error", _("请求没有成功。"), None)])


def _own_words(error: exceptions.APIException) -> dict[str, str | None]:
    """The framework's errors in a sentence of ours: its own are English, and repeat the input."""
    match error:
        case exceptions.NotAuthenticated():
            return _error("not_authenticated", _("请先登录。"), None)
        case exceptions.AuthenticationFailed():
            return _error("authentication_failed", _("登录凭证无效或已过期，请重新登录。"), None)
        case exceptions.PermissionDenied() if str(error.detail).startswith("CSRF"):
            return _error("csrf", _("缺少 CSRF 令牌，或令牌已过期。"), None)
        case exceptions.PermissionDenied():
            return _error("permission_denied", _("您没有权限这样做。"), None)
        case exceptions.MethodNotAllowed():
            return _error("method_not_allowed", _("这个地址不支持这种操作。"), None)
        case exceptions.NotAcceptable():
            return _error("not_acceptable", _("无法按所要求的格式（Accept）回答。"), None)
        case exceptions.UnsupportedMediaType():
            return _error(
                "unsupported_media_type", _("不接受这种类型（Content-Type）的内容。"), None
            )
        case exceptions.ParseError():
            return _error("parse_error", _("内容不完整或格式不对，无法读取。"), None)
        case _:
            return _error("error", _("请求没有成功。"), None)


def _answer(status: int, errors: _Errors) -> Response:
    return Response(_body(errors), status=status)


def _body(errors: _Errors) -> dict[str, Any]:
    """The first error on top, for callers that show one; all of them in `errors`."""
    return {**errors[0], "errors": errors}


def _error(code: str, message: str, field: str | None) -> dict[str, str | None]:
    return {"code": code, "message": str(message), "field": field}


def errors_of(error: RuleBroken | exceptions.ValidationError) -> _Errors:
    """What is wrong, as it stands under `errors`: for what is refused inside of an answer."""
    if isinstance(error, RuleBroken):
        return [_error(error.code, error.message, error.field)]
    return list(_flatten(error.get_full_details()))


def _flatten(details: Any, field: str | None = None) -> Iterator[dict[str, str | None]]:
    """DRF's nested details as a flat list; `non_field_errors` belong to no field."""
    if isinstance(details, list):
        for part in details:
            yield from _flatten(part, field)
    elif "message" in details and "code" in details and isinstance(details["code"], str):
        yield _error(details["code"], details["message"], field)
    else:
        for name, part in details.items():
            yield from _flatten(part, None if name == "non_field_errors" else str(name))


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses fields it doesn't know, so that a misspelt one is never silently dropped."""

    default_error_messages = {
        "invalid": gettext_lazy("内容应是一个 JSON 对象。"),
    }

    def get_fields(self) -> dict[str, Any]:
        """Copies of those declared. DRF makes each anew, which takes as long as reading with them;
        that is only needed where there are others inside."""
        return {
            name: deepcopy(field) if _has_inside(field) else copy(field)
            for name, field in self._declared_fields.items()
        }

    def to_internal_value(self, data: Any) -> Any:
        """The checked values. Raises ValidationError `unknown_field` beside each stranger."""
        if isinstance(data, dict) and (strangers := set(data) - set(self.fields)):
            raise _unknown(strangers)
        return super().to_internal_value(data)


def _has_inside(field: serializers.Field[Any, Any, Any, Any]) -> bool:
    inside = isinstance(field, serializers.BaseSerializer) or hasattr(field, "child")
    return inside or hasattr(field, "child_relation")


class ErrorDetailOut(serializers.Serializer[Any]):
    """One thing that is wrong: a stable code, a sentence for the person, the field or null."""

    code = serializers.CharField()
    message = serializers.CharField()
    field = serializers.CharField(allow_null=True)


class ErrorOut(ErrorDetailOut):
    """The shape of every error: the first thing wrong, and all of them under `errors`."""

    errors = ErrorDetailOut(many=True)  # type: ignore[assignment]  # a field, not the property


class LabelOut(serializers.CharField):
    """A choice in words, in the language of the request; `x_label` says those of `x`. The same as
    `get_x_display`, which takes Django long to find."""

    def __init__(self, choices: type[TextChoices], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._labels = dict(choices.choices)

    def bind(self, field_name: str, parent: Any) -> None:
        """Read what the label is of, unless `source` says where that is."""
        self.source = self.source or field_name.removesuffix("_label")
        super().bind(field_name, parent)

    def to_representation(self, value: str) -> str:
        """The words; of what is no choice (nothing, as a rule) itself."""
        return str(self._labels.get(value, value))


class Pages(PageNumberPagination):
    """`?page=` and `?page_size=`, at most 200 rows."""

    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200

    def reach(self, request: Request) -> int:
        """One row more than the page asked for ends with; how far a costly list is read."""
        size = self.get_page_size(request) or self.page_size
        return paging.reach(request.query_params.get(self.page_query_param), size)


class Nouns(viewsets.ViewSet):
    """What the API's viewsets have in common: thin doors, and answers that no cache may keep."""

    pagination_class = Pages
    #: The view says itself what is one transaction; else the whole call is one.
    own_transactions: ClassVar[bool] = False

    def finalize_response(
        self, request: Request, response: Response, *args: Any, **kwargs: Any
    ) -> Response:
        """The answer, marked as one person's own."""
        final = super().finalize_response(request, response, *args, **kwargs)
        final["Cache-Control"] = "no-store"
        return final

    def read(self, serializer_class: type[StrictSerializer], **kwargs: Any) -> dict[str, Any]:
        """The checked body. Raises ValidationError, RuleBroken."""
        body: Any = self.request.data  # DRF takes None for "no data" and says so in English
        serializer = serializer_class(data="" if body is None else body, **kwargs)
        serializer.is_valid(raise_exception=True)
        values: dict[str, Any] = serializer.validated_data
        return values

    def page(
        self,
        found: QuerySet[Any] | list[Any],
        serializer_class: type[serializers.Serializer[Any]],
        **context: Any,
    ) -> Response:
        """One page of the rows, shown by the serializer."""
        paginator = Pages()
        rows = paginator.paginate_queryset(found, self.request, view=self)
        shown = serializer_class(rows, many=True, context={"request": self.request, **context})
        return paginator.get_paginated_response(shown.data)


_PAGING = frozenset({"page", "page_size"})


def refuse_unknown_query(request: Request, known: Collection[str]) -> None:
    """Raises ValidationError `unknown_field` for a filter that there is not: a misspelt one
    must not show everything."""
    if strangers := set(request.query_params) - set(known) - _PAGING:
        raise _unknown(strangers)


def chosen(request: Request, name: str, values: Collection[str]) -> str:
    """The filter's value, "" when it is left out. Raises ValidationError `invalid_choice`."""
    value = request.query_params.get(name, "")
    if value and value not in values:
        raise serializers.ValidationError(
            {name: [serializers.ErrorDetail(_("没有这个选项。"), code="invalid_choice")]}
        )
    return value


def checked_form(form: BaseForm) -> dict[str, Any]:
    """What a form has read. Raises ValidationError with the form's own sentences."""
    if form.is_valid():
        return form.cleaned_data
    raise serializers.ValidationError(
        {
            name: [
                serializers.ErrorDetail(e["message"], code=e["code"] or "invalid") for e in found
            ]
            for name, found in form.errors.get_json_data().items()
        }
    )


def _unknown(strangers: set[Any]) -> serializers.ValidationError:
    return serializers.ValidationError(
        {
            str(name)[:200]: [serializers.ErrorDetail(_("没有这个字段。"), code="unknown_field")]
            for name in sorted(strangers, key=str)
        }
    )
