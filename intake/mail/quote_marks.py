"""How mail programs say that what follows is an earlier mail, in Chinese and elsewhere."""

from __future__ import annotations

import re
from functools import lru_cache

# Labels of the head that stands above a quoted mail: who it was from, when, to whom, about what.
FROM = frozenset(
    {
        "发件人", "發件人", "寄件者", "寄件人", "发信人", "来自", "發信人", "from", "de",
        "von", "van", "da", "od", "fra", "från", "от", "відправник", "差出人", "보낸사람",
        "보낸이", "lähettäjä", "kimden", "expéditeur", "remitente", "mittente", "nadawca",
        "feladó", "messagedu", "messagefrom",
    }
)  # fmt: skip
WHEN = frozenset(
    {
        "发送时间", "发送日期", "日期", "时间", "發送時間", "發送日期", "傳送日期",
        "寄件日期", "传送时间", "發件日期", "发件时间", "sent", "date", "envoyé", "envoyéle",
        "gesendet", "datum", "verzonden", "inviato", "data", "wysłano", "dato", "skickat",
        "sendt", "дата", "отправлено", "送信日時", "日時", "日付", "보낸날짜", "날짜",
        "enviado", "enviadael", "fecha", "lähetetty", "tarih", "gönderildi", "senton",
    }
)  # fmt: skip
TO = frozenset(
    {
        "收件人", "收件者", "收信人", "抄送", "抄送人", "副本", "to", "cc", "à", "an",
        "kopie", "aan", "a", "copieà", "do", "dw", "till", "kopia", "til", "кому", "копия",
        "宛先", "受信者", "받는사람", "받는이", "참조", "para", "ccn", "kime",
        "vastaanottaja", "destinataire",
    }
)  # fmt: skip
ABOUT = frozenset(
    {
        "主题", "主題", "主旨", "标题", "邮件主题", "subject", "objet", "sujet", "betreff",
        "onderwerp", "oggetto", "temat", "emne", "ämne", "тема", "件名", "제목", "asunto",
        "assunto", "aihe", "konu", "tárgy", "předmět", "re",
    }
)  # fmt: skip
_LABEL = re.compile(r"^[>\s*|_·]*+([^:：|<>@\d]{1,20}?)[\s*|]*[:：|]\s*(.*)$")

_ORIGINAL = (
    "原始邮件", "原始郵件", "原邮件", "原郵件", "邮件原件", "郵件原件", "邮件原文",
    "原始信息", "原始消息", "原始訊息", "源邮件", "回复的原邮件", "回复的邮件",
    "回覆的原郵件", "答复邮件", "original message", "original email", "original",
    "original appointment", "replied message", "reply message", "message d['’]origine",
    "message original", "mensaje original", "mensagem original", "messaggio originale",
    r"messaggio orig\.?", "ursprüngliche (?:nachricht|mail)", "original-?nachricht",
    "oorspronkelijk bericht", "originele bericht", "oprindelig (?:besked|meddelelse)",
    "opprinnelig melding", "originalmeddelande", "ursprungligt meddelande",
    "alkuperäinen viesti", "исходное сообщение", "оригинальное сообщение",
    "oryginalna wiadomość", "wiadomość oryginalna", "původní zpráva", "eredeti üzenet",
    "元のメッセージ", "original 메시지", "원본 메시지",
)  # fmt: skip
#: A line of dashes around words that name an earlier mail.
DASHED = re.compile(
    rf"^[>\s]*[-—－_=*]{{2,}}\s*(?:{'|'.join(_ORIGINAL)})\s*[-—－_=*]{{2,}}\s*$", re.IGNORECASE
)

_FORWARDED = (
    r"[-—－_=*]{2,}\s*(?:forwarded (?:message|by\b.*)|转发的?(?:邮件信息|邮件|消息|信息)"
    r"|轉寄的?(?:郵件|訊息)|轉發的?郵件|weitergeleitete nachricht|message transféré"
    r"|mensaje reenviado|messaggio inoltrato|doorgestuurd bericht|videresendt meddelelse).{0,40}",
    r"begin forwarded message\s*[:：]?",
    r"(?:下面是)?被?转发的?邮件\s*[:：]",
    r"(?:開始轉寄的?(?:訊息|郵件)|开始转发的?(?:邮件|信息))\s*[:：]",
)
#: Below it stands what was passed on, which is what the sender wants read.
FORWARDED = re.compile(rf"^[>\s]*(?:{'|'.join(_FORWARDED)})\s*$", re.IGNORECASE)
FORWARD_SUBJECT = re.compile(
    r"^\s*(?:(?:re|回复|答复)\s*[:：]\s*)*(?:fw|fwd|转发|轉寄|轉發|wg|tr)\s*[:：]", re.IGNORECASE
)

