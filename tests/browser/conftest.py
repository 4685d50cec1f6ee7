"""Every test in here is a browser's, on Monday 12:00; its tools are in `fixtures.py`."""

from __future__ import annotations

from pathlib import Path

import pytest
import time_machine

from tests.browser.scene import Scene, build
from tests.conftest import Cast, Register

HERE = Path(__file__).parent


@pytest.fixture(autouse=True)
def _monday(wall: time_machine.Coordinates) -> None:
    """On the firm's Monday, not on today's date."""


@pytest.fixture
def scene(cast: Cast, register: Register, wall: time_machine.Coordinates) -> Scene:
    return build(cast, register, wall)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)
