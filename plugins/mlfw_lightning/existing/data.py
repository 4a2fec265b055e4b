"""The data set `lightning`: an existing LightningDataModule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import mlfw
from mlfw import Imports, LoadContext
from mlfw.components.dataset import Progress, silent
from mlfw.components.imports import code_version
from mlfw.files import digest
from mlfw_lightning.existing.code import build, load_class

if TYPE_CHECKING:
    from pytorch_lightning import LightningDataModule


@dataclass(frozen=True)
class DataModuleSource:
    """What makes a LightningDataModule: each fit and each measurement gets a fresh one.

    Attributes:
        module: `package.module:Class`.
        options: What its constructor is called with.
        imports: What may be imported.
    """

    module: str
    options: Mapping[str, Any]
    imports: Imports

    def build(self) -> LightningDataModule:
        """Return a fresh data module.

        Raises:
            UserError: Its class is not there or does not take the options, or its constructor
                raises.
        """
        from pytorch_lightning import LightningDataModule

        cls = load_class("dataset", self.module, self.options, LightningDataModule, self.imports)
        return build("dataset", self.module, cls, self.options)


@dataclass(kw_only=True)
class ExistingData(mlfw.Dataset):
    """An existing LightningDataModule, as it is; for model=lightning.

    Its code is imported only where the command line allows it: `--allow-import PACKAGE`. It
    divides its data by itself, into what its train_dataloader, val_dataloader and test_dataloader
    give. A change of the data that it reads, or of modules that its own imports, is not noticed.

    Attributes:
        module: The class, as package.module:Class, of an installed package.
        options: What its constructor is called with: dataset.options.NAME=VALUE.
    """

    packages: ClassVar[tuple[str, ...]] = ("torch", "pytorch_lightning", "safetensors")
    extra: ClassVar[str] = "lightning"
    gives: ClassVar[tuple[type, ...]] = (DataModuleSource,)

    module: str = ""
    options: dict[str, Any] = field(default_factory=dict)

    def code(self) -> dict[str, str]:
        """Return the class."""
        return {"module": self.module}

    def fingerprint(self, progress: Progress = silent) -> str:  # noqa: ARG002
        """Return what changes with the class, its options, its version and its source file."""
        return digest([self.module, self.options, code_version(self.module)])

    def load(self, context: LoadContext) -> DataModuleSource:
        """Return what makes the data module, after making one to see that it can be made."""
        source = DataModuleSource(self.module, self.options, context.imports)
        source.build()
        return source
