"""A database that can't hear Chinese is refused before anybody relies on it."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.db import connection

from complaints.checks import chinese_has_trigrams


@pytest.mark.django_db
def test_the_database_of_the_house_hears_chinese() -> None:
    call_command("check", databases=["default"])


@pytest.mark.django_db
def test_a_database_without_trigrams_in_chinese_is_named() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA deaf")
        cursor.execute(
            "CREATE FUNCTION deaf.show_trgm(text) RETURNS text[] LANGUAGE sql"
            " AS $$ SELECT '{}'::text[] $$"
        )
        cursor.execute("SET LOCAL search_path TO deaf, public")
    (error,) = chinese_has_trigrams(None, databases=["default"])
    assert error.id == "complaints.E001"
