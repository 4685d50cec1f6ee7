"""The callers: invented names and firms, phones with a prefix that no network uses."""

from dataclasses import dataclass
from itertools import product
from random import Random

SURNAMES = (
    "蒋韩杨朱秦尤许何吕施张孔曹严姜戚谢邹柏章葛范彭鲁韦昌凤花俞任袁柳酆鲍史费廉岑薛雷倪汤滕殷罗毕"
)
GIVEN_NAMES: tuple[str, ...] = (
    "春芽", "立秋", "望川", "晓芸", "拾禾", "景和", "素心", "得安", "桂圆", "长庚",
    "木白", "念初", "守拙", "小暑", "知返", "向晚", "如意", "冬至", "半夏", "青禾",
    "有余", "石榴", "凌霜", "子衿", "乐山", "采薇", "大勇", "喜梅", "永福", "秀兰",
    "国栋", "书瑶", "建业", "春燕", "思源", "雨晴",
)  # fmt: skip

WOMEN = frozenset(
    {
        "春芽", "晓芸", "素心", "桂圆", "如意", "半夏", "石榴", "子衿", "采薇", "喜梅", "秀兰",
        "书瑶", "春燕", "雨晴",
    }
)  # fmt: skip

COMPANIES: tuple[str, ...] = (
    "禾木灯饰有限公司", "南枝茶业商行", "岭上五金制品厂", "白鹭洲服饰有限公司",
    "半亩田农资经营部", "三棵榕家具厂", "晴川仪器有限公司", "拾光母婴用品店",
    "北屯果蔬合作社", "云脚下酒店用品公司", "榫卯工坊", "大雁塔下书店",
    "渔火水产批发部", "铁马机电设备公司", "蓝桥印务有限公司", "竹篾生活用品社",
)  # fmt: skip

POOL = 290


@dataclass(frozen=True)
class Customer:
    """Somebody who may call; `company` is empty for a private person."""

    name: str
    phone: str
    company: str = ""

    @property
    def greeting(self) -> str:
        """How to address them on the phone."""
        return self.name[0] + ("女士" if self.name[1:] in WOMEN else "先生")


def _names(rng: Random, count: int) -> list[str]:
    every = ["".join(pair) for pair in product(SURNAMES, GIVEN_NAMES)]
    return rng.sample(every, count)


def private_customers(rng: Random) -> list[Customer]:
    """The pool of private callers; every twentieth shares the phone of the one before."""
    people: list[Customer] = []
    for place, name in enumerate(_names(rng, POOL)):
        phone = people[-1].phone if place % 20 == 19 else f"1000001{place:04d}"
        people.append(Customer(name, phone))
    return people


def company_customers(rng: Random) -> list[Customer]:
    """One or two contacts for each firm that ships regularly; two share the firm's phone."""
    names = iter(_names(rng, len(COMPANIES) * 2))
    return [
        Customer(next(names), f"1000002{place:04d}", company)
        for place, company in enumerate(COMPANIES)
        for _ in range(1 + place % 2)
    ]
