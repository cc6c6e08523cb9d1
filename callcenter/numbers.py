"""Phone numbers as E.164, read as in the site's country. Pure (phonenumbers holds tables, no I/O)."""

from __future__ import annotations

import re
from functools import lru_cache
from hashlib import blake2s

import phonenumbers

_LONG_NUMBER = re.compile(r"\+?\(?\d(?:[\s.()-]{0,3}\d){6,}")
"""Seven digits or more, of any script, with what people write between them."""


@lru_cache(maxsize=8192)
def no_number(text: str) -> str:
    """``text`` without phone numbers: an agent at home may be ``Local/09121234567@…``. Others stay different."""
    return _LONG_NUMBER.sub(lambda m: "x" + blake2s(m[0].encode(), digest_size=4).hexdigest(), text)


@lru_cache(maxsize=65_536)
def e164(number: str, country: str) -> str | None:
    """``+989121234567`` for 09121234567, 00989121234567 or ۰۹۱۲۱۲۳۴۵۶۷ in IR; None for what is no phone number.

    An extension ("1001") is none. Source: ITU-T E.164, by Google's libphonenumber.
    """
    digits = number.strip()
    if digits.startswith("00"):
        digits = "+" + digits[2:]
    try:
        parsed = phonenumbers.parse(digits, country)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(parsed):
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
