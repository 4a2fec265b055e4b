"""Estimators as skops files: those without ONNX form, and those that earlier versions saved."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

from mlfw import UserError
from mlfw.files import write_bytes
from mlfw.hints import install
from mlfw_sklearn.packing import packed, unpacked

FILES = "estimator-*.skops"
# What a file may unpack to: so many times its size, and this for small ones.
LARGEST_RATIO, SMALL = 200, 50_000_000


def save_estimators(estimators: Sequence[Any], folder: Path) -> None:
    """Write fitted estimators as data, one a file.

    Raises:
        UserError: skops is not installed.
    """
    require_skops(estimators[0])
    from skops.io import dumps

    for number, estimator in enumerate(estimators):
        write_bytes(folder / FILES.replace("*", f"{number:05}"), dumps(packed(estimator)))


def load_estimators(folder: Path, trusted: Sequence[str]) -> tuple[Any, ...]:
    """Return the estimators in a folder, in order.

    Args:
        folder: The folder.
        trusted: Full names of the types beside scikit-learn's public ones that they may hold.

    Raises:
        UserError: skops is not installed, there is no such file, or one is damaged or holds
            another type.
    """
    files = sorted(folder.glob(FILES))
    if not files:
        raise UserError(
            f"{folder}: expected the files of a model of scikit-learn, found none.",
            "Copy the saved model again, or train it again.",
        )
    if find_spec("skops") is None:
        raise UserError(
            f"{files[0]}: skops, which reads this file, is not installed.",
            f"Type: {install('mlfw[skops]')}",
        )
    return tuple(_load(file, list(trusted)) for file in files)


def require_skops(estimator: Any) -> None:
    """Check that skops is installed, as an estimator without ONNX form is to be saved.

    Raises:
        UserError: It is not.
    """
    if find_spec("skops") is None:
        raise UserError(
            f"model: {type(estimator).__name__} has no ONNX form, and skops, which can save it "
            "without one, is not installed.",
            f"Type: {install('mlfw[skops]')}",
        )


def _load(file: Path, trusted: list[str]) -> Any:
    from skops.io import load
    from skops.io.exceptions import UntrustedTypesFoundException

    _check_size(file)
    try:
        return unpacked(load(file, trusted=trusted))
    except UntrustedTypesFoundException as error:
        raise UserError(
            f"{file}: holds types that are not trusted: {error}",
            "Load only models you know. A plugin that needs these types names them in its "
            "class's `trusted`.",
        ) from None
    except Exception as error:
        raise UserError(
            f"{file}: damaged, or saved by a version of scikit-learn that does not fit the "
            f"installed one: {type(error).__name__}: {error}",
            "Copy the saved model again, or train it again.",
        ) from error


def _check_size(file: Path) -> None:
    """Check that a file does not unpack to far more than its size.

    Raises:
        UserError: It does, or it cannot be unpacked.
    """
    try:
        with ZipFile(file) as archive:
            unpacked_size = sum(info.file_size for info in archive.infolist())
    except (BadZipFile, OSError, ValueError) as error:
        raise UserError(f"{file}: damaged: {error}", "Train the model again.") from None
    size = file.stat().st_size
    if unpacked_size > max(LARGEST_RATIO * size, SMALL):
        raise UserError(
            f"{file}: {size:,} bytes that unpack to {unpacked_size:,}: no model of mlfw is so.",
            "Load only models you know.",
        )
