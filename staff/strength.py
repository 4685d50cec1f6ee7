"""What a new password may be, beside Django's own rules."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from staff.passwords import LONGEST


class LongestPassword:
    """No longer than anybody types: hashing takes time that grows with it."""

    def validate(self, password: str, user: Any = None) -> None:
        """Raises ValidationError `password_too_long`."""
        if len(password) > LONGEST:
            raise ValidationError(self.get_help_text(), code="password_too_long")

    def get_help_text(self) -> str:
        """For the one who chooses."""
        return _("密码最长 %(limit)d 个字符。") % {"limit": LONGEST}
