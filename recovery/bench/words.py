"""Words for many cases, so that it is known how many have which: phrase k is told in one case of
2^k; what a case tells besides looks drawn by lot."""

from __future__ import annotations

PHRASES = (
    "快递晚到", "外包装破损", "电话无人接听", "要求赔偿损失", "司机态度恶劣", "冷链失效",
    "错投邻居", "签收造假", "代收点丢失", "偷换商品", "乱收费用", "液体渗漏", "琴弦断裂",
    "古董花瓶",
)  # fmt: skip
#: Two, three and four characters, from one case in two to one in 16,384; and what nobody said.
TERMS = (
    "快递", "外包", "电话无", "赔偿损", "态度恶劣", "冷链", "邻居", "签收造", "代收点丢", "偷换",
    "收费用", "液体渗漏", "琴弦", "古董花瓶",
)  # fmt: skip
#: Nobody said it.
ABSENT = ("魑魅", "量子纠", "外星来客")

_LOT = "(hashint8({}) & 2147483647)"
#: 20 characters that all share, the phrases, and 60 characters by lot of 3,000.
WHAT = f"""
    left(model.what, 20) || COALESCE((
        SELECT string_agg(phrase, '，') FROM unnest(ARRAY{list(PHRASES)}) WITH ORDINALITY
            AS phrases (phrase, k)
        WHERE {_LOT.format("given.n * 31 + k")} %% (1 << k::int) = 0), '')
    || (SELECT string_agg(chr(19968 + {_LOT.format("given.n * 100 + place")} %% 3000), '')
        FROM generate_series(1, 60) AS place)
"""
ORDER_NO = "'YD' || 2611000000 + given.n"
