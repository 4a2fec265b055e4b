"""The manifest of a saved model: what it is, and the checksum of each of its files."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mlfw.components import Fitted
from mlfw.errors import UserError, listing
from mlfw.files import read_json, sha256, write_json
from mlfw.hints import install, printable
from mlfw.plugins import Entry, Registry

FORMAT, FORMATS = 2, (1, 2)
MANIFEST = "manifest.json"
VERSION_DIGITS = 12
LARGEST, MOST_FILES = 10_000_000, 10_000
COPY_AGAIN = "Copy the saved model again, or train it again."


@dataclass(frozen=True)
class Manifest:
    """What a saved model says of itself.

    Attributes:
        use: The name of the model component.
        options: The component's options, as plain data that is never interpolated.
        files: The SHA-256 of each file, by its name within the folder.
        packages: The packages that loading needs; None for those of the component.
        extra: The extra of the plugin's distribution that installs them.
        plugin: The name of the plugin.
        distribution: The name of its distribution.
        version: The version of mlfw that saved the model.
    """

    use: str
    options: Mapping[str, Any]
    files: Mapping[str, str] = field(default_factory=dict)
    packages: tuple[str, ...] | None = None
    extra: str = ""
    plugin: str = ""
    distribution: str = ""
    version: str = ""

    def entry(self, folder: Path, registry: Registry) -> Entry:
        """Return the model component.

        Raises:
            UserError: Its plugin is not installed.
        """
        models = registry.kind("model")
        if self.use in models:
            return models[self.use]
        distribution = printable(self.distribution) or "its plugin"
        raise UserError(
            f"{folder}: needs the model '{printable(self.use)}' of {distribution}, which is not "
            "installed.",
            f"Type: {typed}" if (typed := install(self.distribution)) else "Install its plugin.",
        )


def write_manifest(folder: Path, fitted: Fitted, options: Mapping[str, Any], entry: Entry) -> None:
    """Write the manifest of a saved model whose other files are there.

    Args:
        folder: The saved model.
        fitted: The fitted model.
        options: The model component's configuration, as plain data.
        entry: The model component.
    """
    from mlfw.runs.environment import mlfw_version

    needs = fitted.needs()
    content = {
        "format": FORMAT,
        "mlfw": mlfw_version(),
        "model": {**options, "use": entry.name},
        "plugin": {"name": entry.plugin, "distribution": entry.distribution},
    }
    if needs is not None:
        content["needs"] = {"packages": list(needs[0]), "extra": needs[1]}
    write_json(folder / MANIFEST, {**content, "files": _checksums(folder)})


def renew_checksums(folder: Path) -> None:
    """Write the manifest anew, after files of the saved model have changed."""
    content = read_json(folder / MANIFEST)
    write_json(folder / MANIFEST, {**content, "files": _checksums(folder)})


def read_manifest(folder: Path) -> Manifest:
    """Read a saved model's manifest.

    Raises:
        UserError: There is none, it is damaged, or a later version of mlfw has written it.
    """
    path = folder / MANIFEST
    if not path.exists() and not path.is_symlink():
        raise UserError(f"{folder}: no saved model (no {MANIFEST}).", "List the runs: mlfw runs")
    if not path.is_file() or path.stat().st_size > LARGEST:
        raise UserError(f"{path}: expected a file of at most {LARGEST:,} bytes.", COPY_AGAIN)
    try:
        content = read_json(path)
        found = content["format"]
        if found not in FORMATS:
            raise UserError(
                f"{folder}: saved in format {printable(str(found)[:20])}; this mlfw reads formats "
                f"{' and '.join(map(str, FORMATS))}.",
                f"Install the version of mlfw that saved it: see {MANIFEST}.",
            )
        return _manifest(content)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise UserError(f"{path}: damaged.", COPY_AGAIN) from None


def model_version(folder: Path) -> str:
    """Return a short text that differs between any two saved models that differ."""
    return sha256(folder / MANIFEST)[:VERSION_DIGITS]


def verify(folder: Path, files: Mapping[str, str]) -> None:
    """Check that every file of a saved model is as it was saved.

    Raises:
        UserError: One is missing, changed, or too many, or is no regular file.
    """
    found = _checksums(folder)
    for kind, names in (
        ("missing", files.keys() - found.keys()),
        ("not part of the saved model", found.keys() - files.keys()),
        ("changed since it was saved", {n for n in files if found.get(n) != files[n]}),
    ):
        if names:
            shown = listing(map(printable, sorted(names)))
            raise UserError(f"{folder}: {shown}: {kind}.", COPY_AGAIN)


def _manifest(content: Mapping[str, Any]) -> Manifest:
    """Return a manifest from JSON data; anything that does not fit raises an error."""
    model, plugin = dict(content["model"]), content.get("plugin", {})
    needs = content.get("needs")
    packages = None if needs is None else tuple(map(_text, needs["packages"]))
    return Manifest(
        use=_text(model.pop("use")),
        options=model,
        files={_text(name): _text(value) for name, value in content["files"].items()},
        packages=packages,
        extra=_text(needs["extra"]) if needs else "",
        plugin=_text(plugin.get("name", "")),
        distribution=_text(plugin.get("distribution", "")),
        version=_text(content.get("mlfw", "")),
    )


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"expected a text, found {type(value).__name__}")
    return value


def _checksums(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of each file but the manifest, by its name within the folder.

    Raises:
        UserError: The folder holds what is neither a file nor a folder, or too many files.
    """
    paths: list[Path] = []
    for place, folders, names in os.walk(folder):
        for name in (*folders, *names):
            path = Path(place, name)
            mode = path.lstat().st_mode
            if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
                kind = "a link" if stat.S_ISLNK(mode) else "neither a file nor a folder"
                raise UserError(
                    f"{printable(str(path))}: {kind}, which no saved model holds.", COPY_AGAIN
                )
        paths += [Path(place, name) for name in names]
        if len(paths) > MOST_FILES:
            raise UserError(f"{folder}: holds over {MOST_FILES:,} files.", COPY_AGAIN)
    return {
        path.relative_to(folder).as_posix(): sha256(path)
        for path in sorted(paths)
        if path != folder / MANIFEST
    }
