"""Whether words say nothing yet, told at once whatever they are."""

from __future__ import annotations

import random
from time import process_time

import pytest

from intake.wechat.small_talk import says_nothing

WORDS = [
    "你好", "您好", "你们好", "您们好", "在吗", "在么", "在嘛", "在不", "有人", "有人吗", "有人么",
    "有人在吗", "早好", "早上好", "上午好", "中午好", "下午好", "晚上好", "哈喽", "哈啰", "嗨",
    "喂", "客服", "人工", "人工客服", "hi", "Hello", "呀", "啊", "哦", "吗", "吧",
]  # fmt: skip
FACES = ("/::)", "[微笑]", "？", "👍", " ")


def quickly(words: str) -> bool:
    begun = process_time()
    said = says_nothing(words)
    assert process_time() - begun < 0.05, words[:20]
    return said


def test_whatever_is_made_of_greetings_and_faces_says_nothing() -> None:
    chance = random.Random(7)
    for word in WORDS:
        assert says_nothing(word), word
    for _ in range(300):
        assert quickly("".join(chance.choices([*WORDS, *FACES], k=chance.randint(1, 300))))


@pytest.mark.parametrize("word", [*WORDS, "有人吗快", "/:", "/:a", "[微笑", "hel", "你", "早上"])
def test_many_greetings_before_a_word_are_read_at_once(word: str) -> None:
    for times in (40, 2000):
        assert not quickly(word * times + "快递")
        quickly(word * times)
