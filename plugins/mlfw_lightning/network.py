"""The base of models that are a network on a table."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import mlfw
from mlfw import Estimate, FitContext, RowSplits, Schema, Splits, StreamedSplits
from mlfw_lightning.fine_tuning.options import FineTuning
from mlfw_lightning.learning.optimisation import Optimisation

if TYPE_CHECKING:
    from torch import nn

    from mlfw_lightning.predictor import NetworkPredictor

MOST_AT_ONCE, PLACES_AT_ONCE = 8192, 1 << 18
PLACES_A_WORD, PIXELS_A_PLACE = 4, 4


@dataclass(frozen=True)
class TextShape:
    """What a text is to a network.

    Attributes:
        words: How many numbers there are for words: 0 is padding, 1 an unknown word.
        length: How many words a text has, padding included.
        reader: What there is to know beside; see `SequenceEncoder.reader`.
    """

    words: int
    length: int
    reader: str = ""


@dataclass(frozen=True)
class ImageShape:
    """What an image is to a network.

    Attributes:
        size: Channels, height and width.
        mean: Of each channel in training, 0 to 255.
        deviation: Of each channel in training.
        reader: What there is to know beside; see `ImageEncoder.reader`.
    """

    size: tuple[int, int, int]
    mean: tuple[float, ...]
    deviation: tuple[float, ...]
    reader: str = ""


@dataclass(frozen=True)
class InputShape:
    """What goes into a network and comes out of it.

    Attributes:
        numbers: How many numbers a row has, scaled, nothing missing.
        cardinalities: For each category of a row, how many codes it has; 0 is unknown.
        outputs: How many scores a row gets: one a class or label, or 1 for regression, for all
            targets together.
        texts: What each text of a row is.
        images: What each image of a row is.
    """

    numbers: int
    cardinalities: tuple[int, ...]
    outputs: int
    texts: tuple[TextShape, ...] = ()
    images: tuple[ImageShape, ...] = ()

    @property
    def rows_at_once(self) -> int:
        """How many rows a network may see at a time where nothing is learnt.

        So many that what it holds between its layers takes some hundred megabytes at most.
        """
        columns = self.numbers + len(self.cardinalities)
        words = sum(text.length for text in self.texts)
        pixels = sum(height * width for _, height, width in (image.size for image in self.images))
        places = columns + PLACES_A_WORD * words + pixels // PIXELS_A_PLACE
        return min(max(PLACES_AT_ONCE // max(places, 1), 1), MOST_AT_ONCE)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> InputShape:
        """Build a shape from what `dataclasses.asdict` made of one."""
        return cls(
            data["numbers"],
            tuple(data["cardinalities"]),
            data["outputs"],
            tuple(TextShape(**text) for text in data["texts"]),
            tuple(ImageShape(**_tuples(image)) for image in data["images"]),
        )


def _tuples(data: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in data.items()}


@dataclass(kw_only=True)
class Network(FineTuning, Optimisation, mlfw.Model):
    """A network on a table, trained step by step.

    To bring another network, subclass this, declare its parameters as fields and build it.

    Attributes:
        target_weights: How much each of several targets counts in the loss, by its name; 1 for
            those that are not named.
    """

    packages: ClassVar[tuple[str, ...]] = (
        "torch",
        "pytorch_lightning",
        "safetensors",
        "onnx",
        "onnxruntime",
    )
    extra: ClassVar[str] = "lightning"
    takes: ClassVar[tuple[type, ...]] = (Splits, StreamedSplits)
    several_targets: ClassVar[bool] = True
    uses_trainer: ClassVar[bool] = True

    target_weights: dict[str, float] = field(default_factory=dict)

    @abstractmethod
    def build(self, shape: InputShape) -> nn.Module:
        """Return a fresh network, its weights drawn from torch's random numbers.

        In ONNX it is written at once where `mlfw_lightning.onnx_layers` knows all its modules: a
        module of your own has a method `add_to_graph` for this. Torch exports other networks,
        which takes up to half a minute.

        Args:
            shape: What goes in and comes out.

        Returns:
            A module that is called with `mlfw_lightning.loop.batches.Inputs` and returns scores,
            float32 [rows, outputs]: for each target in turn logits of the classes or labels, or
            the value in standard deviations of the target.
        """

    def fit(self, data: RowSplits, context: FitContext) -> NetworkPredictor:
        """Fit the preprocessor, then the network through the trainer."""
        from mlfw_lightning.learner import Learner
        from mlfw_lightning.predictor import NetworkPredictor

        learner, preprocessor = Learner.of(self, data, context)
        weights = context.trainer.train(learner, context)
        return NetworkPredictor(
            data.schema, preprocessor, self, learner.shape, learner.heads, weights
        )

    def estimate(self, data: RowSplits, context: FitContext) -> Estimate | None:
        """Return what the trainer says that training will cost.

        The rows are prepared for it, and kept for the fit to come; without a place to keep them
        they would have to be prepared twice, and no estimate is given.
        """
        from mlfw_lightning.learner import Learner

        if context.cache is None or not data.key:
            return None
        learner, _ = Learner.of(self, data, context)
        return context.trainer.estimate(learner, context)

    def load(self, folder: Path, schema: Schema) -> mlfw.Predictor:
        """Load a fitted network: the model in ONNX, or else the weights.

        Raises:
            UserError: A file is damaged.
        """
        from mlfw_lightning.portable import OnnxNetwork
        from mlfw_onnx import MODEL

        if (folder / MODEL).is_file():
            return OnnxNetwork.read(folder, schema)
        return self.load_native(folder, schema)

    def load_native(self, folder: Path, schema: Schema) -> NetworkPredictor:
        """Load the weights, for torch to predict with."""
        from mlfw_lightning.predictor import NetworkPredictor

        return NetworkPredictor.load(folder, schema, self)
