"""Whether each process of the house does its work: a worker that is up and deaf is not well."""

from __future__ import annotations

import time
from collections.abc import Callable

import redis
from kombu import Connection
from kombu.exceptions import OperationalError

from recovery.celery import app
from recovery.faults.house import House

QUEUES = {"celery": "notify.tasks.deliver_messages", "sweep": "complaints.tasks.sweep_clocks"}
SILENCE = 15.0
_A_MOMENT = 1.0


def is_well(house: House, name: str) -> bool:
    """Whether this process runs and does what it is there for."""
    if house.kept[name].pid is None:
        return False
    check = _CHECKS.get(name)
    return check is None or check(house)


def hurry(house: House) -> None:
    """Put one task into each queue of the broker, past the proxy, as beat does."""
    with Connection(house.valkey.url) as connection:
        for queue, task in QUEUES.items():
            app.send_task(task, queue=queue, connection=connection, expires=30)


def _web(house: House) -> bool:
    return house.web_answers()


def _worker(house: House) -> bool:
    """A task put into each of its queues is gone a moment later, with all that lay before it."""
    try:
        with redis.Redis.from_url(house.valkey.url, socket_timeout=2) as broker:
            hurry(house)
            time.sleep(_A_MOMENT)
            return not any(broker.llen(queue) for queue in QUEUES)
    except (redis.RedisError, OSError, OperationalError):
        return False


def has_come_round(house: House, name: str) -> bool:
    """Whether a sweeper that runs now has begun to sweep."""
    return 0 < house.kept[name].age > _silence(house, name)


def _silence(house: House, name: str) -> float:
    """Seconds since a sweeper or beat touched the file that it touches at each round."""
    path = house.host(name) / f"{name.rstrip('12')}-alive"
    try:
        return time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return float("inf")


def _loops(name: str) -> Callable[[House], bool]:
    return lambda house: _silence(house, name) < SILENCE


_CHECKS: dict[str, Callable[[House], bool]] = {
    "web": _web,
    "worker": _worker,
    "beat": _loops("beat"),
    "sweeper1": _loops("sweeper1"),
    "sweeper2": _loops("sweeper2"),
    "postgres": lambda house: house.postgres.is_ready(),
    "valkey": lambda house: house.valkey.is_ready(),
}
