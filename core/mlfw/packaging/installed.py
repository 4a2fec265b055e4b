"""Packing the installed files of a distribution as the wheel that they came from."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import os
import sys
import sysconfig
import zipfile
from collections.abc import Iterator
from email.parser import HeaderParser
from importlib.metadata import Distribution
from itertools import product
from pathlib import Path, PurePosixPath

from mlfw.errors import UserError
from mlfw.hints import install

INSTALLERS = {"INSTALLER", "RECORD", "RECORD.jws", "RECORD.p7s", "REQUESTED", "direct_url.json",
              "uv_build.json", "uv_cache.json"}  # fmt: skip
CACHES = {".pyc", ".pyo"}
OLDEST = (1980, 1, 1, 0, 0, 0)  # the same files make the same wheel on every day


def wheel_of_installed_files(found: Distribution, folder: Path) -> Path:
    """Pack the files of an installed distribution that its RECORD lists as a wheel (PEP 427).

    What the installer has written is left out: compiled modules, its notes, and the scripts of
    entry points, which the next installer writes again.

    Args:
        found: The distribution.
        folder: Where to; it exists.

    Returns:
        The wheel's path.

    Raises:
        UserError: The installation has no RECORD, or files that it lists are missing.
    """
    files = {str(path): Path(str(found.locate_file(path))) for path in found.files or []}
    info = next((n.partition("/")[0] for n in files if n.endswith(".dist-info/WHEEL")), "")
    if not info:
        raise UserError(
            f"{found.name}: its installation does not list its files, so no wheel can be made of "
            "it.",
            f"Install it anew: {install(f'{found.name}=={found.version}')}",
        )
    data = f"{info.removesuffix('.dist-info')}.data"
    scripts = {point.name for point in found.entry_points.select(group="console_scripts")}
    scripts |= {point.name for point in found.entry_points.select(group="gui_scripts")}
    packed = {}
    for name, path in files.items():
        place = _place(name, path, info, data, scripts)
        if place is None:
            continue
        if not path.is_file():
            raise UserError(
                f"{found.name}: {path} is missing.",
                f"Install it anew: pip install --force-reinstall {found.name}=={found.version}",
            )
        packed[place] = path
    target = folder / f"{info.removesuffix('.dist-info')}-{_tag(found)}.whl"
    _write(target, packed, info)
    return target


def _place(name: str, path: Path, info: str, data: str, scripts: set[str]) -> str | None:
    """Return where in the wheel an installed file stands; None for what an installer wrote."""
    parts = PurePosixPath(name).parts
    if path.suffix in CACHES or (parts[0] == info and parts[-1] in INSTALLERS):
        return None
    if parts[0] != ".." and not PurePosixPath(name).is_absolute():
        return name
    whole = Path(os.path.normpath(path))
    if whole.is_relative_to(sysconfig.get_path("scripts")):
        generated = whole.name.removesuffix(".exe").removesuffix("-script.py") in scripts
        return None if generated else f"{data}/scripts/{whole.name}"
    if whole.is_relative_to(sys.prefix):
        return f"{data}/data/{whole.relative_to(sys.prefix).as_posix()}"
    return f"{data}/data/{whole.name}"


def _tag(found: Distribution) -> str:
    """Return the last part of the wheel's name: the build number, if any, and the tags."""
    header = HeaderParser().parsestr(found.read_text("WHEEL") or "")
    tags = [str(tag).split("-", 2) for tag in header.get_all("Tag") or ["py3-none-any"]]
    parts = [list(dict.fromkeys(column)) for column in zip(*tags, strict=True)]
    if {tuple(tag) for tag in tags} != set(product(*parts)):
        parts = [[part] for part in tags[0]]
    number = [str(header["Build"])] if header["Build"] else []
    return "-".join([*number, *(".".join(part) for part in parts)])


def _write(target: Path, packed: dict[str, Path], info: str) -> None:
    lines = io.StringIO()
    record = csv.writer(lines, lineterminator="\n")
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as wheel:
        for name, path in _in_order(packed, info):
            content = path.read_bytes()
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode()
            record.writerow([name, f"sha256={digest.rstrip('=')}", len(content)])
            wheel.writestr(_entry(name, os.access(path, os.X_OK)), content)
        record.writerow([f"{info}/RECORD", "", ""])
        wheel.writestr(_entry(f"{info}/RECORD", False), lines.getvalue())


def _in_order(packed: dict[str, Path], info: str) -> Iterator[tuple[str, Path]]:
    """Yield the files, those of the metadata last, as archivers are asked to do."""
    yield from sorted(packed.items(), key=lambda each: (each[0].startswith(f"{info}/"), each[0]))


def _entry(name: str, executable: bool) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, OLDEST)
    entry.external_attr = (0o100755 if executable else 0o100644) << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry
