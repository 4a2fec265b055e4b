"""Which of a source's splits train, validate and test."""

from __future__ import annotations

from collections.abc import Mapping

from mlfw import UserError
from mlfw.components.splits import TEST, TRAIN, VALIDATION
from mlfw.errors import did_you_mean, listing

AUTO = "auto"
USUAL = {
    TRAIN: ("train", "training"),
    VALIDATION: ("validation", "valid", "val", "dev"),
    TEST: ("test", "testing"),
}


def find_parts(wanted: Mapping[str, str | None], names: list[str], place: str) -> dict[str, str]:
    """Return the source's name for each split that it has.

    Args:
        wanted: By split (train, validation, test) a name, `auto` to find it, None to do without.
        names: What the source has; a single empty name where it is not divided.
        place: What the source is called in messages.

    Raises:
        UserError: A name is not there, or there is no split to learn from.
    """
    found: dict[str, str] = {}
    for part, name in wanted.items():
        if name is not None and name != AUTO:
            found[part] = _named(part, name, names, place)
    for part in (part for part, name in wanted.items() if name == AUTO):
        taken = [] if part == TRAIN else list(found.values())
        usual = [name for name in USUAL[part] if name in names and name not in taken]
        if usual:
            found[part] = usual[0]
    if TRAIN not in found:
        if len(names) > 1 or set(names) & set(found.values()):
            raise UserError(
                f"dataset.train_split: {place} has no split named train; it has {listing(names)}.",
                f"Name the one to learn from: dataset.train_split={names[0]}",
            )
        found[TRAIN] = names[0]
    _check_distinct(found)
    return found


def _named(part: str, name: str, names: list[str], place: str) -> str:
    if name in names:
        return name
    if names == [""]:
        raise UserError(
            f"dataset.{part}_split={name}: {place} is not divided into splits.",
            f"Leave dataset.{part}_split out; see split.validation and split.test.",
        )
    raise UserError(
        f"dataset.{part}_split={name}: {place} has no such split; it has {listing(names)}.",
        did_you_mean(name, names, listed=True),
    )


def _check_distinct(found: Mapping[str, str]) -> None:
    for part, name in found.items():
        twins = [other for other in found if found[other] == name and other != part]
        if twins:
            raise UserError(
                f"dataset.{part}_split, dataset.{twins[0]}_split: both are '{name}'; a model must "
                "not be measured on rows that it has learnt from.",
                f"Set one of them to another split, or dataset.{twins[0]}_split=null.",
            )
