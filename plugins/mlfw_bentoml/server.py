"""Serving saved models from where they lie, with BentoML's app and without a Bento."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import mlfw
from mlfw import Serving
from mlfw_bentoml.ready import announce_when_ready
from mlfw_service import check_log, orderly_end, own_names, run_server, run_workers

if TYPE_CHECKING:
    from mlfw_service import ServedModels, ServiceOptions


def serve_models(served: ServedModels, options: ServiceOptions, serving: Serving) -> int:
    """Serve saved models until SIGINT or SIGTERM.

    Nothing is written but to a temporary folder, which is BentoML's home for as long.

    Args:
        served: The models, and which of them answers what.
        options: How they are served.
        serving: The address to listen on, and who may call.

    Returns:
        The exit status.

    Raises:
        UserError: A model cannot be loaded, or the address cannot be listened on.
    """
    address = serving.listen()
    with address, tempfile.TemporaryDirectory(prefix="mlfw-serve-") as home, orderly_end():
        options_file = Path(home) / "service.json"
        options.save(options_file)
        models_file = Path(home) / "models.json"
        served.save(models_file)
        with _environment(models_file, options_file, Path(home), serving):
            # The app reads the environment, and so does BentoML when it is imported.
            from mlfw_bentoml import asgi

            if options.workers > 1:
                check_log(served.folders[served.first], options)
                for folder in served.folders.values():
                    mlfw.load(folder)  # what is wrong is told once, before any process starts
            with announce_when_ready(options.name, serving.host, serving.port):
                if options.workers > 1:
                    return run_workers("mlfw_bentoml.asgi:app", address, options)
                return run_server(asgi.app, address, options)


@contextmanager
def _environment(
    models_file: Path, options_file: Path, home: Path, serving: Serving
) -> Iterator[None]:
    metrics = home / "metrics"
    metrics.mkdir()
    values = {
        "MLFW_SERVE_MODELS": str(models_file),
        "MLFW_SERVE_OPTIONS": str(options_file),
        "BENTOML_HOME": str(home),
        "PROMETHEUS_MULTIPROC_DIR": str(metrics),
        "MLFW_TOKEN": serving.token,
        "MLFW_TOKEN_FILE": "",
        "MLFW_INSECURE": "1",  # it has been asked for, or other machines cannot call
        "MLFW_HOSTS": ",".join([*own_names(serving.host), os.environ.get("MLFW_HOSTS", "")]),
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
