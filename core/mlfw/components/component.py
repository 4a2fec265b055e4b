"""What every component is: one dataclass, with its configuration as its fields."""

from __future__ import annotations

from abc import ABCMeta
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, ClassVar


@dataclass(kw_only=True)
class Component(metaclass=ABCMeta):  # noqa: B024 - its kinds add the abstract methods
    """The base of all kinds of components.

    A component's fields are its configuration, its docstring is its help, its methods are its
    behaviour. Declaring one must be cheap: import heavy packages inside methods.

    Field types are those that OmegaConf knows: bool, int, float, str, an Enum, `list[...]`,
    `dict[str, ...]`, `X | None` and `Any`. Metadata from `search` and `limits` gives a field its
    search range and its bounds; an `Attributes:` section in the docstring gives it its help. The
    field name `use` is taken: it names the component in a configuration file.

    Attributes:
        packages: Import names of the packages that the methods need.
        extra: The extra of the component's distribution that installs them.
    """

    kind: ClassVar[str] = ""
    packages: ClassVar[tuple[str, ...]] = ()
    extra: ClassVar[str] = ""

    def check(self) -> None:  # noqa: B027 - most components have nothing to check
        """Check that the fields fit together; called before anything runs.

        Raises:
            UserError: They do not; the message names the key.
        """

    @classmethod  # noqa: B027 - as `check`
    def check_written(cls, options: Mapping[str, Any]) -> None:
        """Check the options as they are written: as plain data, references not resolved.

        They are kept in the run directory in just this form, so a secret must not stand in them;
        a reference to an environment variable, such as `${oc.env:PASSWORD}`, may.

        Raises:
            UserError: An option must not be kept; the message names the key.
        """

    def code(self) -> Mapping[str, str]:
        """Return the code that the fields name for import: `{field: "package.module:Class"}`.

        The core checks before anything runs that the command line allows it; what imports it is
        `Imports.load_class` of the context.
        """
        return {}

    @classmethod
    def missing_packages(cls) -> list[str]:
        """Return the import names of needed packages that are not installed."""
        return [name for name in cls.packages if find_spec(name) is None]
