"""Keeping a file with a case."""

from __future__ import annotations

import uuid
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from common import files
from complaints import cases, events
from complaints.models import Attachment, Complaint
from complaints.rules import Action
from staff.models import Person


@transaction.atomic
def attach(complaint_id: int, upload: UploadedFile[Any], *, by: Person, at: datetime) -> Attachment:
    """Keep the file under a name of our own; its label and true type are remembered.
    Raises RuleBroken `file.*`; NotAllowed."""
    files.check(upload)  # before the lock: reading takes time
    complaint = cases.lock(complaint_id, to=Action.ATTACH, by=by, at=at)
    return keep(complaint, upload, by=by, at=at)


def keep(
    complaint: Complaint, upload: UploadedFile[Any], *, by: Person, at: datetime
) -> Attachment:
    """`attach` for a case that this transaction has locked, or has just written."""
    checked = files.check(upload)
    data = {"name": checked.name, "size": checked.size, "sha256": checked.sha256}
    events.record(complaint, Action.ATTACH, by=by, at=at, data=data)
    upload.name = f"{uuid.uuid4().hex}{PurePosixPath(checked.name).suffix.lower()}"
    return Attachment.objects.create(
        complaint=complaint,
        file=upload,
        name=checked.name,
        content_type=checked.content_type,
        size=checked.size,
        sha256=checked.sha256,
        by=by,
        at=at,
    )
