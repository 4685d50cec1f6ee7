"""What several tests of the start-up house need."""

import os
from collections.abc import Iterator

import psycopg2
import pytest


@pytest.fixture(scope="module")
def database(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of an empty database of its own on the throw-away server."""
    before, _, _ = os.environ["DATABASE_URL"].rpartition("/")
    folder = before.removeprefix("postgres://recovery@/")
    name = f"{request.module.__name__.rpartition('.')[2]}_{os.getpid()}"
    server = psycopg2.connect(host=folder, user="recovery", dbname="postgres")
    server.autocommit = True
    with server.cursor() as cursor:
        cursor.execute(f"create database {name}")
        yield f"{before}/{name}"
        cursor.execute(f"drop database {name} with (force)")
    server.close()
