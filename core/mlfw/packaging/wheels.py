"""A wheel of what is installed, whether from a folder of sources or from a wheel."""

from __future__ import annotations

import json
import logging
import re
import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import Distribution
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from mlfw.errors import MlfwError, UserError
from mlfw.hints import install, printable, shell_word
from mlfw.packaging.installed import wheel_of_installed_files

logger = logging.getLogger("mlfw")

NO_BACKEND = r"BackendUnavailable|ModuleNotFoundError"
REASON = r"^\s*([\w.]*(?:Error|Exception): .+)$"


def write_wheel(found: Distribution, folder: Path) -> Path:
    """Write the wheel of an installed distribution.

    One that is installed in editable form is built from its sources by its build backend, without a
    network where the backend is installed here. Of any other the installed files are packed.

    Args:
        found: The distribution.
        folder: Where to.

    Returns:
        The wheel's path.

    Raises:
        UserError: The sources or the installed files are not there, or the sources cannot be built.
    """
    folder.mkdir(parents=True, exist_ok=True)
    sources = editable_sources(found)
    if sources is None:
        return wheel_of_installed_files(found, folder)
    if not sources.is_dir():
        raise UserError(
            f"{found.name}: installed from {sources}, which is not there.",
            f"Type: {install(found.name)}",
        )
    with tempfile.TemporaryDirectory(prefix="mlfw-wheel-") as temporary:
        built = _build(sources, Path(temporary))
        return Path(shutil.copy2(built, folder / built.name))


def origin(found: Distribution) -> dict[str, object] | None:
    """Return where a distribution was installed from if that is no package index (PEP 610)."""
    text = found.read_text("direct_url.json")
    if not text:
        return None
    content = json.loads(text)
    return content if isinstance(content, dict) else None


def editable_sources(found: Distribution) -> Path | None:
    """Return the folder that a distribution is installed from in editable form, or None."""
    content = origin(found) or {}
    folder = content.get("dir_info")
    if not isinstance(folder, dict) or not folder.get("editable"):
        return None
    return Path(url2pathname(urlsplit(str(content.get("url", ""))).path))


def _build(sources: Path, folder: Path) -> Path:
    """Build a wheel with the backend that is installed here, or with one from a package index."""
    said = ""
    for isolated in (False, True):
        done = subprocess.run(
            [*_front_end(folder, isolated), str(sources)],
            capture_output=True,
            text=True,
            check=False,
        )
        wheels = list(folder.glob("*.whl"))
        if done.returncode == 0 and len(wheels) == 1:
            return wheels[0]
        said = said or done.stderr or done.stdout
        if not re.search(NO_BACKEND, said):
            break
    logger.info("building a wheel of %s:\n%s", sources, said)
    reasons = re.findall(REASON, said, re.MULTILINE) or said.split("\n")
    raise UserError(
        f"{sources}: its wheel cannot be built: {printable(reasons[-1].strip())}",
        f"See why: pip wheel --no-deps {shell_word(sources)}",
    )


def _front_end(folder: Path, isolated: bool) -> list[str]:
    """Return the command that builds a wheel: pip's, or uv's in an environment without pip."""
    kept = [] if isolated else ["--no-build-isolation"]
    if find_spec("pip"):
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel"]
        return [*pip, "--quiet", "--no-deps", *kept, "--wheel-dir", str(folder)]
    uv = shutil.which("uv")
    if uv:
        return [uv, "build", "--wheel", *kept, "--python", sys.executable, "--out-dir", str(folder)]
    raise MlfwError("no wheel can be built: neither pip nor uv is installed here. Install pip.")
