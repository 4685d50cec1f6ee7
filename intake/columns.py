"""Which header names mean what, in Chinese and English."""

from __future__ import annotations

from enum import Enum

from intake.headings import Headings


class Field(Enum):
    """What a column can tell about a complaint."""

    WHAT = "what"
    RECEIVED_AT = "received_at"
    NAME = "complainant_name"
    PHONE = "complainant_phone"
    ORDER_NO = "order_no"
    CATEGORY = "category"
    SEVERITY = "severity"
    BRANCH = "concerned_branch"
    REMEDY = "remedy_sought"
    ANONYMOUS = "anonymous"
    REF = "ref"


#: The names of each field, the surest first; blanks, `_`, `-`, `*` and brackets don't count.
NAMES: dict[Field, tuple[str, ...]] = {
    Field.WHAT: (
        "投诉内容",
        "投诉详情",
        "投诉描述",
        "投诉事由",
        "反映内容",
        "诉求内容",
        "来电内容",
        "工单内容",
        "问题描述",
        "事件描述",
        "情况描述",
        "留言内容",
        "评论内容",
        "评价内容",
        "内容",
        "详情",
        "描述",
        "事由",
        "what",
        "complaint text",
        "complaint content",
        "complaint details",
        "complaint",
        "content",
        "text",
        "description",
        "details",
        "narrative",
        "message",
        "comment",
        "body",
    ),
    Field.RECEIVED_AT: (
        "受理时间",
        "受理日期",
        "投诉时间",
        "投诉日期",
        "来电时间",
        "反映时间",
        "登记时间",
        "登记日期",
        "提交时间",
        "发布时间",
        "创建时间",
        "时间",
        "日期",
        "received at",
        "date received",
        "received",
        "complaint date",
        "complaint time",
        "created at",
        "datetime",
        "timestamp",
        "time",
        "date",
    ),
    Field.NAME: (
        "投诉人",
        "投诉人姓名",
        "客户姓名",
        "客户名称",
        "反映人",
        "来电人",
        "联系人",
        "姓名",
        "客户",
        "用户",
        "昵称",
        "complainant name",
        "complainant",
        "customer name",
        "customer",
        "contact name",
        "name",
    ),
    Field.PHONE: (
        "投诉人电话",
        "客户电话",
        "联系电话",
        "联系方式",
        "来电号码",
        "手机号码",
        "手机号",
        "手机",
        "电话号码",
        "电话",
        "complainant phone",
        "customer phone",
        "contact phone",
        "phone number",
        "phone",
        "mobile",
        "telephone",
        "tel",
    ),
    Field.ORDER_NO: (
        "运单号",
        "运单编号",
        "运单号码",
        "快递单号",
        "物流单号",
        "货单号",
        "订单号",
        "订单编号",
        "单号",
        "order no",
        "order number",
        "order id",
        "order",
        "waybill no",
        "waybill",
        "tracking no",
        "tracking number",
    ),
    Field.CATEGORY: (
        "投诉类别",
        "投诉分类",
        "投诉类型",
        "问题类别",
        "问题分类",
        "类别",
        "分类",
        "类型",
        "category",
        "complaint category",
        "complaint type",
    ),
    Field.SEVERITY: ("严重程度", "投诉等级", "严重等级", "级别", "等级", "severity"),
    Field.BRANCH: (
        "涉及分公司",
        "被投诉分公司",
        "涉及机构",
        "被投诉机构",
        "分公司",
        "机构",
        "concerned branch",
        "branch",
        "branch code",
        "branch name",
    ),
    Field.REMEDY: (
        "客户诉求",
        "投诉诉求",
        "投诉要求",
        "客户要求",
        "诉求",
        "要求",
        "remedy sought",
        "remedy",
        "desired outcome",
        "demand",
    ),
    Field.ANONYMOUS: ("匿名", "是否匿名", "匿名投诉", "anonymous", "is anonymous"),
    Field.REF: (
        "外部编号",
        "外部单号",
        "工单编号",
        "工单号",
        "投诉编号",
        "投诉单号",
        "平台编号",
        "案件编号",
        "编号",
        "external ref",
        "external id",
        "reference no",
        "reference number",
        "reference",
        "ref",
        "ticket no",
        "ticket id",
        "ticket",
        "case no",
        "complaint id",
        "complaint no",
    ),
}
#: A row of a table is a header when it names the content.
COMPLAINTS = Headings(NAMES, Field.WHAT)

meaning = COMPLAINTS.meaning
understood = COMPLAINTS.understood
