"""What each index means, said once for the page and for the workbook (`docs/ranking.md`)."""

from __future__ import annotations

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from reports.rankings import ENOUGH
from reports.scoring import WEIGHTS

#: Term and meaning.
DEFINITIONS = [
    (_("周"), _("周一 00:00 到下周一 00:00（不含），按公司所在时区。")),
    (
        _("归属"),
        _(
            "投诉按受理时间归周，时限按到期时间归周，回访按回访时间归周，补偿按承诺时间归周；"
            "机构以制表时的责任判定为准。无效投诉和未判定责任的投诉不计。"
        ),
    ),
    (
        _("投诉"),
        _(
            "有效并已判定责任的投诉件数；共同责任按份额计，四成责任算 0.4 件。"
            "判给外部供应商的份额只跟踪，不排名。其余各项归主责机构。"
        ),
    ),
    (
        _("及时率"),
        _(
            "按时 ÷（按时 + 超时），四个时限各算各的；尽力未达、无法联系、不适用和进行中的单独列出"
            "，不计入；误分拣期间到期而超时的，计入分拣，不计入机构。重开后每一轮的时限分别计。"
        ),
    ),
    (_("满意度"), _("满意 ÷ 接通。重开后每一轮的回访分别计。")),
    (_("接通率"), _("接通 ÷ 打过电话，与满意度一起看。同一轮打了几次只算一次。")),
    (_("补偿"), _("本周已承诺或已兑现的补救金额之和（元）。")),
    (
        _("得分"),
        format_lazy(
            _(
                "100 ×（致歉及时率 × {apology} + 反馈及时率 × {result} + 整改单及时率 × {sheet}"
                " + 回访及时率 × {callback} + 满意度 × {satisfaction}）÷ 参与计算的权重之和；"
                "分母为 0 的一项不参与。保留两位小数，四舍五入。"
            ),
            **WEIGHTS,
        ),
    ),
    (_("名次"), _("按得分从高到低；得分相同，名次并列，其后的名次顺延（1、1、3）。")),
    (
        _("样本不足"),
        format_lazy(
            _("当周投诉少于 {enough} 件的分公司列出但不排名；没有投诉不等于第一。"), enough=ENOUGH
        ),
    ),
    (_("尚无可比项"), _("当周没有一个时限到期，也没有接通的回访，暂时无从计分。")),
]
