"""The service: a saved model behind BentoML's HTTP server."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bentoml
from bentoml._internal.utils.analytics import usage_stats

import mlfw
from mlfw import Schema, UserError
from mlfw.files import read_json
from mlfw.schema.value_notes import ValueNote
from mlfw_bentoml.answer import NOTES, answer, answer_type
from mlfw_bentoml.documented import DocumentedService
from mlfw_bentoml.drain import Drain, DrainMiddleware
from mlfw_bentoml.options import ServiceOptions
from mlfw_bentoml.pages import pages
from mlfw_bentoml.refusal import Refusal
from mlfw_bentoml.request import request_type
from mlfw_bentoml.rows import RowReader

if TYPE_CHECKING:
    from mlfw.pipeline.saved_model import SavedModel

MODEL = "model"
OPTIONS = "service.json"

# BentoML tells its maker of every start unless it is told not to; `bentoml serve` has made up its
# mind before it comes here, and has to look again.
os.environ.setdefault("BENTOML_DO_NOT_TRACK", "True")
usage_stats.do_not_track.cache_clear()


def bento_service(folder: Path) -> Any:
    """Return the service of a Bento.

    Args:
        folder: Holds the saved model in `model` and the options in `service.json`.
    """
    return model_service(folder / MODEL, ServiceOptions.load(folder / OPTIONS))


def model_service(
    folder: Path, options: ServiceOptions, load: Callable[[Path], SavedModel] = mlfw.load
) -> Any:
    """Return the BentoML service of a saved model.

    Only the schema is read here; the process that answers loads the model itself. A request is
    its own batch: no row is ever predicted together with those of another request, so that none
    can fail for another's rows.

    Args:
        folder: The saved model's folder.
        options: How it is run.
        load: Loads the saved model.
    """
    schema = Schema.load(folder / "schema.json")
    use = read_json(folder / "manifest.json")["model"]["use"]
    drain = Drain(options.timeout)
    rows_type = request_type(RowReader(schema, options.max_rows), options.max_body)

    class Service:
        """Predictions of one model."""

        def __init__(self) -> None:
            self.model = load(folder)

        @bentoml.on_startup  # type: ignore[untyped-decorator]
        def prepare_to_stop(self) -> None:
            drain.watch_signals()

        @bentoml.api(  # type: ignore[untyped-decorator]
            route="/predict", input_spec=rows_type, output_spec=answer_type(schema)
        )
        def predict(self, read: Callable[[], list[dict[str, Any]]], /) -> Any:
            """Predict rows: a list of objects, each with a key for every column of the model."""
            try:
                rows = read()
                return _answer(self.model, rows) if rows else []
            except Refusal as refusal:
                return refusal.response()
            except UserError as error:
                return Refusal(422, error.problem).response()

    service = bentoml.service(
        name="predictor",
        service_class=DocumentedService.called(
            options.name, f"Predicts {_shown_targets(schema)} with the model {use}."
        ),
        **_config(options),
    )(Service)
    service.add_asgi_middleware(DrainMiddleware, drain=drain)
    service.mount_asgi_app(pages(schema, use, options), path="/", name="pages")
    return service


def _answer(model: SavedModel, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the answer to rows, with notes where a row holds what training never saw."""
    odd: list[ValueNote] = []
    found = answer(model.predict_noting(rows, odd))
    for note in odd:
        for row in note.rows.tolist():
            found[row].setdefault(NOTES, []).append(note.about(rows[row][note.column]))
    return found


def _shown_targets(schema: Schema) -> str:
    return ", ".join(f"{target.name} ({target.task.value})" for target in schema.targets)


def _config(options: ServiceOptions) -> dict[str, Any]:
    """Return BentoML's configuration of the service."""
    inside_container = "BENTOML_CONTAINERIZED" in os.environ
    return {
        "workers": options.workers,
        "traffic": {"timeout": options.timeout, "max_concurrency": options.max_concurrency},
        "logging": {"access": {"enabled": options.access_log}},
        "http": {"host": "0.0.0.0" if inside_container else "127.0.0.1"},  # noqa: S104
    }
