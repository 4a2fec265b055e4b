"""The file system behind a URL: Arrow's own, or one of fsspec's."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

from mlfw.errors import UserError, did_you_mean
from mlfw.hints import install
from mlfw.remote.failures import failure
from mlfw.urls import redacted, scheme_of, shown_url

if TYPE_CHECKING:
    from pyarrow.fs import FileSystem

ARROW = ("s3", "gs", "abfs", "hdfs", "viewfs", "file")
# Seconds. A server that accepts a connection and never answers counts as not reachable after
# ATTEMPTS times SILENCE.
CONNECT, SILENCE, ATTEMPTS = 5.0, 20.0, 3
S3_OPTIONS = ("region", "scheme", "endpoint_override", "tls_ca_file_path", "anonymous")
ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")
REGIONS = ("AWS_REGION", "AWS_DEFAULT_REGION")
ABFS = "abfs://CONTAINER@ACCOUNT.dfs.core.windows.net/PATH"
# Characters that a URL may hold as they are; all others are escaped for Arrow.
PLAIN = ":/?&=@%+~,;!$'()*#[]"


def open_filesystem(url: str, place: str = "") -> tuple[FileSystem, str]:
    """Return the file system that a URL is on, and the path in it.

    Args:
        url: The URL.
        place: What to call it in messages; the URL without its secrets when left out.

    Raises:
        UserError: The scheme is not known, a package is missing, or the URL is not well formed.
    """
    with reported(url, place or shown_url(url)):
        return _opened(url)


@contextmanager
def reported(url: str, place: str) -> Iterator[None]:
    """Raise what file systems refuse in the block as a `UserError`.

    Args:
        url: The URL, whose secrets are kept out of messages.
        place: What to call it in messages.
    """
    import pyarrow as pa

    try:
        yield
    except UserError:
        raise
    except (OSError, ValueError, TypeError, ImportError, pa.ArrowException) as error:
        problem, remedy = failure(error, url)
        raise UserError(redacted(f"{place}: {problem}", url), redacted(remedy, url)) from None
    except Exception as error:  # fsspec's file systems raise their libraries' own
        problem, remedy = failure(error, url)
        raise UserError(redacted(f"{place}: {problem}", url), redacted(remedy, url)) from error


@lru_cache(maxsize=64)
def _opened(url: str) -> tuple[FileSystem, str]:
    scheme = scheme_of(url)
    if scheme == "s3":
        return _s3(url)
    if scheme in ARROW:
        return _arrow(url, scheme)
    return _fsspec(url)


def _s3(url: str) -> tuple[FileSystem, str]:
    """Return Amazon S3, or what speaks as it does, with limits on how long it may take."""
    from pyarrow.fs import AwsStandardS3RetryStrategy, S3FileSystem, resolve_s3_region

    parts = urlsplit(url)
    options: dict[str, Any] = dict(parse_qsl(parts.query))
    for name in options:
        if name not in S3_OPTIONS:
            raise UserError(
                f"{shown_url(url)}: the option '{name}' is not known.",
                did_you_mean(name, S3_OPTIONS),
            )
    if not parts.hostname:
        raise UserError(f"{shown_url(url)}: names no bucket.", "Type for example: s3://BUCKET/FILE")
    if parts.username:
        options["access_key"] = unquote(parts.username)
        options["secret_key"] = unquote(parts.password or "")
    if "anonymous" in options:
        options["anonymous"] = options["anonymous"].lower() == "true"
    bucket = parts.netloc.rpartition("@")[2]
    endpoint = _from_environment(ENDPOINTS)
    if endpoint and "endpoint_override" not in options:
        options["scheme"], _, options["endpoint_override"] = endpoint.rstrip("/").rpartition("://")
        options["scheme"] = options["scheme"] or "https"
    region = options.get("region") or _from_environment(REGIONS)
    if not region and "endpoint_override" not in options:
        region = resolve_s3_region(bucket)
    options["region"] = region or "us-east-1"
    system = S3FileSystem(
        **options,
        connect_timeout=CONNECT,
        request_timeout=SILENCE,
        retry_strategy=AwsStandardS3RetryStrategy(max_attempts=ATTEMPTS),
    )
    return system, f"{bucket}{unquote(parts.path)}".rstrip("/")


def _from_environment(names: tuple[str, ...]) -> str:
    return next(filter(None, map(os.environ.get, names)), "")


def _arrow(url: str, scheme: str) -> tuple[FileSystem, str]:
    import pyarrow as pa
    from pyarrow.fs import FileSystem

    if scheme == "gs":
        parts = urlsplit(url)
        options = {"retry_limit_seconds": f"{SILENCE:g}", **dict(parse_qsl(parts.query))}
        url = urlunsplit(parts._replace(query=urlencode(options)))
    try:
        system, path = FileSystem.from_uri(quote(url, safe=PLAIN))
    except pa.ArrowInvalid as error:
        # adlfs knows the account by AZURE_STORAGE_ACCOUNT_NAME, and URLs without it.
        if scheme != "abfs" or "account name" not in str(error):
            raise
        if find_spec("adlfs"):
            return _fsspec(url)
        raise UserError(
            f"{shown_url(url)}: names no account.",
            f"Type {ABFS}, or set AZURE_STORAGE_ACCOUNT_NAME and type: {install('adlfs')}",
        ) from None
    return system, path.rstrip("/")


def _fsspec(url: str) -> tuple[FileSystem, str]:
    from pyarrow.fs import FSSpecHandler, PyFileSystem

    scheme = urlsplit(url).scheme
    try:
        import fsspec
    except ImportError:
        raise UserError(
            f"{shown_url(url)}: URLs with {scheme}:// are read by fsspec, which is not installed.",
            f"Type: {install('mlfw[urls]')}",
        ) from None
    if scheme not in fsspec.available_protocols():
        hint = did_you_mean(scheme, [*ARROW, *fsspec.available_protocols()], listed=True)
        raise UserError(
            f"{shown_url(url)}: the scheme '{scheme}' is not known.",
            hint if hint.startswith("Did") else "Type for example s3://, gs:// or https://.",
        )
    try:
        system, path = fsspec.core.url_to_fs(url)
    except ImportError as error:
        raise UserError(f"{shown_url(url)}: {error}.", _packages(scheme, str(error))) from None
    return PyFileSystem(FSSpecHandler(system)), str(path).rstrip("/")


def _packages(scheme: str, reason: str) -> str:
    """Return how to install what a scheme needs."""
    from fsspec.registry import known_implementations

    module = known_implementations.get(scheme, {}).get("class", "").split(".")[0]
    names = re.findall(r'"([\w.-]+)"', reason)
    if module and module != "fsspec":
        names = [module.replace("_", "-")]
    names = names or re.findall(r"(?i)install (?:the )?([\w-]+)", reason)
    return f"Type: {install(*names)}"
