"""Folders of images, one sub-folder a class."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from mlfw import UserError
from mlfw.components.splits import TEST, TRAIN, VALIDATION
from mlfw.errors import listing
from mlfw_images.rows import ImageRows

LABEL, FILE, PATH = "label", "file", "path"
IMAGE_SUFFIXES = (
    ".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".gif", ".bmp", ".webp", ".tif", ".tiff",
    ".ppm", ".pgm", ".pbm", ".pnm",
)  # fmt: skip
# What file managers write beside the files that they show.
LITTER = {"thumbs.db", "desktop.ini"}
MOST_ENDINGS = 5
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
    passed = [item for item in _entries(folder) if _is_other(item)]
    classes = {item.name: _images(item, passed) for item in _subfolders(folder)}
    loose = [item.name for item in _entries(folder) if _is_image(item)]
    _check_classes(folder, classes, loose, passed)
    files = [path for paths in classes.values() for path in paths]
    labels = [name for name, paths in classes.items() for _ in paths]
    rows = ImageRows.of(files, [_name(path, folder) for path in files], **{LABEL: labels})
    return replace(rows, passed=[_name(path, folder) for path in passed])


def _check_classes(
    folder: Path, classes: Mapping[str, list[Path]], loose: list[str], passed: list[Path]
) -> None:
    layout = f"Expected one sub-folder a class: {folder}/CLASS/IMAGE.png"
    others = f"; found {endings(map(str, passed))}" if passed else ""
    if not classes and not loose:
        raise UserError(
            f"{folder}: no images ({', '.join(IMAGE_SUFFIXES)}) and no sub-folders{others}.", layout
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
            f"{listing(empty)}{others}.",
            layout,
        )
    if empty:
        inside = [str(path) for path in passed if path.relative_to(folder).parts[0] in empty]
        found = f"; found {endings(inside)}" if inside else ""
        raise UserError(
            f"{folder}: class without images: {listing(empty)}{found}.",
            f"Put images there ({', '.join(IMAGE_SUFFIXES)}), or remove the sub-folder.",
        )
    if len(classes) < 2:
        (name,) = classes
        raise UserError(
            f"{folder}: only one class, '{name}'; at least two are needed to learn from.", layout
        )


def folder_rows(folder: Path, image: str = "") -> ImageRows:
    """Return all images of a folder and their paths as `file`; with sub-folders, as `label` too.

    Args:
        folder: The folder.
        image: What the images' column is called; where that is `file`, the paths are `path`.

    Raises:
        UserError: There are none.
    """
    passed: list[Path] = []
    files = _images(folder, passed)
    if not files:
        found = f"; found {endings(map(str, passed))}" if passed else ""
        raise UserError(
            f"{folder}: no images ({', '.join(IMAGE_SUFFIXES)}) in the folder{found}.",
            "Check the path, or convert the files to one of these.",
        )
    names = [_name(path, folder) for path in files]
    columns = {PATH if image == FILE else FILE: names}
    if image != LABEL and all("/" in name for name in names):
        columns[LABEL] = [name.partition("/")[0] for name in names]
    rows = ImageRows.of(files, names, **columns)
    return replace(rows, passed=[_name(path, folder) for path in passed])


def endings(names: Iterable[str]) -> str:
    """Return how many files end in what, such as `24 .heic, 1 .txt`."""
    counts = Counter(Path(name).suffix.lower() or "without a suffix" for name in names)
    return listing((f"{count} {suffix}" for suffix, count in counts.most_common()), MOST_ENDINGS)


def _entries(folder: Path) -> list[Path]:
    """Return what is in a folder, in the order of names, without hidden things."""
    try:
        return sorted(item for item in folder.iterdir() if not item.name.startswith((".", "__")))
    except OSError as error:
        raise UserError(f"{folder}: cannot be read: {error.strerror}.") from None


def _subfolders(folder: Path) -> list[Path]:
    return [item for item in _entries(folder) if item.is_dir()]


def _images(folder: Path, passed: list[Path]) -> list[Path]:
    """Return the images of a folder and of those in it; other files are added to `passed`."""
    found: list[Path] = []
    for item in _entries(folder):
        if item.is_dir() and not item.is_symlink():
            found += _images(item, passed)
        elif _is_image(item):
            found.append(item)
        elif _is_other(item):
            passed.append(item)
    return found


def _is_other(path: Path) -> bool:
    return not path.is_dir() and not _is_image(path) and path.name.lower() not in LITTER


def _is_image(path: Path) -> bool:
    return path.suffix.lower() in IMAGE_SUFFIXES and path.is_file()


def _name(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix()
