"""Published hours: whose hold, when service begins, which years are missing, holidays filled in."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from pathlib import Path
from threading import Barrier
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.db.models import ProtectedError
from django.test import Client

from common import worktime
from common.errors import RuleBroken
from staff import branches, holiday_years
from staff.calendars import hours_of, missing_years, service_start
from staff.models import Branch, Calendar, CalendarDay, CalendarYear
from tests.conftest import Cast
from tests.shared import DATA

HOLIDAYS = DATA / "holidays"
OFFICE = "mon-fri 09:00-12:00 13:30-18:00"
SATURDAYS = f"{OFFICE}; sat 10:00-14:00"


def shanghai(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Asia/Shanghai"))


def publish(branch: Branch, weekly: str = OFFICE, **fields: Any) -> Calendar:
    calendar = Calendar.objects.create(name=f"{branch.name}日历", weekly=weekly, **fields)
    branch.calendar = calendar
    branches.save(branch)
    return calendar


def day(calendar: Calendar, on: str, windows: str = "", **fields: Any) -> CalendarDay:
    return CalendarDay.objects.create(calendar=calendar, date=on, windows=windows, **fields)


# Whose hours hold


def test_a_branch_without_hours_has_those_of_the_nearest_above(cast: Cast) -> None:
    assert hours_of(cast.wuxi) is None
    publish(cast.headquarters, "mon 08:00-09:00")
    publish(cast.east, "tue 08:00-09:00")
    publish(cast.suzhou, "wed 08:00-09:00")
    weekdays = {
        branch.code: [index for index, windows in enumerate(hours.week) if windows]
        for branch in Branch.objects.all()
        if (hours := hours_of(branch))
    }
    assert weekdays == {"HQ": [0], "EAST": [1], "WUX": [1], "SUZ": [2], "NW": [0], "LZ": [0]}


def test_hours_of_a_sister_or_a_child_are_not_ones_own(cast: Cast) -> None:
    publish(cast.suzhou)
    assert hours_of(cast.wuxi) is None
    assert hours_of(cast.east) is None


def test_hours_are_two_queries(cast: Cast, django_assert_num_queries: Any) -> None:
    calendar = publish(cast.headquarters)
    for number in range(1, 20):
        day(calendar, f"2026-10-{number:02}")
    with django_assert_num_queries(2):
        assert hours_of(cast.wuxi)


def test_days_replace_the_week_and_may_be_like_another_day(cast: Cast) -> None:
    calendar = publish(cast.wuxi)
    day(calendar, "2026-11-20")
    day(calendar, "2026-11-21", "fri")
    day(calendar, "2026-11-22", "周日")
    day(calendar, "2026-11-23", "８：００-9:00")
    hours = hours_of(cast.wuxi)
    assert hours is not None
    shown = [
        worktime.format_windows(worktime.windows_on(hours, date(2026, 11, number)))
        for number in range(19, 24)
    ]
    whole = "09:00-12:00 13:30-18:00"
    assert shown == [whole, "", whole, "", "08:00-09:00"]


def test_a_calendar_in_use_stays(cast: Cast) -> None:
    calendar = publish(cast.wuxi)
    with pytest.raises(ProtectedError):
        calendar.delete()


# When service begins


@pytest.mark.parametrize(
    ("told", "begins"),
    [
        ("2026-11-16T08:59:59", "2026-11-16T09:00"),
        ("2026-11-16T09:00", "2026-11-16T09:00"),
        ("2026-11-16T11:59:59", "2026-11-16T11:59:59"),
        ("2026-11-16T12:00", "2026-11-16T13:30"),
        ("2026-11-16T18:00", "2026-11-17T09:00"),
        ("2026-11-19T18:00", "2026-11-21T09:00"),  # a holiday, then a worked Saturday
        ("2026-11-21T18:00", "2026-11-23T09:00"),
    ],
)
def test_service_begins_when_the_window_opens(cast: Cast, told: str, begins: str) -> None:
    calendar = publish(cast.east)
    day(calendar, "2026-11-20", note="公司年会")
    day(calendar, "2026-11-21", "fri", note="调休上班")
    assert service_start(cast.wuxi, shanghai(told)) == shanghai(begins)


def test_without_published_hours_service_begins_at_once(cast: Cast) -> None:
    at = shanghai("2026-11-15T03:00")
    assert service_start(cast.wuxi, at) == at


def test_beyond_the_known_years_the_week_counts(cast: Cast) -> None:
    publish(cast.wuxi)
    told = shanghai("2031-10-01T08:00")
    assert service_start(cast.wuxi, told) == shanghai("2031-10-01T09:00")


def test_a_branch_abroad_keeps_its_own_clock(cast: Cast) -> None:
    publish(cast.wuxi, "mon-fri 09:00-17:00", zone="America/Los_Angeles")
    before, after = (
        service_start(cast.wuxi, datetime(2026, 3, number, 3, tzinfo=UTC)) for number in (7, 10)
    )
    assert before == datetime(2026, 3, 9, 16, tzinfo=UTC)
    assert after == datetime(2026, 3, 10, 16, tzinfo=UTC)
    winter = service_start(cast.wuxi, datetime(2026, 3, 3, 3, tzinfo=UTC))
    assert winter == datetime(2026, 3, 3, 17, tzinfo=UTC)


@pytest.mark.parametrize(
    "fields",
    [{"weekly": ""}, {"weekly": "someday"}, {"zone": "Asia/Nowhere"}, {"weekly": "mon 9-18"}],
)
def test_no_bad_calendar_stops_a_clock_from_starting(
    cast: Cast, fields: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    calendar = publish(cast.wuxi)
    Calendar.objects.filter(pk=calendar.pk).update(**fields)
    at = shanghai("2026-06-14T03:00")
    assert service_start(cast.wuxi, at) == at
    assert "WUX" in caplog.text
    assert missing_years(at) == [(calendar.name, 2026)]


def test_a_day_that_cannot_be_read_stops_no_clock_either(cast: Cast) -> None:
    day(publish(cast.wuxi), "2030-01-01", "whenever")
    at = shanghai("2026-11-15T03:00")
    assert service_start(cast.wuxi, at) == at


# Years that nobody has entered


def known(calendar: Calendar, *years: int) -> None:
    for year in years:
        CalendarYear.objects.create(calendar=calendar, year=year, source="国办发明电")


@pytest.mark.parametrize(
    ("at", "years", "missing"),
    [
        ("2026-11-01T23:59:59", [2026], []),
        ("2026-11-02T00:00", [2026], [2027]),
        ("2026-12-31T23:59:59", [2026], [2027]),
        ("2027-01-01T00:00", [2026], [2027]),
        ("2026-11-02T00:00", [], [2026, 2027]),
        ("2026-06-01T00:00", [2025, 2027], [2026]),
        ("2026-11-02T00:00", [2026, 2027], []),
    ],
)
def test_a_year_is_missed_60_days_before_it_begins(
    cast: Cast, at: str, years: list[int], missing: list[int]
) -> None:
    calendar = publish(cast.wuxi)
    known(calendar, *years)
    assert missing_years(shanghai(at)) == [(calendar.name, year) for year in missing]


def test_only_calendars_in_use_are_missed_each_once_and_in_few_queries(
    cast: Cast, django_assert_num_queries: Any
) -> None:
    Calendar.objects.create(name="没人用", weekly=OFFICE)
    at = shanghai("2026-06-01T00:00")
    assert missing_years(at) == []
    calendar = publish(cast.wuxi)
    for branch in (cast.suzhou, cast.lanzhou):
        branch.calendar = calendar
        branches.save(branch)
    publish(cast.east)
    with django_assert_num_queries(2):
        assert missing_years(at) == [("华东平台日历", 2026), ("无锡分公司日历", 2026)]


def test_a_year_begins_where_the_calendar_is(cast: Cast) -> None:
    calendar = publish(cast.wuxi, zone="America/Los_Angeles")
    known(calendar, 2026)
    instant = shanghai("2026-11-02T00:00")
    assert missing_years(instant) == []
    assert missing_years(instant + timedelta(hours=16)) == [(calendar.name, 2027)]


# Holidays filled in


def filled(name: str, **options: Any) -> str:
    said = StringIO()
    call_command("import_holidays", calendar=name, stdout=said, **options)
    return said.getvalue()


def table(calendar: Calendar) -> list[tuple[Any, ...]]:
    rows = CalendarDay.objects.filter(calendar=calendar).order_by("date")
    return list(rows.values_list("date", "windows", "note", "imported_for"))


@pytest.mark.parametrize("year", [2023, 2024, 2025, 2026])
def test_the_library_closes_and_opens_the_weekdays_that_the_notice_does(
    cast: Cast, year: int
) -> None:
    library = publish(cast.wuxi)
    notice = publish(cast.suzhou)
    filled(library.name, year=year)
    filled(notice.name, file=HOLIDAYS / f"holiday-cn-{year}.json")
    start, end = date(year - 1, 12, 25), date(year, 12, 31)
    one, two = hours_of(cast.wuxi), hours_of(cast.suzhou)
    assert one is not None
    assert two is not None
    dates = [start + timedelta(days=step) for step in range((end - start).days + 1)]
    assert [worktime.windows_on(one, on) for on in dates] == [
        worktime.windows_on(two, on) for on in dates
    ]
    assert missing_years(shanghai(f"{year}-06-01T00:00")) == []


def test_the_national_day_of_2026_is_as_announced(cast: Cast) -> None:
    calendar = publish(cast.wuxi, SATURDAYS)
    said = filled(calendar.name, year=2026)
    assert "2026" in said
    assert calendar.name in said
    october = [row[:3] for row in table(calendar) if row[0].month == 10]
    assert [(on.day, windows) for on, windows, _note in october] == [
        *[(number, "") for number in range(1, 8)], (10, "fri"),
    ]  # fmt: skip
    assert [october[index][2] for index in (0, 3, -1)] == ["国庆节", "周末连休", "调休上班"]
    assert service_start(cast.wuxi, shanghai("2026-09-30T18:00")) == shanghai("2026-10-08T09:00")
    assert service_start(cast.wuxi, shanghai("2026-10-10T08:00")) == shanghai("2026-10-10T09:00")
    assert service_start(cast.wuxi, shanghai("2026-10-17T08:00")) == shanghai("2026-10-17T10:00")


def test_a_working_sunday_is_worked_like_monday(cast: Cast) -> None:
    calendar = publish(cast.wuxi, "mon 08:00-09:00; tue-fri 10:00-11:00")
    filled(calendar.name, year=2026)
    worked = {row[0]: row[1] for row in table(calendar) if row[1]}
    assert worked[date(2026, 1, 4)] == "mon"
    assert worked[date(2026, 2, 14)] == "fri"
    assert service_start(cast.wuxi, shanghai("2026-01-04T07:00")) == shanghai("2026-01-04T08:00")


def test_a_working_saturday_stays_its_own_where_fridays_are_closed(cast: Cast) -> None:
    calendar = publish(cast.wuxi, "mon-thu 09:00-18:00; sat 10:00-14:00")
    filled(calendar.name, year=2026)
    assert not CalendarDay.objects.filter(date="2026-10-10").exists()
    assert service_start(cast.wuxi, shanghai("2026-10-10T08:00")) == shanghai("2026-10-10T10:00")


def test_a_year_that_the_library_does_not_know_is_refused(cast: Cast) -> None:
    calendar = publish(cast.wuxi)
    for year in (1950, 2027, 2199, 99_999, -1):
        with pytest.raises(CommandError, match=str(year)):
            filled(calendar.name, year=year)
    assert table(calendar) == []
    assert not CalendarYear.objects.exists()


def test_importing_again_changes_nothing_and_mends_what_an_import_wrote(
    cast: Cast, tmp_path: Path
) -> None:
    calendar = publish(cast.wuxi)
    file = HOLIDAYS / "holiday-cn-2026.json"
    filled(calendar.name, file=file)
    before = table(calendar)
    filled(calendar.name, file=file, year=2026)
    assert table(calendar) == before
    longer = json.loads(file.read_text("utf-8"))
    longer["days"] = [
        *[said for said in longer["days"] if said["date"] != "2026-01-04"],
        {"name": "春节", "date": "2026-02-24", "isOffDay": True},
    ]
    changed = tmp_path / "2026.json"
    changed.write_text(json.dumps(longer), "utf-8")
    filled(calendar.name, file=changed)
    expected = {row for row in before if row[0] != date(2026, 1, 4)}
    assert set(table(calendar)) == expected | {(date(2026, 2, 24), "", "春节", 2026)}
    assert CalendarYear.objects.get().year == 2026


def test_no_import_touches_a_day_that_a_person_entered(cast: Cast) -> None:
    calendar = publish(cast.wuxi)
    day(calendar, "2026-10-01", "10:00-16:00", note="国庆值班")
    day(calendar, "2026-07-01", note="司庆")
    for _ in range(2):
        filled(calendar.name, year=2026)
    rows = {row[0]: row[1:] for row in table(calendar)}
    assert rows[date(2026, 10, 1)] == ("10:00-16:00", "国庆值班", None)
    assert rows[date(2026, 7, 1)] == ("", "司庆", None)
    assert rows[date(2026, 10, 2)][2] == 2026


@pytest.mark.parametrize("years", [(2022, 2023), (2023, 2022)])
def test_a_day_of_two_years_is_what_the_later_notice_says(
    cast: Cast, tmp_path: Path, years: tuple[int, int]
) -> None:
    calendar = publish(cast.wuxi)
    for year in years:
        file = tmp_path / f"{year}.json"
        said = {"name": f"{year}", "date": "2022-12-30", "isOffDay": year == 2023}
        file.write_text(json.dumps({"year": year, "days": [said]}), "utf-8")
        filled(calendar.name, file=file)
    assert table(calendar) == [(date(2022, 12, 30), "", "2023", 2023)]
    assert set(CalendarYear.objects.values_list("year", "source")) == {
        (2022, "2022.json"), (2023, "2023.json"),
    }  # fmt: skip


@pytest.mark.parametrize(
    "content",
    [
        None, "", "[]", "{}", '{"year": 2026}', '{"year": "x", "days": []}',
        '{"year": 2026, "days": [{}]}', '{"year": 2026, "days": [5]}', '{"year": 2026, "days": 5}',
        '{"year": 2026, "days": [{"date": "x", "name": "a", "isOffDay": true}]}',
        '{"year": 2026, "days": [{"date": "2026-01-01", "name": "a", "isOffDay": 1}]}',
        '{"year": 2026, "days": [], "papers": 5}',
    ],
)  # fmt: skip
def test_a_file_of_another_form_is_refused(cast: Cast, tmp_path: Path, content: str | None) -> None:
    calendar = publish(cast.wuxi)
    file = tmp_path / "notice.json"
    if content is not None:
        file.write_text(content, "utf-8")
    with pytest.raises(CommandError, match=r"notice\.json"):
        filled(calendar.name, file=file)
    assert table(calendar) == []


def test_the_command_says_what_it_lacks(cast: Cast) -> None:
    calendar = publish(cast.wuxi)
    for options, words in (
        ({"name": "没有", "year": 2026}, "无锡分公司日历"),
        ({"name": calendar.name}, "--year"),
        (
            {"name": calendar.name, "year": 2025, "file": HOLIDAYS / "holiday-cn-2026.json"},
            "2026",
        ),
    ):
        with pytest.raises(CommandError, match=words):
            filled(**options)  # type: ignore[arg-type]


@pytest.mark.django_db(transaction=True)
def test_two_imports_at_once_fill_a_year_once(cast: Cast) -> None:
    calendar = publish(cast.wuxi)
    notice = holiday_years.from_library(2026)
    barrier = Barrier(2)

    def fill(_number: int) -> int:
        try:
            barrier.wait(10)
            return holiday_years.fill(calendar, notice)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(fill, range(2))
    assert first == second == len(table(calendar))


# What is typed


@pytest.mark.parametrize(
    ("field", "typed", "code", "words"),
    [
        ("weekly", "mon-fry 09:00-18:00", "day.unknown", "“fry”"),
        ("weekly", "mon-fri", "window.missing", "“mon-fri”"),
        ("weekly", "mon 9点-18点", "window.form", "09:00-18:00"),
        ("weekly", "mon 09:00-25:00", "window.time", "25:00"),
        ("weekly", "mon 22:00-06:00", "window.backwards", "24:00"),
        ("weekly", "mon 09:00-12:00 11:00-18:00", "window.overlap", "重叠"),
        ("weekly", ";", "week.closed", "至少"),
        ("zone", "Asia/Nowhere", "zone.unknown", "Asia/Shanghai"),
    ],
)
def test_a_calendar_that_makes_no_sense_is_refused_with_a_sentence(
    cast: Cast, field: str, typed: str, code: str, words: str
) -> None:
    calendar = Calendar(**{"name": "夜班", "weekly": OFFICE, field: typed})
    with pytest.raises(ValidationError) as refused:
        calendar.full_clean()
    [problem] = refused.value.error_dict[field]
    assert problem.code == code
    assert words in problem.messages[0]


@pytest.mark.parametrize("typed", ["", " ", "fri", "周五", "09:00-12:00 13:30-24:00"])
def test_a_day_may_be_closed_like_another_or_have_windows(cast: Cast, typed: str) -> None:
    CalendarDay(calendar=publish(cast.wuxi), date=date(2026, 1, 1), windows=typed).full_clean()


@pytest.mark.parametrize("typed", ["mon-fri", "someday", "closed", "9-18", "fri 09:00-12:00"])
def test_a_day_that_makes_no_sense_is_refused(cast: Cast, typed: str) -> None:
    wrong = CalendarDay(calendar=publish(cast.wuxi), date=date(2026, 1, 1), windows=typed)
    with pytest.raises(ValidationError) as refused:
        wrong.full_clean()
    assert set(refused.value.error_dict) == {"windows"}


def test_a_day_and_a_year_stand_once_in_a_calendar(cast: Cast) -> None:
    calendar = publish(cast.wuxi)
    for make in (
        lambda: day(calendar, "2026-10-01"),
        lambda: CalendarYear.objects.create(calendar=calendar, year=2026, source="x"),
    ):
        make()
        with pytest.raises(IntegrityError), transaction.atomic():
            make()


def test_a_library_year_carries_its_source(cast: Cast) -> None:
    assert holiday_years.from_library(2026).source.startswith("holidays 0.")
    with pytest.raises(RuleBroken) as refused:
        holiday_years.from_library(2099)
    assert (refused.value.code, refused.value.field) == ("holidays.unknown", "year")


# The back office


YEARS = {"years-TOTAL_FORMS": "1", "years-INITIAL_FORMS": "0"}


@pytest.fixture
def office(cast: Cast) -> Client:
    client = Client()
    client.force_login(cast.root)
    return client


def test_the_administrator_writes_a_calendar_with_its_years(office: Client) -> None:
    form = {
        "name": "门店", "zone": "Asia/Shanghai", "weekly": SATURDAYS, **YEARS,
        "years-0-year": "2026", "years-0-source": "国办发明电〔2025〕7号",
    }  # fmt: skip
    assert office.post("/back-office/staff/calendar/add/", form).status_code == 302
    calendar = Calendar.objects.get()
    assert list(calendar.years.values_list("year", flat=True)) == [2026]
    page = office.get(f"/back-office/staff/calendar/{calendar.pk}/change/").content.decode()
    assert SATURDAYS in page


def test_bad_hours_are_answered_beside_their_field(office: Client) -> None:
    form = {"name": "门店", "zone": "Mars/Base", "weekly": "mon 22:00-06:00", **YEARS}
    answer = office.post("/back-office/staff/calendar/add/", form)
    assert answer.status_code == 200
    errors = answer.context["adminform"].form.errors
    assert set(errors) == {"zone", "weekly"}
    assert "跨过半夜" in errors["weekly"][0]
    assert not Calendar.objects.exists()


def test_a_day_changed_by_a_person_is_theirs(office: Client, cast: Cast) -> None:
    calendar = publish(cast.wuxi)
    filled(calendar.name, year=2026)
    row = CalendarDay.objects.get(date="2026-10-01")
    form = {"calendar": calendar.pk, "date": "2026-10-01", "windows": "", "note": "照常值班"}
    address = f"/back-office/staff/calendarday/{row.pk}/change/"
    assert office.post(address, {**form, "windows": "10:00-16:00"}).status_code == 302
    filled(calendar.name, year=2026)
    row.refresh_from_db()
    assert (row.windows, row.imported_for) == ("10:00-16:00", None)
    again = office.post("/back-office/staff/calendarday/add/", form)
    assert "已经有这一天" in again.content.decode()


def test_a_branch_chooses_its_calendar(cast: Cast) -> None:
    calendar = Calendar.objects.create(name="门店", weekly=OFFICE)
    branches.describe(cast.wuxi.pk, city="", calendar=calendar, by=cast.root)
    assert hours_of(cast.wuxi) is not None
    assert Branch.objects.get(code="WUX").path == cast.wuxi.path


def test_nobody_else_sees_a_calendar_and_nobody_deletes_one(office: Client, cast: Cast) -> None:
    calendar = publish(cast.wuxi)
    row = day(calendar, "2026-10-01")
    for address in (f"calendar/{calendar.pk}", f"calendarday/{row.pk}"):
        path = f"/back-office/staff/{address}"
        assert office.get(f"{path}/change/").status_code == 200
        assert office.post(f"{path}/delete/", {"post": "yes"}).status_code == 403
        client = Client()
        client.force_login(cast.gao)
        assert client.get(f"{path}/change/").status_code == 403
