"""`manage.py sweeper`: see `recovery.sweeper`."""

from __future__ import annotations

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand

from recovery.sweeper import run


class Command(BaseCommand):
    help = "按时响铃：不依赖消息中间件的清扫进程，可同时运行多个"

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        run(stop)
