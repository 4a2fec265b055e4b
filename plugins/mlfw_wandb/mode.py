"""Whether a run is sent to a server."""

from __future__ import annotations

import netrc
import os
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from wandb import Settings


class Mode(StrEnum):
    """How a run is tracked."""

    auto = "auto"
    online = "online"
    offline = "offline"
    disabled = "disabled"


def automatic_mode(settings: Settings) -> Mode:
    """Return what the environment asks for: WANDB_MODE, else online where there is a key."""
    if settings.mode in ("offline", "dryrun"):
        return Mode.offline
    if settings.mode == "disabled":
        return Mode.disabled
    return Mode.online if has_key(settings) else Mode.offline


def has_key(settings: Settings) -> bool:
    """Tell whether wandb will find credentials by itself; where it does not, it would ask."""
    return bool(settings.api_key or settings.identity_token_file or _in_netrc(settings.base_url))


def _in_netrc(url: str) -> bool:
    """Tell whether the user's netrc file knows a host; wandb wants the port to match, too."""
    standard = [path for path in ("~/.netrc", "~/_netrc") if Path(path).expanduser().exists()]
    path = os.environ.get("NETRC") or next(iter(standard), "~/.netrc")
    try:
        known = netrc.netrc(Path(path).expanduser())
    except (netrc.NetrcParseError, OSError):
        return False
    return known.authenticators(urlsplit(url).netloc) is not None
