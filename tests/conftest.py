"""The cast: a small firm with two regions, and the people who play in every test."""

from __future__ import annotations

import copy
import importlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest
from django.apps import apps
from django.core.cache import cache
from django.db import connection

from complaints import registration
from complaints.models import Category, Channel, Complaint, Policy, Severity
from complaints.registration import Report
from staff import branches, people
from staff.models import Branch, BranchKind, Person, Role

#: The browser, for the tests under tests/browser and for the journey.
pytest_plugins = ["tests.browser.fixtures"]

PASSWORD = "journey-2026"
#: A Monday morning in Shanghai.
MONDAY = datetime(2026, 11, 16, 4, 0, tzinfo=UTC)


def pytest_make_parametrize_id(val: object) -> str | None:
    """A file's bytes don't name a case: an archive carries the time it was made, and the parallel
    workers have to agree on every name."""
    return "bytes" if isinstance(val, bytes) else None


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """Transactional tests empty the tables with TRUNCATE, which the triggers of what only grows
    refuse."""
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE complaints_event DISABLE TRIGGER event_never_truncated")
        cursor.execute("ALTER TABLE intake_inletchange DISABLE TRIGGER inletchange_never_truncated")


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    """What one test has put into the cache is not there for the next."""
    cache.clear()


@pytest.fixture(autouse=True)
def _reference_data(request: pytest.FixtureRequest) -> None:
    """What the migrations put in and an emptied table has lost: policies, limits, ways out."""
    names = set(request.fixturenames)
    if names & {"db", "transactional_db", "live_server"} or request.node.get_closest_marker(
        "django_db"
    ):
        request.getfixturevalue("transactional_db" if "live_server" in names else "db")
        if not Policy.objects.exists():
            for module in (
                "complaints.migrations.0004_first_policy",
                "complaints.migrations.0006_complete_policies",
                "staff.migrations.0002_first_limits",
                "notify.migrations.0005_mail_and_sms",
            ):
                importlib.import_module(module).create(apps, None)


@dataclass(frozen=True)
class Cast:
    """Wuxi and Suzhou lie in the east, Lanzhou in the north-west; quality sits at headquarters."""

    headquarters: Branch
    east: Branch
    northwest: Branch
    wuxi: Branch
    suzhou: Branch
    lanzhou: Branch
    li: Person  # front line, Wuxi
    wang: Person  # supervisor, Wuxi
    xu: Person  # supervisor of the eastern region
    zhao: Person  # front line, Lanzhou
    ma: Person  # supervisor, Lanzhou
    chen: Person  # quality, headquarters
    lin: Person  # director, headquarters
    gao: Person  # general manager
    root: Person  # administrator
    late_goods: Category
    rude: Category

    @property
    def people(self) -> list[Person]:
        return [
            self.li,
            self.wang,
            self.xu,
            self.zhao,
            self.ma,
            self.chen,
            self.lin,
            self.gao,
            self.root,
        ]


def _branch(code: str, name: str, kind: BranchKind, parent: Branch | None = None) -> Branch:
    return branches.save(Branch(code=code, name=name, kind=kind, parent=parent))


#: The cast and the rows it is made of, once the services have made them in this process.
_MADE: dict[str, Any] = {}
_ROWS_OF = (
    "staff_branch", "staff_branchspan", "staff_person", "staff_post", "complaints_category",
)  # fmt: skip


@pytest.fixture
def cast(db: None, _reference_data: None) -> Cast:
    """Made by the services the first time; then the same rows are laid down again, which takes a
    tenth of the time, and nearly every test begins with it."""
    if _MADE:
        _lay_down(_MADE["rows"])
    else:
        known = {table: _rows(table) for table in _ROWS_OF}
        _MADE["cast"] = _hired()
        _MADE["rows"] = {
            table: [row for row in _rows(table) if row not in known[table]] for table in _ROWS_OF
        }
    return copy.deepcopy(_MADE["cast"])


def _rows(table: str) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT COALESCE(json_agg(kept), '[]') FROM {table} AS kept")  # noqa: S608
        return list(cursor.fetchone()[0])


def _lay_down(rows: dict[str, list[Any]]) -> None:
    words = "INSERT INTO {0} SELECT * FROM json_populate_recordset(NULL::{0}, %s)"
    with connection.cursor() as cursor:
        cursor.execute(
            ";".join(words.format(table) for table in rows),
            [json.dumps(each) for each in rows.values()],
        )


def _hired() -> Cast:
    hq = _branch("HQ", "总部", BranchKind.HEADQUARTERS)
    east = _branch("EAST", "华东平台", BranchKind.REGION, hq)
    northwest = _branch("NW", "西北平台", BranchKind.REGION, hq)
    wuxi = _branch("WUX", "无锡分公司", BranchKind.BRANCH, east)
    suzhou = _branch("SUZ", "苏州分公司", BranchKind.BRANCH, east)
    lanzhou = _branch("LZ", "兰州分公司", BranchKind.BRANCH, northwest)

    def hire(username: str, name: str, role: Role, branch: Branch) -> Person:
        return people.hire(
            username,
            name=name,
            role=role,
            branch=branch,
            password=PASSWORD,
            email=f"{username}@example.com",
        )

    top = Category.objects.create(code="delay", name="时效延误", position=1)
    return Cast(
        headquarters=hq,
        east=east,
        northwest=northwest,
        wuxi=wuxi,
        suzhou=suzhou,
        lanzhou=lanzhou,
        li=hire("li", "李静", Role.FRONTLINE, wuxi),
        wang=hire("wang", "王强", Role.SUPERVISOR, wuxi),
        xu=hire("xu", "徐敏", Role.SUPERVISOR, east),
        zhao=hire("zhao", "赵磊", Role.FRONTLINE, lanzhou),
        ma=hire("ma", "马兰", Role.SUPERVISOR, lanzhou),
        chen=hire("chen", "陈洁", Role.QUALITY, hq),
        lin=hire("lin", "林涛", Role.DIRECTOR, hq),
        gao=hire("gao", "高远", Role.GENERAL_MANAGER, hq),
        root=hire("root", "罗特", Role.ADMINISTRATOR, hq),
        late_goods=Category.objects.create(
            code="late-delivery", name="派送延误", parent=top, position=2, keywords=["晚到", "没送"]
        ),
        rude=Category.objects.create(code="rude", name="态度生硬", position=3, keywords=["态度"]),
    )


Register = Callable[..., Complaint]


@pytest.fixture
def register(cast: Cast) -> Register:
    """`register(by=cast.li, at=MONDAY, what=...)`: a case through the service, all else usual."""
    numbers = count(1)

    def _register(*, by: Person | None = None, at: datetime = MONDAY, **said: Any) -> Complaint:
        usual = Report(
            channel=Channel.PHONE,
            what=f"第 {next(numbers)} 票货晚到三天，打电话没人接。",
            category=cast.late_goods,
            severity=Severity.MINOR,
            complainant_name="孙玉梅",
            complainant_phone="13800138000",
        )
        complaint, _created = registration.register(replace(usual, **said), by=by or cast.li, at=at)
        return complaint

    return _register
