"""The API of the files of a case."""

from __future__ import annotations

from typing import Any

from django.http import FileResponse
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.parsers import MultiPartParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from common.api import Nouns
from common.schema import operation
from common.time import now
from complaints.api.found import the_case
from complaints.api.said import AttachmentIn
from complaints.api.shown import AttachmentOut
from complaints.attachments import attach
from complaints.models import Attachment
from staff.session import person_of


class _AnyAccept(DefaultContentNegotiation):
    """A file is what it is, whatever the caller hoped for."""

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        """The first renderer, for the errors."""
        return renderers[0], renderers[0].media_type


class Attachments(Nouns):
    """Files, sent as multipart/form-data."""

    parser_classes = (MultiPartParser,)
    content_negotiation_class = _AnyAccept

    @operation(_("附件"), tag="attachments", returns=AttachmentOut(many=True), errors=(401, 404))
    def list(self, request: Request, no: str) -> Response:
        """In the order they were added."""
        found = Attachment.objects.filter(complaint=the_case(request, no)).select_related("by")
        return self.page(found, AttachmentOut)

    @operation(
        _("上传附件"),
        tag="attachments",
        request={"multipart/form-data": AttachmentIn},
        returns=AttachmentOut,
        status=201,
        description=_(
            "图片、PDF、Word、Excel、录音、视频和文本，每个不超过 20 MB；以内容而不是扩展名为准。"
        ),
    )
    def create(self, request: Request, no: str) -> Response:
        """The file as it was kept."""
        found = the_case(request, no)
        upload = self.read(AttachmentIn)["file"]
        kept = attach(found.pk, upload, by=person_of(request), at=now())
        return Response(AttachmentOut(kept).data, status=201)

    @operation(
        _("下载附件"),
        tag="attachments",
        returns=OpenApiTypes.BINARY,
        errors=(401, 404),
        media_type="application/octet-stream",
    )
    def retrieve(self, request: Request, no: str, attachment_id: int) -> FileResponse:
        """The bytes, always as a download."""
        kept = Attachment.objects.get(pk=attachment_id, complaint=the_case(request, no))
        return FileResponse(
            kept.file.open("rb"),
            as_attachment=True,
            filename=kept.name,
            content_type=kept.content_type,
        )
