"""The token that callers of a service have to send."""

from __future__ import annotations

import os
import re
import shlex
import stat
from pathlib import Path

from mlfw.errors import UserError
from mlfw.hints import shell_word

VARIABLE, FILE_VARIABLE = "MLFW_TOKEN", "MLFW_TOKEN_FILE"
SECRETS = Path("/run/secrets")  # where Docker, Podman and Compose put secrets
SHORTEST = 16
LONGEST = 4096
TOKEN = r"[A-Za-z0-9._~+/-]+=*"  # noqa: S105 - what RFC 6750 allows in `Authorization: Bearer`


def read_token(file: Path | None = None) -> str:
    """Return the token in a file, or else in the environment; empty where there is none.

    Args:
        file: The file; only its owner may be able to read it, unless it is a container's secret
            in `/run/secrets`. Where it is left out, the token is in `MLFW_TOKEN`, or in the file
            that `MLFW_TOKEN_FILE` names.

    Raises:
        UserError: The file cannot be read, others can read it, or it holds no token.
    """
    if file is not None:
        return _in_file(file, f"--token-file {shell_word(file)}")
    if text := os.environ.get(VARIABLE, ""):
        return _checked(text, f"${VARIABLE}", _made())
    if name := os.environ.get(FILE_VARIABLE, ""):
        return _in_file(Path(name), f"{FILE_VARIABLE}={shell_word(name)}")
    return ""


def _in_file(file: Path, place: str) -> str:
    made = _made(file)
    try:
        status = file.stat()
        if not stat.S_ISREG(status.st_mode):
            raise UserError(f"{place}: expected a file.", made)
        if os.name == "posix" and status.st_mode & 0o077 and not _is_mounted(file):
            raise UserError(
                f"{place}: others than its owner can read it (mode "
                f"{stat.S_IMODE(status.st_mode):03o}).",
                f"Type: chmod 600 {shell_word(file)}",
            )
        with file.open("rb") as opened:
            content = opened.read(LONGEST + 1)
    except OSError as error:
        raise UserError(f"{place}: cannot be read: {error.strerror or error}.", made) from None
    return _checked(content.decode("utf-8", "replace"), place, made)


def _is_mounted(file: Path) -> bool:
    """Tell whether a file is a container's secret, which any user in there may read by default."""
    return file.resolve().is_relative_to(SECRETS)


def _checked(text: str, place: str, remedy: str) -> str:
    """Return the token; what is found instead of one is never shown, as it may be a secret."""
    token = text.strip()
    if not token:
        raise UserError(f"{place}: expected a token, found nothing.", remedy)
    if len(token) > LONGEST or not re.fullmatch(TOKEN, token):
        raise UserError(
            f"{place}: expected one line of letters, digits and any of - . _ ~ + / with = at the "
            f"end at most, {LONGEST} characters at most.",
            remedy,
        )
    if len(token) < SHORTEST:
        raise UserError(
            f"{place}: expected at least {SHORTEST} characters, so that nobody guesses it; found "
            f"{len(token)}.",
            remedy,
        )
    return token


def _made(file: Path | None = None) -> str:
    """Return what to type for a new token."""
    program = shlex.quote("import secrets; print(secrets.token_urlsafe(32))")
    if file is None:
        return f'For a new one type: export {VARIABLE}="$(python3 -c {program})"'
    word = shell_word(file)
    return f"For a new one type: (umask 077; rm -f {word}; python3 -c {program} > {word})"
