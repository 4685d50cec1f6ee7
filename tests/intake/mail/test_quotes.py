"""What the customer wrote this time, by each mail program; and what is never taken for a quote."""

from __future__ import annotations

from time import process_time

import pytest

from intake.mail.quotes import visible

WORDS = "我的货还没到，都三天了。\n请尽快处理！"
QUOTE = "您好，您的投诉已经受理，编号 TS1。\n我们会尽快答复。"

HEADS = {
    "QQ": '------------------ 原始邮件 ------------------\n发件人: "客服" <a@b.com>;\n'
    '发送时间: 2026年11月16日(星期一) 下午3:00\n收件人: "孙"<s@qq.com>;\n主题: 回复\n\n',
    "QQ, hard spaces": "------------------\xa0原始邮件\xa0------------------\n发件人:\xa0x\n",
    "QQ, English": '------------------\xa0Original\xa0------------------\nFrom:\xa0"x"<a@b.com>;\n',
    "Outlook": "-----邮件原件-----\n发件人: X <a@b>\n发送时间: 2020年3月30日 15:34\n收件人: y\n\n",
    "Outlook without dashes": "________________________________\n发件人: X <a@b.com>\n"
    "发送时间: 2026年9月30日 10:00\n收件人: y\n主题: t\n\n",
    "Outlook, English": "From: X <a@b.com>\nSent: Monday, December 15, 2024\nTo: y\nSubject: t\n",
    "Thunderbird": "在 2023/5/16 9:57, wangwudi 写道:\n> 您好\n",
    "Apple Mail": "> 在 2016年12月12日，下午8:45，Name <a@b.com> 写道：\n> \n> 您好\n",
    "163": 'At 2023-09-11 20:47:20, "Name" <a@b.com> wrote:\n>您好\n>受理了\n',
    "163, Chinese": '在 2023-09-11 20:47:20，"Name" <a@b.com> 写道：\n\n',
    "NetEase on a telephone": "---- 回复的原邮件 ----\n| 发件人 | X<a@b.com> |\n| 主题 | t |\n",
    "Foxmail": "发件人： X\n发送时间： 2019-07-18 10:00\n收件人： y\n抄送： z\n主题： Re: t\n",
    "Aliyun": "------------------------------------------------------------\n发件人：X <a@b.c>\n"
    "发送时间：2026年1月1日(星期四) 10:00\n收件人：y\n主　题：Re: t\n\n",
    "Gmail": "X <a@b.com> 于2023年5月16日周二 09:57写道：\n\n> 您好\n",
    "Gmail, Taiwan": "X <a@b.com> 於 2023年5月16日 週二 上午9:57寫道：\n\n> 您好\n",
    "Gmail, English": "On Tue, 16 Nov 2021, 12:34 pm X <x@acme.com>\nwrote:\n\n",
    "iPhone": "发自我的iPhone\n\n> 在 2023年5月16日，上午9:57，X <a@b.com> 写道：\n> \n> 您好\n",
    "iPhone with QQ": "发自我的 iPhone\n\n------------------ Original ------------------\n",
    "Huawei": "发自我的华为手机\n\n-------- 原始邮件 --------\n发件人：X <a@b.com>\n",
    "Coremail": "> -----原始邮件-----\n> 发件人: <a@b.c>\n> 发送时间: 2016\n> 主题: t\n",
    "139": "----邮件原文----\n发件人：X <a@b.com>\n收件人：y\n主题：t\n\n",
}


@pytest.mark.parametrize("program", HEADS)
def test_only_the_new_words_are_shown(program: str) -> None:
    assert visible(f"{WORDS}\n\n{HEADS[program]}{'' if '>' in HEADS[program] else QUOTE}") == WORDS


@pytest.mark.parametrize(
    "text",
    [
        "寄件人：张三\n收件人：李四\n日期：11月3日\n运单号：123\n东西丢了，谁负责？",
        "发件人：王五 13800000000\n收件人：李四\n时间：昨天下午\n至今没到。",
        "你们客服昨天 2024年12月15日 9:30 写道：\n马上赔付。\n结果没有。",
        "On Monday 12:30 your driver wrote:\nI don't care.\nAnd he left.",
        "不好，原因：\n> 第一，没人来。\n我再说一遍。",
        "> 你好\n> 受理了",
        "投诉\n---------- 转发的邮件 ----------\n发件人：X <a@b.c>\n主题：t\n收件人：y\n\n原话",
        "Begin forwarded message:\n\nFrom: X <a@b.c>\nDate: 1 May 2024\nSubject: t\n\nhis words",
        "-- 这是第一条\n-- 这是第二条",
    ],
)
def test_in_doubt_all_of_it_is_kept(text: str) -> None:
    assert visible(text) == text


def test_what_is_passed_on_by_its_subject_is_kept() -> None:
    text = f"请看下面客户的来信\n\n{HEADS['Outlook without dashes']}我要投诉"
    assert visible(text, subject="转发: 投诉") == text.strip()
    assert visible(text, subject="答复: 投诉") == "请看下面客户的来信"


def test_answers_between_quoted_lines_are_kept() -> None:
    text = "回复如下：\n\n在 2023/5/16 9:57, X 写道:\n> 地址？\n无锡新区。\n> 电话？\n13800138000\n"
    assert visible(text) == "回复如下：\n无锡新区。\n13800138000"


def test_a_signature_and_a_telephones_line_are_left_out_but_not_what_stands_below() -> None:
    assert visible(f"{WORDS}\n\n-- \n孙玉梅\n某某公司") == WORDS
    assert visible(f"{WORDS}\n\n发自我的小米手机") == WORDS
    below = f"{WORDS}\n\n发自我的iPhone\n\n另外，昨天的也没到。"
    assert visible(below) == below


def test_a_long_text_takes_no_long_time() -> None:
    for line in (
        "From: a\n",
        "On 2020-01-01 a@b\n",
        "> x\ny\n",
        "----\n",
        "在2020年1月1日 写道：\n",
    ):
        text = line * (200_000 // len(line))
        begun = process_time()
        assert visible(text)
        assert process_time() - begun < 2
