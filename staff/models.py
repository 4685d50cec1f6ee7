"""Who works here: branches, people with one role each, and how much a role may promise."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.postgres.indexes import OpClass
from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _


class BranchKind(models.TextChoices):
    HEADQUARTERS = "headquarters", _("总部")
    REGION = "region", _("平台")
    BRANCH = "branch", _("分公司")


class Branch(models.Model):
    """A unit of the firm. `path` is `/1/4/9/`: its ancestors' ids from the top, and its own."""

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
    sort_key = models.CharField(max_length=200, editable=False)

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
        person = self.model(username=username, **fields)
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
