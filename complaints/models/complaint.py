"""The case: one complaint of one customer."""

from __future__ import annotations

from typing import ClassVar, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from common import phones

_PEOPLE = settings.AUTH_USER_MODEL


class Channel(models.TextChoices):
    """How the complaint reached the firm; the codes stand in files and in the API."""

    PHONE = "phone", _("电话")
    COUNTER = "counter", _("柜台")
    FORM = "form", _("公众表单")
    MAIL = "mail", _("邮件")
    WECHAT = "wechat", _("微信公众号")
    WECOM = "wecom", _("企业微信")
    SMS = "sms", _("短信")
    P12345 = "p12345", _("12345 热线")
    P12315 = "p12315", _("12315 平台")
    HEIMAO = "heimao", _("黑猫投诉")
    PARENT = "parent", _("上级单位")
    OTHER = "other", _("其他")


class Severity(models.TextChoices):
    MINOR = "minor", _("一般")
    MAJOR = "major", _("较大")
    CRITICAL = "critical", _("重大")


class ComplainantRole(models.TextChoices):
    CUSTOMER = "customer", _("本人")
    SENDER = "sender", _("寄件人")
    RECEIVER = "receiver", _("收件人")
    FAMILY = "family", _("家属")
    AGENT = "agent", _("代理人")


class Status(models.TextChoices):
    """Where the case is; what is still owed are the clocks (`docs/domain.md` section 4)."""

    TRIAGE = "triage", _("待分拣")
    HANDLING = "handling", _("处理中")
    ANSWERED = "answered", _("已反馈")
    CALLED_BACK = "called_back", _("已回访")
    CLOSED = "closed", _("客户侧结案")
    INVALID = "invalid", _("无效")
    WITHDRAWN = "withdrawn", _("已撤诉")


#: The customer is still waiting for something in these.
OPEN = (Status.TRIAGE, Status.HANDLING, Status.ANSWERED, Status.CALLED_BACK)


class InvalidReason(models.TextChoices):
    NOT_OURS = "not_ours", _("非本公司业务")
    NO_FACTS = "no_facts", _("无事实依据")
    INQUIRY = "inquiry", _("实为咨询")
    PRAISE = "praise", _("实为表扬")
    MALICIOUS = "malicious", _("恶意投诉")
    DUPLICATE = "duplicate", _("重复投诉")


class ComplaintQuerySet(models.QuerySet["Complaint"]):
    def still_open(self) -> Self:
        """Not yet closed for the customer."""
        return self.filter(status__in=OPEN)


