"""Phone numbers: kept as typed, compared in one form, shown masked."""

from __future__ import annotations

import unicodedata

import phonenumbers

#: Compatibility characters can unfold into several digits; no number is longer than this.
KEY_LENGTH = 40


def key(raw: str) -> str:
    """One spelling for each number: `+86 138-0013-8000` and `１３８００１３８０００` are the same.

    E.164 where it is a number (China assumed), otherwise its digits; "" for no digits. At most
    `KEY_LENGTH` characters.
    """
    text = unicodedata.normalize("NFKC", raw).strip()
    if text.startswith("0086"):
        text = "+86" + text[4:]
    try:
        number = phonenumbers.parse(text, "CN")
    except phonenumbers.NumberParseException:
        return "".join(str(unicodedata.decimal(c)) for c in text if c.isdecimal())[:KEY_LENGTH]
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)[:KEY_LENGTH]


def mask(raw: str) -> str:
    """`13800138000` as `138****8000`; one of less than eleven characters keeps its last four,
    one of less than eight its last two, one of two or less nothing."""
    text = unicodedata.normalize("NFKC", raw).strip()
    if len(text) < 3:
        return "*" * len(text)
    if len(text) < 8:
        return "*" * (len(text) - 2) + text[-2:]
    return f"{text[:3] if len(text) > 10 else ''}****{text[-4:]}"


def mask_name(name: str) -> str:
    """`张三丰` as `张**`; an empty name stays empty."""
    return name[:1] + "*" * min(len(name) - 1, 2) if name else ""
