"""Which models a service has, and which of them answers what."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from mlfw import Serving
from mlfw.files import read_json, write_json
from mlfw.pipeline.api import model_folder
from mlfw.runs import LATEST


@dataclass(frozen=True, kw_only=True)
class ServedModels:
    """The models of a service.

    Attributes:
        folders: Folders of saved models by name. The first one is the default.
        shares: Fractions of the requests that other models than the first one answer, by name.
            The first model answers the rest.
        shadows: Names of models that predict the same rows as well, without their answers being
            returned.
        latest: Folders of runs by the names of models that are those of the newest run there.
    """

    folders: Mapping[str, Path]
    shares: Mapping[str, float] = field(default_factory=dict)
    shadows: tuple[str, ...] = ()
    latest: Mapping[str, Path] = field(default_factory=dict)

    @property
    def first(self) -> str:
        """The name of the model that answers by default."""
        return next(iter(self.folders))

    @property
    def all_shares(self) -> dict[str, float]:
        """The fraction of the requests that each model answers, by name."""
        rest = 1 - sum(self.shares.values())
        return {self.first: max(rest, 0.0), **self.shares}

    def finders(self) -> dict[str, Callable[[], Path]]:
        """Return what finds the folder of each model's newest version, by name."""
        return {
            name: partial(model_folder, LATEST, self.latest[name])
            if name in self.latest
            else partial(Path, folder)
            for name, folder in self.folders.items()
        }

    @classmethod
    def single(cls, name: str, folder: Path) -> ServedModels:
        """Return a single model."""
        return cls(folders={name: folder})

    @classmethod
    def of(cls, serving: Serving) -> ServedModels:
        """Return the models that `mlfw serve` was given."""
        return cls(
            folders=serving.models,
            shares=serving.shares,
            shadows=serving.shadows,
            latest=serving.latest,
        )

    def save(self, path: Path) -> None:
        """Write them as JSON, for further processes."""
        content = {
            "folders": _texts(self.folders),
            "shares": dict(self.shares),
            "shadows": self.shadows,
            "latest": _texts(self.latest),
        }
        write_json(path, content)

    @classmethod
    def load(cls, path: Path) -> ServedModels:
        """Read what `save` wrote."""
        found = read_json(path)
        return cls(
            folders=_paths(found["folders"]),
            shares=found["shares"],
            shadows=tuple(found["shadows"]),
            latest=_paths(found["latest"]),
        )


def _texts(paths: Mapping[str, Path]) -> dict[str, str]:
    return {name: str(path) for name, path in paths.items()}


def _paths(texts: Mapping[str, str]) -> dict[str, Path]:
    return {name: Path(text) for name, text in texts.items()}
