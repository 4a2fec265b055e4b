"""The data set `huggingface`."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

import mlfw
from mlfw import UserError
from mlfw.components.dataset import Progress, silent
from mlfw.components.splits import TEST, TRAIN, VALIDATION
from mlfw_huggingface.parts import AUTO, find_parts
from mlfw_tabular import TableDataset

if TYPE_CHECKING:
    import pyarrow as pa

    from mlfw_huggingface.source import Source


@dataclass(kw_only=True)
class HuggingFaceDataset(TableDataset):
    """A data set of the `datasets` library: a folder that it has saved, or one of the Hub.

    Classes become their names, images the bytes of their files. Rows that it keeps apart for
    validation and testing stay apart. Code that comes with a data set is never run.

    Attributes:
        path: The folder that `save_to_disk` has written.
        name: The name on the Hub, such as ylecun/mnist, in place of a path. What it needs to be
            let in is taken from HF_TOKEN; HF_HUB_OFFLINE=1 uses only what was loaded before.
        config: Which of the data set's configurations, where it has several.
        revision: Which version: a branch, tag or commit of the Hub. A commit stays the same.
        train_split: Its split to learn from; auto finds it by its usual names.
        validation_split: Its split that steers training; auto finds it by its usual names, null
            leaves it out and divides the rows to learn from.
        test_split: Its split for the final measurement; as above.
    """

    packages: ClassVar[tuple[str, ...]] = ("datasets", "PIL")
    extra: ClassVar[str] = "huggingface"

    path: str = field(default="", metadata=mlfw.path_field())
    name: str = ""
    config: str | None = None
    revision: str | None = None
    train_split: str = AUTO
    validation_split: str | None = AUTO
    test_split: str | None = AUTO

    def check(self) -> None:
        """Check that there is either a path or a name."""
        super().check()
        if bool(self.path) == bool(self.name):
            found = "both are set" if self.path else "neither is set"
            raise UserError(
                f"dataset.path, dataset.name: expected one of the two, {found}.",
                "Set dataset.path=FOLDER for a data set saved on disk, or dataset.name=OWNER/NAME "
                "for one of the Hub.",
            )
        if self.path and (self.config or self.revision):
            key = "config" if self.config else "revision"
            raise UserError(
                f"dataset.{key}: belongs to a data set of the Hub, not to one on disk.",
                f"Leave it out, or set dataset.name in place of dataset.path={self.path}",
            )

    def place(self) -> str:
        """Return the folder or the name."""
        return self.path or f"{self.name} (Hugging Face)"

    @cached_property
    def _source(self) -> Source:
        from mlfw_huggingface.source import from_disk, from_hub

        self.check()
        if self.path:
            return from_disk(self.path)
        return from_hub(self.name, self.config, self.revision)

    @cached_property
    def _parts(self) -> dict[str, str]:
        """The names that the source gives to train, validation and test."""
        wanted = {
            TRAIN: self.train_split,
            VALIDATION: self.validation_split,
            TEST: self.test_split,
        }
        return find_parts(wanted, list(self._source.parts), self.place())

    def _rows(self, part: str, progress: Progress = silent) -> pa.Table:
        from mlfw_huggingface.columns import plain_table

        source = self._parts[part]
        place = f"{self.place()}, split '{source}'" if source else self.place()
        drop = [name for name in self.drop if name not in self.target]
        return plain_table(self._source.parts[source], drop, place, progress)

    def table(self, progress: Progress = silent) -> pa.Table:
        """Return the rows to learn from, or all of them where none are kept apart."""
        return self._rows(TRAIN, progress)

    def given(self, progress: Progress = silent) -> dict[str, pa.Table]:
        """Return the rows that the source keeps apart as `validation` and `test`."""
        named = (part for part in (VALIDATION, TEST) if part in self._parts)
        return {part: self._rows(part, progress) for part in named}

    def fingerprint(self, progress: Progress = silent) -> str:
        """Return a checksum of the files that hold the rows."""
        return self._source.fingerprint(progress)
