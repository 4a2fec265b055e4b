"""The deployer that a command takes where none is typed: the run's own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlfw.components import Deployer
    from mlfw.plugins import Registry

NONE = "none"
DEFAULT = "bentoml"


def compose_deployer(
    settings: Sequence[str], run: Path, registry: Registry, *, serves: bool = False
) -> tuple[str, Deployer]:
    """Return the name and the deployer that the settings choose, or else the run's own.

    A run without a deployer, or with one that cannot serve where it has to, gets `bentoml`. The
    options in the run's configuration count for its own deployer, unless the settings change them.

    Args:
        settings: `deployer=NAME` and `deployer.FIELD=VALUE`.
        run: The run directory; where the folder is none, there is no own deployer.
        registry: The components.
        serves: Whether the deployer has to serve.

    Raises:
        UserError: A setting does not fit, or the deployer is not installed.
    """
    from mlfw.components import Deployer
    from mlfw.config.single import compose_one

    own = _configured(run)
    name = DEFAULT
    if own is not None and own["use"] != NONE:
        component = registry.get("deployer", own["use"]).component
        assert issubclass(component, Deployer)
        name = own["use"] if component.serves or not serves else DEFAULT
    chosen, deployer = compose_one("deployer", settings, registry, name, own)
    assert isinstance(deployer, Deployer)
    return chosen, deployer


def _configured(run: Path) -> dict[str, Any] | None:
    from mlfw.runs import RunDirectory

    directory = RunDirectory(run)
    if not directory.config_file.is_file() or not directory.record_file.is_file():
        return None
    own = directory.frozen().get("deployer")
    return own if isinstance(own, dict) and isinstance(own.get("use"), str) else None
