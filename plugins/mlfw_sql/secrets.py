"""Passwords: finding those that are written down, and keeping them out of messages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus, unquote_plus

if TYPE_CHECKING:
    from sqlalchemy import URL

REFERENCE = re.compile(r"\$\{oc\.env:\w+\}")
PASSWORD = re.compile(r"://[^:/@]*:([^@]*)@")
SECRET_NAME = re.compile(r"(?i)pass(?!file)|pwd|secret|token")
OPTION = re.compile(r"[?&;]([^=&;]*)=([^&;]*)")
HIDDEN = "***"


def holds_secret(written: str) -> bool:
    """Tell whether a URL, as it is written, holds a password itself.

    One that an environment variable stands for (`${oc.env:NAME}`) is not held; one that is
    written as the variable's default is.

    Args:
        written: The URL with its references unresolved.
    """
    text = REFERENCE.sub("", written)
    return any(PASSWORD.findall(text)) or any(
        value for name, value in OPTION.findall(unquote_plus(text)) if SECRET_NAME.search(name)
    )


def redact(text: str, url: URL) -> str:
    """Return a message with every secret of the URL in it blotted out."""
    for secret in sorted(set(_secrets(url)), key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    return text


def _secrets(url: URL) -> Iterator[str]:
    """Yield the URL's secrets as they are and as a URL may spell them."""
    spelled = PASSWORD.search(url.render_as_string(hide_password=False))
    found = [str(url.password or ""), spelled[1] if spelled else ""]
    for name, values in url.normalized_query.items():
        for value in values:
            found += [value] if SECRET_NAME.search(name) else []
            # What is handed to ODBC holds options of its own.
            inner = OPTION.findall(f";{value}")
            found += [text for key, text in inner if SECRET_NAME.search(key)]
    for secret in filter(None, found):
        yield from (secret, quote(secret, safe=""), quote(secret), quote_plus(secret))


def shown(url: URL) -> str:
    """Return a URL for messages: without password and options."""
    return url._replace(password=None).difference_update_query(url.query).render_as_string()
