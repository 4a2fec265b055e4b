"""Noting what a run was made with."""

from __future__ import annotations

import platform
import sys
from importlib.metadata import PackageNotFoundError, distributions, version
from typing import Any

from mlfw.files import write_json
from mlfw.plugins.distribution import name_and_version
from mlfw.runs.directory import RunDirectory


def mlfw_version() -> str:
    """Return the installed version of mlfw."""
    try:
        return version("mlfw")
    except PackageNotFoundError:
        return "0+unknown"


def write_environment(run: RunDirectory) -> None:
    """Write the versions of Python, the machine and all installed packages."""
    packages: dict[str, str] = {}
    for distribution in distributions():
        name, number = name_and_version(distribution)
        if name:
            packages.setdefault(name, number)  # the first on the path is the one that is imported
    content: dict[str, Any] = {
        "mlfw": mlfw_version(),
        "python": sys.version.split()[0],
        "platform": platform.platform(),
        "machine": platform.machine(),
        "packages": dict(sorted(packages.items(), key=lambda item: item[0].lower())),
    }
    write_json(run.path / "environment.json", content)
