"""The machine API: other systems hand in complaints and look up what became of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.urls import path
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from common.api import ErrorDetailOut, Nouns, StrictSerializer, errors_of
from common.errors import RuleBroken
from common.parsers import ItemsParser, StrictJSONParser, check_text
from common.schema import operation
from complaints.models import Channel, ClockKind, Status
from complaints.outcome import Outcome
from intake.models import Inlet, Item, ItemState
from intake.systems import machine, own_cases, repeats, taking
from intake.systems.key_door import KeyAuthentication, system_of
from intake.systems.repeats import Answer

#: In one batch.
MOST = 500

_KEY = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description=_(
        "至多 200 个字符；24 小时内用同一个值、同一内容再次提交，得到同一个回答；内容不同则 422。"
    ),
)


#: What one thing of a batch may come to.
VERDICTS = [*ItemState.choices, ("refused", _("已拒绝"))]


class VerdictOut(serializers.Serializer[Any]):
    """What became of one thing: `no` once there is a case of the system's own; `code` and `reason`
    where it waits for a person."""

    outside_id = serializers.CharField()
    state = serializers.ChoiceField(choices=ItemState.choices)
    no = serializers.CharField(allow_null=True)
    code = serializers.CharField(allow_null=True)
    reason = serializers.CharField(allow_null=True)


class BatchVerdictOut(serializers.Serializer[Any]):
    """The same in a batch; what was refused, and not kept, is `refused` with its errors."""

    index = serializers.IntegerField()
    outside_id = serializers.CharField(allow_null=True)
    state = serializers.ChoiceField(choices=VERDICTS)
    no = serializers.CharField(allow_null=True)
    code = serializers.CharField(allow_null=True)
    reason = serializers.CharField(allow_null=True)
    errors = ErrorDetailOut(many=True)  # type: ignore[assignment]  # a field, not the property


class BatchOut(serializers.Serializer[Any]):
    """One verdict an item, in the order of the items."""

    items = BatchVerdictOut(many=True)


class MachineBatchIn(StrictSerializer):
    """From 1 to 500 complaints."""

    items = machine.MachineReportIn(many=True)


class OwnClockOut(serializers.Serializer[Any]):
    """One of the promises to the customer."""

    kind = serializers.ChoiceField(choices=ClockKind.choices)
    round = serializers.IntegerField()
    started_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField()
    met_at = serializers.DateTimeField(allow_null=True)
    outcome = serializers.ChoiceField(choices=Outcome.choices)


class ResultOut(serializers.Serializer[Any]):
    """What the customer was told as the result."""

    said = serializers.CharField()
    at = serializers.DateTimeField(source="occurred_at")


class OwnCaseOut(serializers.Serializer[Any]):
    """A case of the system's own, as it stands now."""

    no = serializers.CharField()
    outside_id = serializers.CharField()
    status = serializers.ChoiceField(choices=Status.choices)
    status_label = serializers.CharField()
    round = serializers.IntegerField()
    channel = serializers.ChoiceField(choices=Channel.choices)
    received_at = serializers.DateTimeField()
    closed_at = serializers.DateTimeField(allow_null=True)
    clocks = OwnClockOut(many=True)
    result = ResultOut(allow_null=True)


class _Machine(Nouns):
    """For systems alone; each view says itself what is one transaction."""

    authentication_classes = (KeyAuthentication,)
    own_transactions = True


class MachineComplaints(_Machine):
    """Complaints that another system hands in."""

    parser_classes = (StrictJSONParser,)

    @operation(
        _("登记一件投诉（系统对接）"),
        tag="machine",
        request=machine.MachineReportIn,
        returns=VerdictOut,
        status=201,
        errors=(400, 401, 413, 415, 422, 503),
        parameters=[_KEY],
        description=_(
            "收下的内容先原样保存，再登记或并入同一会话的未结投诉。201 已登记或并入；200 这个 "
            "`outside_id` 以前收到过；202 已收下，等人工处理（`reason` 说明原因）。"
        ),
    )
    def create(self, request: Request) -> Response:
        """201 with what became of it; 200 for what came before; 202 while a person has to look."""
        inlet, at = system_of(request)
        raw = request._request.body
        call = repeats.call(inlet, request.headers.get("Idempotency-Key"), "complaint", raw)

        def deed() -> Answer:
            try:
                said = self.read(machine.MachineReportIn, context={"at": at})
            except (RuleBroken, ValidationError):
                if (item := taking.again(inlet, request.data)) is None:
                    raise
                return _answer(inlet, item, created=False)
            piece = taking.piece(machine.COMPLAINT, said["outside_id"], machine.told(said), raw)
            return _answer(inlet, *taking.take(inlet, piece, at=at))

        return _said(repeats.once(call, deed, at=at))

    @operation(_("查询本系统的一件投诉"), tag="machine", returns=OwnCaseOut, errors=(401, 404, 503))
    def retrieve(self, request: Request, no: str) -> Response:
        """Where the case is, its clocks, and the result as the customer was told."""
        inlet, at = system_of(request)
        shown = own_cases.show(inlet, no, at=at)
        return Response(OwnCaseOut(shown).data)


class MachineBatch(_Machine):
    """Many complaints at once."""

    parser_classes = (ItemsParser,)

    @operation(
        _("批量登记投诉（系统对接）"),
        tag="machine",
        request=MachineBatchIn,
        returns=BatchOut,
        errors=(400, 401, 413, 415, 422, 503),
        parameters=[_KEY],
        description=_(
            "1 到 500 件，共 2 MB 以内。逐件回答，一件不对不影响其他；整批重发不会重复登记。"
        ),
    )
    def create(self, request: Request) -> Response:
        """One verdict an item, in their order."""
        inlet, at = system_of(request)
        raw = request._request.body
        call = repeats.call(inlet, request.headers.get("Idempotency-Key"), "batch", raw)
        said = _items(request.data)
        return _said(repeats.steps(call, lambda: _verdicts(inlet, said, at), at=at))


