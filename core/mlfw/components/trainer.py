"""The contract of trainers."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from mlfw.components.component import Component

if TYPE_CHECKING:
    from mlfw.components.model import FitContext


@dataclass(kw_only=True)
class Trainer(Component):
    """Drives models that learn step by step.

    What a learner is, is agreed between trainer and model: the core does not look inside. A
    model that needs a certain trainer says so in its `fit`.
    """

    kind: ClassVar[str] = "trainer"

    @abstractmethod
    def train(self, learner: Any, context: FitContext) -> Any:
        """Train the learner and return what it has learnt.

        Args:
            learner: What is trained, in the form that the trainer documents.
            context: The seed, where to keep checkpoints, and whom to tell of finished epochs.

        Raises:
            UserError: The learner is not of the documented form, or a device is not there.
        """
