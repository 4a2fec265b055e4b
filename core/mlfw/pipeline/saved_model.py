"""Saved models: data with checksums, never code."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlfw.components import Fitted, Imports, Model, OpaqueModel, Predictor
from mlfw.components.dataset import Progress, silent
from mlfw.components.splits import TEST, pieces
from mlfw.config.components import build_component
from mlfw.errors import DataWarning, UserError, listing
from mlfw.files import new_folder, read_json, sha256, write_json
from mlfw.hints import command, install
from mlfw.pipeline.splits_file import load_splits
from mlfw.pipeline.tables import like, to_arrow
from mlfw.plugins import Entry, Registry, require_packages
from mlfw.runs.environment import mlfw_version
from mlfw.schema import Schema, conform
from mlfw.schema.predictions import output_names
from mlfw.schema.value_notes import ValueNote, sentences

if TYPE_CHECKING:
    import pyarrow as pa

FORMAT = 1
MANIFEST = "manifest.json"
SCHEMA = "schema.json"


def save_model(predictor: Fitted, options: Mapping[str, Any], entry: Entry, folder: Path) -> None:
    """Write a saved model whole or not at all.

    Args:
        predictor: The fitted model.
        options: The model component's configuration, as plain data.
        entry: The model component.
        folder: Where to; an older saved model there is replaced.
    """
    with new_folder(folder) as temporary:
        predictor.save(temporary)
        if isinstance(predictor, Predictor):
            predictor.schema.save(temporary / SCHEMA)
        write_json(
            temporary / MANIFEST,
            {
                "format": FORMAT,
                "mlfw": mlfw_version(),
                "model": {**options, "use": entry.name},
                "plugin": {"name": entry.plugin, "distribution": entry.distribution},
                "files": _checksums(temporary),
            },
        )


def _checksums(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): sha256(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != MANIFEST
    }


@dataclass(frozen=True)
class SavedModel:
    """A saved model, ready to predict.

    Attributes:
        schema: What it takes and gives.
        predictor: The fitted model.
        use: The name of the model component.
        folder: Where it was loaded from.
    """

    schema: Schema
    predictor: Predictor
    use: str
    folder: Path

    def predict(self, rows: Any) -> Any:
        """Return predictions for rows.

        Args:
            rows: An Arrow table, a pandas or polars data frame, or a list of dicts, with the
                columns of the schema; further columns are passed over, whatever they hold.

        Returns:
            The column `prediction` and, for classification, `probability_<class>` for every
            class: a data frame of the kind that was given, or else an Arrow table.

        Raises:
            UserError: The rows are no table, a column is missing, or no value of a column fits.

        Warns:
            DataWarning: Some values do not fit their column and count as missing, or are
                categories that training never saw; says how many, in which column.
        """
        notes: list[ValueNote] = []
        predictions = self.predict_noting(rows, notes)
        for sentence in sentences(notes):
            warnings.warn(sentence, DataWarning, stacklevel=2)
        return like(rows, predictions)

    def predict_noting(self, rows: Any, notes: list[ValueNote]) -> pa.Table:
        """Do as `predict`, and add what is odd about the values to `notes` in place of warning."""
        names = output_names(self.schema)
        predictions = self.predict_table(to_arrow(rows, self.schema), notes=notes)
        return predictions.rename_columns([names.get(n, n) for n in predictions.column_names])

    def predict_table(
        self,
        rows: pa.Table,
        *,
        place: str = "the data",
        progress: Progress = silent,
        notes: list[ValueNote] | None = None,
    ) -> pa.Table:
        """Return predictions for an Arrow table, as `mlfw.predictions_table` names them.

        Args:
            rows: The rows.
            place: Where they come from, for messages.
            progress: Told how many rows are done, of how many.
            notes: What is odd about the values is added here; see `mlfw.conform`.
        """
        import pyarrow as pa

        table = conform(rows, self.schema, place=place, notes=notes)
        parts, done = [], 0
        for piece in pieces(table):
            parts.append(self.predictor.predict(piece))
            done += piece.num_rows
            progress(done, table.num_rows, "rows")
        return pa.concat_tables(parts) if len(parts) > 1 else parts[0]

    def test_rows(self, most: int) -> Iterator[pa.Table]:
        """Yield the first test rows of the run that the model belongs to, in batches.

        Yields nothing where the run's prepared data are not beside the model.

        Args:
            most: The largest number of rows.
        """
        try:
            batches = load_splits(self.folder.parent / "data").batches(TEST)
        except UserError:
            return
        for batch in batches:
            if most <= 0:
                return
            rows = batch.slice(0, most)
            most -= rows.num_rows
            if rows.num_rows:
                yield conform(rows, self.schema)


def load_model(folder: Path, registry: Registry, imports: Imports) -> SavedModel:
    """Load a saved model of rows, after checking that every file is as it was saved.

    Args:
        folder: The saved model.
        registry: Where its component comes from.
        imports: From which packages code may be imported that it names.

    Raises:
        UserError: It is no saved model, it is damaged, the plugin it needs is not installed, it
            names code that may not be imported, or it takes no rows.
    """
    entry = check_rows(folder, registry)
    predictor = load_fitted(folder, registry, imports)
    assert isinstance(predictor, Predictor)
    return SavedModel(predictor.schema, predictor, entry.name, folder)


def check_rows(folder: Path, registry: Registry) -> Entry:
    """Return a saved model's component; nothing that the model names is imported.

    Raises:
        UserError: It takes no rows, or cannot be loaded for another reason; see `load_model`.
    """
    manifest = _read_manifest(folder)
    entry = _entry(folder, manifest, registry)
    if issubclass(entry.component, OpaqueModel):
        raise UserError(
            f"{folder}: a model={entry.name} takes no table: it was trained on data that only its "
            "own code understands.",
            f"Measure it: {command('evaluate', folder.parent)}",
        )
    return entry


def load_fitted(folder: Path, registry: Registry, imports: Imports) -> Fitted:
    """Load a saved model of any kind; see `load_model`."""
    manifest = _read_manifest(folder)
    _verify(folder, manifest["files"])
    entry = _entry(folder, manifest, registry)
    require_packages([entry])
    options = {key: value for key, value in manifest["model"].items() if key != "use"}
    model = build_component(entry, options, str(folder / MANIFEST))
    assert isinstance(model, Model)
    imports.check((f"{folder / MANIFEST}: model.{key}", code) for key, code in model.code().items())
    return model.restore(folder, imports)


def _read_manifest(folder: Path) -> dict[str, Any]:
    try:
        manifest = read_json(folder / MANIFEST)
        found = manifest["format"]
        if found != FORMAT:
            raise UserError(
                f"{folder}: saved in format {found}; this mlfw reads format {FORMAT}.",
                "Install the version of mlfw that saved it: see manifest.json.",
            )
        assert isinstance(manifest["files"], dict)
        assert isinstance(manifest["model"]["use"], str)
        return dict(manifest)
    except FileNotFoundError:
        raise UserError(
            f"{folder}: no saved model (no {MANIFEST}).", "List the runs: mlfw runs"
        ) from None
    except (ValueError, KeyError, TypeError, AssertionError):
        raise UserError(f"{folder / MANIFEST}: damaged.", "Train the model again.") from None


def _verify(folder: Path, files: Mapping[str, str]) -> None:
    found = _checksums(folder)
    for kind, names in (
        ("missing", files.keys() - found.keys()),
        ("not part of the saved model", found.keys() - files.keys()),
        ("changed since it was saved", {n for n in files if found.get(n) != files[n]}),
    ):
        if names:
            raise UserError(
                f"{folder}: {listing(sorted(names))}: {kind}.",
                "Copy the saved model again, or train it again.",
            )


def _entry(folder: Path, manifest: Mapping[str, Any], registry: Registry) -> Entry:
    models, use = registry.kind("model"), str(manifest["model"]["use"])
    if use not in models:
        distribution = manifest.get("plugin", {}).get("distribution", "its plugin")
        raise UserError(
            f"{folder}: needs the model '{use}' of {distribution}, which is not installed.",
            f"Type: {typed}" if (typed := install(str(distribution))) else "Install its plugin.",
        )
    return models[use]
