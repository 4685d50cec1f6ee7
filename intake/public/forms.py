"""The forms that customers fill in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from common import files, text
from common.errors import RuleBroken
from common.forms import CleanText
from complaints.by_customer import WORDS_LIMIT
from complaints.models import ComplainantRole
from intake.public.public_form import PHOTOS, PHOTOS_WEIGH
from intake.understood import File

WHAT_LIMIT = 5000
#: Fewer digits are no number that can be called.
_FEWEST_DIGITS = 5
_PHOTOS = ("image/jpeg", "image/png", "image/gif", "image/webp")
_LATER = forms.ValidationError


class PhotosInput(forms.FileInput):
    """One input that takes several."""

    allow_multiple_selected = True

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        """All of them."""
        return files.getlist(name) if hasattr(files, "getlist") else []


class Photos(forms.Field):
    """Up to five pictures, checked by their bytes; what comes out are `File`s."""

    widget = PhotosInput

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("照片"))
        kwargs.setdefault("required", False)
        kwargs.setdefault("help_text", _("最多 5 张，合计不超过 18 MB。"))
        super().__init__(**kwargs)

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        """The phone offers its camera and its pictures."""
        return {"accept": ",".join(_PHOTOS), "data-photos": PHOTOS}

    def clean(self, value: Sequence[UploadedFile[Any]]) -> list[File]:
        """Raises ValidationError `photos.many`, `photos.heavy`, `file.*`."""
        uploads = value or []
        if len(uploads) > PHOTOS:
            raise _LATER(_("最多上传 5 张照片。"), code="photos.many")
        if sum(upload.size or 0 for upload in uploads) > PHOTOS_WEIGH:
            raise _LATER(_("照片合计超过 18 MB，请减少或压缩后再上传。"), code="photos.heavy")
        return [_photo(upload) for upload in uploads]


def _photo(upload: UploadedFile[Any]) -> File:
    try:
        checked = files.check(upload)
    except RuleBroken as broken:
        raise _LATER(broken.message, code=broken.code) from broken
    if checked.content_type not in _PHOTOS:
        raise _LATER(
            _("“%(name)s”不是照片；请上传 JPG、PNG、GIF 或 WebP。") % {"name": checked.name},
            code="file.kind",
        )
    return File(checked.name, upload.read())


class Words(CleanText):
    """A paragraph; one in which nothing can be seen is none."""

    def to_python(self, value: Any) -> str:
        """The text as it is stored, or "". Raises ValidationError with the door's sentence."""
        said = super().to_python(value)
        return "" if text.is_blank(said) else said


