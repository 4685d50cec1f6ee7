"""What customers send before they say what it is about: greetings, faces, punctuation."""

from __future__ import annotations

import re
import unicodedata

# WeChat writes its older faces as "/::)" and the newer ones as "[微笑]" or "[Smile]".
_OLD_FACES = re.compile(r"/:[!-~]{1,8}?(?=/:|\[|[^!-~]|$)")
_FACES = re.compile(
    r"\[(?:微笑|撇嘴|色|发呆|得意|流泪|害羞|闭嘴|睡|大哭|尴尬|发怒|调皮|呲牙|惊讶|难过|囧|抓狂|吐"
    r"|偷笑|愉快|白眼|傲慢|困|惊恐|憨笑|悠闲|咒骂|疑问|嘘|晕|衰|骷髅|敲打|再见|擦汗|抠鼻|鼓掌"
    r"|坏笑|右哼哼|鄙视|委屈|快哭了|阴险|亲亲|可怜|笑脸|生病|脸红|破涕为笑|恐惧|失望|无语|嘿哈"
    r"|捂脸|奸笑|机智|皱眉|耶|吃瓜|加油|汗|天啊|Emm|社会社会|旺柴|好的|打脸|哇|翻白眼|666"
    r"|让我看看|叹气|苦涩|裂开|嘴唇|爱心|心碎|拥抱|强|弱|握手|胜利|抱拳|勾引|拳头|OK|合十|啤酒"
    r"|咖啡|蛋糕|玫瑰|凋谢|菜刀|炸弹|便便|月亮|太阳|庆祝|礼物|红包|發|福|烟花|爆竹|猪头|跳跳"
    r"|发抖|转圈|Smile|Grimace|Drool|Scowl|Sob|Shy|Angry|Joyful|ThumbsUp|ThumbsDown|Salute"
    r"|Rose|Heart|BrokenHeart|Facepalm|Sigh|Bye|Wow|Hey|Respect)\]"
)
# No words can be taken apart in two ways (有人吗 is 有人 and 吗, nothing else): what is no greeting
# after all is given up at once.
_GREETING = re.compile(
    r"(?:(?:你|您)们?好|在(?:吗|么|嘛|不)|有人么?|早上?好|上午好|中午好|下午好|晚上好"
    r"|哈喽|哈啰|嗨|喂|客服|人工|hi|hello|[呀啊哦吗吧])++",
    re.IGNORECASE,
)


def says_nothing(words: str) -> bool:
    """Whether no word of these is about anything: no letter and no figure but those of faces and
    greetings."""
    left = _FACES.sub("", _OLD_FACES.sub("", words))
    spoken = "".join(each for each in left if unicodedata.category(each)[0] in "LN")
    return not spoken or _GREETING.fullmatch(spoken) is not None
