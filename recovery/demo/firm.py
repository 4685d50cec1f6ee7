"""The invented firm: its branches, its people and what each role may promise in money."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType

FIRM = "青蜓物流"
HEADQUARTERS = "HQ"


@dataclass(frozen=True)
class Branch:
    """A unit of the firm; `kind` is headquarters, region (平台) or branch (分公司)."""

    code: str
    name: str
    kind: str
    parent: str
    city: str
    weekly_orders: int = 0


@dataclass(frozen=True)
class Person:
    """Somebody with a sign-in; the phone starts with 100, a prefix that no network uses."""

    username: str
    name: str
    role: str
    branch: str
    phone: str
    title: str

    @property
    def email(self) -> str:
        """An address that can never be delivered to."""
        return f"{self.username}@example.com"


BRANCHES: tuple[Branch, ...] = (
    Branch(HEADQUARTERS, "青蜓物流总部", "headquarters", "", "武汉"),
    Branch("EAST", "华东平台", "region", HEADQUARTERS, "上海"),
    Branch("SOUTH", "华南平台", "region", HEADQUARTERS, "广州"),
    Branch("NORTH", "华北平台", "region", HEADQUARTERS, "北京"),
    Branch("WEST", "西北平台", "region", HEADQUARTERS, "西安"),
    Branch("SHA", "上海分公司", "branch", "EAST", "上海", 21400),
    Branch("HGH", "杭州分公司", "branch", "EAST", "杭州", 15800),
    Branch("NKG", "南京分公司", "branch", "EAST", "南京", 11900),
    Branch("WUX", "无锡分公司", "branch", "EAST", "无锡", 9600),
    Branch("CAN", "广州分公司", "branch", "SOUTH", "广州", 19700),
    Branch("SZX", "深圳分公司", "branch", "SOUTH", "深圳", 20300),
    Branch("FUO", "佛山分公司", "branch", "SOUTH", "佛山", 8800),
    Branch("XMN", "厦门分公司", "branch", "SOUTH", "厦门", 7900),
    Branch("PEK", "北京分公司", "branch", "NORTH", "北京", 18200),
    Branch("TSN", "天津分公司", "branch", "NORTH", "天津", 8300),
    Branch("SJW", "石家庄分公司", "branch", "NORTH", "石家庄", 7200),
    Branch("SIA", "西安分公司", "branch", "WEST", "西安", 9100),
    Branch("LHW", "兰州分公司", "branch", "WEST", "兰州", 4700),
    Branch("URC", "乌鲁木齐分公司", "branch", "WEST", "乌鲁木齐", 3600),
)

PEOPLE: tuple[Person, ...] = (
    Person("luyuanzhou", "陆远舟", "gm", "HQ", "10000000001", "总经理"),
    Person("shenhuaijin", "沈怀谨", "director", "HQ", "10000000002", "服务总监"),
    Person("qianyimo", "钱一默", "admin", "HQ", "10000000003", "系统管理员"),
    Person("chengruochuan", "程若川", "quality", "HQ", "10000000004", "品质管理员"),
    Person("fangnianci", "方念慈", "quality", "HQ", "10000000005", "品质管理员"),
    Person("hexiaotang", "贺晓棠", "supervisor", "HQ", "10000000006", "客服中心主管"),
    Person("miaoxiaoman", "苗小满", "frontline", "HQ", "10000000007", "客服中心专员"),
    Person("dingkexin", "丁可心", "frontline", "HQ", "10000000008", "客服中心专员"),
    Person("guwenlan", "顾文澜", "supervisor", "EAST", "10000000011", "华东平台负责人"),
    Person("qiaoyian", "乔以安", "quality", "EAST", "10000000012", "华东平台品质管理员"),
    Person("liangpeien", "梁沛恩", "supervisor", "SOUTH", "10000000013", "华南平台负责人"),
    Person("yinjianbai", "尹建柏", "supervisor", "NORTH", "10000000014", "华北平台负责人"),
    Person("machengliang", "马成梁", "supervisor", "WEST", "10000000015", "西北平台负责人"),
    Person("wangxiuyan", "王秀岩", "supervisor", "SHA", "10000000021", "客服主管"),
    Person("lixiaohe", "李晓禾", "frontline", "SHA", "10000000022", "客服专员"),
    Person("zoumingze", "邹明泽", "frontline", "SHA", "10000000023", "营业部客服"),
    Person("zhangyining", "章以宁", "supervisor", "HGH", "10000000031", "客服主管"),
    Person("yujiashu", "俞佳树", "frontline", "HGH", "10000000032", "客服专员"),
    Person("haoqingyu", "郝庆余", "supervisor", "NKG", "10000000041", "运营主管"),
    Person("xiazhiwei", "夏知微", "frontline", "NKG", "10000000042", "客服专员"),
    Person("guojincheng", "过锦程", "supervisor", "WUX", "10000000051", "客服主管"),
    Person("huayutong", "华雨桐", "frontline", "WUX", "10000000052", "客服专员"),
    Person("ouzhaohui", "区兆辉", "supervisor", "CAN", "10000000061", "运营主管"),
    Person("liwanyi", "黎婉仪", "frontline", "CAN", "10000000062", "客服专员"),
    Person("cenzhihang", "岑志航", "frontline", "CAN", "10000000063", "营业部客服"),
    Person("zhuanglixing", "庄力行", "supervisor", "SZX", "10000000071", "客服主管"),
    Person("wenyiran", "温亦然", "frontline", "SZX", "10000000072", "客服专员"),
    Person("luojiahao", "骆家豪", "frontline", "SZX", "10000000073", "项目客服"),
    Person("huoqiming", "霍启明", "supervisor", "FUO", "10000000081", "运营主管"),
    Person("jianwenshan", "简文珊", "frontline", "FUO", "10000000082", "客服专员"),
    Person("suyanqiu", "苏雁秋", "supervisor", "XMN", "10000000091", "客服主管"),
    Person("jihaicheng", "纪海澄", "frontline", "XMN", "10000000092", "客服专员"),
    Person("baijingshan", "白景山", "supervisor", "PEK", "10000000101", "运营主管"),
    Person("tongxinyue", "佟欣悦", "frontline", "PEK", "10000000102", "客服专员"),
    Person("qilidong", "齐立冬", "frontline", "PEK", "10000000103", "营业部客服"),
    Person("muchanghe", "穆长河", "supervisor", "TSN", "10000000111", "运营主管"),
    Person("biansitian", "边思甜", "frontline", "TSN", "10000000112", "客服专员"),
    Person("zhaoguitian", "赵贵田", "supervisor", "SJW", "10000000121", "网点主管"),
    Person("anxuemei", "安雪梅", "frontline", "SJW", "10000000122", "客服专员"),
    Person("huidongsheng", "惠东升", "supervisor", "SIA", "10000000131", "客服主管"),
    Person("qupanpan", "屈盼盼", "frontline", "SIA", "10000000132", "客服专员"),
    Person("weiqingyuan", "魏青原", "supervisor", "LHW", "10000000141", "网点主管"),
    Person("niuxiaoye", "牛小叶", "frontline", "LHW", "10000000142", "客服专员"),
    Person("xingtianye", "邢天野", "supervisor", "URC", "10000000151", "网点主管"),
    Person("gulina", "古丽娜·艾力", "frontline", "URC", "10000000152", "客服专员"),
)

SIGN_INS: Mapping[str, str] = MappingProxyType(
    {
        "frontline": "lixiaohe",
        "supervisor": "wangxiuyan",
        "quality": "chengruochuan",
        "director": "shenhuaijin",
        "gm": "luyuanzhou",
        "admin": "qianyimo",
    }
)

#: The most that a role may promise for one case, in yuan; the general manager has no limit.
COMPENSATION_LIMITS: Mapping[str, Decimal] = MappingProxyType(
    {"frontline": Decimal(200), "supervisor": Decimal(1000), "director": Decimal(20000)}
)


def people_in(branch: str, role: str) -> tuple[Person, ...]:
    """Everybody of this role who sits in this very branch (not in the units below it)."""
    return tuple(p for p in PEOPLE if p.branch == branch and p.role == role)


def parent_of(branch: str) -> str:
    """The code one step up the tree; empty for headquarters."""
    return next(b.parent for b in BRANCHES if b.code == branch)


def branch_of(username: str) -> str:
    """The code of the branch where this person sits."""
    return next(p.branch for p in PEOPLE if p.username == username)
