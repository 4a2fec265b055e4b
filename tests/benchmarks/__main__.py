"""Run all measurements."""

from __future__ import annotations

from tests.benchmarks import prepare_csv, start_up, stream_parquet, train_mlp, tree

start_up.main()
tree.main()
train_mlp.main()
prepare_csv.main()
stream_parquet.main()
