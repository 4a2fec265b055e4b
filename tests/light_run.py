"""A model and a metric that load fast, for tests of what a process does around them.

scikit-learn, PyTorch and torchmetrics take several seconds to import.
"""

from __future__ import annotations

import os
from pathlib import Path

from plugin_folder import write_plugin

# Added to the settings of a run.
LIGHT = ("model=light", "metrics=[brier]")
CODE = """
import json
from dataclasses import dataclass, field

import mlfw

class Constant(mlfw.Predictor):
    def __init__(self, schema, share):
        self.schema, self.share = schema, share

    def predict(self, rows):
        probabilities = [[1 - self.share, self.share]] * rows.num_rows
        return mlfw.predictions_table(self.schema, probabilities)

    def save(self, folder):
        (folder / "share.json").write_text(json.dumps(self.share))

@dataclass(kw_only=True)
class Light(mlfw.Model):
    '''Gives every row the same probability of the second of two classes.'''

    share: float = field(default=0.3, metadata=mlfw.search(0.1, 0.9))

    def fit(self, data, context):
        return Constant(data.schema, self.share)

    def load(self, folder, schema):
        return Constant(schema, json.loads((folder / "share.json").read_text()))

@dataclass(kw_only=True)
class Brier(mlfw.Metric):
    '''The mean squared difference between the probability of the second class and the truth.'''

    higher_is_better = False

    def compute(self, target, predictions, schema):
        pairs = zip(target.to_pylist(), predictions.columns[-1].to_pylist())
        return sum((truth - share) ** 2 for truth, share in pairs) / len(target)

@mlfw.hookimpl
def mlfw_models():
    return {"light": Light}

@mlfw.hookimpl
def mlfw_metrics():
    return {"brier": Brier}
"""


def light_site(folder: Path) -> str:
    """Lay out the plugin, and return the folder for PYTHONPATH."""
    return write_plugin(folder, "light", CODE)


def beside_light(folder: Path, name: str, code: str) -> str:
    """Lay out another plugin beside it, and return both folders for PYTHONPATH."""
    return os.pathsep.join([light_site(folder), write_plugin(folder, name, code)])