#: How `On ... wrote:`, `在 ... 写道：`, `... 于2023年5月16日周二 09:57写道：` end.
_WROTE = (
    "wrote", "writes", "写道", "寫道", "写到", "寫到", "写", "a écrit", "schrieb", "schrieb am",
    "escribió", "ha scritto", "schreef", "het volgende geschreven", "escreveu", "skrev",
    "napisał", "napisał(a)", "napisała", "napisal", "napisala", "napsal", "napsala", "kirjoitti",
    "написал", "написала", "написал(а)", "пишет", "написав", "書きました", "のメッセージ", "작성",
    "yazdı", "írta", "đã viết", "a scris", "έγραψε",
)  # fmt: skip
#: `Op 12 december 2016 19:05 schreef Name <a@b.c>:`; the address ends it.
_SAYS = re.compile(
    r"^(?:op|am|il|el|le|den|em|on|at|dnia|w dniu|w dn\.)\s.{4,300}\b(?:schreef|schrieb|skrev"
    r"|wrote|escribió)\b.{1,200}[:：]\s*$",
    re.IGNORECASE,
)
#: Gmail, older: `2016-12-12 20:45 GMT+08:00 Name <a@b.c>:`
_DATED = re.compile(r"^.{8,300}<[^<>\s]+@[^<>\s]+>\s*[:：]\s*$")
_WHEN = re.compile(r"\d")
_SURE = re.compile(r"@|\d{4}\s*[-/年.]|\d{1,2}[:：.h]\d\d|\b(?:19|20)\d\d\b")
#: How an attribution begins that takes several lines.
BEGINS = re.compile(
    r"^(?:on|at|am|le|el|il|op|em|den|dnia|w dniu|kl|vào|dne|pe|на)\s.*\d"
    r"|^(?:在|于|於)\s?\d|^\d{4}\s?[-/年.]",
    re.IGNORECASE,
)

_MOBILE = (
    r"(?:发|發|寄|来|來|傳)自(?:我的|于我的|於我的)?\s*.{1,40}",
    r"从我的\s*.{1,30}\s*发送",
    r"從我的\s*.{1,30}\s*傳送",
    r"(?:使用|用).{1,20}(?:邮箱|郵箱|邮件).{0,10}(?:发送|發送)",
    r"sent (?:from|with|using) (?:my|mail for|outlook|yahoo|the (?:all|new)|samsung|proton|aol"
    r"|typeapp|spark|bluemail|mailspring|airmail).{0,60}",
    r"(?:get|获取|下载)\s?outlook for .{0,60}",
    r"sent via .{1,60}",
    r"envoyé (?:de|depuis) mon .{1,40}",
    r"von meinem .{1,40}gesendet",
    r"gesendet (?:von|mit) .{1,40}",
    r"enviado (?:desde|do) m[ie]u? .{1,40}",
    r"inviato (?:da|dal mio) .{1,40}",
    r"verzonden vanaf .{1,40}",
    r"sendt fra min .{1,40}",
    r"skickat från min .{1,40}",
    r"отправлено с .{1,40}",
    r"iphoneから送信",
    r"나의 .{1,30}에서 보냄",
)
#: What a telephone puts under each mail.
MOBILE = re.compile(rf"^\s*[-—]{{0,3}}\s*(?:{'|'.join(_MOBILE)})\s*[.。]?\s*$", re.IGNORECASE)


@lru_cache(maxsize=256)  # neighbours look at the same lines
def label(line: str) -> tuple[str, str] | None:
    """What the line of a head says: `from`, `when`, `to`, `about`, and its text."""
    found = _LABEL.match(line[:500])
    if not found:
        return None
    name = re.sub(r"[\s\u3000\u00a0*]+", "", found[1]).lower()
    kinds = (("from", FROM), ("when", WHEN), ("to", TO), ("about", ABOUT))
    return next(((kind, found[2]) for kind, names in kinds if name in names), None)


def attributes(text: str) -> bool:
    """Whether it says who wrote when, with an address, a year or a time."""
    if not text.endswith((":", "：", *_WROTE)) or not _WHEN.search(text) or not _SURE.search(text):
        return False
    bare = text.rstrip(" \t\xa0\u3000:：").lower()
    return bool(bare.endswith(_WROTE) or _SAYS.match(text) or _DATED.match(text))
