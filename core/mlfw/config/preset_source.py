"""Presets as Hydra reads them: YAML files with the bounds of every other configuration."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path
from typing import Any

from hydra.core.object_type import ObjectType
from hydra.core.plugins import Plugins
from hydra.plugins.config_source import ConfigLoadError, ConfigResult, ConfigSource
from omegaconf import OmegaConf

from mlfw.config.values import MOST_DEPTH
from mlfw.config.written import settle
from mlfw.config.yaml_file import read_yaml
from mlfw.errors import UserError

SCHEME, SUFFIX = "mlfw", ".yaml"
MOST_PRESETS = 200
WORDS = re.compile(r"^\s*(?:(?:override|optional)\s+)*")
PACKAGE = re.compile(r"#\s*@package\s+(\S+)")


class PresetSource(ConfigSource):
    """The presets of a folder and of its sub-folders, as far as a defaults list names them."""

    def __init__(self, provider: str, path: str) -> None:
        super().__init__(provider, path)
        self._sizes: dict[Path, int] = {}

    @staticmethod
    def scheme() -> str:
        """Return how addresses of this source begin."""
        return SCHEME

    def load_config(self, config_path: str) -> ConfigResult:
        """Return what a preset holds.

        Raises:
            UserError: The file is too large, nested too deep, or no mapping in YAML; or its
                defaults lead to too many presets.
        """
        path = self._file(config_path)
        if not path.is_file():
            raise ConfigLoadError(f"{path}: no such file.")
        if self._size(path, 0) > MOST_PRESETS:
            raise UserError(f"{path}: its defaults lead to more than {MOST_PRESETS} presets.")
        data = settle(read_yaml(path), Any, config_path)
        return ConfigResult(
            provider=self.provider,
            path=self.full_path(),
            config=OmegaConf.create(data),
            header={"package": _package(path)},
        )

    def available(self) -> bool:
        """Tell whether the folder is there."""
        return self.is_group("")

    def is_group(self, config_path: str) -> bool:
        """Tell whether a path is a folder of presets."""
        return self._inside(Path(self.path, config_path)).is_dir()

    def is_config(self, config_path: str) -> bool:
        """Tell whether a path is a preset."""
        return self._file(config_path).is_file()

    def list(self, config_path: str, results_filter: ObjectType | None) -> list[str]:
        """Return the names of presets and folders in a folder."""
        found = list[str]()
        for entry in self._inside(Path(self.path, config_path)).iterdir():
            if entry.is_dir() and results_filter in (None, ObjectType.GROUP):
                found.append(entry.name)
            elif entry.suffix == SUFFIX and results_filter in (None, ObjectType.CONFIG):
                found.append(entry.stem)
        return sorted({*found})

    def _size(self, path: Path, depth: int) -> int:
        """Return how many presets one consists of, each counted as often as it is named."""
        if path not in self._sizes:
            if depth > MOST_DEPTH:
                raise UserError(f"{path}: defaults that lead to others more than {depth} deep.")
            size = 1
            for name in _named(path, settle(read_yaml(path), Any, path.stem).get("defaults")):
                below = self._file(name if name[0] == "/" else str(self._group(path) / name))
                size += self._size(below, depth + 1) if below.is_file() else 1
            self._sizes[path] = min(size, MOST_PRESETS + 1)
        return self._sizes[path]

    def _group(self, path: Path) -> Path:
        return path.parent.relative_to(self.path)

    def _file(self, config_path: str) -> Path:
        name = config_path.lstrip("/")
        name = name if name.endswith(SUFFIX) else f"{name}{SUFFIX}"
        return self._inside(Path(self.path, name))

    def _inside(self, path: Path) -> Path:
        """Return a path within the folder.

        Raises:
            UserError: It leads out of it.
        """
        folder = Path(self.path).resolve()
        if not path.resolve().is_relative_to(folder):
            raise UserError(f"defaults: {path} is no preset of the folder {folder}.")
        return path


def _named(path: Path, defaults: Any) -> Iterator[str]:
    """Yield the presets that a defaults list names, by paths.

    Raises:
        UserError: A name has a reference in it, so that it cannot be told what it leads to.
    """
    for item in defaults if isinstance(defaults, list) else ():
        groups = item if isinstance(item, dict) else {"": item}
        for group, names in groups.items():
            folder = WORDS.sub("", str(group)).partition("@")[0]
            for name in names if isinstance(names, list) else [names]:
                if isinstance(name, str) and "${" in f"{group}{name}":
                    raise UserError(f"{path}: defaults: '{name}': expected the name of a preset.")
                if isinstance(name, str) and name != "_self_":
                    own = name.partition("@")[0]
                    yield f"{folder}/{own}" if folder else WORDS.sub("", own)


def _package(path: Path) -> str | None:
    """Return where a preset's values belong, as a comment at its beginning says."""
    with path.open(encoding="utf-8-sig") as file:
        for line in takewhile(lambda line: line.lstrip()[:1] in ("", "#"), file):
            found = PACKAGE.match(line.strip())
            if found:
                return found[1]
    return None


def address(folder: Path) -> str:
    """Return how Hydra is told to search a folder for presets."""
    Plugins.instance().register(PresetSource)
    return f"{SCHEME}://{folder.resolve()}"
