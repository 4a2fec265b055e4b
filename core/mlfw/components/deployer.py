"""The contract of deployers."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from mlfw.components.component import Component

if TYPE_CHECKING:
    from pathlib import Path

    from mlfw.components.serving import Serving


@dataclass(frozen=True)
class Deployment:
    """What a deployer has made.

    Attributes:
        artifact: Its name or location; for a deployer that exports, a file name in the folder.
        commands: The commands to type next.
        notes: Sentences to show to the user.
    """

    artifact: str
    commands: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(kw_only=True)
class Deployer(Component):
    """Takes a saved model to where it is used.

    Attributes:
        serves: Whether `serve` works.
        exports: Whether the folder it writes is self-contained, so that `mlfw export` offers it.
        needs_rows: Whether it takes only models that predict rows of a table.
    """

    kind: ClassVar[str] = "deployer"
    serves: ClassVar[bool] = False
    exports: ClassVar[bool] = False
    needs_rows: ClassVar[bool] = True

    @abstractmethod
    def deploy(self, model: Path, folder: Path, name: str) -> Deployment | None:
        """Deploy a saved model.

        Args:
            model: The saved model's folder; it must be left as it is.
            folder: An empty folder of the run, for what is made.
            name: The run's name.

        Returns:
            What was made, or None where there is nothing to say.
        """

    def serve(self, serving: Serving) -> int:
        """Serve saved models until interrupted, and return the server's exit status.

        A deployer that serves one model at a time begins with `serving.only_model(NAME)`. Where
        there is a token, everything but the health routes must be refused without it.

        Args:
            serving: The models, the address and who may call.

        Raises:
            UserError: A model cannot be loaded, or the address cannot be listened on.
        """
        raise NotImplementedError(f"{type(self).__name__} serves nothing: {serving}")
