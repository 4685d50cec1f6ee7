"""A file of complaints on its way in: its columns named, checked, confirmed, registered."""

from __future__ import annotations

import json
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from complaints.models import Channel

_PEOPLE = settings.AUTH_USER_MODEL


class JobState(models.TextChoices):
    UPLOADED = "uploaded", _("待确认列")
    READING = "reading", _("读取中")
    CHECKING = "checking", _("预检中")
    CHECKED = "checked", _("待确认导入")
    RUNNING = "running", _("导入中")
    DONE = "done", _("已完成")
    FAILED = "failed", _("未能导入")
    CANCELLED = "cancelled", _("已取消")


#: A worker goes on with these by itself.
WORKED = (JobState.READING, JobState.CHECKING, JobState.RUNNING)
#: Nothing happens to these any more.
OVER = (JobState.DONE, JobState.FAILED, JobState.CANCELLED)


class RowVerdict(models.TextChoices):
    """What comes, or came, of a row."""

    WAITING = "", _("未处理")
    REGISTER = "register", _("登记")
    APPEND = "append", _("并入原投诉")
    AGAIN = "again", _("已有")
    SET_ASIDE = "set_aside", _("不予导入")


class ImportJob(models.Model):
    """`file` is kept until its rows are. `headers` are the names of its columns, `meanings` what
    each column means (codes of `intake.files.columns.Field`, "" for nothing), `head` its first
    rows as `intake.files.cells` packs them. `cursor` is the number of the last row dealt with in
    the present pass, `counts` how many rows have had each verdict in it. Whoever works on it holds
    the lease."""

    channel = models.CharField(_("渠道"), max_length=10, choices=Channel)
    inlet = models.ForeignKey(
        "intake.Inlet", models.PROTECT, null=True, related_name="+", verbose_name=_("受理入口")
    )
    branch = models.ForeignKey(
        "staff.Branch", models.PROTECT, null=True, related_name="+", verbose_name=_("默认涉及机构")
    )
    append = models.BooleanField(_("把变更并入原投诉"), default=False)
    name = models.CharField(_("文件名"), max_length=150)
    file = models.FileField(upload_to="imports/%Y/%m/", blank=True)
    size = models.PositiveBigIntegerField(_("大小（字节）"))
    sha256 = models.CharField(max_length=64)
    by = models.ForeignKey(_PEOPLE, models.PROTECT, related_name="+", verbose_name=_("上传人"))
    at = models.DateTimeField(_("上传时间"))

    #: The language of the person who brought it: reasons are written in it.
    language = models.CharField(max_length=10)
    is_table = models.BooleanField(default=True)
    since_1904 = models.BooleanField(default=False)
    # text, not JSON: a header may hold what jsonb takes for no text
    headers_text = models.TextField(default="[]")
    head_text = models.TextField(default="[]")
    notes_text = models.TextField(default="[]")
    meanings = models.JSONField(default=list)

    state = models.CharField(_("状态"), max_length=10, choices=JobState, default=JobState.UPLOADED)
    rows_total = models.PositiveIntegerField(_("行数"), default=0)
    cursor = models.PositiveIntegerField(default=0)
    counts = models.JSONField(default=dict)
    code = models.CharField(max_length=60, blank=True)
    reason = models.CharField(_("原因"), max_length=500, blank=True)
    confirmed_at = models.DateTimeField(_("确认时间"), null=True)
    finished_at = models.DateTimeField(_("结束时间"), null=True)

    moved_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True)
    lease_token = models.UUIDField(null=True)
    failures = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = _("投诉文件导入")
        verbose_name_plural = _("投诉文件导入")
        ordering = ("-at", "-pk")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state="failed", code__gt="") | ~Q(state="failed") & Q(code=""),
                name="import_job_failed_says_why",
            ),
            models.CheckConstraint(
                condition=Q(state__in=[state.value for state in OVER], finished_at__isnull=False)
                | ~Q(state__in=[state.value for state in OVER]) & Q(finished_at=None),
                name="import_job_over_says_when",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["running", "done"]) | Q(confirmed_at__isnull=False),
                name="import_job_runs_once_confirmed",
            ),
        ]
        indexes: ClassVar = [
            # What a worker looks for.
            models.Index(
                fields=["moved_at"],
                condition=Q(state__in=[state.value for state in WORKED]),
                name="import_job_worked",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def headers(self) -> list[str]:
        """The names of the columns."""
        return list(json.loads(self.headers_text))

    @property
    def head(self) -> list[str]:
        """The first rows, packed."""
        return list(json.loads(self.head_text))

    @property
    def notes(self) -> list[str]:
        """What the importing person should know of the file."""
        return list(json.loads(self.notes_text))

    @property
    def is_worked(self) -> bool:
        """Whether a worker goes on with it by itself."""
        return self.state in WORKED

    @property
    def is_over(self) -> bool:
        """Whether nothing happens to it any more."""
        return self.state in OVER

    def tally(self) -> dict[str, Any]:
        """How many rows have had each verdict, each verdict named."""
        return {
            verdict.value: self.counts.get(verdict.value, 0) for verdict in RowVerdict if verdict
        }


class ImportRow(models.Model):
    """A row of the file, kept from reading until it has become, or was found in, a case; one that
    was not taken is kept for download. `number` counts from 1 in the order of the file, `line` is
    where it stands there. `key` is the row's submission key, once it has been checked."""

    job = models.ForeignKey(ImportJob, models.CASCADE, related_name="rows")
    number = models.PositiveIntegerField()
    line = models.CharField(_("行"), max_length=60)
    content = models.TextField()
    mark = models.CharField(max_length=80, blank=True)
    key = models.CharField(max_length=200, blank=True)
    verdict = models.CharField(
        _("结果"), max_length=10, choices=RowVerdict, default=RowVerdict.WAITING, blank=True
    )
    code = models.CharField(max_length=60, blank=True)
    reason = models.CharField(_("原因"), max_length=500, blank=True)
    complaint = models.ForeignKey(
        "complaints.Complaint", models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        verbose_name = _("导入的行")
        verbose_name_plural = _("导入的行")
        ordering = ("job", "number")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["job", "number"], name="import_row_once"),
        ]
        indexes: ClassVar = [
            # The page, by verdict.
            models.Index(fields=["job", "verdict", "number"], name="import_row_by_verdict"),
            # The same outside number further up in the file.
            models.Index(fields=["job", "key"], condition=~Q(key=""), name="import_row_by_key"),
        ]

    def __str__(self) -> str:
        return f"{self.job_id}!{self.line}"


class ColumnMemory(models.Model):
    """What somebody has said of the columns of a channel's, or an inlet's, files: by slot
    (`intake/imports/mapping.py`) the code of a field, "" for nothing."""

    channel = models.CharField(max_length=10, choices=Channel)
    inlet = models.ForeignKey("intake.Inlet", models.PROTECT, null=True, related_name="+")
    said_text = models.TextField(default="{}")
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["channel", "inlet"], nulls_distinct=False, name="column_memory_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.inlet_id or ''}"

    @property
    def said(self) -> dict[str, str]:
        """By slot."""
        return dict(json.loads(self.said_text))
