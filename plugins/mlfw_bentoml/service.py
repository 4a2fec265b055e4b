"""The service: a saved model's ASGI application as a service of BentoML's."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bentoml
import yaml

from mlfw import Schema, UserError
from mlfw.files import read_json
from mlfw.pipeline.saved_model import check_rows
from mlfw.plugins import load_plugins
from mlfw.tokens import read_token
from mlfw_service import (
    ServedModels,
    ServiceOptions,
    example_row,
    openapi_document,
    protect_uvicorn,
    service_app,
)

MODEL = "model"
OPTIONS = "service.json"

# BentoML tells its maker of every start unless it is told not to.
os.environ.setdefault("BENTOML_DO_NOT_TRACK", "True")


class OpenAPI(dict[str, Any]):
    """An OpenAPI document as BentoML asks for it."""

    def asdict(self) -> dict[str, Any]:
        """Return the document as plain data."""
        return dict(self)


yaml.add_representer(OpenAPI, lambda dumper, document: dumper.represent_dict(document))


class ModelService(bentoml.Service):  # type: ignore[misc]
    """A service whose routes stand before those of BentoML, which cost ten times as much.

    Attributes:
        make_app: Makes the application that answers, given BentoML's own for all other paths.
        document: The OpenAPI document.
    """

    make_app: Callable[[Any], Any]
    document: OpenAPI

    @classmethod
    def of(cls, make_app: Callable[[Any], Any], document: dict[str, Any]) -> type[ModelService]:
        """Return the class of a service with this application and this document."""
        made = {"make_app": staticmethod(make_app), "document": OpenAPI(document)}
        return type(cls.__name__, (cls,), made)

    def to_asgi(self, is_main: bool = True) -> Any:
        """Return the application, BentoML's own paths included; called before uvicorn starts."""
        protect_uvicorn()
        return self.make_app(self.own_app(is_main=is_main))

    def own_app(self, is_main: bool = True) -> Any:
        """Return the application of BentoML's own paths alone."""
        return super().to_asgi(is_main=is_main)

    @property
    def openapi_spec(self) -> OpenAPI:
        """The OpenAPI document."""
        return self.document


def bento_service(folder: Path) -> Any:
    """Return the service of a Bento.

    Args:
        folder: Holds the saved model in `model` and the options in `service.json`.

    Raises:
        SystemExit: The options or the token cannot be read, or the model's plugin is missing. What
            to do about it is printed: BentoML, which imports this, would show a traceback.
    """
    try:
        options = ServiceOptions.load(folder / OPTIONS)
        read_token()
        check_rows(folder / MODEL, load_plugins().registry)
        return model_service(ServedModels.single(options.name, folder / MODEL), options)
    except UserError as error:
        print(f"mlfw: {error}", file=sys.stderr)
        raise SystemExit(error.exit_code) from None


def model_service(served: ServedModels, options: ServiceOptions) -> Any:
    """Return the BentoML service of saved models.

    Only the first one's schema is read here; the process that answers loads the models itself.

    Args:
        served: The models, and which of them answers what.
        options: How they are run.
    """
    folder = served.folders[served.first]
    schema = Schema.load(folder / "schema.json")
    use = read_json(folder / "manifest.json")["model"]["use"]

    def make_app(rest: Any) -> Any:
        return service_app(served, options, rest=rest)

    class Service:
        """Predictions of one model."""

        @bentoml.api(route="/predict")  # type: ignore[untyped-decorator]
        def predict(self, rows: list[dict[str, Any]], /) -> list[dict[str, Any]]:
            """Predict rows; told to BentoML's clients, answered by the application before it."""
            raise NotImplementedError(f"{len(rows)} rows came past the application")

    document = openapi_document(schema, use, options, example_row(folder))
    return bentoml.service(
        name="predictor", service_class=ModelService.of(make_app, document), **_config(options)
    )(Service)


def _config(options: ServiceOptions) -> dict[str, Any]:
    """Return BentoML's configuration of the service."""
    inside_container = "BENTOML_CONTAINERIZED" in os.environ
    return {
        "workers": options.workers,
        "traffic": {"timeout": options.timeout},
        "logging": {"access": {"enabled": False}},
        "http": {"host": "0.0.0.0" if inside_container else "127.0.0.1"},  # noqa: S104
    }
