"""An account of each platform, a spool of one's own, and nothing remembered from other tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from complaints.models import Channel
from intake.models import Inlet
from intake.wechat import accounts, vendor
from tests.conftest import Cast
from tests.intake.wechat import vendor_stand_in
from tests.intake.wechat.platform import Platform, account
from tests.intake.wechat.vendor_stand_in import Vendor


@pytest.fixture(autouse=True)
def spooled(settings: Any, tmp_path: Path) -> Iterator[Path]:
    """The folder of the spool."""
    settings.SPOOL_DIR = tmp_path / "spool"
    yield settings.SPOOL_DIR
    for channel in (Channel.WECHAT, Channel.WECOM):
        accounts.forget(channel, "fw")


@pytest.fixture
def platform() -> Platform:
    return Platform()


@pytest.fixture
def inlet(cast: Cast, platform: Platform) -> Inlet:
    """The way in of the official account."""
    return account(cast, platform)


@pytest.fixture
def there(settings: Any, tmp_path: Any) -> Iterator[Vendor]:
    """The vendor; nothing of its tokens is remembered."""
    vendor._tokens.clear()
    settings.MEDIA_ROOT = tmp_path
    with vendor_stand_in.vendor() as stand_in:
        settings.WECHAT_API = {"wechat": stand_in.address, "wecom": stand_in.address}
        yield stand_in
