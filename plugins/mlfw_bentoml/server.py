"""Serving a saved model from where it lies, with BentoML's app and without a Bento."""

from __future__ import annotations

import math
import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mlfw
from mlfw import Serving
from mlfw_bentoml.ready import announce_when_ready

if TYPE_CHECKING:
    from mlfw_service import ServiceOptions


def serve_model(model: Path, options: ServiceOptions, serving: Serving) -> int:
    """Serve a saved model until SIGINT or SIGTERM.

    Nothing is written but to a temporary folder, which is BentoML's home for as long.

    Args:
        model: The saved model's folder.
        options: How it is served.
        serving: The address to listen on.

    Returns:
        The exit status.

    Raises:
        UserError: The model cannot be loaded, or the address cannot be listened on.
    """
    serving.listen().close()
    host, port = serving.host, serving.port
    loaded = mlfw.load(model)
    with tempfile.TemporaryDirectory(prefix="mlfw-serve-") as home, _orderly_end():
        options_file = Path(home) / "service.json"
        options.save(options_file)
        with _environment(model, options_file, Path(home)):
            # BentoML reads the environment when it is imported.
            from mlfw_bentoml import asgi

            several = options.workers > 1
            app = "mlfw_bentoml.asgi:app" if several else lambda: asgi.app(lambda _: loaded)
            with announce_when_ready(options.name, host, port):
                return _run(app, options, host, port)


def _run(app: Any, options: ServiceOptions, host: str, port: int) -> int:
    import uvicorn

    try:
        uvicorn.run(
            app,
            factory=True,
            host=host,
            port=port,
            workers=options.workers,
            timeout_graceful_shutdown=math.ceil(options.timeout),
            log_config=None,
            server_header=False,
        )
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 1
    return 0


@contextmanager
def _environment(model: Path, options_file: Path, home: Path) -> Iterator[None]:
    metrics = home / "metrics"
    metrics.mkdir()
    values = {
        "MLFW_SERVE_MODEL": str(model),
        "MLFW_SERVE_OPTIONS": str(options_file),
        "BENTOML_HOME": str(home),
        "PROMETHEUS_MULTIPROC_DIR": str(metrics),
    }
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def _orderly_end() -> Iterator[None]:
    """Have SIGTERM leave through every `with` of the block; the server hands it on at its end."""
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
