"""Where a pretrained encoder lies: a folder, a folder of a package, or the Hub's cache."""

from __future__ import annotations

import re
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from mlfw import Kind, UserError
from mlfw.files import digest, sha256
from mlfw_transformers.processor import PROCESSOR
from mlfw_transformers.settings import CONFIG, read_settings

HUB_NAME = re.compile(r"\w[\w.-]*(/\w[\w.-]*)?")
TOKENIZER = "tokenizer.json"
WEIGHTS = "*.safetensors"
ADAPTER = "adapter_config.json"
WANTED = [CONFIG, TOKENIZER, PROCESSOR, WEIGHTS, "*.safetensors.index.json"]
SAVE = "save_pretrained of the transformers library"


def find_folder(name: str, revision: str | None, path: str, package: str) -> Path:
    """Return the folder that holds an encoder's configuration, tokenizer and weights.

    Args:
        name: Its name on the Hub.
        revision: Which version of it.
        path: A folder, in place of a name.
        package: An installed package, in place of a name.

    Raises:
        UserError: It is not there, not complete, or the Hub cannot be reached.
    """
    if path:
        return _complete(Path(path), f"model.path: {path}")
    if package:
        return _complete(_in_package(package), f"model.package: {package}")
    return _of_hub(name, revision)


def fingerprint(folder: Path) -> str:
    """Return a checksum of what an encoder is made of."""
    data = [folder / name for name in (CONFIG, TOKENIZER, PROCESSOR)]
    files = sorted({*filter(Path.exists, data), *folder.glob(WEIGHTS)})
    return digest([_checksum(file, file.stat().st_mtime_ns) for file in files])


@lru_cache(maxsize=64)
def _checksum(file: Path, changed: int) -> str:  # noqa: ARG001 - it tells versions apart
    return sha256(file)


def _complete(folder: Path, place: str) -> Path:
    """Return the folder, once it is sure that all of an encoder is in it."""
    if not folder.is_dir():
        found = "is a file, expected a folder" if folder.exists() else "no such folder"
        raise UserError(f"{place}: {found}.", "Check the path; for the Hub set model.name.")
    if (folder / ADAPTER).exists():
        raise UserError(
            f"{place}: holds an adapter ({ADAPTER}), not an encoder.",
            "Merge it into its encoder with merge_and_unload of peft, and save that.",
        )
    if missing := _missing(folder):
        raise UserError(
            f"{place}: {', '.join(missing)} not in it.",
            f"Name a folder that {SAVE} has written, with a fast tokenizer beside the weights of "
            "an encoder of texts; "
            "pickled weights (*.bin) are never read.",
        )
    return folder


def _missing(folder: Path) -> list[str]:
    missing = [name for name in (CONFIG, TOKENIZER, WEIGHTS) if not any(folder.glob(name))]
    return [] if missing == [TOKENIZER] and _sees(folder) else missing


def _sees(folder: Path) -> bool:
    """Tell whether a folder holds an encoder of images, which has no tokenizer."""
    from mlfw_transformers.bare import reads

    return reads(read_settings(folder / CONFIG)) is Kind.image


def _in_package(package: str) -> Path:
    """Return the folder of an installed package that holds an encoder; no code is imported."""
    spec = find_spec(package) if package.isidentifier() else None
    places = list(spec.submodule_search_locations or []) if spec else []
    if not places:
        raise UserError(
            f"model.package: no package '{package}' is installed.",
            "Write the name under which Python imports it.",
        )
    for place in places:
        for config in sorted(Path(place).rglob(CONFIG)):
            if not _missing(config.parent):
                return config.parent
    raise UserError(
        f"model.package: {package}: no folder in it holds {CONFIG}, {TOKENIZER} and {WEIGHTS}."
    )


def _of_hub(name: str, revision: str | None) -> Path:
    """Return an encoder of the Hub; one that was loaded before needs no network."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    if not HUB_NAME.fullmatch(name):
        raise UserError(
            f"model.name: '{name}': not a name on the Hub.",
            "Expected NAME or OWNER/NAME; for a folder set model.path.",
        )
    try:
        folder = Path(
            snapshot_download(name, revision=revision, allow_patterns=WANTED, local_files_only=True)
        )
        here = folder if not _missing(folder) else None
    except LocalEntryNotFoundError:
        here = None
    # Other programs may have loaded an encoder of images without its image processor.
    if here and ((here / TOKENIZER).exists() or (here / PROCESSOR).exists()):
        return here
    try:
        folder = Path(snapshot_download(name, revision=revision, allow_patterns=WANTED))
    except Exception as error:
        if here:
            return here
        raise _hub_error(name, revision, error) from None
    return _complete(folder, f"model.name: {name}")


def _hub_error(name: str, revision: str | None, error: Exception) -> UserError:
    from huggingface_hub.errors import RepositoryNotFoundError, RevisionNotFoundError

    if isinstance(error, RevisionNotFoundError):
        return UserError(
            f"model.revision: {name} has no revision '{revision}' on the Hugging Face Hub.",
            "Leave it out for the newest.",
        )
    if isinstance(error, RepositoryNotFoundError):
        return UserError(
            f"model.name: no model '{name}' on the Hugging Face Hub, or it is not open to you.",
            "Check the name; for a private or gated one set HF_TOKEN.",
        )
    return UserError(
        f"model.name: {name}: the Hugging Face Hub cannot be reached, and the encoder was not "
        "loaded before.",
        "Check the network, HF_HUB_OFFLINE and HF_ENDPOINT; or save it on a machine with a "
        f"network, by {SAVE}, and set model.path=FOLDER.",
    )
