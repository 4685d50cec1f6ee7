"""A small proof of work that a browser does before it may send: altcha's challenges, made and
checked here; the work is done by `static/js/proof.js`, since the library's own widget brings
styles and workers along that the pages' content security policy refuses."""

from __future__ import annotations

import base64
import binascii
import json
import re
from datetime import datetime, timedelta
from typing import Any

import altcha
from django.conf import settings
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from common.errors import RuleBroken
from staff import throttle
from staff.throttle import Quota

#: So long a challenge may be worked on, and its solution kept.
VALID = timedelta(minutes=20)
#: A solution is good once; remembered for longer than it is valid.
SOLUTION = Quota("captcha", 1, 2 * VALID)
_LONGEST = 2000
#: As the library writes it: drawn letters, and until when it is good.
_SALT = re.compile(r"[0-9a-f]{24}\?expires=([0-9]{1,12})&")


def challenge(at: datetime) -> dict[str, Any]:
    """A new challenge, as the browser's script reads it."""
    options = altcha.ChallengeOptions(
        hmac_key=_key(), max_number=settings.CAPTCHA_MAX, expires=at + VALID
    )
    return altcha.create_challenge(options).to_dict()


def check(solution: str, *, at: datetime) -> str:
    """The challenge that was solved, to be spent. Raises RuleBroken `captcha.missing`,
    `captcha.wrong`, `captcha.expired`."""
    if not solution:
        raise RuleBroken("captcha.missing", _("安全验证还没有完成，请稍等几秒再提交。"))
    said = _read(solution)
    ends = _SALT.fullmatch(said["salt"])
    if not ends or not altcha.verify_solution(said, _key(), check_expires=False)[0]:
        raise RuleBroken("captcha.wrong", _("安全验证没有通过，请再按一次提交。"))
    if int(ends[1]) < at.timestamp():
        raise RuleBroken("captcha.expired", _("页面停留过久，安全验证已过期，请再按一次提交。"))
    return str(said["challenge"])


def spend(solved: str, *, at: datetime) -> bool:
    """Whether this solution is used for the first time; call it in the transaction of the deed."""
    return throttle.spend(SOLUTION, solved, at=at)


def _read(solution: str) -> altcha.altcha.PayloadType:
    """The solution's parts, each of its kind. Raises RuleBroken `captcha.wrong`."""
    try:
        said = json.loads(base64.b64decode(solution[:_LONGEST], validate=True))
        texts = [said[name] for name in ("algorithm", "challenge", "salt", "signature")]
        number = said["number"]
    except (binascii.Error, ValueError, KeyError, TypeError, RecursionError) as error:
        raise RuleBroken("captcha.wrong", _("安全验证没有通过，请再按一次提交。")) from error
    plain = all(isinstance(each, str) and each.isascii() for each in texts)
    if not plain or type(number) is not int or texts[0] != "SHA-256":
        raise RuleBroken("captcha.wrong", _("安全验证没有通过，请再按一次提交。"))
    return {
        "algorithm": "SHA-256",
        "challenge": texts[1],
        "salt": texts[2],
        "signature": texts[3],
        "number": number,
    }


def _key() -> str:
    return salted_hmac("intake.captcha", "key", algorithm="sha256").hexdigest()
