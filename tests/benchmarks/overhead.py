"""What a run costs outside training, against a script written by hand with Lightning.

Both read the penguins, divide, prepare, train a perceptron for two epochs, measure and save. What
counts is the time from the start of the process to the first step, and from the last step to the
end of the process; each notes the moments of these two steps.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from pathlib import Path

from tests.benchmarks.processes import PYTHON, report
from tests.plugin_folder import write_plugin

ROOT = Path(__file__).parent.parent.parent
REPEATS = 5
NOTES = """
import os
import time

import mlfw

@mlfw.hookimpl
def mlfw_lightning_callbacks():
    import pytorch_lightning as pl

    class Notes(pl.Callback):
        def on_train_batch_start(self, *_):
            self.begun = getattr(self, "begun", None) or time.time()

        def on_train_end(self, *_):
            with open(os.environ["STEP_TIMES"], "w") as file:
                file.write(f"{self.begun} {time.time()}")

    return [Notes()]
"""


def outside(command: list[str], folder: Path, site: str) -> float:
    """Return how many seconds a command takes outside its training."""
    times = folder / "times"
    environment = {**os.environ, "PYTHONPATH": site, "STEP_TIMES": str(times)}
    start = time.time()
    subprocess.run(command, check=True, capture_output=True, cwd=folder, env=environment)
    end = time.time()
    first, last = map(float, times.read_text().split())
    return (first - start) + (end - last)


def main() -> None:
    """Measure and print."""
    config = ROOT / "examples/penguins/run.yaml"
    options = ["model=mlp", "trainer.epochs=2", "trainer.accelerator=cpu", "tuner=none"]
    ours = [PYTHON, "-m", "mlfw", "run", str(config), *options]
    script = str(Path(__file__).parent / "lightning_by_hand.py")
    other = [PYTHON, script, str(config.with_name("penguins.csv"))]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        site = write_plugin(folder, "notes", NOTES)
        outside(ours, folder, site), outside(other, folder, site)
        ratios = [
            outside(ours, folder, site) / outside(other, folder, site) for _ in range(REPEATS)
        ]
    report("mlfw run / script with Lightning, outside training", ratios, "below 1.3")


if __name__ == "__main__":
    main()
