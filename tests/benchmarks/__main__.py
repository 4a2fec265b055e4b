"""Run all measurements."""

from __future__ import annotations

from tests.benchmarks import (
    accelerator,
    overhead,
    predict_few,
    predict_million,
    predict_one,
    prepare_csv,
    serve_long,
    serve_requests,
    serve_slow_bodies,
    side_by_side,
    start_up,
    stream_parquet,
    train_cnn,
    train_mlp,
    tree,
)

start_up.main()
tree.main()
overhead.main()
train_mlp.main()
train_cnn.main()
accelerator.main()
prepare_csv.main()
predict_one.main()
predict_few.main()
predict_million.main([])
stream_parquet.main()
serve_requests.main()
serve_slow_bodies.main()
serve_long.main()
side_by_side.main()
