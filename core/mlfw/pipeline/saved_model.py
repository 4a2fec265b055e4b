"""Saved models: data with checksums, never code."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlfw.components import Fitted, Imports, Model, OpaqueModel, Predictor
from mlfw.components.dataset import Progress, silent
from mlfw.components.splits import TEST, first_rows, pieces
from mlfw.config.components import build_component, literal
from mlfw.errors import DataWarning, MlfwError, UserError
from mlfw.files import link_files, new_folder, write_text
from mlfw.hints import command, printable
from mlfw.pipeline.manifest import (
    COPY_AGAIN,
    MANIFEST,
    read_manifest,
    renew_checksums,
    verify,
    write_manifest,
)
from mlfw.pipeline.splits_file import load_splits
from mlfw.pipeline.tables import like, to_arrow
from mlfw.plugins import Entry, Registry, require_for_loading, require_packages
from mlfw.schema import Schema, conform
from mlfw.schema.plain import PlainReader
from mlfw.schema.predictions import output_names
from mlfw.schema.value_notes import ValueNote, sentences

if TYPE_CHECKING:
    import pyarrow as pa

logger = logging.getLogger("mlfw")
SCHEMA = "schema.json"
MOST_SHOWN = 300
FEW_ROWS = 100  # so few are read one by one


def save_model(
    fitted: Fitted,
    options: Mapping[str, Any],
    entry: Entry,
    folder: Path,
    rows: Iterable[pa.Table] = (),
) -> None:
    """Write a saved model whole or not at all.

    Args:
        fitted: The fitted model.
        options: The model component's configuration, as plain data.
        entry: The model component.
        folder: Where to; an older saved model there is replaced.
        rows: Rows, in batches, for which the saved model is compared with the fitted one.

    Raises:
        UserError: The saved model predicts differently.
    """
    with new_folder(folder) as temporary:
        fitted.save(temporary)
        if isinstance(fitted, Predictor):
            for batch in rows:
                fitted.check_saved(temporary, batch)
            fitted.schema.save(temporary / SCHEMA)
        write_manifest(temporary, fitted, options, entry)


def add_files(folder: Path, files: Mapping[str, str]) -> None:
    """Add files to a saved model, or replace them; all or none.

    Args:
        folder: The saved model.
        files: The texts of the files, by name.
    """
    with new_folder(folder) as temporary:
        link_files(folder, temporary)
        for name, text in files.items():
            write_text(temporary / name, text)
        renew_checksums(temporary)


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
        predictions = self._predict_plain(rows)
        if predictions is None:
            predictions = self.predict_table(to_arrow(rows, self.schema), notes=notes)
        names = self._output_names
        if names.keys() == set(names.values()):
            return predictions
        return predictions.rename_columns([names.get(n, n) for n in predictions.column_names])

    def _predict_plain(self, rows: Any) -> pa.Table | None:
        """Return predictions for a few dicts of plain values, which are odd in no way."""
        if type(rows) is not list or not 0 < len(rows) <= FEW_ROWS:
            return None
        if not all(type(row) is dict for row in rows):
            return None
        columns = self._plain.read(rows)
        return None if columns is None else self.predictor.predict_plain(columns)

    @cached_property
    def _plain(self) -> PlainReader:
        return PlainReader(self.schema)

    @cached_property
    def _output_names(self) -> dict[str, str]:
        return output_names(self.schema)

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
            splits = load_splits(self.folder.parent / "data")
        except UserError:
            return
        for rows in first_rows(splits, TEST, most):
            yield conform(rows, self.schema)


def load_model(
    folder: Path, registry: Registry, imports: Imports, *, native: bool = False
) -> SavedModel:
    """Load a saved model of rows, after checking that every file is as it was saved.

    Args:
        folder: The saved model.
        registry: Where its component comes from.
        imports: From which packages code may be imported that it names.
        native: Whether to predict by the library that trained it; see `Model.load_native`.

    Raises:
        UserError: It is no saved model, it is damaged, the plugin it needs is not installed, it
            names code that may not be imported, or it takes no rows.
    """
    entry = check_rows(folder, registry)
    predictor = load_fitted(folder, registry, imports, native=native)
    assert isinstance(predictor, Predictor)
    return SavedModel(predictor.schema, predictor, entry.name, folder)


def check_rows(folder: Path, registry: Registry) -> Entry:
    """Return a saved model's component; nothing that the model names is imported.

    Raises:
        UserError: It takes no rows, or cannot be loaded for another reason; see `load_model`.
    """
    entry = read_manifest(folder).entry(folder, registry)
    if issubclass(entry.component, OpaqueModel):
        raise UserError(
            f"{folder}: a model={entry.name} takes no table: it was trained on data that only its "
            "own code understands.",
            f"Measure it: {command('evaluate', folder.parent)}",
        )
    return entry


def load_fitted(
    folder: Path, registry: Registry, imports: Imports, *, native: bool = False
) -> Fitted:
    """Load a saved model of any kind; see `load_model`."""
    manifest = read_manifest(folder)
    verify(folder, manifest.files)
    entry = manifest.entry(folder, registry)
    if manifest.packages is None or native:
        require_packages([entry])
    else:
        require_for_loading(entry, manifest.packages, manifest.extra, str(folder))
    place = folder / MANIFEST
    model = build_component(entry, literal(manifest.options), str(place))
    assert isinstance(model, Model)
    imports.check((f"{place}: model.{key}", code) for key, code in model.code().items())
    try:
        if native:
            return model.load_native(folder, Schema.load(folder / SCHEMA))
        return model.restore(folder, imports)
    except (MlfwError, OSError, MemoryError):
        raise
    except Exception as error:
        logger.info("loading %s", folder, exc_info=True)
        raise UserError(
            f"{folder}: damaged, or not made by mlfw: {printable(_first_line(error))}", COPY_AGAIN
        ) from error


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0][:MOST_SHOWN]}" if lines else type(error).__name__