class Complaint(models.Model):
    """One case. `received_at` is when the firm was told, `entered_at` when it was typed in."""

    no = models.CharField(_("编号"), max_length=20, unique=True)
    submission_key = models.CharField(max_length=200, null=True, unique=True, editable=False)  # noqa: DJ001
    status = models.CharField(_("状态"), max_length=12, choices=Status, default=Status.TRIAGE)
    round = models.PositiveSmallIntegerField(_("轮次"), default=1)
    policy = models.ForeignKey("complaints.Policy", models.PROTECT, related_name="complaints")

    channel = models.CharField(_("渠道"), max_length=10, choices=Channel)
    received_at = models.DateTimeField(_("受理时间"))
    entered_at = models.DateTimeField(_("录入时间"))
    what = models.TextField(_("投诉内容"))
    order_no = models.CharField(_("单号"), max_length=60, blank=True)
    category = models.ForeignKey(
        "complaints.Category", models.PROTECT, related_name="complaints", verbose_name=_("类别")
    )
    severity = models.CharField(_("严重程度"), max_length=10, choices=Severity)
    remedy_sought = models.CharField(_("客户诉求"), max_length=500, blank=True)
    settled_on_spot = models.BooleanField(_("现场已处理"), default=False)
    invalid_reason = models.CharField(
        _("无效原因"), max_length=12, choices=InvalidReason, blank=True
    )

    anonymous = models.BooleanField(_("匿名"), default=False)
    complainant_name = models.CharField(_("投诉人"), max_length=60, blank=True)
    complainant_phone = models.CharField(_("联系电话"), max_length=40, blank=True)
    phone_key = models.CharField(max_length=40, blank=True, editable=False)
    complainant_role = models.CharField(
        _("投诉人身份"), max_length=10, choices=ComplainantRole, default=ComplainantRole.CUSTOMER
    )

    concerned_branch = models.ForeignKey(
        "staff.Branch",
        models.PROTECT,
        null=True,
        related_name="complaints_about",
        verbose_name=_("涉及机构"),
    )
    entered_by = models.ForeignKey(_PEOPLE, models.PROTECT, related_name="+")
    first_receiver = models.ForeignKey(
        _PEOPLE, models.PROTECT, related_name="first_received", verbose_name=_("首问人")
    )
    owner = models.ForeignKey(
        _PEOPLE, models.PROTECT, related_name="owned", verbose_name=_("首问责任人")
    )
    owner_branch = models.ForeignKey(
        "staff.Branch", models.PROTECT, related_name="owned", verbose_name=_("受理机构")
    )
    responsible_branch = models.ForeignKey(
        "staff.Branch",
        models.PROTECT,
        null=True,
        related_name="responsible_for",
        verbose_name=_("责任机构"),
    )
    rectifier = models.ForeignKey(
        _PEOPLE, models.PROTECT, null=True, related_name="rectifies", verbose_name=_("整改责任人")
    )
    #: The people whom the complaint is about; it is hidden from them.
    subject_ids = ArrayField(
        models.BigIntegerField(), verbose_name=_("被投诉人"), default=list, db_default=[]
    )
    #: Whom it is shown to besides, for the database's own wall; triggers keep them.
    also_branch_ids = ArrayField(
        models.BigIntegerField(), default=list, db_default=[], editable=False
    )
    also_person_ids = ArrayField(
        models.BigIntegerField(), default=list, db_default=[], editable=False
    )
    closed_at = models.DateTimeField(_("客户侧结案时间"), null=True)
    closed_inside_at = models.DateTimeField(_("内部闭环时间"), null=True)

    objects = ComplaintQuerySet.as_manager()

    class Meta:
        verbose_name = _("投诉")
        verbose_name_plural = _("投诉")
        ordering = ("-received_at", "-pk")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(received_at__lte=models.F("entered_at")),
                name="complaint_not_from_the_future",
            ),
            models.CheckConstraint(condition=Q(round__gte=1), name="complaint_round_from_one"),
            models.CheckConstraint(
                condition=Q(rectifier=None) | Q(responsible_branch__isnull=False),
                name="complaint_rectifier_needs_branch",
            ),
            models.CheckConstraint(
                condition=~Q(subject_ids__contains=[models.F("owner_id")])
                & (Q(rectifier=None) | ~Q(subject_ids__contains=[models.F("rectifier_id")])),
                name="complaint_not_theirs_whom_it_is_about",
            ),
            models.CheckConstraint(
                condition=Q(status="invalid", invalid_reason__gt="")
                | ~Q(status="invalid") & Q(invalid_reason=""),
                name="complaint_invalid_says_why",
            ),
            models.CheckConstraint(
                condition=Q(status="closed", closed_at__isnull=False)
                | ~Q(status="closed") & Q(closed_at=None),
                name="complaint_closed_says_when",
            ),
        ]
        indexes: ClassVar = [
            # The list and its scope: newest first within a branch.
            models.Index(fields=["owner_branch", "-received_at"], name="complaint_by_owner_branch"),
            models.Index(
                fields=["responsible_branch", "-received_at"], name="complaint_by_responsible"
            ),
            models.Index(fields=["-received_at", "-id"], name="complaint_newest"),
            # My desk.
            models.Index(fields=["owner", "status"], name="complaint_by_owner"),
            # The look-up while typing, and likely duplicates.
            models.Index(
                fields=["phone_key", "-received_at"],
                condition=~Q(phone_key=""),
                name="complaint_by_phone",
            ),
            models.Index(fields=["order_no"], condition=~Q(order_no=""), name="complaint_by_order"),
        ]

    def __str__(self) -> str:
        return self.no

    @property
    def is_open(self) -> bool:
        """Not yet closed for the customer."""
        return self.status in OPEN

    @property
    def summary(self) -> str:
        """The first 40 characters of what happened, on one line."""
        line = " ".join(self.what.split())
        return line if len(line) <= 40 else line[:39] + "…"

    @property
    def masked_name(self) -> str:
        return str(_("匿名")) if self.anonymous else phones.mask_name(self.complainant_name)

    @property
    def masked_phone(self) -> str:
        return phones.mask(self.complainant_phone)
