"""Folders of images, one sub-folder a class."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from mlfw import UserError
from mlfw.components.splits import TEST, TRAIN, VALIDATION
from mlfw.errors import listing
from mlfw_images.rows import ImageRows

LABEL, FILE = "label", "file"
IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp")
PARTS = {
    "train": TRAIN,
    "training": TRAIN,
    "validation": VALIDATION,
    "valid": VALIDATION,
    "val": VALIDATION,
    "dev": VALIDATION,
    "test": TEST,
    "testing": TEST,
}


def parts_of(folder: Path) -> Mapping[str, Path]:
    """Return the sub-folders for training, validation and testing, where that is what they are.

    Args:
        folder: The folder.

    Returns:
        By split its folder; nothing where the sub-folders have other names as well, or hold no
        further folders.
    """
    found = {PARTS.get(item.name.lower(), ""): item for item in _subfolders(folder)}
    if "" in found or TRAIN not in found or not all(map(_subfolders, found.values())):
        return {}
    return found


def labelled_folder(folder: Path) -> ImageRows:
    """Return a folder's images, with their sub-folder's name as `label`.

    Raises:
        UserError: There are no classes, or fewer than two, or one without images.
    """
    classes = {item.name: _images(item) for item in _subfolders(folder)}
    loose = [item.name for item in _entries(folder) if _is_image(item)]
    _check_classes(folder, classes, loose)
    files = [path for paths in classes.values() for path in paths]
    labels = [name for name, paths in classes.items() for _ in paths]
    return ImageRows.of(files, [_name(path, folder) for path in files], **{LABEL: labels})


def _check_classes(folder: Path, classes: Mapping[str, list[Path]], loose: list[str]) -> None:
    layout = f"Expected one sub-folder a class: {folder}/CLASS/IMAGE.png"
    if not classes and not loose:
        raise UserError(
            f"{folder}: no images ({', '.join(IMAGE_SUFFIXES)}) and no sub-folders.", layout
        )
    if loose:
        raise UserError(
            f"{folder}: {len(loose)} images lie in no class's sub-folder: {listing(loose, 3)}.",
            layout,
        )
    empty = [name for name, paths in classes.items() if not paths]
    if len(empty) == len(classes):
        raise UserError(
            f"{folder}: no images ({', '.join(IMAGE_SUFFIXES)}) in its sub-folders "
            f"{listing(empty)}.",
            layout,
        )
    if empty:
        raise UserError(
            f"{folder}: class without images: {listing(empty)}.",
            "Put images there, or remove the sub-folder.",
        )
    if len(classes) < 2:
        (name,) = classes
        raise UserError(
            f"{folder}: only one class, '{name}'; at least two are needed to learn from.", layout
        )


def folder_rows(folder: Path) -> ImageRows:
    """Return all images of a folder and their paths as `file`; with sub-folders, as `label` too.

    Raises:
        UserError: There are none.
    """
    files = _images(folder)
    if not files:
        raise UserError(f"{folder}: no images ({', '.join(IMAGE_SUFFIXES)}) in the folder.")
    names = [_name(path, folder) for path in files]
    columns = {FILE: names}
    if all("/" in name for name in names):
        columns[LABEL] = [name.partition("/")[0] for name in names]
    return ImageRows.of(files, names, **columns)


def _entries(folder: Path) -> list[Path]:
    """Return what is in a folder, in the order of names, without hidden things."""
    try:
        return sorted(item for item in folder.iterdir() if not item.name.startswith((".", "__")))
    except OSError as error:
        raise UserError(f"{folder}: cannot be read: {error.strerror}.") from None


def _subfolders(folder: Path) -> list[Path]:
    return [item for item in _entries(folder) if item.is_dir()]


def _images(folder: Path) -> list[Path]:
    """Return the images of a folder and of those in it."""
    found: list[Path] = []
    for item in _entries(folder):
        if item.is_dir() and not item.is_symlink():
            found += _images(item)
        elif _is_image(item):
            found.append(item)
    return found


def _is_image(path: Path) -> bool:
    return path.suffix.lower() in IMAGE_SUFFIXES and path.is_file()


def _name(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix()
