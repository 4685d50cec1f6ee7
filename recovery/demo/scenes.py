"""Staged cases: every stage of a complaint stands open the moment the demo is opened."""

from dataclasses import dataclass
from datetime import datetime, timedelta

Move = tuple[str, float] | tuple[str, float, str]


@dataclass(frozen=True)
class Scene:
    """A case received `minutes` ago; moves are verbs of the script at hours after receipt.

    `owner` is a username; `repeats` names another scene of the same matter.
    """

    name: str
    minutes: float
    template: str
    branch: str
    owner: str
    moves: tuple[Move, ...] = ()
    channel: str = "phone"
    anonymous: bool = False
    settled_on_spot: bool = False
    repeats: str = ""


_RULED: tuple[Move, ...] = (("apologise", 0.4), ("accept", 1.2), ("rule", 1.6))
_TOLD: tuple[Move, ...] = (*_RULED, ("progress", 6.0), ("result", 19.5))
_PAID: tuple[Move, ...] = (*_RULED, ("remedy", 5.0), ("approve", 7.5), ("result", 9.0))

SCENES: tuple[Scene, ...] = (
    Scene("untouched", 6, "lastmile-01", "SHA", "lixiaohe"),
    Scene("untouched", 14, "delay-07", "SZX", "wenyiran", channel="wechat"),
    Scene("untouched", 24, "document-02", "CAN", "liwanyi", channel="wecom"),
    Scene("untouched", 36, "attitude-08", "SHA", "zoumingze"),
    Scene("apology_soon_due", 49, "delay-03", "SHA", "lixiaohe"),
    Scene("apology_soon_due", 53, "damage-03", "PEK", "tongxinyue", (("attempt", 0.45),)),
    Scene("severe_just_in", 40, "safety-06", "CAN", "liwanyi", (("apologise", 0.3),)),
    Scene("apology_breached", 78, "fee-01", "SHA", "zoumingze", channel="wechat"),
    Scene("apology_breached", 128, "delay-09", "LHW", "niuxiaoye"),
    Scene("apology_breached_acknowledged", 112, "attitude-06", "SHA", "lixiaohe",
          (("attempt", 0.7), ("acknowledge", 1.3, "apology"))),
    Scene("apology_late", 260, "delay-11", "CAN", "cenzhihang",
          (("acknowledge", 1.2, "apology"), ("apologise", 1.7), ("accept", 2.4), ("rule", 2.9))),
    Scene("waiting_for_triage", 190, "damage-13", "NKG", "miaoxiaoman", (("apologise", 0.3),),
          channel="p12315"),
    Scene("remedy_awaiting_approval", 1310, "damage-02", "SHA", "lixiaohe",
          (*_RULED, ("remedy", 6.5), ("progress", 7.0))),
    Scene("severe_remedy_awaiting_approval", 720, "damage-10", "PEK", "qilidong",
          (*_RULED, ("seen_at_once", 0.5), ("progress", 3.0), ("remedy", 8.0))),
    Scene("result_soon_due", 1370, "delay-04", "SHA", "lixiaohe", (*_RULED, ("progress", 8.0))),
    Scene("result_soon_due", 1250, "fee-04", "HGH", "yujiashu", _RULED),
    Scene("result_breached", 1500, "damage-12", "TSN", "dingkexin",
          (*_RULED, ("progress", 9.0))),
    Scene("same_matter_by_12345", 95, "handling-01", "TSN", "dingkexin", (("apologise", 0.6),),
          channel="p12345", repeats="result_breached"),
    Scene("result_breached_acknowledged", 1640, "document-03", "SHA", "lixiaohe",
          (*_RULED, ("acknowledge", 24.4, "result"))),
    Scene("result_late", 1900, "delay-05", "FUO", "jianwenshan",
          (*_RULED, ("acknowledge", 24.5, "result"), ("remedy", 25.5), ("approve", 26.2),
           ("result", 27.0))),
    Scene("sheet_soon_due", 2720, "attitude-03", "SHA", "miaoxiaoman",
          (*_RULED, ("remedy", 4.0), ("result", 9.0), ("deliver", 26.0))),
    Scene("sheet_overdue", 3020, "damage-05", "LHW", "niuxiaoye", (*_PAID, ("deliver", 31.0))),
    Scene("sheet_overdue_acknowledged", 3130, "lastmile-11", "CAN", "dingkexin",
          (*_PAID, ("deliver", 28.0), ("acknowledge", 48.5, "sheet"))),
    Scene("sheet_returned", 3500, "delay-06", "SHA", "zoumingze",
          (*_PAID, ("seen_at_once", 0.5), ("sheet", 30.0), ("deliver", 32.0),
           ("send_back", 46.0))),
    Scene("callback_due_today", 0, "delay-10", "SHA", "lixiaohe",
          (*_RULED, ("remedy", 5.0), ("result", 9.0), ("deliver", 24.0), ("sheet", 33.0))),
    Scene("callback_not_reached", 4080, "lastmile-05", "SZX", "luojiahao",
          (*_TOLD, ("sheet", 34.0), ("no_answer", 49.0), ("no_answer", 58.0))),
    Scene("callback_breached", 4470, "fee-12", "XMN", "jihaicheng", (*_TOLD, ("sheet", 40.0))),
    Scene("closed_satisfied", 4700, "fee-02", "SHA", "lixiaohe",
          (*_RULED, ("remedy", 4.0), ("result", 6.0), ("deliver", 9.0), ("sheet", 28.0),
           ("satisfied", 66.0), ("verify", 70.0))),
    Scene("second_round", 4900, "lastmile-03", "SHA", "zoumingze",
          (*_RULED, ("remedy", 4.0), ("result", 8.0), ("deliver", 20.0), ("sheet", 33.0),
           ("dissatisfied", 69.0), ("apologise", 69.5), ("progress", 74.0))),
    Scene("second_round_apology_owed", 4260, "handling-05", "PEK", "miaoxiaoman",
          (*_RULED, ("remedy", 3.0), ("result", 12.0), ("sheet", 41.0), ("dissatisfied", 70.4))),
    Scene("invalid", 1020, "invalid-02", "SHA", "lixiaohe",
          (("apologise", 0.2), ("invalidate", 2.2))),
    Scene("withdrawn", 1700, "document-06", "SHA", "zoumingze",
          (*_RULED, ("withdraw", 7.0)), channel="wechat"),
    Scene("anonymous", 1600, "safety-02", "SHA", "lixiaohe", (("accept", 2.0), ("rule", 2.5)),
          channel="form", anonymous=True),
    Scene("settled_on_spot", 430, "lastmile-10", "SHA", "zoumingze",
          (("accept", 1.4), ("rule", 2.0)), channel="counter", settled_on_spot=True),
)  # fmt: skip


def received_at(scene: Scene, now: datetime) -> datetime:
    """When the case came in; the callback that is due today falls before midnight."""
    if scene.name != "callback_due_today":
        return now - timedelta(minutes=scene.minutes)
    midnight = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    left = min(timedelta(hours=3), (midnight - now) / 2)
    return now + left - timedelta(hours=72)
