"""The configuration: from a file and overrides to checked components."""

from typing import TYPE_CHECKING

from mlfw.lazy import lazy_names

if TYPE_CHECKING:
    from mlfw.config.composition import compose
    from mlfw.config.rendering import render
    from mlfw.config.root import RunConfig

__getattr__ = lazy_names(
    __name__, {"composition": ["compose"], "rendering": ["render"], "root": ["RunConfig"]}
)
__all__ = ["RunConfig", "compose", "render"]