class FeedbackForm(forms.Form):
    """What happened, and how the customer can be reached. `branches` are code and name of those
    to choose from; without them the form asks for none."""

    what = Words(
        label=_("发生了什么？"),
        limit=WHAT_LIMIT,
        lines=True,
        rows=6,
        error_messages={"required": _("请写下发生了什么。")},
        widget=forms.Textarea(
            attrs={"rows": 6, "placeholder": _("时间、地点、经过，想到什么写什么。")}
        ),
    )
    wish = Words(
        label=_("希望我们怎么处理？"), limit=WORDS_LIMIT, lines=True, rows=2, required=False
    )
    photos = Photos()
    branch = forms.ChoiceField(
        label=_("涉及哪个网点？"),
        required=False,
        error_messages={"invalid_choice": _("请从列表里选择。")},
    )
    order_no = CleanText(
        label=_("订单号或运单号"), limit=60, required=False,
        widget=forms.TextInput(attrs={"autocapitalize": "characters", "spellcheck": "false"}),
    )  # fmt: skip
    name = CleanText(
        label=_("怎么称呼您？"), limit=60, required=False,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )  # fmt: skip
    phone = CleanText(
        label=_("联系电话"),
        limit=40,
        required=False,
        help_text=_("用来回复您；查询进度时要用它的后四位。"),
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel", "inputmode": "tel"}),
    )
    role = forms.ChoiceField(
        label=_("您是"),
        choices=ComplainantRole.choices,
        initial=ComplainantRole.CUSTOMER,
        required=False,
        error_messages={"invalid_choice": _("请从列表里选择。")},
        widget=forms.RadioSelect,
    )
    anonymous = forms.BooleanField(
        label=_("匿名反馈"),
        help_text=_("不保存姓名和电话，我们无法联系您；您用查询码看进度和结果。"),
        required=False,
        widget=forms.CheckboxInput(attrs={"data-disables": "#id_name, #id_phone"}),
    )
    agree = forms.BooleanField(
        label=_("我已阅读并同意《隐私说明》"),
        error_messages={"required": _("请先阅读并同意隐私说明。")},
    )

    def __init__(self, *args: Any, branches: Sequence[tuple[str, str]] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice = cast("forms.ChoiceField", self.fields["branch"])
        choice.choices = [("", _("不清楚，或不止一处")), *branches]
        if not branches:
            del self.fields["branch"]

    def clean_phone(self) -> str:
        """Raises ValidationError `phone.short`."""
        phone: str = self.cleaned_data["phone"]
        digits = sum(each.isdecimal() for each in phone)
        if phone and not self.data.get("anonymous") and digits < _FEWEST_DIGITS:
            raise _LATER(_("电话号码不完整，请检查。"), code="phone.short")
        return phone

    def clean(self) -> dict[str, Any]:
        """Somebody has to be named or called, unless they will not be. Adds `phone`
        `complainant.missing`."""
        said = self.cleaned_data
        named = said.get("name") or said.get("phone") or said.get("anonymous")
        if not named and "phone" not in self.errors and "name" not in self.errors:
            sentence = _("请留下称呼或电话，我们才能回复您；不愿透露请勾选“匿名反馈”。")
            self.add_error("phone", _LATER(sentence, code="complainant.missing"))
        return said


class TrackForm(forms.Form):
    """The number that was given, and the phone's tail."""

    number = forms.CharField(
        label=_("投诉编号、回执号或查询码"),
        max_length=200,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}
        ),
        error_messages={"required": _("请填写编号。"), "max_length": _("编号太长，请检查。")},
    )
    tail = forms.CharField(
        label=_("电话后四位"),
        max_length=20,
        required=False,
        help_text=_("用查询码时不用填。"),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        error_messages={"max_length": _("请只填电话的后四位。")},
    )


class MessageForm(forms.Form):
    """More about one's own case."""

    said = Words(
        label=_("补充说明"),
        limit=WHAT_LIMIT,
        lines=True,
        rows=3,
        error_messages={"required": _("请写下要补充的内容。")},
    )
    photos = Photos()


class RatingForm(forms.Form):
    """How content one is with the result; four and five count as satisfied."""

    score = forms.TypedChoiceField(
        label=_("您对处理结果满意吗？"),
        coerce=int,
        choices=[
            ("5", _("很满意")), ("4", _("满意")), ("3", _("一般")), ("2", _("不满意")),
            ("1", _("很不满意")),
        ],
        widget=forms.RadioSelect,
        error_messages={
            "required": _("请选择一项。"), "invalid_choice": _("请从列表里选择。"),
        },
    )  # fmt: skip
    said = Words(label=_("想对我们说的话"), limit=WORDS_LIMIT, lines=True, rows=2, required=False)


class UnsolvedForm(forms.Form):
    """What is still wrong."""

    reason = Words(
        label=_("还有什么没有解决？"),
        limit=WORDS_LIMIT,
        lines=True,
        rows=3,
        error_messages={"required": _("请写明还有什么没有解决。")},
    )
    round = forms.IntegerField(min_value=1, max_value=1000, widget=forms.HiddenInput)


class WithdrawForm(forms.Form):
    """Why one takes it back, if one likes to say."""

    note = Words(label=_("撤回的原因"), limit=WORDS_LIMIT, lines=True, rows=3, required=False)
