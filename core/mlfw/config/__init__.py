"""The configuration: from a file and overrides to checked components."""

from mlfw.config.compose import compose
from mlfw.config.render import render
from mlfw.config.root import RunConfig

__all__ = ["RunConfig", "compose", "render"]
