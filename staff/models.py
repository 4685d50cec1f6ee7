"""Who works here, and when: branches, their hours, people with one role each, when they are away,
and how much a role may promise."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, Self

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeBoundary, RangeOperators
from django.contrib.postgres.indexes import OpClass
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models.functions import Lower, Now
from django.utils.translation import gettext_lazy as _

from common.ranges import TsTzRange
from staff.credentials import Throttle as Throttle
from staff.credentials import TokenGrant as TokenGrant
from staff.credentials import TokenScope as TokenScope
from staff.hours import validate_day, validate_week, validate_zone


class _Span(models.Func):
    """The half-open span of two moments."""

    function = "TSTZRANGE"
    output_field = DateTimeRangeField()


class Calendar(models.Model):
    """Published hours of service: a week in a zone, and the days that are otherwise."""

    name = models.CharField(_("名称"), max_length=60, unique=True)
    zone = models.CharField(
        _("时区"),
        max_length=60,
        default="Asia/Shanghai",
        validators=[validate_zone],
        help_text=_("IANA 名称，例如 Asia/Shanghai、America/Los_Angeles。"),
    )
    weekly = models.CharField(
        _("每周服务时间"),
        max_length=300,
        validators=[validate_week],
        help_text=_(
            "例如 mon-fri 09:00-12:00 13:30-18:00; sat 10:00-14:00，"
            "也可以写 周一至周五；没有写到的日子不服务，最晚到 24:00。"
        ),
    )

    class Meta:
        verbose_name = _("服务日历")
        verbose_name_plural = _("服务日历")
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class CalendarDay(models.Model):
    """A date with windows of its own: a holiday, or a weekend day that is worked (调休)."""

    calendar = models.ForeignKey(
        Calendar, models.CASCADE, related_name="days", verbose_name=_("服务日历")
    )
    date = models.DateField(_("日期"))
    windows = models.CharField(
        _("当天服务时间"),
        max_length=200,
        blank=True,
        validators=[validate_day],
        help_text=_("例如 09:00-12:00 13:30-18:00；写 fri 就是与周五相同；留空就是全天不服务。"),
    )
    note = models.CharField(
        _("说明"), max_length=60, blank=True, help_text=_("国庆节、调休上班等。")
    )
    #: The year whose import wrote the day; null when a person did, and then no import touches it.
    imported_for = models.PositiveSmallIntegerField(_("导入年份"), null=True, editable=False)

    class Meta:
        verbose_name = _("特殊日期")
        verbose_name_plural = _("特殊日期")
        ordering = ("calendar", "date")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["calendar", "date"],
                name="calendar_day_once",
                violation_error_message=_("这个日历里已经有这一天了。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.calendar} {self.date}"


class CalendarYear(models.Model):
    """That the holidays of a year are known to a calendar, and from where."""

    calendar = models.ForeignKey(
        Calendar, models.CASCADE, related_name="years", verbose_name=_("服务日历")
    )
    year = models.PositiveSmallIntegerField(
        _("年份"), validators=[MinValueValidator(2000), MaxValueValidator(2200)]
    )
    source = models.CharField(
        _("依据"), max_length=200, help_text=_("放假通知的文号或网址；全年无休的，写明即可。")
    )

    class Meta:
        verbose_name = _("已知节假日的年份")
        verbose_name_plural = _("已知节假日的年份")
        ordering = ("calendar", "year")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["calendar", "year"],
                name="calendar_year_once",
                violation_error_message=_("这个日历里已经有这一年了。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.calendar} {self.year}"


class BranchKind(models.TextChoices):
    HEADQUARTERS = "headquarters", _("总部")
    REGION = "region", _("平台")
    BRANCH = "branch", _("分公司")


class BranchQuerySet(models.QuerySet["Branch"]):
    def live(self) -> Self:
        """Those that are not closed."""
        return self.filter(closed_at=None)


class Branch(models.Model):
    """A unit of the firm as it is now; its spans say what it was called and where it lay before.
    `path` is `/1/4/9/`: its ancestors' ids from the top, and its own.

    A closed one has a `successor`, named when it was closed, and an `heir`: the live branch at
    the end of that line, to which its duties and the sight of its cases have gone.
    """

    code = models.CharField(
        _("代码"),
        max_length=20,
        unique=True,
        validators=[RegexValidator(r"^[A-Za-z0-9_-]+$", _("只能用字母、数字、- 和 _。"))],
    )
    name = models.CharField(_("名称"), max_length=60, unique=True)
    kind = models.CharField(_("类别"), max_length=12, choices=BranchKind)
    parent = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="children",
        verbose_name=_("上级"),
    )
    path = models.CharField(max_length=200, unique=True, editable=False)
    city = models.CharField(_("城市"), max_length=30, blank=True)
    calendar = models.ForeignKey(
        Calendar,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="branches",
        verbose_name=_("发布的服务时间"),
        help_text=_("留空则用最近一级有日历的上级的；上级都没有，就是每天 24 小时。"),
    )
    sort_key = models.CharField(max_length=200, editable=False)
    closed_at = models.DateTimeField(_("撤并时间"), null=True, editable=False)
    successor = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        db_index=False,
        verbose_name=_("接手机构"),
    )
    heir = models.ForeignKey(
        "self", models.PROTECT, null=True, editable=False, related_name="heritage"
    )

    objects = BranchQuerySet.as_manager()

    class Meta:
        verbose_name = _("机构")
        verbose_name_plural = _("机构")
        ordering = ("sort_key", "code")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["kind"],
                condition=models.Q(kind="headquarters"),
                name="branch_one_headquarters",
                violation_error_message=_("总部只能有一个。"),
            ),
            models.CheckConstraint(
                condition=models.Q(kind="headquarters", parent=None)
                | ~models.Q(kind="headquarters") & models.Q(parent__isnull=False),
                name="branch_only_headquarters_has_no_parent",
                violation_error_message=_("除总部外，每个机构都要有上级。"),
            ),
            models.CheckConstraint(
                condition=models.Q(closed_at=None, successor=None, heir=None)
                | models.Q(closed_at__isnull=False, successor__isnull=False, heir__isnull=False),
                name="branch_closed_has_an_heir",
            ),
            models.CheckConstraint(
                condition=~models.Q(kind="headquarters") | models.Q(closed_at=None),
                name="branch_headquarters_stays_open",
            ),
        ]
        indexes: ClassVar = [
            # Read by access.scope: everything under a branch is a prefix of its path.
            models.Index(OpClass("path", name="varchar_pattern_ops"), name="branch_path_prefix"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def ancestor_ids(self) -> list[int]:
        """From this branch up to headquarters."""
        return [int(part) for part in reversed(self.path.strip("/").split("/"))]


class BranchSpan(models.Model):
    """What a branch was called and below which it lay, `since` (null: as far back as anything is
    known) `until` (null: still). The last of a live branch is open and says what the branch says;
    that of a closed one ended when it closed. A trigger holds both."""

    branch = models.ForeignKey(
        Branch, models.PROTECT, related_name="spans", db_index=False, verbose_name=_("机构")
    )
    name = models.CharField(_("名称"), max_length=60)
    sort_key = models.CharField(max_length=200, editable=False)
    parent = models.ForeignKey(
        Branch, models.PROTECT, null=True, related_name="spans_below", verbose_name=_("上级")
    )
    since = models.DateTimeField(_("起"), null=True)
    until = models.DateTimeField(_("止"), null=True)
    by = models.ForeignKey("staff.Person", models.PROTECT, null=True, related_name="+")
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("机构沿革")
        verbose_name_plural = _("机构沿革")
        ordering = ("branch", models.F("since").asc(nulls_first=True))
        constraints: ClassVar = [
            ExclusionConstraint(
                name="branch_span_no_overlap",
                expressions=[
                    ("branch", RangeOperators.EQUAL),
                    (TsTzRange("since", "until"), RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(
                condition=models.Q(since=None)
                | models.Q(until=None)
                | models.Q(since__lt=models.F("until")),
                name="branch_span_not_empty",
            ),
            models.UniqueConstraint(
                fields=["branch"], condition=models.Q(until=None), name="branch_span_one_open"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class BusinessVolume(models.Model):
    """How many pieces (单) a branch handled in a month. A correction is a new row; the old one
    stays, `superseded_at` says since when it no longer counts."""

    branch = models.ForeignKey(
        Branch, models.PROTECT, related_name="volumes", verbose_name=_("机构")
    )
    month = models.DateField(_("月份"), help_text=_("当月第一天。"))
    pieces = models.PositiveBigIntegerField(_("业务量（单）"))
    source = models.CharField(_("来源"), max_length=200)
    by = models.ForeignKey("staff.Person", models.PROTECT, related_name="+")
    at = models.DateTimeField(_("录入时间"))
    superseded_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("业务量")
        verbose_name_plural = _("业务量")
        ordering = ("-month", "branch__sort_key", "-at", "-pk")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["branch", "month"],
                condition=models.Q(superseded_at=None),
                name="business_volume_one_standing",
            ),
            models.CheckConstraint(
                condition=models.Q(month__day=1), name="business_volume_month_begins"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.branch_id} {self.month:%Y-%m} {self.pieces}"


class Role(models.TextChoices):
    """`docs/domain.md` section 8. Owner and rectifier are not roles but ties to one case."""

    FRONTLINE = "frontline", _("一线")
    SUPERVISOR = "supervisor", _("主管")
    QUALITY = "quality", _("品质管理员")
    DIRECTOR = "director", _("服务总监")
    GENERAL_MANAGER = "gm", _("总经理")
    ADMINISTRATOR = "admin", _("系统管理员")


class PersonManager(BaseUserManager["Person"]):
    def create_user(self, username: str, password: str | None = None, **fields: Any) -> Person:
        name = self.model.normalize_username(username)
        person = self.model(username=name, **fields)
        person.set_password(password)
        person.save(using=self._db)
        return person


class Person(AbstractBaseUser, PermissionsMixin):
    """Someone who signs in."""

    username = models.CharField(
        _("用户名"),
        max_length=60,
        unique=True,
        validators=[RegexValidator(r"^[\w.@+-]+$", _("只能用字母、数字和 . @ + - _。"))],
    )
    name = models.CharField(_("姓名"), max_length=60)
    role = models.CharField(_("角色"), max_length=12, choices=Role)
    branch = models.ForeignKey(
        Branch, models.PROTECT, related_name="people", verbose_name=_("所属机构")
    )
    phone = models.CharField(_("电话"), max_length=40, blank=True)
    email = models.EmailField(_("邮箱"), blank=True)
    is_active = models.BooleanField(_("在用"), default=True)
    is_staff = models.BooleanField(_("可进入管理后台"), default=False)
    sort_key = models.CharField(max_length=200, editable=False)

    objects: ClassVar[PersonManager] = PersonManager()

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        verbose_name = _("人员")
        verbose_name_plural = _("人员")
        ordering = ("sort_key", "username")
        constraints: ClassVar = [
            models.UniqueConstraint(
                Lower("username"),
                name="person_username_any_case",
                violation_error_message=_("这个用户名已经有人用了。"),
            ),
        ]
        indexes: ClassVar = [
            # Read by posts.Roster: who holds a role in a branch now.
            models.Index(
                fields=["branch", "role"],
                condition=models.Q(is_active=True),
                name="person_active_by_branch_role",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name


class Post(models.Model):
    """What somebody is in a branch, `since` (null: as far back as anything is known) `until`
    (null: until further notice). `is_current` is the one that the person's own row shows; one
    that is planned becomes current when its time has come, unless it was cancelled before."""

    person = models.ForeignKey(
        Person, models.PROTECT, related_name="posts", db_index=False, verbose_name=_("人员")
    )
    role = models.CharField(_("角色"), max_length=12, choices=Role)
    branch = models.ForeignKey(Branch, models.PROTECT, related_name="posts", verbose_name=_("机构"))
    since = models.DateTimeField(_("起"), null=True)
    until = models.DateTimeField(_("止"), null=True)
    is_current = models.BooleanField(default=False)
    cancelled_at = models.DateTimeField(null=True)
    by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+", db_index=False)
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("任职")
        verbose_name_plural = _("任职")
        ordering = ("person", models.F("since").asc(nulls_first=True))
        constraints: ClassVar = [
            ExclusionConstraint(
                name="post_no_overlap",
                expressions=[
                    ("person", RangeOperators.EQUAL),
                    (TsTzRange("since", "until"), RangeOperators.OVERLAPS),
                ],
                condition=models.Q(cancelled_at=None),
            ),
            models.CheckConstraint(
                condition=models.Q(since=None)
                | models.Q(until=None)
                | models.Q(since__lt=models.F("until")),
                name="post_not_empty",
            ),
            models.UniqueConstraint(
                fields=["person"], condition=models.Q(is_current=True), name="post_one_current"
            ),
            models.CheckConstraint(
                condition=models.Q(is_current=False) | models.Q(cancelled_at=None),
                name="post_current_not_cancelled",
            ),
        ]
        indexes: ClassVar = [
            # Read by people.take_up_posts: what is planned.
            models.Index(
                fields=["since"],
                condition=models.Q(is_current=False, until=None, cancelled_at=None),
                name="post_planned",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} {self.role}"


class AbsenceReason(models.TextChoices):
    LEAVE = "leave", _("请假")
    TRIP = "trip", _("出差")
    TRAINING = "training", _("培训")
    SICK = "sick", _("病假")
    OTHER = "other", _("其他")


class AbsenceQuerySet(models.QuerySet["Absence"]):
    def covering(self, at: datetime) -> Self:
        """Those that hold at `at`."""
        return self.filter(since__lte=at, until__gt=at)


class Absence(models.Model):
    """That a person is away from `since` up to, and without, `until`; `deputy` acts for them
    meanwhile (代), or the supervisor where there is none. One that was ended early keeps in
    `planned_until` what had been planned; one that never began is empty."""

    person = models.ForeignKey(
        Person,
        models.PROTECT,
        related_name="absences",
        verbose_name=_("不在岗的人"),
        db_index=False,  # the constraint against overlaps is the index
    )
    deputy = models.ForeignKey(
        Person,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="deputises",
        verbose_name=_("代理人"),
        db_index=False,
    )
    since = models.DateTimeField(_("开始"))
    until = models.DateTimeField(_("结束"))
    planned_until = models.DateTimeField(_("原定结束"))
    reason = models.CharField(_("原因"), max_length=10, choices=AbsenceReason)
    by = models.ForeignKey(Person, models.PROTECT, related_name="+", db_index=False)
    recorded_at = models.DateTimeField()
    ended_by = models.ForeignKey(
        Person, models.PROTECT, null=True, related_name="+", db_index=False
    )

    objects = AbsenceQuerySet.as_manager()

    class Meta:
        verbose_name = _("不在岗")
        verbose_name_plural = _("不在岗")
        ordering = ("-since", "-pk")
        constraints: ClassVar = [
            ExclusionConstraint(
                name="absence_no_overlap",
                expressions=[
                    ("person", RangeOperators.EQUAL),
                    (_Span("since", "until", RangeBoundary()), RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(
                condition=models.Q(until__gte=models.F("since"))
                & models.Q(planned_until__gt=models.F("since"))
                & models.Q(until__lte=models.F("planned_until")),
                name="absence_ends_after_start",
            ),
            models.CheckConstraint(
                condition=models.Q(deputy=None) | ~models.Q(deputy=models.F("person")),
                name="absence_deputy_is_another",
            ),
        ]
        indexes: ClassVar = [
            # Read by presence: who is away now, and for whom somebody stands in.
            models.Index(fields=["until", "since"], name="absence_covering"),
            models.Index(fields=["deputy", "until"], name="absence_by_deputy"),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} {self.since:%m-%d %H:%M}"


class AuthorityLimit(models.Model):
    """How much, in yuan and for one case in all, a role may promise without asking anyone."""

    role = models.CharField(_("角色"), max_length=12, choices=Role, unique=True)
    amount = models.DecimalField(
        _("限额（元）"), max_digits=12, decimal_places=2, validators=[MinValueValidator(0)]
    )

    class Meta:
        verbose_name = _("授权额度")
        verbose_name_plural = _("授权额度")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(amount__gte=0), name="authority_limit_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_role_display()} {self.amount}"
