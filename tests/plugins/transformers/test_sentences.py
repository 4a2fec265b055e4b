"""The example of sentences runs from real weights, and what it saves is complete."""

from __future__ import annotations

from pathlib import Path

import pytest

import mlfw
from conftest import ROOT

EXAMPLE = ROOT / "examples/sentences/run.yaml"


@pytest.mark.slow
def test_questions_complaints_and_praise_are_told_apart_by_real_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = mlfw.run(EXAMPLE, [f"run.dir={tmp_path}/run"])

    assert run.metrics["test"]["accuracy"] > 0.6
    assert run.metrics["test"]["accuracy"] > run.metrics["baseline"]["accuracy"] + 0.25
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    told = mlfw.load(run.dir).predict(
        [
            {"sentence": "Could you tell me whether you deliver on Sundays"},
            {"sentence": "I am delighted with these wonderful shoes"},
        ]
    )
    assert told["prediction"].to_pylist() == ["question", "praise"]
