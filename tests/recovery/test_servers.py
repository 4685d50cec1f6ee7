"""The throw-away servers are what production will be: UTF-8 search, a real broker."""

import os

import pytest
import redis
from django.db import connection


@pytest.mark.django_db
def test_trigrams_are_found_in_chinese() -> None:
    with connection.cursor() as cursor:
        cursor.execute("create extension if not exists pg_trgm")
        cursor.execute("select cardinality(show_trgm('投诉'))")
        assert cursor.fetchone()[0] > 0


@pytest.mark.django_db
def test_a_web_request_may_not_hold_the_database_for_long() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "select current_setting('statement_timeout'), current_setting('lock_timeout')"
        )
        assert cursor.fetchone() == ("15s", "5s")


def test_the_broker_answers_in_a_database_of_this_worker() -> None:
    broker = redis.Redis.from_url(os.environ["REDIS_URL"])
    assert broker.ping()
    assert broker.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
    broker.close()