class MachineStatements(_Machine):
    """What the customer says besides."""

    parser_classes = (StrictJSONParser,)

    @operation(
        _("补充客户所述（系统对接）"),
        tag="machine",
        request=machine.MachineSaidIn,
        returns=VerdictOut,
        status=201,
        errors=(400, 401, 403, 404, 409, 413, 415, 422, 503),
        parameters=[_KEY],
    )
    def create(self, request: Request, no: str) -> Response:
        """As for complaints; the words are in the case, and its owner is told."""
        inlet, at = system_of(request)
        complaint_id = own_cases.own_case(inlet, no)
        raw = request._request.body
        call = repeats.call(inlet, request.headers.get("Idempotency-Key"), f"said:{no}", raw)
        value: Any = request.data

        def deed() -> Answer:
            said = self.read(machine.MachineSaidIn)
            told = machine.told_besides(said, complaint_id)
            kept = taking.written({**value, "no": no})
            piece = taking.piece(machine.STATEMENT, said["outside_id"], told, kept)
            return _answer(inlet, *taking.take(inlet, piece, at=at))

        return _said(repeats.once(call, deed, at=at))


_NEW = {ItemState.SET_ASIDE: 202, ItemState.WAITING: 202}


def _answer(inlet: Inlet, item: Item, created: bool) -> Answer:
    status = _NEW.get(ItemState(item.state), 201 if created else 200)
    return Answer(status, _verdict(item, _numbers(inlet, [item])))


def _said(answer: Answer) -> Response:
    return Response(answer.body, status=answer.status)


def _verdict(item: Item, numbers: Mapping[int, str]) -> dict[str, Any]:
    waits = item.state in (ItemState.SET_ASIDE, ItemState.IGNORED)
    return {
        "outside_id": machine.own_id(item),
        "state": str(item.state),
        "no": numbers.get(item.complaint_id or 0),
        "code": item.code if waits else None,
        "reason": item.reason if waits else None,
    }


def _items(data: Any) -> list[Any]:
    """The items of a batch, not looked into yet. Raises ValidationError."""
    if not isinstance(data, dict):
        raise ValidationError({"non_field_errors": [_detail(_NO_OBJECT, "invalid")]})
    if strangers := sorted(set(data) - {"items"}):
        raise ValidationError(
            {name[:200]: [_detail(_("没有这个字段。"), "unknown_field")] for name in strangers}
        )
    found = data.get("items")
    if not isinstance(found, list) or not 1 <= len(found) <= MOST:
        sentence = _("items 应是 1 到 %(most)d 件投诉的列表。") % {"most": MOST}
        raise ValidationError({"items": [_detail(sentence, "items.count")]})
    return found


_NO_OBJECT = _("内容应是一个 JSON 对象。")


def _detail(sentence: Any, code: str) -> serializers.ErrorDetail:
    return serializers.ErrorDetail(str(sentence), code=code)


def _verdicts(inlet: Inlet, said: list[Any], at: datetime) -> Answer:
    """Each item is checked by itself; what will do is taken in, what came before is known again,
    the rest is refused."""
    reader = machine.MachineReportIn(context={"at": at})
    pieces: dict[int, taking.Piece] = {}
    found: dict[int, Item | RuleBroken | ValidationError] = {}
    for index, value in enumerate(said):
        try:
            check_text(value, "")
            checked = reader.run_validation(value)
        except (RuleBroken, ValidationError) as error:
            found[index] = taking.again(inlet, value) or error
        else:
            told, raw = machine.told(checked), taking.written(value)
            pieces[index] = taking.piece(machine.COMPLAINT, checked["outside_id"], told, raw)
    found.update(zip(pieces, taking.take_all(inlet, list(pieces.values()), at=at), strict=True))
    numbers = _numbers(inlet, [each for each in found.values() if isinstance(each, Item)])
    rows = [
        {"index": index, **_verdict(each, numbers), "errors": []}
        if isinstance(each := found[index], Item)
        else _refused(index, value, each)
        for index, value in enumerate(said)
    ]
    return Answer(200, {"items": rows})


def _refused(index: int, value: Any, error: RuleBroken | ValidationError) -> dict[str, Any]:
    errors = errors_of(error)
    given = value.get("outside_id") if isinstance(value, dict) else None
    named = given if isinstance(given, str) and given.isprintable() else None
    return {
        "index": index,
        "outside_id": named and named[: machine.OUTSIDE_ID_LIMIT],
        "state": "refused",
        "no": None,
        "code": errors[0]["code"],
        "reason": errors[0]["message"],
        "errors": errors,
    }


def _numbers(inlet: Inlet, found: list[Item]) -> dict[int, str]:
    return own_cases.numbers(inlet, [item.complaint_id for item in found if item.complaint_id])


urlpatterns = [
    path(
        "intake/complaints/",
        MachineComplaints.as_view({"post": "create"}),
        name="api-intake-complaints",
    ),
    path(
        "intake/complaints/batch/",
        MachineBatch.as_view({"post": "create"}),
        name="api-intake-batch",
    ),
    path(
        "intake/complaints/<str:no>/",
        MachineComplaints.as_view({"get": "retrieve"}),
        name="api-intake-complaint",
    ),
    path(
        "intake/complaints/<str:no>/statements/",
        MachineStatements.as_view({"post": "create"}),
        name="api-intake-statements",
    ),
]
