"""The forms of the firm's own pages: each does one thing to a branch or to a person."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.utils.translation import gettext_lazy as _

from common.forms import CleanText, LocalDateTime, this_minute
from staff import branches, people
from staff.models import Branch, BranchKind, Calendar, Person, Role
from staff.people import Details


class DeedForm(forms.Form):
    """`perform` does it, by somebody, at a moment, and raises RuleBroken when it may not."""

    title: ClassVar[Any]
    submit_label: ClassVar[Any]
    lead: ClassVar[Any] = ""
    done: ClassVar[Any] = _("已保存。")
    danger: ClassVar[bool] = False

    def perform(self, *, by: Person, at: datetime) -> Branch | Person:
        """What came of it."""
        raise NotImplementedError


class _BranchForm(DeedForm):
    def __init__(self, *args: Any, branch: Branch, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.branch = branch


class _PersonForm(DeedForm):
    def __init__(self, *args: Any, person: Person, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.person = person


def _since(help_text: Any) -> LocalDateTime:
    return LocalDateTime(label=_("生效时间"), initial=this_minute, help_text=help_text)


def _branch(label: Any, **kwargs: Any) -> forms.ModelChoiceField[Branch]:
    return forms.ModelChoiceField(
        Branch.objects.live(),
        label=label,
        to_field_name="code",
        empty_label=_("请选择"),
        error_messages={"required": _("请选择机构。")},
        **kwargs,
    )


_PAST = _("可以是以前，但不早于这个机构上一次变更。")


class FoundForm(DeedForm):
    """设立机构"""

    title = _("设立机构")
    submit_label = _("设立")
    done = _("机构已设立。")

    code = forms.SlugField(
        label=_("代码"),
        max_length=20,
        help_text=_("字母、数字、- 和 _，以后不能改。"),
        error_messages={"invalid": _("只能用字母、数字、- 和 _。")},
    )
    name = CleanText(label=_("名称"), limit=60)
    kind = forms.ChoiceField(
        label=_("类别"),
        choices=[each for each in BranchKind.choices if each[0] != BranchKind.HEADQUARTERS],
        initial=BranchKind.BRANCH,
        widget=forms.RadioSelect,
    )
    parent = _branch(_("上级"))
    city = CleanText(label=_("城市"), limit=30, required=False)
    since = _since(_("从什么时候起有这个机构。"))

    def perform(self, *, by: Person, at: datetime) -> Branch:
        """Raises RuleBroken, NotAllowed."""
        return branches.found(**self.cleaned_data, by=by, at=at)


class RenameForm(_BranchForm):
    """更名"""

    title = _("更名")
    submit_label = _("更名")
    done = _("已更名。")
    lead = _("以前的名称留在沿革里，以前各周的排名仍用当时的名称。")

    name = CleanText(label=_("新名称"), limit=60)
    since = _since(_PAST)

    def perform(self, *, by: Person, at: datetime) -> Branch:
        """Raises RuleBroken, NotAllowed."""
        return branches.rename(self.branch.pk, **self.cleaned_data, by=by, at=at)


class MoveForm(_BranchForm):
    """调整隶属"""

    title = _("调整隶属")
    submit_label = _("调整")
    done = _("隶属关系已调整。")
    lead = _("它的下级跟着一起走；能看到哪些投诉随之改变。")

    parent = _branch(_("新的上级"))
    since = _since(_PAST)

    def perform(self, *, by: Person, at: datetime) -> Branch:
        """Raises RuleBroken, NotAllowed."""
        return branches.move(self.branch.pk, **self.cleaned_data, by=by, at=at)


class CloseForm(_BranchForm):
    """撤并"""

    title = _("撤并机构")
    submit_label = _("撤并")
    done = _("机构已撤并。")
    danger = True
    lead = _("人员和下级要先调走。它的投诉（包括未结的）不变，由接手的机构看到并负责。不能撤销。")

    into = _branch(_("由谁接手"), help_text=_("并入别的机构就选它；单纯撤销选上级。"))
    since = _since(_PAST)

    def perform(self, *, by: Person, at: datetime) -> Branch:
        """Raises RuleBroken, NotAllowed, Conflict."""
        return branches.merge(self.branch.pk, **self.cleaned_data, by=by, at=at)


class DescribeForm(_BranchForm):
    """城市和服务时间"""

    title = _("城市和服务时间")
    submit_label = _("保存")

    city = CleanText(label=_("城市"), limit=30, required=False)
    calendar = forms.ModelChoiceField(
        Calendar.objects.all(),
        label=_("发布的服务时间"),
        required=False,
        empty_label=_("随上级"),
        help_text=_("留空则用最近一级有日历的上级的；上级都没有，就是每天 24 小时。"),
    )

    def perform(self, *, by: Person, at: datetime) -> Branch:
        """Raises RuleBroken, NotAllowed."""
        return branches.describe(self.branch.pk, **self.cleaned_data, by=by)


class _DetailsFields(forms.Form):
    name = CleanText(label=_("姓名"), limit=60)
    phone = CleanText(label=_("电话"), limit=40, required=False)
    email = CleanText(label=_("邮箱"), limit=254, required=False)

    def details(self) -> Details:
        """What was typed of the person."""
        return Details(*(self.cleaned_data[name] for name in ("name", "phone", "email")))


class TakeOnForm(_DetailsFields, DeedForm):
    """新增人员"""

    title = _("新增人员")
    submit_label = _("新增")
    done = _("人员已新增。")
    field_order = ("username", "name", "role", "branch", "phone", "email", "since", "password")

    username = forms.CharField(
        label=_("用户名"), max_length=60, help_text=_("登录用，以后不能改。")
    )
    role = forms.ChoiceField(label=_("角色"), choices=Role)
    branch = _branch(_("所属机构"))
    since = _since(_("从什么时候起任职，不晚于现在。"))
    password = forms.CharField(
        label=_("初始密码"),
        required=False,
        strip=False,
        max_length=128,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("可以先不填，以后再设；没有密码不能登录。"),
    )

    def clean_password(self) -> str:
        """Raises ValidationError for a weak one."""
        password: str = self.cleaned_data["password"]
        if password:
            validate_password(password)
        return password

    def perform(self, *, by: Person, at: datetime) -> Person:
        """Raises RuleBroken, NotAllowed, Conflict."""
        said = self.cleaned_data
        return people.take_on(
            self.details(),
            username=said["username"],
            role=Role(said["role"]),
            branch=said["branch"],
            since=said["since"],
            password=said["password"] or None,
            by=by,
            at=at,
        )


class DetailsForm(_DetailsFields, _PersonForm):
    """姓名和联系方式"""

    title = _("姓名和联系方式")
    submit_label = _("保存")

    def perform(self, *, by: Person, at: datetime) -> Person:
        """Raises RuleBroken, NotAllowed."""
        return people.describe(self.person.pk, self.details(), by=by)


class AppointForm(_PersonForm):
    """任职"""

    title = _("任职")
    submit_label = _("任命")
    done = _("任命已保存。")
    lead = _("到了生效时间自动换岗；手里的投诉仍归本人。已经安排的下一任职会被这一次代替。")

    role = forms.ChoiceField(label=_("角色"), choices=Role)
    branch = _branch(_("机构"))
    since = _since(_("可以是以后；须晚于现任职务开始的时间。"))

    def perform(self, *, by: Person, at: datetime) -> Person:
        """Raises RuleBroken, NotAllowed, Conflict."""
        said = self.cleaned_data
        post = people.appoint(
            self.person.pk, Role(said["role"]), said["branch"], since=said["since"], by=by, at=at
        )
        return post.person


class AsOfForm(forms.Form):
    """The day whose tree is shown, as it ended."""

    as_of = forms.DateField(
        label=_("哪一天的机构"),
        required=False,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        error_messages={"invalid": _("请填写日期，例如 2026-11-20。")},
    )


class PeopleFilter(forms.Form):
    """Which people are listed."""

    q = CleanText(label=_("姓名或用户名"), limit=60, required=False)
    role = forms.ChoiceField(
        label=_("角色"), choices=[("", _("全部")), *Role.choices], required=False
    )
    branch = forms.ModelChoiceField(
        Branch.objects.all(),
        label=_("机构"),
        to_field_name="code",
        required=False,
        empty_label=_("全部"),
    )
    active = forms.ChoiceField(
        label=_("账号"),
        choices=[("", _("在用")), ("no", _("已停用")), ("all", _("全部"))],
        required=False,
    )
