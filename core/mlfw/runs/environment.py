"""Noting what a run was made with."""

from __future__ import annotations

import platform
import sys
from importlib.metadata import PackageNotFoundError, distributions, version
from typing import Any

from mlfw.files import write_json
from mlfw.runs.directory import RunDirectory


def mlfw_version() -> str:
    """Return the installed version of mlfw."""
    try:
        return version("mlfw")
    except PackageNotFoundError:
        return "0+unknown"


def write_environment(run: RunDirectory) -> None:
    """Write the versions of Python, the machine and all installed packages."""
    packages = {}
    for item in distributions():
        metadata = item.metadata  # parsed anew whenever it is asked for
        if metadata and metadata["Name"]:
            packages[str(metadata["Name"])] = str(metadata["Version"])
    content: dict[str, Any] = {
        "mlfw": mlfw_version(),
        "python": sys.version.split()[0],
        "platform": platform.platform(),
        "machine": platform.machine(),
        "packages": dict(sorted(packages.items(), key=lambda item: item[0].lower())),
    }
    write_json(run.path / "environment.json", content)
