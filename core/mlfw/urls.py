"""URLs as text: telling them from paths, and keeping their secrets out of files and messages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

from mlfw.errors import UserError

URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://.")
REFERENCE = re.compile(r"\$\{oc\.env:\w+\}")
PASSWORD = re.compile(r"(?<=://)([^/?#@]*?):([^/?#]*)@")
SECRET_NAME = re.compile(r"(?i)pass(?!file)|pwd|secret|token|sig|key|credential")
OPTION = re.compile(r"(?<=[?&;])([^=&;#]*)=([^&;#]*)")
HIDDEN = "***"
ENVIRONMENT = {
    "s3": "AWS_ACCESS_KEY_ID=... AWS_SECRET_ACCESS_KEY=...",
    "gs": "GOOGLE_APPLICATION_CREDENTIALS=FILE.json",
    "abfs": "AZURE_TENANT_ID=... AZURE_CLIENT_ID=... AZURE_CLIENT_SECRET=...",
}


def is_url(text: str) -> bool:
    """Tell whether a text is a URL, such as `s3://bucket/rows.csv`, and not a path."""
    return URL.match(text) is not None


def scheme_of(url: str) -> str:
    """Return a URL's scheme; the one that others stand for, such as `s3` for `s3a`."""
    scheme = urlsplit(url).scheme.lower()
    return {"s3a": "s3", "gcs": "gs", "abfss": "abfs", "az": "abfs"}.get(scheme, scheme)


def shown_url(url: str) -> str:
    """Return a URL for messages: passwords and options that are secret stand there as `***`."""

    def option(found: re.Match[str]) -> str:
        secret = found[2] and SECRET_NAME.search(unquote(found[1]))
        return f"{found[1]}={HIDDEN if secret else found[2]}"

    return OPTION.sub(option, PASSWORD.sub(rf"\1:{HIDDEN}@", url))


def redacted(text: str, url: str) -> str:
    """Return a message with every secret of a URL in it replaced by `***`."""
    for secret in sorted(set(_secrets(url)), key=len, reverse=True):
        for spelled in (secret, unquote(secret)):
            text = text.replace(spelled, HIDDEN)
    return text


def _secrets(url: str) -> Iterator[str]:
    password = PASSWORD.search(url)
    if password and password[2]:
        yield password[2]
    for name, value in OPTION.findall(url):
        if value and SECRET_NAME.search(unquote(name)):
            yield value


def check_no_secret(written: str, key: str) -> None:
    """Check that a URL, as it is written, holds no password or other secret itself.

    One that an environment variable stands for, as in `${oc.env:DATA_URL}`, is not held.

    Args:
        written: The URL, with its references unresolved.
        key: The configuration's key, for messages.

    Raises:
        UserError: It does.
    """
    text = REFERENCE.sub("", written)
    if not is_url(text) or not any(_secrets(text)):
        return
    variables = ENVIRONMENT.get(scheme_of(text))
    plain = f"Take it out and type: export {variables} Or put" if variables else "Put"
    raise UserError(
        f"{key}: {shown_url(text)}: holds a secret, which would be kept in the run directory.",
        f"{plain} the whole URL into an environment variable: export DATA_URL=..., and write "
        f"{key}='${{oc.env:DATA_URL}}'",
    )


def check_on_disk(folder: str, key: str) -> None:
    """Check that a folder that mlfw writes to is no URL.

    A run locks its folder and renames files in one step, which object stores cannot do.

    Args:
        folder: The folder.
        key: The configuration's key or the variable that names it.

    Raises:
        UserError: It is a URL.
    """
    if is_url(folder):
        raise UserError(
            f"{key}={shown_url(folder)}: is a URL, expected a folder: runs and the cache are kept "
            "on a disk, as object stores can neither lock a folder nor rename one in one step.",
            f"Name a folder; for several machines one on a disk that they share, such as NFS: "
            f"{key}=/shared/mlfw",
        )
