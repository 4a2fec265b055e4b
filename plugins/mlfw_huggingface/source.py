"""Loading with the `datasets` library, from disk or from the Hub, without running any code."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlfw import UserError
from mlfw.components.dataset import Progress
from mlfw_tabular import checksums

if TYPE_CHECKING:
    import datasets

HUB_NAME = re.compile(r"\w[\w.-]*(/\w[\w.-]*)?")
SAVED, SAVED_DIVIDED = "state.json", "dataset_dict.json"


@dataclass(frozen=True)
class Source:
    """A loaded data set.

    Attributes:
        parts: Its splits by name; one with an empty name where it is not divided.
        files: The files that hold its rows.
        salt: What else its rows follow from.
    """

    parts: Mapping[str, datasets.Dataset]
    files: tuple[Path, ...]
    salt: str = ""

    def fingerprint(self, progress: Progress) -> str:
        """Return a checksum of the files' names and content."""
        total = hashlib.sha256(self.salt.encode())
        for file, found in zip(self.files, checksums(self.files, progress), strict=True):
            total.update(f"{file.parent.name}/{file.name} {found}\n".encode())
        return total.hexdigest()


def from_disk(path: str) -> Source:
    """Return what `save_to_disk` has written to a folder.

    Raises:
        UserError: It is not there, not a saved data set, or damaged.
    """
    folder = Path(path)
    if not folder.is_dir():
        found = "is a file, expected a folder" if folder.exists() else "no such folder"
        raise UserError(f"dataset.path: {path}: {found}.", "Check the path.")
    if not any((folder / name).is_file() for name in (SAVED, SAVED_DIVIDED)):
        raise UserError(
            f"dataset.path: {path}: not a data set saved by save_to_disk (neither {SAVED} nor "
            f"{SAVED_DIVIDED} is in it).",
            "Save one: datasets.load_dataset(...).save_to_disk(FOLDER). For files of rows use "
            "dataset=csv, parquet or jsonl; for a folder of images dataset=images.",
        )
    with _quiet() as library:
        try:
            loaded = library.load_from_disk(path)
        except Exception as error:
            raise UserError(
                f"dataset.path: {path}: damaged: {_sentence(error)}.", "Save the data set again."
            ) from None
    files = (file for file in folder.rglob("*") if file.is_file())
    return Source(_parts(loaded), tuple(sorted(files)))


def from_hub(name: str, config: str | None, revision: str | None) -> Source:
    """Return a data set of the Hub, loaded anew only where it has changed.

    Raises:
        UserError: There is none of that name, or the Hub cannot be reached.
    """
    if not HUB_NAME.fullmatch(name):
        raise UserError(
            f"dataset.name: '{name}': not a name on the Hub.", "Expected NAME or OWNER/NAME."
        )
    if Path(name).exists():
        # The library would read the folder, of whatever kind, in place of the Hub's data set.
        raise UserError(
            f"dataset.name: '{name}' is also a file or folder here.",
            f"Set dataset.path={name} for it, or type the command in another folder.",
        )
    with _quiet() as library:
        try:
            loaded = library.load_dataset(name, config, revision=revision)
        except Exception as error:
            raise _hub_error(name, config, revision, error) from None
    parts = _parts(loaded)
    files = {Path(file["filename"]) for part in parts.values() for file in part.cache_files}
    return Source(parts, tuple(sorted(files)), salt=name)


def _parts(loaded: Any) -> Mapping[str, datasets.Dataset]:
    return dict(loaded) if isinstance(loaded, dict) else {"": loaded}


@contextmanager
def _quiet() -> Iterator[Any]:
    """Yield the library with its progress bars off: they would be written between our lines."""
    import datasets

    shown = datasets.is_progress_bar_enabled()
    datasets.disable_progress_bars()
    try:
        yield datasets
    finally:
        if shown:
            datasets.enable_progress_bars()


def _sentence(error: Exception) -> str:
    lines = str(error).splitlines() or [""]
    return (lines[0] or type(error).__name__).rstrip(".")


def _hub_error(name: str, config: str | None, revision: str | None, error: Exception) -> UserError:
    from datasets.exceptions import DatasetNotFoundError

    text = _sentence(error)
    if isinstance(error, ConnectionError) or "Couldn't reach" in text or "Offline" in text:
        return UserError(
            f"dataset.name: {name}: the Hugging Face Hub cannot be reached, and the data set was "
            "not loaded before.",
            "Check the network, HF_HUB_OFFLINE and HF_ENDPOINT; or save it on a machine with a "
            "network, by load_dataset(...).save_to_disk(FOLDER), and set dataset.path=FOLDER.",
        )
    if isinstance(error, DatasetNotFoundError):
        version = f" of revision '{revision}'" if revision else ""
        return UserError(
            f"dataset.name: no data set '{name}'{version} on the Hugging Face Hub, or it is not "
            "open to you.",
            "Check the name; for a private or gated one set HF_TOKEN.",
        )
    if "Dataset scripts" in text:
        return UserError(
            f"dataset.name: {name}: comes as a program, which is never run.",
            "Use a version in Parquet: dataset.revision=refs/convert/parquet",
        )
    key = f"dataset.config={config}" if "onfig" in text else "dataset.name"
    return UserError(f"{key}: {name}: {text}.", "Check dataset.config and dataset.revision.")
