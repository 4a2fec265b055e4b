"""Plugins use of one another what their packages export, as anybody else may."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

PLUGINS = Path(__file__).parents[2] / "plugins"
IMPORT = re.compile(
    r"^ *(?:from|import) (mlfw_\w+)(\.[\w.]+)?(?: import (\([^)]*\)|.*))?", re.MULTILINE
)
LAZY = ("mlfw_lightning", "mlfw_onnx", "mlfw_sklearn", "mlfw_tabular")


def imported(path: Path) -> list[tuple[str, str, list[str]]]:
    """Return the package, the module below it and the names of each import of another plugin."""
    own = path.relative_to(PLUGINS).parts[0]
    found = []
    for package, module, names in IMPORT.findall(path.read_text()):
        listed = re.sub(r"#.*", "", names).strip("()").split(",")
        bare = [name.split(" as ")[0].strip() for name in listed]
        if package != own:
            found.append((package, module, [name for name in bare if name]))
    return found


def test_plugins_import_from_packages_what_these_export() -> None:
    wrong = []
    for path in sorted(PLUGINS.rglob("*.py")):
        for package, module, names in imported(path):
            exported = getattr(import_module(package), "__all__", ())
            hidden = [name for name in names if name not in exported]
            if module or hidden:
                wrong.append(f"{path.relative_to(PLUGINS)}: {package}{module}: {hidden}")
    assert wrong == []


@pytest.mark.parametrize("package", LAZY)
def test_every_name_that_a_package_exports_is_there(package: str) -> None:
    made = import_module(package)

    for name in made.__all__:
        found = getattr(made, name)
        assert isinstance(found, ModuleType) == (name in ("arrays", "markdown")), name
    assert made.__doc__ is not None
    assert [name for name in made.__all__ if f"`{name}`" not in made.__doc__] == []
