"""Run all measurements."""

from __future__ import annotations

from tests.benchmarks import start_up, train_mlp, tree

start_up.main()
tree.main()
train_mlp.main()
