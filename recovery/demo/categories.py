"""The category tree: two levels, each leaf with its usual severity and tell-tale words."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Category:
    """A kind of complaint; a top category has no parent. Severity: minor, major, critical."""

    code: str
    name: str
    severity: str
    keywords: tuple[str, ...]
    parent: str = ""


def _top(code: str, name: str, *leaves: tuple[str, str, str, str]) -> tuple[Category, ...]:
    """A top category and its leaves; a leaf is (suffix, name, severity, words with spaces)."""
    children = tuple(
        Category(f"{code}-{suffix}", leaf, severity, tuple(words.split()), code)
        for suffix, leaf, severity, words in leaves
    )
    words = tuple(dict.fromkeys(child.keywords[0] for child in children))
    return (Category(code, name, "minor", words), *children)


CATEGORIES: tuple[Category, ...] = (
    *_top(
        "delay",
        "时效延误",
        ("pickup", "揽收超时", "minor", "没来取件 上门取货 揽收 约了不来 等取件"),
        ("transit", "在途滞留", "major", "卡在中转 滞留 一直不动 停在 分拨中心"),
        ("delivery", "派送超时", "minor", "还没送到 晚到 超时 派送中 延误"),
        ("window", "错过约定时间", "major", "预约 约定时间 说好几点 白等 误工"),
    ),
    *_top(
        "damage",
        "货损货差",
        ("broken", "破损", "major", "摔坏 破损 碎了 变形 压坏"),
        ("wet", "水湿污染", "major", "淋湿 泡水 受潮 发霉 油污"),
        ("short", "短少", "major", "少了 少件 数量不对 差几件 短少"),
        ("lost", "丢失", "critical", "丢了 丢件 找不到 遗失 下落不明"),
        ("mixed", "串货错发", "major", "发错 串货 别人的货 不是我的 贴错标签"),
    ),
    *_top(
        "attitude",
        "服务态度",
        ("courier", "收派员态度", "minor", "态度恶劣 骂人 顶撞 不耐烦 甩脸"),
        ("hotline", "客服态度", "minor", "客服挂电话 语气 阴阳怪气 敷衍客户 打断"),
        ("brushoff", "推诿扯皮", "major", "踢皮球 推来推去 不归我管 让我找别人 推诿"),
        ("silent", "无人接听不回电", "minor", "打不通 没人接 不回电话 占线 已读不回"),
    ),
    *_top(
        "fee",
        "费用争议",
        ("overcharge", "多收运费", "minor", "多收 乱收费 加价 报价不一样 到付"),
        ("weight", "计重计泡争议", "minor", "重量不对 体积 计泡 称重 抛货"),
        ("claim", "保价理赔争议", "major", "保价 理赔 赔付 不赔 定损"),
        ("cod", "代收货款", "critical", "代收货款 货款 没到账 返款 回款"),
        ("storage", "仓储超期费", "minor", "仓储费 保管费 超期 滞港 免费保管"),
    ),
    *_top(
        "document",
        "信息与单证",
        ("tracking", "轨迹不实", "minor", "轨迹 物流信息 不更新 显示签收 假信息"),
        ("receipt", "签收回单问题", "minor", "回单 签收单 原件 盖章 返单"),
        ("invoice", "发票问题", "minor", "发票 开票 税号 抬头 专票"),
        ("privacy", "信息泄露", "critical", "泄露 隐私 骚扰电话 拍照发群 个人信息"),
    ),
    *_top(
        "lastmile",
        "提货与派送",
        ("unattended", "擅自放置", "minor", "放门口 放驿站 没打电话 丢在楼下 快递柜"),
        ("doorstep", "拒绝送货上门", "minor", "不上楼 不进村 送货上门 自己去拉 加钱才送"),
        ("misdelivery", "错派误签", "major", "别人签收 冒签 送错 邻居拿走 误签"),
        ("pickup", "自提不便", "minor", "自提 提货排队 提货码 下班 找不到提货点"),
        ("unloading", "擅自入仓卸货", "major", "擅自卸货 爆仓 没通知 搬进仓库 占道"),
    ),
    *_top(
        "handling",
        "投诉处理不当",
        ("slow", "处理拖延", "major", "没人处理 催了几次 拖着 等通知 没下文"),
        ("promise", "承诺未兑现", "major", "说话不算 答应 承诺 没兑现 反悔"),
        ("premature", "未解决即结案", "major", "结案 关闭工单 没解决 已处理 走流程"),
    ),
    *_top(
        "safety",
        "安全与违规",
        ("rough", "野蛮装卸", "major", "野蛮 扔货 抛摔 踩踏 暴力分拣"),
        ("vehicle", "车辆与驾驶安全", "critical", "闯红灯 占道 超载 货车 刮蹭"),
        ("injury", "人身伤害", "critical", "砸伤 受伤 医院 骨折 压到"),
        ("banned", "违禁与查验", "major", "违禁 拆包 查验 没收 安检"),
    ),
)

TOPS: tuple[Category, ...] = tuple(c for c in CATEGORIES if not c.parent)
LEAVES: tuple[Category, ...] = tuple(c for c in CATEGORIES if c.parent)
